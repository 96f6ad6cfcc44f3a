//! What is to be submitted: of the runs that were asked for, those that are neither complete nor queued, in tasks and arrays with their
//! time limits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tailward_experiment::record::Record;

use super::limit::{Expected, Measured, limit, slurm_time};
use super::manifest::RunLine;
use super::options::Options;
use super::queue::{self, Queued};
use super::sbatch::{self, Share};
use super::submission::{self, Settings, Submitted};
use super::tasks::{Array, Task, arrays, tasks};
use crate::reproduce::plan::{Plan, PlannedRun, Status, duration};
use crate::reproduce::words::path_text;

/// How long a run waits for a folder that a predecessor seems to hold, in seconds: longer than the 90 that a file server takes to
/// notice that a machine has died.
const LOCK_WAIT: u32 = 180;

/// What is to be submitted.
#[derive(Debug)]
pub(in crate::reproduce) struct Request<'a> {
    pub(in crate::reproduce) experiment: &'a str,
    /// The folder of the experiment's scale below the folder of runs: `<out>/<experiment>/<scale>`.
    pub(in crate::reproduce) runs: &'a Path,
    /// Absolute paths, for tasks begin elsewhere.
    pub(in crate::reproduce) out: &'a Path,
    pub(in crate::reproduce) data_dir: &'a Path,
    pub(in crate::reproduce) cache_dir: &'a Path,
    pub(in crate::reproduce) backend: &'a str,
    pub(in crate::reproduce) on_a_gpu: bool,
    pub(in crate::reproduce) plan: &'a Plan,
    /// The records of the scale.
    pub(in crate::reproduce) records: &'a [Record],
    pub(in crate::reproduce) binary: &'a Path,
    pub(in crate::reproduce) at_a_time: Option<usize>,
    pub(in crate::reproduce) options: &'a Options,
    /// What the report's driver is given.
    pub(in crate::reproduce) report: Vec<String>,
    /// The command that says how far the runs are.
    pub(in crate::reproduce) status: String,
}

/// What would be submitted: all that follows from the request and the queue.
#[derive(Debug)]
pub(super) struct Planned {
    /// The submission's folder.
    pub(super) folder: PathBuf,
    arrays: Vec<Array>,
    /// The arrays as they are written down.
    pub(super) submitted: Vec<Submitted>,
    pub(super) lines: Vec<RunLine>,
    share: Share,
    /// The time limits, in words.
    limits: String,
    /// The shortest of them, in seconds.
    shortest: u64,
}

impl Request<'_> {
    /// What jobs of it are called in the queue.
    pub(super) fn name(&self) -> String {
        let scale = self.runs.file_name().unwrap_or_default().to_string_lossy();
        format!("tailward-{}-{scale}", self.experiment)
    }
}

/// What is to be submitted, or nothing where all is complete or queued.
pub(super) fn plan(request: &Request<'_>, queued: &[Queued]) -> Result<Option<Planned>> {
    let options = request.options;
    sbatch::check_arguments(&options.sbatch_args)?;
    let submissions = request.runs.join("slurm");
    let pending = pending(request, &submission::standings(&submissions, queued)?)?;
    if pending.is_empty() {
        return Ok(None);
    }
    let runs_per_task = options.runs_per_task.map_or(1, usize::from);
    let sizes = request.plan.sizes;
    // What this machine made of a run says nothing of the nodes: what tasks have brought to its end does.
    let endings = submission::endings(&submissions)?;
    let by_tasks = request
        .records
        .iter()
        .filter(|record| endings.get(&record.header.definition_hash).is_some_and(|code| code == "0"));
    let measured = Measured::of(by_tasks, request.backend, sizes);
    let kinds = tasks(pending, runs_per_task, |run| {
        let rounds = if let Status::Begun(rounds) = run.status { rounds } else { 0 };
        measured?.expected(&run.definition, sizes, rounds, run.work)
    });
    let arrays = arrays(kinds.each_ref().map(Vec::len), queue::largest_array(), request.at_a_time);
    let tasks: Vec<Task> = kinds.into_iter().flatten().collect();
    let number = submission::next_number(&submissions)?;
    let folder = submissions.join(number.to_string());
    let share = Share {
        cpus: options.cpus_per_task.map_or(runs_per_task, usize::from),
        gpus: options.gpus_per_task.map_or(usize::from(request.on_a_gpu), usize::from),
    };
    let (mut submitted, mut limits, mut shortest) = (Vec::new(), BTreeSet::new(), f64::INFINITY);
    for (place, array) in arrays.iter().enumerate() {
        let expected = Expected::longest(tasks[array.tasks.clone()].iter().map(|task| task.expected));
        let secs = limit(options.time.as_deref(), expected)?;
        shortest = shortest.min(secs);
        let time = slurm_time(secs);
        limits.insert(match (expected, measured) {
            (Some(Expected { secs, .. }), Some(Measured { runs, .. })) => {
                format!("{time} ({} expected, by {runs} records)", duration(secs))
            }
            _ => time.clone(),
        });
        let name = format!("{}-{number}-{}", request.name(), place + 1);
        let sbatch = sbatch::for_array(&folder, array, &name, &time, share, &options.sbatch_args)?;
        submitted.push(Submitted { name, first_task: array.tasks.start, sbatch, job: None });
    }
    let limits = limits.into_iter().collect::<Vec<_>>().join(" and ");
    Ok(Some(Planned {
        lines: lines(request, &tasks)?,
        folder,
        arrays,
        submitted,
        share,
        limits,
        shortest: shortest as u64,
    }))
}

/// The runs that are neither complete nor queued.
fn pending(request: &Request<'_>, standings: &BTreeMap<String, String>) -> Result<Vec<PlannedRun>> {
    let mut pending = Vec::new();
    let (mut complete, mut queued) = (0, 0);
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
            Status::New | Status::Begun(_) if standings.contains_key(&run.definition.hash()) => queued += 1,
            Status::New | Status::Begun(_) => pending.push(run.clone()),
        }
    }
    println!("{complete} runs are complete, {queued} are queued or running, {} are left", pending.len());
    Ok(pending)
}

/// The runs of all tasks, a line each.
fn lines(request: &Request<'_>, all: &[Task]) -> Result<Vec<RunLine>> {
    let (out, data) = (path_text(request.out)?, path_text(request.data_dir)?);
    let cache = path_text(request.cache_dir)?;
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
                "--cache-dir",
                &cache,
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

impl Planned {
    pub(super) fn describe(&self) -> String {
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
            self.share.cpus,
            self.share.gpus,
            self.limits
        )
    }

    pub(super) fn settings<'a>(&self, request: &'a Request<'_>) -> Settings<'a> {
        Settings {
            cpus: self.share.cpus,
            limit: self.shortest,
            setup: &request.options.setup,
            report: &request.report,
        }
    }
}
