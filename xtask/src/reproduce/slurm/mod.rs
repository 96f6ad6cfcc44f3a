//! `cargo xtask reproduce … --launcher slurm`: the runs of an experiment as arrays of a cluster's scheduler.
//!
//! What is planned, submitted and reported follows from records; Slurm is asked only for what is queued now.

mod limit;
pub(crate) mod manifest;
mod queue;
mod submission;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::record::Record;
use tailward_experiment::time::now_rfc3339;
use tailward_labelling::{Lock, Patience};

use super::plan::{Plan, PlannedRun, Status, duration};
use super::words::{self, path_text};
use limit::{Measured, limit, seconds_of, slurm_time};
use manifest::RunLine;
use submission::{Contents, Settings, Submission, Submitted};
use tasks::{Array, Task, arrays, tasks};

/// How long before its time is over a task is told so, in seconds; Slurm may do it a minute earlier.
const WARNING: u32 = 120;

/// How long a run waits for a folder that a predecessor seems to hold, in seconds: longer than the 90 that a file server takes to
/// notice that a machine has died.
const LOCK_WAIT: u32 = 180;

/// What starts the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Launcher {
    /// Slurm, by arrays of jobs; this command ends once they are submitted.
    Slurm,
}

/// Options for a cluster.
#[derive(Args, Debug)]
#[command(next_help_heading = "On a cluster")]
pub(super) struct Options {
    /// Hand the runs to a scheduler, in place of running them here. `--backend` has to be given, and `--jobs` is how many tasks run at a time
    /// (without it: as many as there is room for).
    #[arg(long, value_enum, requires = "backend")]
    pub(super) launcher: Option<Launcher>,
    /// Runs that one task starts side by side; on one GPU they share it [default: 1].
    #[arg(long, value_name = "K", requires = "launcher", value_parser = clap::value_parser!(u16).range(1..))]
    runs_per_task: Option<u16>,
    /// Processors of a task, shared out among its runs [default: as many as it has runs].
    #[arg(long, value_name = "N", requires = "launcher", value_parser = clap::value_parser!(u16).range(1..))]
    cpus_per_task: Option<u16>,
    /// GPUs of a task; of several, each run gets one [default: 1, and 0 for a backend on the CPU].
    #[arg(long, value_name = "N", requires = "launcher")]
    gpus_per_task: Option<u16>,
    /// The time limit of a task, as sbatch takes it [default: twice what records on this backend took].
    #[arg(long, requires = "launcher")]
    time: Option<String>,
    /// Anything else that sbatch is to be told, such as `--sbatch-arg=--partition=gpu`.
    #[arg(long = "sbatch-arg", value_name = "ARGUMENT", requires = "launcher", allow_hyphen_values = true)]
    sbatch_args: Vec<String>,
    /// A line of a shell that a task begins with, such as `--setup "module load cuda"`.
    #[arg(long, value_name = "LINE", requires = "launcher")]
    setup: Vec<String>,
    /// Say how far the runs are, by their records and the queue, and do nothing.
    #[arg(long, conflicts_with = "launcher")]
    pub(super) status: bool,
}

/// What is to be submitted.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) experiment: &'a str,
    /// The folder of the experiment's scale below the folder of runs: `<out>/<experiment>/<scale>`.
    pub(super) runs: &'a Path,
    /// Absolute paths, for tasks begin elsewhere.
    pub(super) out: &'a Path,
    pub(super) data_dir: &'a Path,
    pub(super) backend: &'a str,
    pub(super) on_a_gpu: bool,
    pub(super) plan: &'a Plan,
    /// The records of the scale.
    pub(super) records: &'a [Record],
    pub(super) binary: &'a Path,
    pub(super) at_a_time: Option<usize>,
    pub(super) options: &'a Options,
    /// What the report's driver is given.
    pub(super) report: Vec<String>,
    /// The command that says how far the runs are.
    pub(super) status: String,
}

/// What would be submitted: all that follows from the request and the queue.
struct Planned {
    folder: PathBuf,
    arrays: Vec<Array>,
    lines: Vec<RunLine>,
    /// What sbatch is given for each array.
    sbatch: Vec<Vec<String>>,
    names: Vec<String>,
    cpus: usize,
    gpus: usize,
    limit: String,
}

