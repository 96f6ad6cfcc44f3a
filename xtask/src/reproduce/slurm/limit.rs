//! How long a task may take: what was given, or twice what records say.

use anyhow::{Result, bail};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::plan::{DatasetSizes, Work, WorkRates, round_work, run_work};
use tailward_experiment::record::Record;

use crate::reproduce::plan::duration;

/// A limit is never shorter, in seconds: a site's queue is worth nothing for less.
const LEAST: f64 = 30.0 * 60.0;

/// The limit is so many times what is expected, and so many times the longest round: a task that is cut off before a round is
/// over gets nowhere.
const TIMES_EXPECTED: f64 = 2.0;
const TIMES_LONGEST_ROUND: f64 = 3.0;

/// Below so many seconds a limit makes little sense.
const SHORT: f64 = 300.0;

/// What runs of the same scale took in tasks on the same backend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    rates: WorkRates,
    /// The choice of a query on the host, in seconds, on average.
    select_secs: f64,
    /// How many runs it is measured on.
    pub(super) runs: usize,
}

impl Measured {
    /// Of the records that have trained anything; nothing where there is none.
    pub(super) fn of<'a>(
        records: impl IntoIterator<Item = &'a Record>,
        backend: &str,
        sizes: DatasetSizes,
    ) -> Option<Self> {
        let (mut work, mut train, mut score, mut networks) = (Work::default(), 0.0, 0.0, 0.0);
        let (mut select, mut queries, mut runs) = (0.0, 0_usize, 0);
        for record in records {
            if record.header.host.device != backend || record.rounds.is_empty() {
                continue;
            }
            runs += 1;
            for (index, round) in record.rounds.iter().enumerate() {
                let done = round_work(&record.header.definition, sizes, index);
                work.train_images += done.train_images;
                train += round.cost.train_secs;
                // What a query takes is known once it is recorded; its part of the work is left out of the last round's.
                let Some(query) = record.queries.get(index) else { continue };
                work.score_images += done.score_images;
                work.vaal_images += done.vaal_images;
                score += round.cost.evaluate_secs + query.cost.score_secs;
                networks += query.cost.train_secs.unwrap_or_default();
                select += query.cost.select_secs;
                queries += 1;
            }
        }
        let rate = |images: u64, secs: f64| (images > 0 && secs > 0.0).then(|| images as f64 / secs);
        Some(Self {
            rates: WorkRates {
                train_images_per_sec: rate(work.train_images, train)?,
                score_images_per_sec: rate(work.score_images, score).unwrap_or(f64::INFINITY),
                vaal_images_per_sec: rate(work.vaal_images, networks),
                // The time before the first round is in no record.
                describe_images_per_sec: None,
            },
            select_secs: select / queries.max(1) as f64,
            runs,
        })
    }

    /// What is left of a run is expected to take, from a round on; nothing where it trains networks that no record trained, and
    /// where it sweeps, which takes a time of its own. `left` is all that is left: the query of the round before may be part of it.
    pub(super) fn expected(
        &self,
        run: &RunDefinition,
        sizes: DatasetSizes,
        first_round: usize,
        left: Work,
    ) -> Option<Expected> {
        if run.sweep.is_some() {
            return None;
        }
        let mut expected = Expected { secs: 0.0, longest_round: 0.0 };
        for round in first_round..=run.rounds {
            let secs = self.round_secs(run, sizes, round)?;
            expected.secs += secs;
            expected.longest_round = expected.longest_round.max(secs);
        }
        let query = left.secs(&self.rates)? - run_work(run, sizes, first_round).secs(&self.rates)?;
        if query > 0.0 {
            expected.secs += query + self.select_secs;
            expected.longest_round = expected.longest_round.max(query + self.select_secs);
        }
        Some(expected)
    }

    fn round_secs(&self, run: &RunDefinition, sizes: DatasetSizes, round: usize) -> Option<f64> {
        let query = if round < run.rounds { self.select_secs } else { 0.0 };
        Some(round_work(run, sizes, round).secs(&self.rates)? + query)
    }
}

/// What something is expected to take, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) secs: f64,
    pub(super) longest_round: f64,
}

impl Expected {
    /// What the longest takes of things that happen side by side; nothing where one of them is not known.
    pub(super) fn longest(all: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let nothing = Self { secs: 0.0, longest_round: 0.0 };
        all.into_iter().try_fold(nothing, |longest, expected| {
            let expected = expected?;
            Some(Self {
                secs: longest.secs.max(expected.secs),
                longest_round: longest.longest_round.max(expected.longest_round),
            })
        })
    }

    /// The time limit for it, in seconds.
    fn limit(self) -> f64 {
        (TIMES_EXPECTED * self.secs).max(TIMES_LONGEST_ROUND * self.longest_round).max(LEAST)
    }
}

/// The time limit of tasks that are expected to take so long, in seconds: what was given, or by what is expected.
pub(super) fn limit(given: Option<&str>, expected: Option<Expected>) -> Result<f64> {
    let Some(given) = given else {
        let Some(expected) = expected else {
            bail!(
                "how long a task takes is not known: no task has run to its end on this backend yet. Say it with `--time`, such as `--time 4:00:00`; one \
                 run tells, and later submissions go by its record"
            );
        };
        return Ok(expected.limit());
    };
    let secs = seconds_of(given).map_err(anyhow::Error::msg)?;
    if secs < SHORT {
        tracing::warn!(
            "--time {given} is less than five minutes: Slurm warns up to three minutes before the end, when hardly anything is done"
        );
    }
    if let Some(Expected { longest_round, .. }) = expected
        && secs < TIMES_LONGEST_ROUND * longest_round
    {
        tracing::warn!(
            "--time {given} is less than three times the longest round, which takes about {}: a task that is cut off before a round is over gets nowhere",
            duration(longest_round)
        );
    }
    Ok(secs)
}

