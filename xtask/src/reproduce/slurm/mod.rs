//! `cargo xtask reproduce … --launcher slurm`: the runs of an experiment as arrays of a cluster's scheduler.
//!
//! What is planned, submitted and reported follows from records; Slurm is asked only for what is queued now.

mod limit;
pub(crate) mod manifest;
mod options;
mod planned;
mod program;
mod queue;
mod sbatch;
mod submission;
mod tasks;

use std::path::Path;

use anyhow::{Context, Result, bail};
use tailward_experiment::time::now_rfc3339;
use tailward_labelling::{Lock, Patience};

use super::plan::{Plan, Status};
use super::words::{self, path_text};
use planned::plan;
use program::said;
use submission::{Contents, Submission};

pub(super) use options::Options;
pub(super) use planned::Request;

/// Shows what would be submitted.
pub(super) fn dry_run(request: &Request<'_>) -> Result<()> {
    // What is queued is not known where there is no Slurm, and then nothing is.
    let queued = queue::ask().unwrap_or_else(|error| {
        println!("what is queued is not known: {error:#}");
        Vec::new()
    });
    let Some(planned) = plan(request, &queued)? else { return Ok(()) };
    println!("{}", planned.describe());
    for array in &planned.submitted {
        println!("sbatch {}", words::line(&array.sbatch));
    }
    println!("\n--- runs.jsonl");
    print!("{}", manifest::text(&planned.lines)?);
    println!("--- settings.sh");
    print!("{}", planned.settings(request).text());
    for (task, text) in submission::task_texts(&planned.lines)? {
        print!("--- tasks/{task}.sh\n{text}");
    }
    print!("--- task.sh\n{}--- report.sh\n{}", submission::TASK, submission::REPORT);
    Ok(())
}

/// Submits what is neither complete nor queued.
pub(super) fn submit(request: &Request<'_>) -> Result<()> {
    check_place(request.out)?;
    said("sbatch", &["--version"]).context(
        "this machine cannot submit to Slurm; without it, `--shard M/N` shares an experiment among machines",
    )?;
    let tailward = said(&path_text(request.binary)?, &["--version"])?.trim().to_owned();
    if std::env::var("RUSTFLAGS").is_ok_and(|flags| flags.contains("target-cpu=native")) {
        tracing::warn!(
            "RUSTFLAGS has target-cpu=native: the binary may not run on the cluster's other machines"
        );
    }
    let submissions = request.runs.join("slurm");
    std::fs::create_dir_all(&submissions)
        .with_context(|| format!("failed to make {}", submissions.display()))?;
    let _lock = Lock::folder(&submissions, Patience::Refuse)?;
    let queued = queue::ask().context("without what is queued, runs could be submitted twice")?;
    let Some(planned) = plan(request, &queued)? else { return Ok(()) };
    println!("{}", planned.describe());
    for run in &request.plan.runs {
        if planned.lines.iter().any(|line| line.folder == request.out.join(run.definition.folder())) {
            run.definition.write(&request.out.join(run.definition.folder()))?;
        }
    }
    let contents = Contents {
        experiment: request.experiment,
        binary: request.binary,
        lines: &planned.lines,
        settings: planned.settings(request),
    };
    submission::write(&planned.folder, &contents)?;
    for array in &planned.submitted {
        if let Err(error) = sbatch::test(&array.sbatch) {
            // A copy of the binary for each attempt would be a waste; a leftover does no harm.
            if let Err(left) = std::fs::remove_dir_all(&planned.folder) {
                tracing::warn!("{} is left over: {left}", planned.folder.display());
            }
            return Err(error.context("Slurm would not take it, and nothing was submitted"));
        }
    }
    let mut submission = Submission {
        submitted: now_rfc3339(),
        revision: said("git", &["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
            .map_or("unknown".to_owned(), |said| said.trim().to_owned()),
        tailward,
        tailward_sha256: submission::sha256(&planned.folder.join("tailward"))?,
        arrays: planned.submitted.clone(),
        report: None,
    };
    submission.save(&planned.folder)?;
    let mut jobs = Vec::new();
    for place in 0..submission.arrays.len() {
        let job = sbatch::submit(&submission.arrays[place].sbatch).with_context(|| match &jobs[..] {
            [] => "nothing was submitted".to_owned(),
            jobs => {
                format!("only some were submitted ({}); the same command submits the others", jobs.join(", "))
            }
        })?;
        submission.arrays[place].job = Some(job.clone());
        submission.save(&planned.folder)?;
        jobs.push(job);
    }
    let name = format!("{}-report", request.name());
    let report = sbatch::for_report(&planned.folder, &name, &jobs, &request.options.sbatch_args)
        .and_then(|arguments| sbatch::submit(&arguments))
        .context("the runs were submitted; only the job for the report was not")?;
    submission.report = Some(report.clone());
    submission.save(&planned.folder)?;
    println!("submitted as {}; the report of what is complete in the end: job {report}", jobs.join(" and "));
    println!("  folder  {}", planned.folder.display());
    println!("  watch   {}", request.status);
    println!("  cancel  scancel {} {report}", jobs.join(" "));
    println!("  go on   the same command again: it submits what is neither complete nor queued");
    Ok(())
}

/// Says how far the runs are.
pub(super) fn status(plan: &Plan, out: &Path, runs: &Path) -> Result<()> {
    let submissions = runs.join("slurm");
    let queued = queue::ask().unwrap_or_else(|error| {
        println!("what is queued and running is not known: {error:#}");
        Vec::new()
    });
    let standings = submission::standings(&submissions, &queued)?;
    let endings = submission::endings(&submissions)?;
    for run in &plan.runs {
        let folder = out.join(run.definition.folder());
        let mut words = run.status_words();
        if run.status != Status::Complete {
            let hash = run.definition.hash();
            match (standings.get(&hash), endings.get(&hash)) {
                (Some(standing), _) => words.push_str(&format!(", {standing}")),
                (None, Some(code)) if code != "0" => {
                    words.push_str(&format!(", ended with {code}: {}", folder.join("log.txt").display()));
                }
                _ => {}
            }
        }
        println!("  {:<44} {words}", run.definition.label());
    }
    println!("{} of {} runs are complete", plan.runs.len() - plan.pending().count(), plan.runs.len());
    Ok(())
}

/// Refuses a folder that other machines do not see.
fn check_place(out: &Path) -> Result<()> {
    let local = [Path::new("/tmp"), Path::new("/var/tmp"), Path::new("/dev/shm")];
    let out = out.canonicalize().unwrap_or_else(|_not_made_yet| out.to_owned());
    if let Some(local) = local.into_iter().find(|local| out.starts_with(local)) {
        bail!(
            "{} lies in {}, which every machine has for itself: choose a folder that all of them see with --out",
            out.display(),
            local.display()
        );
    }
    Ok(())
}
