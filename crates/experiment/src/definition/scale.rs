//! The scales that an experiment can have, and what one of them holds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tailward_acquisition::Strategy;
use tailward_labelling::project::Audit;

use super::audit;
use super::check::{Fault, distinct, ensure};
use super::classifier::ClassifierDefinition;
use super::head::HeadDefinition;
use super::model::ModelDefinition;
use super::pool::{PoolDefinition, same_factor};
use super::query::Query;
use super::replay::ScaleReplay;
use super::scoring::ScoringDefinition;
use super::strategy::NamedStrategy;
use super::sweep::SweepDefinition;
use super::training::TrainingDefinition;
use crate::Error;

/// How much of the question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Seconds; shows that everything runs, says nothing about the question.
    Smoke,
    /// Minutes on two CPU cores; the question in small.
    Quick,
    /// An afternoon on two CPU cores; enough labels, training and seeds to decide.
    Desk,
    /// The published protocol.
    Paper,
}

impl Scale {
    /// All there are, the smallest first.
    pub const ALL: [Self; 4] = [Self::Smoke, Self::Quick, Self::Desk, Self::Paper];

    /// Its name, in definitions, folders and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Quick => "quick",
            Self::Desk => "desk",
            Self::Paper => "paper",
        }
    }

    /// What it is for, in a line of help.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Smoke => "Seconds: shows that everything runs",
            Self::Quick => "Minutes on two CPU cores: the question in small",
            Self::Desk => "An afternoon on two CPU cores: enough labels, training and seeds to decide",
            Self::Paper => "The published protocol: hours on a GPU",
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Scale {
    type Err = Error;

    /// # Errors
    ///
    /// There is no scale of this name.
    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|scale| scale.name() == name);
        found.ok_or_else(|| Error::Scale {
            wanted: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}

/// One scale of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleDefinition {
    /// Why these sizes, and what they can and cannot show.
    pub rationale: String,
    /// Names of the strategies that run (others cannot be chosen), in the order of tables.
    pub strategies: Vec<String>,
    /// Strategies that run with other parameters at this scale than the experiment gives them, such as networks that a
    /// small scale can train.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<StrategyOverride>,
    /// Imbalance factors that run, in (0, 1]; 1 keeps the pool balanced.
    pub imbalance_factors: Vec<f64>,
    /// Seeds; the strategies of one seed share the initial set, the pool and the first model.
    pub seeds: Vec<u64>,
    /// Seeds that some strategies run beside those of all, where more pairs of them are wanted than of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_seeds: Vec<FurtherSeeds>,
    /// The dataset of this scale, where it is another than the experiment's; absent: the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<ScaleDataset>,
    /// The number of queries; models are trained `rounds + 1` times.
    pub rounds: usize,
    /// Labels asked for in a round.
    pub budget: usize,
    /// Where the initial set and the pool come from.
    pub pool: PoolDefinition,
    /// The network that learns; absent: a head does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelDefinition>,
    /// How it is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingDefinition>,
    /// The head on features that learns, in the place of a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadDefinition>,
    /// What chooses in the place of every strategy as long as there are no labels of two classes; absent: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Strategy>,
    /// The blind sample that accuracy is measured on: a part of the budget, drawn at random from the pool, never trained on and
    /// never offered to the strategy; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// How the pool and the test set are scored.
    pub scoring: ScoringDefinition,
    /// Sweep the weight of each strategy's class-balancing term with the first model, in place of querying; absent: no
    /// sweep. Needs `rounds = 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepDefinition>,
    /// Label what others selected, in their order, in place of querying; absent: strategies are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ScaleReplay>,
}

/// Other parameters for a strategy at one scale, or another classifier. It keeps its name, its label and its baseline, and must
/// stay of its kind; runs hold what results, so that their hashes name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyOverride {
    /// The name of the strategy; the scale must run it.
    pub strategy: String,
    /// What it does at this scale.
    pub query: Query,
    /// The head on features that learns in its runs, in the place of the scale's network; absent: the scale's classifier does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadDefinition>,
    /// The network that learns in its runs, in the place of the scale's; absent: the scale's does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelDefinition>,
    /// How the network is trained in its runs, in the place of the scale's training; absent: as in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingDefinition>,
}

