//! Starting the runs, a few at a time; one that fails does not take the others down.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use indicatif::MultiProgress;
use tailward_experiment::progress::Progress;

use super::plan::{Plan, PlannedRun, Status, duration};
use super::progress::RunBar;
use crate::experiments;

/// What all runs have in common.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    /// The `tailward` binary.
    pub(crate) binary: &'a Path,
    pub(crate) backend: &'static str,
    pub(crate) data_dir: &'a Path,
    pub(crate) cache_dir: &'a Path,
    pub(crate) out: &'a Path,
    /// Runs at a time.
    pub(crate) jobs: usize,
    /// Whether runs at the same time share out the processors.
    pub(crate) limit_threads: bool,
}

impl Settings<'_> {
    /// A command of the binary for the run that a `run.toml` defines.
    pub(crate) fn command(&self, verb: &str, run: &Path) -> Command {
        let mut command = Command::new(self.binary);
        command
            .arg(verb)
            .arg(run)
            .args(["--datasets", experiments::DATASETS])
            .arg("--data-dir")
            .arg(self.data_dir)
            .arg("--cache-dir")
            .arg(self.cache_dir)
            .args(["--backend", self.backend]);
        if self.limit_threads && self.jobs > 1 {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            command.env("RAYON_NUM_THREADS", (processors / self.jobs).max(1).to_string());
        }
        command
    }
}

/// Runs what is not complete and returns what failed, in words.
pub(crate) fn run_all(settings: &Settings<'_>, plan: &Plan) -> Vec<String> {
    let started = std::time::Instant::now();
    let bars = MultiProgress::new();
    let waiting = Mutex::new(plan.runs.iter().filter(|run| run.status != Status::Complete));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..settings.jobs {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no thread panics while it takes a run").next();
                    let Some(run) = next else { break };
                    let mut bar = RunBar::new(&bars, run.clone(), plan.sizes);
                    match run_one(settings, run, &mut bar) {
                        Ok(()) => bar.finish("complete"),
                        Err(error) => {
                            bar.finish("failed");
                            let failure = format!("{}: {error:#}", run.definition.label());
                            failed.lock().expect("no thread panics while it notes a failure").push(failure);
                        }
                    }
                }
            });
        }
    });
    eprintln!("took {}", duration(started.elapsed().as_secs_f64()));
    failed.into_inner().expect("no thread panicked")
}

fn run_one(settings: &Settings<'_>, run: &PlannedRun, bar: &mut RunBar) -> Result<()> {
    let folder = settings.out.join(run.definition.folder());
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let definition = run.definition.write(&folder)?;
    let log_path = folder.join("log.txt");
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log_path)
        .with_context(|| format!("failed to open {}", log_path.display()))?;
    let mut child = settings
        .command("run", &definition)
        .args(["--progress", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("failed to start {}", settings.binary.display()))?;
    if let Some(stdout) = child.stdout.take() {
        // Text that cannot be read ends the listening; the run then stops by itself, and its status says so.
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            match serde_json::from_str::<Progress>(&line) {
                Ok(event) => bar.show(&event),
                Err(error) => tracing::warn!("the run told something unknown ({error}): {line}"),
            }
        }
    }
    let status = child.wait().context("failed to wait for the run")?;
    if !status.success() {
        bail!("{status}; {} ends with: {}", log_path.display(), last_line(&log_path));
    }
    Ok(())
}

fn last_line(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.trim_end().lines().last().unwrap_or("nothing").to_owned()
}
