//! Records grouped for comparison: by imbalance factor, strategy and seed, with those that cannot be compared set
//! apart and named.

use std::collections::BTreeSet;

use tailward_acquisition::Strategy;

use super::kernels;
use super::measure::Measured;
use crate::Error;
use crate::definition::{Definition, NamedStrategy, RunDefinition, Scale, Selector, same_factor};
use crate::expected::EvaluatedOn;
use crate::format;
use crate::record::Record;
use crate::statistics::{self, Interval};

/// The records of one scale, grouped.
#[derive(Debug)]
pub(super) struct Results<'a> {
    /// One group for each imbalance factor of the scale, in the definition's order.
    pub(super) factors: Vec<Factor<'a>>,
    /// Runs that are left out of every statistic, and why.
    pub(super) left_out: Vec<LeftOut>,
    /// Runs that are counted.
    pub(super) complete: usize,
    /// What the scale runs on, where that is not the experiment's dataset.
    dataset: Option<&'a str>,
}

/// A run that no statistic counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeftOut {
    /// The run.
    pub(super) run: String,
    /// Why it is left out.
    pub(super) reason: String,
}

/// The complete runs of one imbalance factor.
#[derive(Debug)]
pub(super) struct Factor<'a> {
    /// The imbalance factor.
    pub(super) value: f64,
    /// Every strategy of the scale, in the order of tables, with or without runs.
    pub(super) strategies: Vec<Group<'a>>,
    /// Queries in a run.
    pub(super) rounds: usize,
    /// What models are measured by.
    pub(super) measured: Measured,
    /// What the scale runs on, where that is not the experiment's dataset.
    dataset: Option<&'a str>,
}

/// The complete runs of one strategy, by rising seed.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The strategy.
    pub(super) strategy: &'a NamedStrategy,
    /// Its runs.
    pub(super) runs: Vec<&'a Record>,
}

/// Mean and spread of one measure over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    /// The mean.
    pub(super) mean: Option<f64>,
    /// The sample standard deviation.
    pub(super) deviation: Option<f64>,
    /// The number of seeds.
    pub(super) seeds: usize,
}

/// The difference of two strategies over the seeds that both have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// The mean difference.
    pub(super) mean: Option<f64>,
    /// Its interval, from two pairs on.
    pub(super) interval: Option<Interval>,
    /// The number of paired seeds.
    pub(super) pairs: usize,
}

impl Difference {
    /// Mean and interval of paired differences.
    pub(super) fn of(differences: &[f64]) -> Self {
        Self {
            mean: statistics::mean(differences),
            interval: statistics::paired_interval(differences, statistics::CONFIDENCE),
            pairs: differences.len(),
        }
    }

    /// Whether the interval exists and leaves 0 out.
    pub(super) fn is_separable(&self) -> bool {
        self.interval.is_some_and(|interval| interval.excludes_zero())
    }
}

impl<'a> Results<'a> {
    /// Groups `records` by what `definition` says should have run.
    ///
    /// # Errors
    ///
    /// The definition has no such scale.
    pub(super) fn new(
        definition: &'a Definition,
        scale: Scale,
        records: &'a [Record],
    ) -> Result<Self, Error> {
        let sizes = definition.scale(scale)?;
        let planned = definition.runs(scale, &Selector::default())?;
        let mut left_out = Vec::new();
        let (sound, faulty): (Vec<_>, Vec<_>) = records
            .iter()
            .map(|record| (record, fault(definition, record, scale)))
            .partition(|it| it.1.is_none());
        let sound: Vec<&Record> = sound.into_iter().map(|(record, _)| record).collect();
        let leave_out =
            |record: &Record, reason: String| LeftOut { run: record.header.definition.label(), reason };
        left_out.extend(faulty.into_iter().filter_map(|(record, why)| Some(leave_out(record, why?))));
        let mut kept: Vec<&Record> = Vec::new();
        for &record in &sound {
            let reason = kernels::fault(&sound, record)
                .or_else(|| twin(&kept, record).then(|| "a second record of the same run".to_owned()));
            match reason {
                None => kept.push(record),
                Some(reason) => left_out.push(leave_out(record, reason)),
            }
        }
        for run in planned {
            if !records.iter().any(|record| same_run(&record.header.definition, &run)) {
                left_out.push(LeftOut { run: run.label(), reason: "not run".to_owned() });
            }
        }
        kept.sort_by_key(|record| record.header.definition.seed);
        let measured = Measured { metric: definition.metric.unwrap_or_default(), on: EvaluatedOn::default() };
        let dataset = sizes.dataset.as_ref().map(|dataset| dataset.note.as_str());
        let mut factors = Vec::with_capacity(sizes.imbalance_factors.len());
        for &value in &sizes.imbalance_factors {
            let group = |name: &String| {
                let strategy = definition.strategy(name)?;
                let runs = kept
                    .iter()
                    .filter(|record| {
                        let run = &record.header.definition;
                        run.strategy.name == *name && same_factor(run.imbalance_factor, value)
                    })
                    .copied()
                    .collect();
                Ok(Group { strategy, runs })
            };
            factors.push(Factor {
                value,
                strategies: sizes.strategies.iter().map(group).collect::<Result<_, Error>>()?,
                rounds: sizes.rounds,
                measured,
                dataset,
            });
        }
        let complete =
            factors.iter().flat_map(|factor| &factor.strategies).map(|group| group.runs.len()).sum();
        Ok(Self { factors, left_out, complete, dataset })
    }