/// Seeds of some strategies of a scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherSeeds {
    /// The names of the strategies; the scale must run them.
    pub strategies: Vec<String>,
    /// The seeds, none of which is one of the scale's.
    pub seeds: Vec<u64>,
}

/// A dataset that stands in for the experiment's at one scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleDataset {
    /// The dataset's name: `datasets/<name>.toml`.
    pub name: String,
    /// What it is, in few words: every table and figure of the scale says it.
    pub note: String,
}

/// The keys that say what learns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learner<'a> {
    pub(super) model: Option<&'a ModelDefinition>,
    pub(super) training: Option<&'a TrainingDefinition>,
    pub(super) head: Option<&'a HeadDefinition>,
}

impl ScaleDefinition {
    /// Every seed that a strategy of this scale runs: those of all, then the further ones in their order.
    pub(super) fn all_seeds(&self) -> Vec<u64> {
        let mut seeds = self.seeds.clone();
        for seed in self.further_seeds.iter().flat_map(|further| &further.seeds) {
            if !seeds.contains(seed) {
                seeds.push(*seed);
            }
        }
        seeds
    }

    /// Whether this scale runs the strategy with the seed.
    pub(super) fn has_seed(&self, strategy: &str, seed: u64) -> bool {
        let further = |further: &FurtherSeeds| {
            further.seeds.contains(&seed) && further.strategies.iter().any(|name| name == strategy)
        };
        self.seeds.contains(&seed) || self.further_seeds.iter().any(further)
    }

    /// The strategy as this scale runs it.
    pub(super) fn resolve(&self, strategy: &NamedStrategy) -> NamedStrategy {
        let mut resolved = strategy.clone();
        if let Some(change) = self.overrides.iter().find(|change| change.strategy == strategy.name) {
            resolved.query = change.query.clone();
        }
        resolved
    }

