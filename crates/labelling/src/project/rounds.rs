//! What each round began with, line by line: the learning curve of a project.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::statistics::Interval;
use crate::{Access, AppendOnly, Error};

/// What was known when a round was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundLine {
    /// The round, counted from 1.
    pub round: usize,
    /// The strategy's short name.
    pub strategy: String,
    /// Labels that were asked for in it, those of the audit included.
    pub batch: usize,
    /// Labels that the head was fitted to; 0 where there were not two classes yet.
    pub labelled: usize,
    /// The share of these that a fit without their own label gets right.
    pub left_out: Option<f64>,
    /// Labels of the audit by then.
    pub audited: usize,
    /// The share of the audit's labels that the head gets right, with its interval.
    pub accuracy: Option<Interval>,
    /// Cohen's κ of what this round's head and that of the round before say of unlabelled images.
    #[serde(default)]
    pub stability: Option<f64>,
    /// When, in milliseconds since 1970 (UTC).
    pub unix_ms: u64,
}

/// The file `rounds.jsonl`.
#[derive(Debug)]
pub struct RoundLines {
    file: AppendOnly,
    lines: Vec<RoundLine>,
}

impl RoundLines {
    /// The file's name in a project.
    pub const FILE: &'static str = "rounds.jsonl";

    /// Opens the file, or begins it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or a line is damaged.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let (file, text) = AppendOnly::with_text(path, access)?;
        let line = |(place, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| Error::LedgerFile {
                path: path.to_owned(),
                line: place + 1,
                reason: error.to_string(),
            })
        };
        let lines = text.lines().enumerate().map(line).collect::<Result<_, _>>()?;
        Ok(Self { file, lines })
    }

    /// The lines, in their order.
    pub fn lines(&self) -> &[RoundLine] {
        &self.lines
    }

    /// Adds a line. One of a round that has one already is of a query that was lost, and takes its place for whoever reads.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub fn append(&mut self, line: RoundLine) -> Result<(), Error> {
        let text = serde_json::to_string(&line).expect("a line holds nothing that JSON cannot");
        self.file.append(&format!("{text}\n"))?;
        self.lines.push(line);
        Ok(())
    }

    /// The last line of each round, rising.
    pub fn by_round(&self) -> Vec<&RoundLine> {
        let last: BTreeMap<usize, &RoundLine> = self.lines.iter().map(|line| (line.round, line)).collect();
        last.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(round: usize, labelled: usize) -> RoundLine {
        RoundLine {
            round,
            strategy: "entropy-cb".to_owned(),
            batch: 50,
            labelled,
            left_out: Some(0.25),
            audited: 5,
            stability: Some(0.5),
            accuracy: Some(Interval { estimate: 0.5, low: 0.25, high: 0.75 }),
            unix_ms: 9,
        }
    }

    #[test]
    fn lines_are_read_back_and_the_last_of_a_round_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(RoundLines::FILE);
        let mut rounds = RoundLines::open(&path, Access::Append).unwrap();
        [line(1, 0), line(2, 40), line(2, 41)].into_iter().for_each(|line| rounds.append(line).unwrap());
        let again = RoundLines::open(&path, Access::Append).unwrap();
        assert_eq!(again.lines(), rounds.lines());
        assert_eq!(again.by_round(), [&line(1, 0), &line(2, 41)]);
        std::fs::write(&path, "{\"round\": 1}\n").unwrap();
        assert!(
            RoundLines::open(&path, Access::Append)
                .unwrap_err()
                .to_string()
                .contains("rounds.jsonl:1: missing field")
        );
    }
}
