//! What will run, and what it is expected to take.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::plan::{DatasetSizes, Work, run_work};
use tailward_experiment::record::{RECORD_FILE, Record};

/// How fast this machine is, as `tailward probe` measured it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Rates {
    /// Images a second, forwards and backwards.
    pub(crate) train_images_per_sec: f64,
    /// Images a second, forwards only.
    pub(crate) score_images_per_sec: f64,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing is recorded.
    New,
    /// This many rounds are recorded.
    Begun(usize),
    /// It came to its end.
    Complete,
    /// The folder holds a run of another definition.
    Other,
}

/// One run of a plan.
#[derive(Clone, Debug)]
pub(crate) struct PlannedRun {
    pub(crate) definition: RunDefinition,
    pub(crate) status: Status,
    /// What is left to do.
    pub(crate) work: Work,
}

/// What will run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) runs: Vec<PlannedRun>,
    pub(crate) sizes: DatasetSizes,
}

impl Plan {
    /// Looks up how far each run is below `out`.
    pub(crate) fn new(runs: &[RunDefinition], sizes: DatasetSizes, out: &Path) -> Result<Self> {
        let planned = |definition: &RunDefinition| -> Result<PlannedRun> {
            let status = match Record::load(&out.join(definition.folder()).join(RECORD_FILE))? {
                None => Status::New,
                Some(record) if record.header.definition_hash != definition.hash() => Status::Other,
                Some(record) if record.is_complete() => Status::Complete,
                Some(record) => Status::Begun(record.rounds.len()),
            };
            let work = match status {
                Status::Complete | Status::Other => Work::default(),
                Status::New => run_work(definition, sizes, 0),
                Status::Begun(rounds) => run_work(definition, sizes, rounds),
            };
            Ok(PlannedRun { definition: definition.clone(), status, work })
        };
        Ok(Self { runs: runs.iter().map(planned).collect::<Result<_>>()?, sizes })
    }

    /// The runs that are not complete.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &RunDefinition> {
        self.runs.iter().filter(|run| run.status != Status::Complete).map(|run| &run.definition)
    }

    /// The plan in words, for a person.
    pub(crate) fn describe(&self, rates: Option<Rates>, jobs: usize) -> String {
        let mut text = String::new();
        for run in &self.runs {
            let status = match run.status {
                Status::New => "to run".to_owned(),
                Status::Begun(rounds) => {
                    format!("goes on after {rounds} of {} rounds", run.definition.rounds + 1)
                }
                Status::Complete => "complete".to_owned(),
                Status::Other => "holds a run of another definition: will fail".to_owned(),
            };
            let _ = writeln!(text, "  {:<44} {status}", run.definition.label());
        }
        let pending = self.pending().count();
        let work: Work = self.runs.iter().map(|run| run.work).sum();
        let _ = write!(
            text,
            "{pending} of {} runs to do, {jobs} at a time: {} image passes of training, {} of scoring",
            self.runs.len(),
            thousands(work.train_images),
            thousands(work.score_images)
        );
        if let Some(rates) = rates {
            let secs = work.secs(rates.train_images_per_sec, rates.score_images_per_sec);
            let _ = write!(
                text,
                "\nexpected to take about {} on this machine ({:.0} images/s in training, {:.0} in scoring, measured)",
                duration(secs),
                rates.train_images_per_sec,
                rates.score_images_per_sec
            );
        }
        text
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time for people: `40 s`, `12 min`, `3.5 h`.
pub(crate) fn duration(secs: f64) -> String {
    if secs < 90.0 {
        format!("{secs:.0} s")
    } else if secs < 5400.0 {
        format!("{:.0} min", secs / 60.0)
    } else {
        format!("{:.1} h", secs / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
        assert_eq!(duration(42.4), "42 s");
        assert_eq!(duration(600.0), "10 min");
        assert_eq!(duration(9000.0), "2.5 h");
    }
}
