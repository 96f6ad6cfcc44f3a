//! `cargo xtask report`: tables, plots and statistics from records.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use tailward_experiment::definition::{Definition, Scale, Selector};
use tailward_experiment::expected::Expected;
use tailward_experiment::record::{RECORD_FILE, Record};
use tailward_experiment::report::{self, ReportInput};
use tailward_experiment::time::now_rfc3339;

use crate::experiments::{self, ScaleName};
use crate::workspace;

/// Arguments of `cargo xtask report`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The experiment.
    experiment: String,
    /// The scale.
    #[arg(long, value_enum)]
    scale: ScaleName,
    /// Folder of runs [default: runs].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where the report goes; by default `<out>/<experiment>/<scale>/report`.
    #[arg(long)]
    report_dir: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let out = workspace::runs_dir(arguments.out.as_deref())?;
    let report_dir = arguments.report_dir.as_ref().map(std::path::absolute).transpose()?;
    workspace::enter()?;
    let definition = experiments::load(&arguments.experiment)?;
    let scale = arguments.scale.into();
    let folder = report_dir.unwrap_or_else(|| default_folder(&out, &definition, scale));
    let command = format!("cargo xtask reproduce {} --scale {scale}", definition.name);
    for path in write(&definition, scale, &out, &folder, command)? {
        println!("{}", path.display());
    }
    Ok(())
}

/// Where a report goes if nothing else is said.
pub(crate) fn default_folder(out: &Path, definition: &Definition, scale: Scale) -> PathBuf {
    out.join(&definition.name).join(scale.to_string()).join("report")
}

/// Writes the report of every record that the scale's runs have left below `out`, seeds beyond the definition's
/// included.
pub(crate) fn write(
    definition: &Definition,
    scale: Scale,
    out: &Path,
    folder: &Path,
    command: String,
) -> Result<Vec<PathBuf>> {
    let records = records(definition, scale, out)?;
    let expected_path = experiments::folder(&definition.name).join("expected.toml");
    let expected = expected_path.is_file().then(|| Expected::load(&expected_path)).transpose()?;
    let input = ReportInput {
        definition,
        scale,
        expected: expected.as_ref(),
        records,
        command,
        // The day alone: two reports made on one day are the same.
        generated: now_rfc3339()[..10].to_owned(),
    };
    Ok(report::write(&input, folder)?)
}

fn records(definition: &Definition, scale: Scale, out: &Path) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for run in
        definition.runs(scale, &Selector { seeds: seeds(definition, scale, out)?, ..Selector::default() })?
    {
        let path = out.join(run.folder()).join(RECORD_FILE);
        match Record::load(&path)? {
            // A record of an earlier form of the definition answers another question.
            Some(record) if record.header.definition_hash != run.hash() => {
                tracing::warn!("{} is of another definition; left out", path.display());
            }
            Some(record) => records.push(record),
            None => {}
        }
    }
    Ok(records)
}

/// The definition's seeds and whatever further ones have been run.
fn seeds(definition: &Definition, scale: Scale, out: &Path) -> Result<Vec<u64>> {
    let mut seeds = definition.scale(scale)?.seeds.clone();
    let strategies = definition.runs(scale, &Selector::default())?;
    for folder in strategies.iter().filter_map(|run| out.join(run.folder()).parent().map(PathBuf::from)) {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let name = entry.with_context(|| format!("failed to list {}", folder.display()))?.file_name();
            let seed =
                name.to_str().and_then(|name| name.strip_prefix("seed-")).and_then(|seed| seed.parse().ok());
            if let Some(seed) = seed
                && !seeds.contains(&seed)
            {
                seeds.push(seed);
            }
        }
    }
    seeds.sort_unstable();
    Ok(seeds)
}
