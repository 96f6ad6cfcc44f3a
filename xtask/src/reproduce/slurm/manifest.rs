//! The runs of a submission, a line each: `runs.jsonl`. Any engine can start them from it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tailward_experiment::record::{RECORD_FILE, Record};

/// The file's name in the folder of a submission.
pub(crate) const RUNS_FILE: &str = "runs.jsonl";

/// A run, as a task starts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunLine {
    /// The task that starts it, counted over all arrays.
    pub(crate) task: usize,
    /// Its number in the submission.
    pub(crate) run: usize,
    /// The run in words.
    pub(crate) label: String,
    /// Where it keeps what it writes.
    pub(crate) folder: PathBuf,
    /// The hash of its definition.
    pub(crate) definition_hash: String,
    /// What the submission's binary is given.
    pub(crate) arguments: Vec<String>,
}

impl RunLine {
    /// Where a run writes what it says.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log.txt")
    }

    /// Why the run is not complete, in words; nothing where it is.
    pub(crate) fn missing(&self) -> Option<String> {
        match Record::load(&self.folder.join(RECORD_FILE)) {
            Err(error) => Some(error.to_string()),
            Ok(None) => Some("it has no record".to_owned()),
            Ok(Some(record)) if record.header.definition_hash != self.definition_hash => {
                Some("its record is of another definition".to_owned())
            }
            Ok(Some(record)) if record.is_complete() => None,
            Ok(Some(record)) => Some(format!("it has {} rounds", record.rounds.len())),
        }
    }
}

/// The lines as text.
pub(super) fn text(lines: &[RunLine]) -> Result<String> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line).context("failed to write a run down")?);
        text.push('\n');
    }
    Ok(text)
}

/// Reads the runs of a submission.
pub(crate) fn read(path: &Path) -> Result<Vec<RunLine>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let line = |(index, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), index + 1))
    };
    text.lines().enumerate().map(line).collect()
}