/// A time as Slurm has it, rounded up to whole minutes, which is what it counts in.
pub(super) fn slurm_time(secs: f64) -> String {
    let minutes = (secs / 60.0).ceil() as u64;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match days {
        0 => format!("{hours:02}:{minutes:02}:00"),
        _ => format!("{days}-{hours:02}:{minutes:02}:00"),
    }
}

/// The seconds of a time as Slurm takes it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
/// `days-hours:minutes` or `days-hours:minutes:seconds`.
fn seconds_of(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is no time as Slurm takes it, such as `90`, `1:30:00` or `2-12`");
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days), rest),
        None => (None, text),
    };
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u32>().map(f64::from).map_err(|_too_large_or_empty| wrong()),
        false => Err(wrong()),
    };
    let parts = rest.split(':').map(number).collect::<Result<Vec<f64>, String>>()?;
    let (hours, minutes, secs) = match (days, &parts[..]) {
        (None, [minutes]) => (0.0, *minutes, 0.0),
        (None, [minutes, secs]) => (0.0, *minutes, *secs),
        (_, [hours, minutes, secs]) => (*hours, *minutes, *secs),
        (Some(_), [hours]) => (*hours, 0.0, 0.0),
        (Some(_), [hours, minutes]) => (*hours, *minutes, 0.0),
        _ => return Err(wrong()),
    };
    let days = days.map_or(Ok(0.0), number)?;
    let seconds = 86_400.0 * days + 3600.0 * hours + 60.0 * minutes + secs;
    if seconds > 0.0 { Ok(seconds) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tailward_experiment::plan::query_work;

    use super::*;

    #[test]
    fn times_are_those_of_slurm() {
        for (text, secs) in [
            ("90", 5400.0),
            ("1:30", 90.0),
            ("1:30:00", 5400.0),
            ("2-12", 216_000.0),
            ("1-0:30", 88_200.0),
            ("1-01:00:01", 90_001.0),
        ] {
            assert_eq!(seconds_of(text), Ok(secs), "{text}");
        }
        for text in ["", "0", "1h", "-5", "1:2:3:4", "1-", "+5", "99999999999"] {
            assert!(seconds_of(text).is_err(), "{text}");
        }
        assert_eq!(slurm_time(61.0), "00:02:00");
        assert_eq!(slurm_time(90_061.0), "1-01:02:00");
        assert_eq!(seconds_of(&slurm_time(90_061.0)), Ok(90_120.0));
    }

    #[test]
    fn a_limit_is_twice_what_is_expected_and_three_of_the_longest_rounds_and_half_an_hour_at_least() {
        for (secs, longest_round, time) in
            [(60.0, 10.0, "00:30:00"), (3600.0, 1000.0, "02:00:00"), (3600.0, 3000.0, "02:30:00")]
        {
            let expected = Some(Expected { secs, longest_round });
            assert_eq!(slurm_time(limit(None, expected).unwrap()), time);
            assert_eq!(slurm_time(limit(Some("7"), expected).unwrap()), "00:07:00", "what is given counts");
        }
        assert!(limit(None, None).unwrap_err().to_string().contains("`--time`"));
    }

    /// What the committed runs of CIFAR-100 at desk scale took is what is expected of the next: within a third for each, as runs
    /// beside each other vary.
    #[test]
    fn what_records_took_is_expected_again() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../experiments/cifar100/records/desk-2026-11/cifar100/desk/if-0.1");
        let record = |strategy: &str, seed: u64| {
            Record::load(&folder.join(strategy).join(format!("seed-{seed}/record.jsonl"))).unwrap().unwrap()
        };
        let sizes =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        let others = [record("entropy", 0), record("vaal-cb", 0)];
        let measured = Measured::of(&others, "flex", sizes).unwrap();
        assert_eq!(measured.runs, 2);
        for strategy in ["entropy-cb", "vaal"] {
            let run = record(strategy, 0);
            let took: f64 =
                run.rounds.iter().map(|round| round.cost.train_secs + round.cost.evaluate_secs).sum::<f64>()
                    + run
                        .queries
                        .iter()
                        .map(|query| {
                            query.cost.score_secs
                                + query.cost.select_secs
                                + query.cost.train_secs.unwrap_or(0.0)
                        })
                        .sum::<f64>();
            let all = run_work(&run.header.definition, sizes, 0);
            let expected = measured.expected(&run.header.definition, sizes, 0, all).unwrap();
            assert!((expected.secs / took - 1.0).abs() < 0.34, "{strategy}: {expected:?} {took}");
            assert!(expected.longest_round < expected.secs && expected.longest_round > expected.secs / 5.0);
            // A run that still has the query of its last round but one to make.
            let last = run.header.definition.rounds;
            let left = run_work(&run.header.definition, sizes, last)
                + query_work(&run.header.definition, sizes, last - 1);
            let rest = measured.expected(&run.header.definition, sizes, last, left).unwrap();
            let without = left.secs(&measured.rates).unwrap() - rest.secs;
            assert!((without + measured.select_secs).abs() < 1e-6 * rest.secs, "{strategy}: {rest:?}");
        }
        assert_eq!(Measured::of(&others, "cuda", sizes), None);
        let plain = Measured::of(&others[..1], "flex", sizes).unwrap();
        let vaal = record("vaal", 0).header.definition;
        assert_eq!(plain.expected(&vaal, sizes, 0, run_work(&vaal, sizes, 0)), None);
    }
}
