//! What came of all projects, in a table that grows and one that compares.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tailward_datasets::whole_file;
use tailward_experiment::statistics::{CONFIDENCE, mean, paired_interval};

/// What came of a project: a line of `outcomes.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) arm: String,
    pub(super) seed: u64,
    /// Images that the head learned from.
    pub(super) labelled: usize,
    /// Those of them that truly are of a rare class.
    pub(super) rare: usize,
    /// Images of rare classes that there are.
    pub(super) rare_of: usize,
    /// What the audit says of accuracy at the end, and its interval.
    pub(super) audit: f64,
    pub(super) audit_low: f64,
    pub(super) audit_high: f64,
    /// The share of the images without a label that the head truly gets right.
    pub(super) accuracy: f64,
    /// The mean of that share over classes.
    pub(super) balanced_accuracy: f64,
    /// Of all commands but the last predictions.
    pub(super) seconds: f64,
}

impl Outcome {
    pub(super) fn words(&self) -> String {
        let Self { arm, seed, rare, rare_of, labelled, audit, accuracy, seconds, .. } = self;
        format!(
            "{arm} seed {seed}: {rare} of {rare_of} rare images among {labelled} labels; the audit says {:.1} %, the truth is {:.1} %; \
             {seconds:.0} s",
            100.0 * audit,
            100.0 * accuracy
        )
    }
}

/// The outcomes that there are, in a file that is written whole each time.
pub(super) struct Outcomes {
    path: PathBuf,
    all: Vec<Outcome>,
}

impl Outcomes {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("outcomes.csv");
        let mut all = Vec::new();
        if path.exists() {
            let failed = || format!("failed to read {}", path.display());
            for outcome in csv::Reader::from_path(&path).with_context(failed)?.deserialize() {
                all.push(outcome.with_context(failed)?);
            }
        }
        Ok(Self { path, all })
    }

    pub(super) fn has(&self, arm: &str, seed: u64) -> bool {
        self.all.iter().any(|outcome| outcome.arm == arm && outcome.seed == seed)
    }

    pub(super) fn append(&mut self, outcome: Outcome) -> Result<()> {
        self.all.push(outcome);
        let mut writer = csv::Writer::from_writer(Vec::new());
        for outcome in &self.all {
            writer.serialize(outcome)?;
        }
        let bytes = writer.into_inner()?;
        whole_file::write_bytes(&self.path, &bytes)
            .with_context(|| format!("failed to write {}", self.path.display()))
    }

    /// A row for each arm: means over seeds, and the paired differences from the first arm.
    pub(super) fn table(&self, arms: &[&str]) -> String {
        let mut text = "| arm | seeds | rare images found | difference | balanced accuracy, % | difference | audit held the truth | s a project |\n\
                        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
        for arm in arms {
            let of_arm: Vec<&Outcome> = self.all.iter().filter(|outcome| outcome.arm == *arm).collect();
            let average = |value: fn(&Outcome) -> f64| {
                mean(&of_arm.iter().map(|outcome| value(outcome)).collect::<Vec<_>>()).unwrap_or(f64::NAN)
            };
            let difference = |value: fn(&Outcome) -> f64| {
                let pair = |outcome: &&Outcome| {
                    let first =
                        self.all.iter().find(|other| other.arm == arms[0] && other.seed == outcome.seed)?;
                    Some(value(outcome) - value(first))
                };
                let differences: Vec<f64> = of_arm.iter().filter_map(pair).collect();
                match paired_interval(&differences, CONFIDENCE).filter(|_| *arm != arms[0]) {
                    Some(interval) => {
                        format!("{:+.1} ({:+.1} to {:+.1})", interval.mean, interval.low, interval.high)
                    }
                    None => String::new(),
                }
            };
            let rare: fn(&Outcome) -> f64 = |outcome| outcome.rare as f64;
            let balanced: fn(&Outcome) -> f64 = |outcome| 100.0 * outcome.balanced_accuracy;
            let held = of_arm
                .iter()
                .filter(|outcome| (outcome.audit_low..=outcome.audit_high).contains(&outcome.accuracy));
            // Writing to a string cannot fail.
            writeln!(
                text,
                "| {arm} | {} | {:.1} | {} | {:.1} | {} | {} of {} | {:.0} |",
                of_arm.len(),
                average(rare),
                difference(rare),
                average(balanced),
                difference(balanced),
                held.count(),
                of_arm.len(),
                average(|outcome| outcome.seconds)
            )
            .ok();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(arm: &str, seed: u64, rare: usize) -> Outcome {
        Outcome {
            arm: arm.to_owned(),
            seed,
            labelled: 90,
            rare,
            rare_of: 50,
            audit: 0.5,
            audit_low: 0.4,
            audit_high: 0.6,
            accuracy: if seed == 0 { 0.45 } else { 0.7 },
            balanced_accuracy: 0.25,
            seconds: 2.0,
        }
    }

    #[test]
    fn outcomes_come_back_and_are_compared_seed_by_seed() {
        let folder = tempfile::tempdir().unwrap();
        let mut outcomes = Outcomes::open(folder.path()).unwrap();
        for (arm, seed, rare) in [("random", 0, 4), ("random", 1, 6), ("badge", 0, 9), ("badge", 1, 13)] {
            outcomes.append(outcome(arm, seed, rare)).unwrap();
        }
        let again = Outcomes::open(folder.path()).unwrap();
        assert_eq!(again.all, outcomes.all);
        assert!(again.has("badge", 1) && !again.has("badge", 2));
        let table = again.table(&["random", "badge"]);
        assert!(table.contains("| random | 2 | 5.0 |  | 25.0 |  | 1 of 2 | 2 |"), "{table}");
        // Differences of 5 and 7: a mean of 6, a deviation of √2, and t = 12.706 of one degree of freedom.
        assert!(table.contains("| badge | 2 | 11.0 | +6.0 (-6.7 to +18.7) |"), "{table}");
    }
}