    /// The counted runs, factor by factor and strategy by strategy.
    pub(super) fn runs(&self) -> impl Iterator<Item = &'a Record> + '_ {
        self.factors.iter().flat_map(|factor| &factor.strategies).flat_map(|group| group.runs.iter().copied())
    }

    /// The scale in few words, with its dataset where that is not the experiment's.
    pub(super) fn short_scale(&self, scale: Scale) -> String {
        on_dataset(format::short_scale(scale), self.dataset)
    }

    /// The seeds of the counted runs.
    pub(super) fn seeds(&self) -> Vec<u64> {
        let seeds: BTreeSet<u64> = self.runs().map(|run| run.header.definition.seed).collect();
        seeds.into_iter().collect()
    }
}

/// Why a record cannot be counted.
fn fault(definition: &Definition, record: &Record, scale: Scale) -> Option<String> {
    let run = &record.header.definition;
    if run.experiment != definition.name || run.scale != scale {
        return Some("of another experiment or scale".to_owned());
    }
    let sizes = definition.scale(scale).ok()?;
    if !sizes.strategies.contains(&run.strategy.name) {
        return Some("its strategy is not one of this scale".to_owned());
    }
    let selector = Selector {
        strategies: vec![run.strategy.name.clone()],
        imbalance_factors: vec![run.imbalance_factor],
        seeds: vec![run.seed],
    };
    match definition.runs(scale, &selector) {
        // What only names things in reports may have changed since.
        Ok(planned) if planned.first().is_some_and(|planned| planned.hash() == run.hash()) => {}
        Ok(_) => return Some("made with another version of the definition".to_owned()),
        Err(_) => return Some("its imbalance factor is not one of this scale".to_owned()),
    }
    if record.header.definition_hash != run.hash() {
        return Some("its hash is not that of its definition".to_owned());
    }
    if !record.is_complete() {
        return Some(format!("incomplete: {} of {} rounds", record.rounds.len(), run.rounds + 1));
    }
    (record.rounds.len() != run.rounds + 1 || record.queries.len() != run.rounds)
        .then(|| format!("says it is complete with {} of {} rounds", record.rounds.len(), run.rounds + 1))
}

fn same_run(left: &RunDefinition, right: &RunDefinition) -> bool {
    left.experiment == right.experiment
        && left.scale == right.scale
        && left.strategy.name == right.strategy.name
        && left.seed == right.seed
        && same_factor(left.imbalance_factor, right.imbalance_factor)
}

fn twin(kept: &[&Record], record: &Record) -> bool {
    kept.iter().any(|other| same_run(&other.header.definition, &record.header.definition))
}

/// A scale's name and, where it does not run on the experiment's dataset, what it runs on.
pub(super) fn on_dataset(scale: &str, dataset: Option<&str>) -> String {
    dataset.map_or_else(|| scale.to_owned(), |dataset| format!("{scale}, on {dataset}"))
}

impl<'a> Factor<'a> {
    /// As [`Results::short_scale`].
    pub(super) fn short_scale(&self, scale: Scale) -> String {
        on_dataset(format::short_scale(scale), self.dataset)
    }

