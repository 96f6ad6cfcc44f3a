//! `cargo xtask report`: tables, plots and statistics from records.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use tailward_experiment::definition::{Definition, Scale};
use tailward_experiment::record::{RECORD_FILE, Record};
use tailward_experiment::report::{self, ReportInput};
use tailward_experiment::time::now_rfc3339;

use crate::experiments::{self, scale_parser};
use crate::reproduce::slurm::manifest::{self, RunLine};
use crate::workspace;

/// Arguments of `cargo xtask report`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The experiment.
    #[arg(required_unless_present = "splice")]
    experiment: Option<String>,
    /// The scale.
    #[arg(long, value_parser = scale_parser(), required_unless_present = "splice")]
    scale: Option<Scale>,
    /// Folder of runs [default: runs].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where the report goes; by default `<out>/<experiment>/<scale>/report`.
    #[arg(long)]
    report_dir: Option<PathBuf>,
    /// Runs that should be complete by now, as a submission to a cluster lists them: those that are not are named, and the command ends
    /// with 1.
    #[arg(long, value_name = "RUNS.jsonl")]
    expect: Option<PathBuf>,
    /// Write the figures, tables and findings of README.md and RESULTS.md from the committed records, in place of a report.
    #[arg(long, conflicts_with_all = ["experiment", "scale", "out", "report_dir", "expect"])]
    splice: bool,
    /// With --splice: write nothing, and fail where they are not up to date.
    #[arg(long, requires = "splice")]
    check: bool,
}

impl Arguments {
    /// Whether documents are spliced in place of a report, and then whether they are only checked.
    pub(crate) fn splicing(&self) -> Option<bool> {
        self.splice.then_some(self.check)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (Some(experiment), Some(scale)) = (&arguments.experiment, arguments.scale) else {
        bail!("the command line lets no report through without an experiment and a scale");
    };
    let out = workspace::runs_dir(arguments.out.as_deref())?;
    let report_dir = arguments.report_dir.as_ref().map(std::path::absolute).transpose()?;
    let expected = arguments.expect.as_ref().map(|path| manifest::read(path)).transpose()?;
    workspace::enter()?;
    let definition = experiments::load(experiment)?;
    let folder = report_dir.unwrap_or_else(|| default_folder(&out, &definition, scale));
    let mut command = format!("cargo xtask report {} --scale {scale}", definition.name);
    if let Some(out) = &arguments.out {
        command.push_str(&format!(" --out {}", out.display()));
    }
    for path in write(&definition, scale, &out, &folder, command)? {
        println!("{}", path.display());
    }
    expected.map_or(Ok(()), |runs| check_complete(&runs))
}

/// Names the runs that are not complete.
fn check_complete(runs: &[RunLine]) -> Result<()> {
    let missing: Vec<String> = runs
        .iter()
        .filter_map(|run| Some(format!("{}: {}; see {}", run.label, run.missing()?, run.log().display())))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("{} of {} runs are not complete:\n{}", missing.len(), runs.len(), missing.join("\n"))
}

/// Where a report goes if nothing else is said.
pub(crate) fn default_folder(out: &Path, definition: &Definition, scale: Scale) -> PathBuf {
    out.join(&definition.name).join(scale.to_string()).join("report")
}

/// Writes the report of every record of the scale below `out`.
pub(crate) fn write(
    definition: &Definition,
    scale: Scale,
    out: &Path,
    folder: &Path,
    command: String,
) -> Result<Vec<PathBuf>> {
    with_input(definition, scale, out, command, |input| Ok(report::write(input, folder)?))
}

/// What a report of every record of the scale below `out` is made of.
pub(crate) fn with_input<T>(
    definition: &Definition,
    scale: Scale,
    out: &Path,
    command: String,
    then: impl FnOnce(&ReportInput<'_>) -> Result<T>,
) -> Result<T> {
    let records = records(definition, scale, out);
    let expected = experiments::expected(&definition.name)?;
    then(&ReportInput {
        definition,
        scale,
        expected: expected.as_ref(),
        records,
        command,
        // The day alone: two reports made on one day are the same.
        generated: now_rfc3339()[..10].to_owned(),
    })
}

/// Every record of the scale below `out`, whatever it is of: the report says which it leaves out and why.
pub(crate) fn records(definition: &Definition, scale: Scale, out: &Path) -> Vec<Record> {
    let mut folders = vec![out.join(&definition.name).join(scale.to_string())];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == RECORD_FILE) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut records = Vec::new();
    for path in paths {
        match Record::load(&path) {
            Ok(record) => records.extend(record),
            Err(error) => tracing::warn!("left out of the report: {error}"),
        }
    }
    records
}