    /// What learns in the runs of all strategies but those that have a head of their own.
    pub(super) fn classifier(&self) -> Result<ClassifierDefinition<'_>, Fault> {
        ClassifierDefinition::of(self.model.as_ref(), self.training.as_ref(), self.head.as_ref())
    }

    /// What learns in the runs of a strategy.
    pub(super) fn classifier_of(&self, strategy: &str) -> Result<ClassifierDefinition<'_>, Fault> {
        let Learner { model, training, head } = self.learner_of(strategy);
        ClassifierDefinition::of(model, training, head)
    }

    /// What a strategy's own override and the scale say of what learns in its runs.
    pub(super) fn learner_of(&self, strategy: &str) -> Learner<'_> {
        let own = self.overrides.iter().find(|change| change.strategy == strategy);
        if let Some(head) = own.and_then(|own| own.head.as_ref()) {
            return Learner {
                model: own.and_then(|own| own.model.as_ref()),
                training: own.and_then(|own| own.training.as_ref()),
                head: Some(head),
            };
        }
        let training = own.and_then(|own| own.training.as_ref()).or(self.training.as_ref());
        let model = own.and_then(|own| own.model.as_ref()).or(self.model.as_ref());
        Learner { model, training, head: self.head.as_ref() }
    }

    fn check_further(&self, further: &FurtherSeeds) -> Result<(), Fault> {
        ensure(!further.strategies.is_empty(), "strategies", || "is empty".into())?;
        ensure(!further.seeds.is_empty(), "seeds", || "is empty".into())?;
        distinct(&further.strategies, "strategies")?;
        distinct(&further.seeds, "seeds")?;
        for name in &further.strategies {
            ensure(self.strategies.contains(name), "strategies", || {
                format!("`{name}` is not a strategy of this scale")
            })?;
            // Twice for one strategy would be two equal runs.
            let again =
                |other: &&FurtherSeeds| !std::ptr::eq(*other, further) && other.strategies.contains(name);
            ensure(!self.further_seeds.iter().any(|other| again(&other)), "strategies", || {
                format!("`{name}` is given twice: list all its further seeds in one place")
            })?;
        }
        for seed in &further.seeds {
            ensure(!self.seeds.contains(seed), "seeds", || {
                format!("{seed} is a seed of every strategy of this scale")
            })?;
        }
        Ok(())
    }

    fn check_replay(&self, replay: &ScaleReplay) -> Result<(), Fault> {
        let PoolDefinition::Uniform { initial, size: None } = self.pool else {
            return Err(("pool".into(), "is not the whole of a uniform pool, and lists are replayed".into()));
        };
        let beside = |key: &str| (key.to_owned(), "is given beside a replay".to_owned());
        if self.audit.is_some() {
            return Err(beside("audit"));
        }
        if self.sweep.is_some() {
            return Err(beside("sweep"));
        }
        let seeds = self.all_seeds();
        let of_strategy = |strategy| {
            seeds
                .iter()
                .filter(move |seed| self.has_seed(strategy, **seed))
                .map(move |seed| (strategy, *seed))
        };
        let runs: Vec<(&str, u64)> =
            self.strategies.iter().flat_map(|strategy| of_strategy(strategy.as_str())).collect();
        replay.validate(initial + self.rounds * self.budget, &runs)
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        ensure(!self.strategies.is_empty(), "strategies", || "is empty".into())?;
        ensure(!self.seeds.is_empty(), "seeds", || "is empty".into())?;
        ensure(!self.imbalance_factors.is_empty(), "imbalance_factors", || "is empty".into())?;
        // Two equal runs would write to one folder.
        distinct(&self.strategies, "strategies")?;
        distinct(&self.seeds, "seeds")?;
        distinct(&self.imbalance_factors, "imbalance_factors")?;
        for (index, further) in self.further_seeds.iter().enumerate() {
            self.check_further(further)
                .map_err(|(field, reason)| (format!("further_seeds[{index}].{field}"), reason))?;
        }
        if let Some(dataset) = &self.dataset {
            ensure(!dataset.note.trim().is_empty(), "dataset.note", || {
                "is empty, and tables and figures have to say what the dataset is".into()
            })?;
        }
        for &factor in &self.imbalance_factors {
            ensure(factor > 0.0 && factor <= 1.0, "imbalance_factors", || {
                format!("{factor} is not in (0, 1]")
            })?;
            if let PoolDefinition::IndexLists { lists } = &self.pool {
                let listed = lists.iter().any(|pair| same_factor(pair.imbalance_factor, factor));
                ensure(listed, "pool.lists", || format!("has no pair for the imbalance factor {factor}"))?;
            }
            if let PoolDefinition::Uniform { initial, size } = &self.pool {
                ensure(same_factor(factor, 1.0), "imbalance_factors", || {
                    format!("{factor} is given, and a uniform pool is left as it is: only 1 will do")
                })?;
                ensure(size.is_none_or(|size| size > *initial), "pool.size", || {
                    format!("leaves nothing beside an initial set of {initial}")
                })?;
            }
        }
        ensure(self.budget > 0, "budget", || "is 0".into())?;
        self.classifier()?.validate()?;
        self.audit.map_or(Ok(()), |it| audit::check(it, self.sweep.is_some()))?;
        ensure(self.scoring.batch_size > 0, "scoring.batch_size", || "is 0".into())?;
        self.replay.as_ref().map_or(Ok(()), |replay| self.check_replay(replay))?;
        if let Some(sweep) = &self.sweep {
            sweep.validate()?;
            ensure(self.rounds == 0, "rounds", || {
                format!("is {} beside a sweep, which replaces the queries", self.rounds)
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_read_as_it_is_written() {
        for scale in Scale::ALL {
            assert_eq!(scale.to_string().parse::<Scale>().unwrap(), scale);
            assert_eq!(serde_json::to_value(scale).unwrap(), scale.name());
        }
        let message = "Quick".parse::<Scale>().unwrap_err().to_string();
        assert_eq!(message, "there is no scale `Quick`: a scale is one of smoke, quick, desk, paper");
    }
}