    /// The strategies that have counted runs.
    pub(super) fn ran(&self) -> impl Iterator<Item = &Group<'a>> {
        self.strategies.iter().filter(|group| !group.runs.is_empty())
    }

    /// The group of this name, where the scale has it.
    pub(super) fn group(&self, name: &str) -> Option<&Group<'a>> {
        self.strategies.iter().find(|group| group.strategy.name == name)
    }

    /// Each strategy that has runs with what it is compared to, where that has runs: first its baseline, then random
    /// sampling.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Group<'a>, &Group<'a>)> {
        self.ran().flat_map(|group| {
            let baseline = group.strategy.baseline.as_deref().and_then(|name| self.group(name));
            let random = self.ran().find(|other| other.strategy.query.strategy == Strategy::Random {});
            let random = random.filter(|other| other.strategy.name != group.strategy.name);
            let distinct = random.filter(|other| {
                baseline.is_none_or(|baseline| baseline.strategy.name != other.strategy.name)
            });
            let others = baseline.into_iter().chain(distinct);
            others.filter(|other| !other.runs.is_empty()).map(move |other| (group, other))
        })
    }

    /// One run of each seed: what belongs to the seed and not to the strategy is read from these.
    pub(super) fn seed_runs(&self) -> Vec<&'a Record> {
        let mut seen = BTreeSet::new();
        self.ran()
            .flat_map(|group| group.runs.iter().copied())
            .filter(|run| seen.insert(run.header.definition.seed))
            .collect()
    }

    /// The mean over seeds of what `value` makes of one run of each.
    pub(super) fn seed_mean(&self, value: impl Fn(&Record) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.seed_runs().into_iter().map(value).collect();
        statistics::mean(&values?)
    }

    /// Size of the labelled set of a round, if all runs agree on it (they do, unless a pool differs by seed).
    pub(super) fn labelled(&self, round: usize) -> Option<usize> {
        self.ran().find_map(|group| group.runs.first()?.rounds.get(round)).map(|round| round.labelled)
    }

    /// The fewest and the most seeds that a strategy with runs has.
    pub(super) fn seed_range(&self) -> Option<(usize, usize)> {
        let counts = || self.ran().map(|group| group.runs.len());
        Some((counts().min()?, counts().max()?))
    }
}

/// Whether two runs of a seed have the same pool, first labels and first model.
///
/// The hash of a pool says so, but for selections that are replayed: it covers the whole list, and lists that differ may begin with the
/// same labels. Their first rounds tell: with other labels or another model, no loss and no accuracy would be the same to the last bit.
fn began_alike(one: &Record, other: &Record) -> bool {
    let replayed = |run: &Record| run.header.definition.replay.is_some();
    one.header.pool_hash == other.header.pool_hash
        || (replayed(one)
            && replayed(other)
            && one.rounds.first().zip(other.rounds.first()).is_some_and(|(one, other)| {
                one.class_counts == other.class_counts
                    && one.epoch_losses == other.epoch_losses
                    && one.evaluation == other.evaluation
            }))
}

impl<'a> Group<'a> {
    /// Mean and spread of `measure` over the runs that have it.
    pub(super) fn summary(&self, measure: impl Fn(&Record) -> Option<f64>) -> Summary {
        let values: Vec<f64> =
            self.runs.iter().filter_map(|run| measure(run)).filter(|value| value.is_finite()).collect();
        Summary {
            mean: statistics::mean(&values),
            deviation: statistics::standard_deviation(&values),
            seeds: values.len(),
        }
    }

    /// The runs of this strategy and of `other` that have the same seed and began alike, by rising seed.
    pub(super) fn paired(&self, other: &Group<'a>) -> Vec<(&'a Record, &'a Record)> {
        let partner = |run: &Record| {
            other.runs.iter().copied().find(|partner| {
                partner.header.definition.seed == run.header.definition.seed && began_alike(partner, run)
            })
        };
        self.runs.iter().copied().filter_map(|run| Some((run, partner(run)?))).collect()
    }

    /// `measure` of this strategy minus that of `other`, for each pair that has both.
    pub(super) fn differences(
        &self,
        other: &Group<'a>,
        measure: impl Fn(&Record) -> Option<f64>,
    ) -> Vec<f64> {
        let pairs = self.paired(other).into_iter();
        let differences = pairs.filter_map(|(run, partner)| Some(measure(run)? - measure(partner)?));
        differences.filter(|difference| difference.is_finite()).collect()
    }

    /// The same with its mean and its interval.
    pub(super) fn difference(
        &self,
        other: &Group<'a>,
        measure: impl Fn(&Record) -> Option<f64>,
    ) -> Difference {
        Difference::of(&self.differences(other, measure))
    }
}