/// Shows what would be submitted.
pub(super) fn dry_run(request: &Request<'_>) -> Result<()> {
    // What is queued is not known where there is no Slurm, and then nothing is.
    let queued = queue::ask().unwrap_or_else(|error| {
        println!("what is queued is not known: {error:#}");
        Vec::new()
    });
    let Some(planned) = plan(request, &queued)? else { return Ok(()) };
    println!("{}", planned.describe());
    for sbatch in &planned.sbatch {
        println!("sbatch {}", words::line(sbatch));
    }
    println!("\n--- runs.jsonl");
    print!("{}", manifest::text(&planned.lines)?);
    println!("--- settings.sh");
    print!("{}", planned.settings(request).text());
    for (task, text) in submission::task_texts(&planned.lines)? {
        print!("--- tasks/{task}.sh\n{text}");
    }
    print!("--- task.sh\n{}", submission::TASK);
    Ok(())
}

/// Submits what is neither complete nor queued.
pub(super) fn submit(request: &Request<'_>) -> Result<()> {
    check_place(request.out)?;
    queue::said("sbatch", &["--version"]).context(
        "this machine cannot submit to Slurm; without it, `--shard M/N` shares an experiment among machines",
    )?;
    let tailward = queue::said(&path_text(request.binary)?, &["--version"])?.trim().to_owned();
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
    for sbatch in &planned.sbatch {
        let test = [&["--test-only".to_owned()][..], sbatch].concat();
        queue::said("sbatch", &test.iter().map(String::as_str).collect::<Vec<_>>())
            .context("Slurm would not take it, and nothing was submitted")?;
    }
    let mut submission = Submission {
        submitted: now_rfc3339(),
        tailward,
        tailward_sha256: submission::sha256(&planned.folder.join("tailward"))?,
        arrays: planned.submitted(),
        report: None,
    };
    submission.save(&planned.folder)?;
    let mut jobs = Vec::new();
    for place in 0..submission.arrays.len() {
        let job = hand_over(&submission.arrays[place].sbatch).with_context(|| match &jobs[..] {
            [] => "nothing was submitted".to_owned(),
            jobs => {
                format!("only some were submitted ({}); the same command submits the others", jobs.join(", "))
            }
        })?;
        submission.arrays[place].job = Some(job.clone());
        submission.save(&planned.folder)?;
        jobs.push(job);
    }
    let report = hand_over(&planned.report(request, &jobs)?)
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
            match (standings.get(&folder), endings.get(&folder)) {
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

/// What is to be submitted, or nothing where all is complete or queued.
fn plan(request: &Request<'_>, queued: &[queue::Queued]) -> Result<Option<Planned>> {
    let options = request.options;
    check_arguments(&options.sbatch_args)?;
    let submissions = request.runs.join("slurm");
    let standings = submission::standings(&submissions, queued)?;
    let mut pending: Vec<PlannedRun> = Vec::new();
    let (mut complete, mut in_queue) = (0, 0);
    for run in &request.plan.runs {
        let folder = request.out.join(run.definition.folder());
        match &run.status {
            Status::Complete => complete += 1,
            Status::Other | Status::Damaged(_) => bail!(
                "{} {}: move {} away, or leave the run out",
                run.definition.label(),
                run.status_words(),
                folder.display()
            ),
            Status::New | Status::Begun(_) if standings.contains_key(&folder) => in_queue += 1,
            Status::New | Status::Begun(_) => pending.push(run.clone()),
        }
    }
    println!("{complete} runs are complete, {in_queue} are queued or running, {} are left", pending.len());
    if pending.is_empty() {
        return Ok(None);
    }
    let runs_per_task = options.runs_per_task.map_or(1, usize::from);
    let sizes = request.plan.sizes;
    let measured = Measured::of(request.records, request.backend, sizes);
    let secs = |run: &PlannedRun| {
        let rounds = if let Status::Begun(rounds) = run.status { rounds } else { 0 };
        measured?.secs(&run.definition, sizes, rounds)
    };
    let longest = |runs: &mut dyn Iterator<Item = &RunDefinition>| {
        runs.map(|run| measured?.longest_round(run, sizes))
            .try_fold(0.0, |longest: f64, secs| Some(longest.max(secs?)))
    };
    let kinds = tasks(pending, runs_per_task, secs);
    let arrays = arrays(kinds.each_ref().map(Vec::len), queue::largest_array(), request.at_a_time);
    let all: Vec<Task> = kinds.into_iter().flatten().collect();
    let number = submission::next_number(&submissions)?;
    let folder = submissions.join(number.to_string());
    let mut planned = Planned {
        lines: lines(request, &all)?,
        sbatch: Vec::new(),
        names: Vec::new(),
        cpus: options.cpus_per_task.map_or(runs_per_task, usize::from),
        gpus: options.gpus_per_task.map_or(usize::from(request.on_a_gpu), usize::from),
        limit: String::new(),
        arrays,
        folder,
    };
    let mut limits = BTreeSet::new();
    for (place, array) in planned.arrays.iter().enumerate() {
        let of_array = &all[array.tasks.clone()];
        let expected = of_array
            .iter()
            .map(|task| task.secs)
            .try_fold(0.0, |longest: f64, secs| Some(longest.max(secs?)));
        let round = longest(&mut of_array.iter().flat_map(|task| &task.runs));
        let time = array_limit(options.time.as_deref(), expected, round)?;
        limits.insert(match (expected, measured) {
            (Some(expected), Some(measured)) => {
                format!("{time} ({} expected, by {} records)", duration(expected), measured.runs)
            }
            _ => time.clone(),
        });
        let name = format!("tailward-{}-{}-{number}-{}", request.experiment, scale_of(request), place + 1);
        planned.sbatch.push(planned.sbatch_arguments(array, &name, &time, options)?);
        planned.names.push(name);
    }
    planned.limit = limits.into_iter().collect::<Vec<_>>().join(" and ");
    Ok(Some(planned))
}

/// The time limit of an array.
fn array_limit(given: Option<&str>, expected: Option<f64>, round: Option<f64>) -> Result<String> {
    match (given, expected, round) {
        (Some(given), _, round) => {
            let secs = seconds_of(given).map_err(anyhow::Error::msg)?;
            if let Some(round) = round.filter(|round| secs < 3.0 * round) {
                tracing::warn!(
                    "--time {given} is less than three times the longest round, which takes about {}: a task that is cut off before a round is over gets nowhere",
                    duration(round)
                );
            }
            Ok(given.to_owned())
        }
        (None, Some(expected), Some(round)) => Ok(slurm_time(limit(expected, round))),
        _ => bail!(
            "how long a task takes is not known: there is no record of such runs on this backend. Say it with `--time`, such as `--time 4:00:00`; one \
             run tells, and later submissions go by its record"
        ),
    }
}

/// The scale's name, which is the folder's.
fn scale_of<'a>(request: &'a Request<'_>) -> &'a str {
    request.runs.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The runs of all tasks, a line each.
fn lines(request: &Request<'_>, all: &[Task]) -> Result<Vec<RunLine>> {
    let (out, data) = (path_text(request.out)?, path_text(request.data_dir)?);
    let mut lines = Vec::new();
    for (task, runs) in all.iter().map(|task| &task.runs).enumerate() {
        for definition in runs {
            let folder = Path::new(&out).join(definition.folder());
            let run = path_text(&folder.join("run.toml"))?;
            let words = [
                "run",
                &run,
                // Of the submission, whose folder tasks are in.
                "--datasets",
                "datasets",
                "--weights",
                "weights",
                "--data-dir",
                &data,
                "--backend",
                request.backend,
                "--lock-wait",
                &LOCK_WAIT.to_string(),
            ];
            lines.push(RunLine {
                task,
                run: lines.len(),
                label: definition.label(),
                folder,
                definition_hash: definition.hash(),
                arguments: words.map(str::to_owned).to_vec(),
            });
        }
    }
    Ok(lines)
}

/// Refuses what would make another submission of it than the one that is written down.
fn check_arguments(arguments: &[String]) -> Result<()> {
    let better = BTreeMap::from([
        ("--time", "--time"),
        ("-t", "--time"),
        ("--cpus-per-task", "--cpus-per-task"),
        ("-c", "--cpus-per-task"),
        ("--array", "--runs-per-task and --jobs"),
        ("-a", "--runs-per-task and --jobs"),
    ]);
    const OURS: [&str; 6] = ["--job-name", "-J", "--wrap", "--output", "-o", "--parsable"];
    for argument in arguments {
        // `--name=value`, or `-n` with whatever follows.
        let name = match argument.split_once('=') {
            Some((name, _)) if name.starts_with("--") => name,
            _ if argument.starts_with("--") => argument,
            _ => argument.get(..2).unwrap_or(argument),
        };
        if let Some(better) = better.get(name) {
            bail!("`{argument}` is not for --sbatch-arg: use {better}");
        }
        if OURS.contains(&name) {
            bail!("`{argument}` is not for --sbatch-arg: the driver sets it");
        }
        if !argument.starts_with('-') {
            bail!("`{argument}` is no argument of sbatch by itself: write it as `--sbatch-arg=--name=value`");
        }
    }
    Ok(())
}

/// Refuses a folder that other machines do not see.
fn check_place(out: &Path) -> Result<()> {
    let local = [Path::new("/tmp"), Path::new("/var/tmp"), Path::new("/dev/shm")];
    if let Some(local) = local.into_iter().find(|local| out.starts_with(local)) {
        bail!(
            "{} lies in {}, which every machine has for itself: choose a folder that all of them see with --out",
            out.display(),
            local.display()
        );
    }
    Ok(())
}

/// Submits, and says the job's number.
fn hand_over(arguments: &[String]) -> Result<String> {
    let said = queue::said("sbatch", &arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
    // The number, and after a semicolon the cluster's name.
    let job = said.trim().split(';').next().unwrap_or_default().to_owned();
    if job.is_empty() || !job.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("sbatch answered `{}`, which is no job's number", said.trim());
    }
    Ok(job)
}

impl Planned {
    fn describe(&self) -> String {
        let tasks: usize = self.arrays.iter().map(|array| array.tasks.len()).sum();
        let at_a_time: Vec<String> = self
            .arrays
            .iter()
            .map(|array| {
                let limit =
                    array.at_a_time.map_or("all at a time".to_owned(), |limit| format!("{limit} at a time"));
                format!("{} tasks, {limit}", array.tasks.len())
            })
            .collect();
        format!(
            "{} runs in {tasks} tasks ({}) of {} processors and {} GPUs, each for at most {}",
            self.lines.len(),
            at_a_time.join("; "),
            self.cpus,
            self.gpus,
            self.limit
        )
    }

    fn settings<'a>(&self, request: &'a Request<'_>) -> Settings<'a> {
        Settings { cpus: self.cpus, gpus: self.gpus, setup: &request.options.setup, report: &request.report }
    }

    fn sbatch_arguments(
        &self,
        array: &Array,
        name: &str,
        time: &str,
        options: &Options,
    ) -> Result<Vec<String>> {
        let folder = path_text(&self.folder)?;
        let mut arguments = vec![
            "--parsable".to_owned(),
            format!("--job-name={name}"),
            format!("--array={}", array.indices()),
            format!("--output={}/log/%A_%a.txt", folder.replace('%', "%%")),
            "--open-mode=append".to_owned(),
            "--requeue".to_owned(),
            format!("--signal=B:USR1@{WARNING}"),
            format!("--time={time}"),
            format!("--cpus-per-task={}", self.cpus),
        ];
        if self.gpus > 0 {
            arguments.push(format!("--gres=gpu:{}", self.gpus));
        }
        // What a person says comes last, so that it counts.
        arguments.extend(options.sbatch_args.iter().cloned());
        arguments.extend([format!("{folder}/task.sh"), folder, array.tasks.start.to_string()]);
        Ok(arguments)
    }

    fn report(&self, request: &Request<'_>, jobs: &[String]) -> Result<Vec<String>> {
        let folder = path_text(&self.folder)?;
        let mut arguments = vec![
            "--parsable".to_owned(),
            format!("--job-name=tailward-{}-{}-report", request.experiment, scale_of(request)),
            format!("--dependency=afterany:{}", jobs.join(":")),
            "--kill-on-invalid-dep=yes".to_owned(),
            format!("--output={}/log/report.txt", folder.replace('%', "%%")),
            "--open-mode=append".to_owned(),
            "--time=30".to_owned(),
        ];
        // A report needs no GPU.
        let is_for_it =
            |argument: &&String| !["--gres", "--gpus", "-G"].iter().any(|name| argument.starts_with(name));
        arguments.extend(request.options.sbatch_args.iter().filter(is_for_it).cloned());
        arguments.extend([format!("{folder}/report.sh"), folder]);
        Ok(arguments)
    }

    fn submitted(&self) -> Vec<Submitted> {
        let parts = self.arrays.iter().zip(&self.names).zip(&self.sbatch);
        let submitted = |((array, name), sbatch): ((&Array, &String), &Vec<String>)| Submitted {
            name: name.clone(),
            first_task: array.tasks.start,
            sbatch: sbatch.clone(),
            job: None,
        };
        parts.map(submitted).collect()
    }
}
