//! What an experiment is: a TOML file, one for each reproduced table or figure.
//!
//! A [`Definition`] holds the same question at several [`Scale`]s. One scale, one strategy, one imbalance factor
//! and one seed make a [`RunDefinition`]: everything that a run's result depends on, and nothing else, so that its
//! [`RunDefinition::hash`] names the result.

mod audit;
mod batches;
mod check;
mod classifier;
mod early_stopping;
mod first;
mod flexmatch;
mod frozen;
mod head;
mod mixup;
mod model;
mod named;
mod networks;
mod optimiser;
mod pool;
mod query;
mod replay;
mod resnet;
mod run;
mod run_file;
mod scale;
mod scoring;
mod strategy;
mod sweep;
mod training;
mod vit;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tailward_datasets::{Grouping, LabelNoise};

use crate::Error;
use check::{Fault, ensure};

pub use batches::batch_bounds;
pub use classifier::ClassifierDefinition;
pub use early_stopping::{EarlyStopping, Validation};
pub use flexmatch::FlexMatch;
pub use frozen::FrozenFeatures;
pub use head::{HeadDefinition, HeadFeatures};
pub use mixup::{Mixup, MixupTargets};
pub use model::ModelDefinition;
pub use networks::{KlReduction, VaalNetworks};
pub use optimiser::{Adam, Optimiser};
pub use pool::{ImbalanceProfile, IndexListPair, PoolDefinition, same_factor};
pub use query::Query;
pub use replay::{ReplayDefinition, ReplayedList, ScaleReplay};
pub use resnet::{Block, ResNetDefinition, Stem};
pub use run::RunDefinition;
pub use run_file::RUN_FILE;
pub use scale::{FurtherSeeds, Scale, ScaleDataset, ScaleDefinition, StrategyOverride};
pub use scoring::{ScoringDefinition, Statistics};
pub use strategy::NamedStrategy;
pub use sweep::SweepDefinition;
pub use training::{
    ClassWeights, IncompleteBatch, LossDefinition, Normalisation, Schedule, TrainingDefinition,
};
pub use vit::{VitDefinition, VitHeadDefinition, VitTower};

/// An experiment as its `definition.toml` gives it. There are no defaults for scientific values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The experiment's name: that of its folder, and the argument of `cargo xtask reproduce`.
    pub name: String,
    /// One line for headings.
    pub title: String,
    /// The published table or figure that this reproduces, or what it stands for.
    pub source: String,
    /// What the experiment asks, in a few sentences.
    pub question: String,
    /// The dataset's name: `datasets/<name>.toml`. A scale may name another ([`Definition::dataset_at`]).
    pub dataset: String,
    /// What reports measure a model by; absent: its accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// How its classes are merged into fewer; absent: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Grouping>,
    /// What annotators say instead of the truth; absent: the truth. Test labels stay clean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<LabelNoise>,
    /// Every strategy that any scale runs.
    pub strategies: Vec<NamedStrategy>,
    /// The same question at several sizes.
    pub scales: BTreeMap<Scale, ScaleDefinition>,
}

/// What reports measure a model by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The share of images that are recognised (top-1).
    #[default]
    Accuracy,
    /// The mean over classes of the share of their images that are recognised.
    BalancedAccuracy,
}

/// Which of a scale's runs are meant; an empty list means all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// Strategy names.
    pub strategies: Vec<String>,
    /// Imbalance factors.
    pub imbalance_factors: Vec<f64>,
    /// Seeds. Seeds that the definition does not list are allowed: they are further repetitions.
    pub seeds: Vec<u64>,
}

impl Definition {
    /// Reads and checks a `definition.toml`.
    ///
    /// # Errors
    ///
    /// The file is missing, is not TOML of this form (unknown keys included), or fails [`Definition::validate`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Self::parse(&text, path)
    }

    /// Parses the text of a `definition.toml`; `path` is for messages. Where VAAL's networks, a model or a training are a name,
    /// `networks = "official"`, they are those of the table `[networks.official]`.
    ///
    /// # Errors
    ///
    /// As [`Definition::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let definition: Self = named::from_str(text)
            .map_err(|source| Error::Toml { path: path.to_owned(), source: Box::new(source) })?;
        definition.validate().map_err(|(field, reason)| Error::Definition {
            path: path.to_owned(),
            field,
            reason,
        })?;
        Ok(definition)
    }

    /// The scale's definition.
    ///
    /// # Errors
    ///
    /// The experiment has no such scale.
    pub fn scale(&self, scale: Scale) -> Result<&ScaleDefinition, Error> {
        self.scales.get(&scale).ok_or_else(|| {
            let known: Vec<String> = self.scales.keys().map(Scale::to_string).collect();
            self.unknown("scale", scale.to_string(), known)
        })
    }

    /// The name of the dataset that a scale runs on: its own, where it names one, or the experiment's.
    ///
    /// # Errors
    ///
    /// The experiment has no such scale.
    pub fn dataset_at(&self, scale: Scale) -> Result<&str, Error> {
        let own = self.scale(scale)?.dataset.as_ref();
        Ok(own.map_or(self.dataset.as_str(), |dataset| dataset.name.as_str()))
    }

    /// The strategy of this name.
    ///
    /// # Errors
    ///
    /// The experiment has no such strategy.
    pub fn strategy(&self, name: &str) -> Result<&NamedStrategy, Error> {
        self.strategies.iter().find(|strategy| strategy.name == name).ok_or_else(|| {
            let known = self.strategies.iter().map(|strategy| strategy.name.clone()).collect();
            self.unknown("strategy", name.to_owned(), known)
        })
    }

    /// The strategy of this name as `scale` runs it: with the scale's override of its parameters, where there is one.
    ///
    /// # Errors
    ///
    /// The experiment has no such scale or strategy.
    pub fn strategy_at(&self, scale: Scale, name: &str) -> Result<NamedStrategy, Error> {
        Ok(self.scale(scale)?.resolve(self.strategy(name)?))
    }

    /// The runs of a scale that `selector` means: imbalance factor by imbalance factor, seed by seed, then strategy
    /// by strategy, so that paired runs stand together.
    ///
    /// # Errors
    ///
    /// The scale, a strategy or an imbalance factor does not exist, or a selection that is replayed was not made with a seed.
    pub fn runs(&self, scale: Scale, selector: &Selector) -> Result<Vec<RunDefinition>, Error> {
        let sizes = self.scale(scale)?;
        if let Some(wanted) = selector.strategies.iter().find(|&wanted| !sizes.strategies.contains(wanted)) {
            return Err(self.unknown("strategy", wanted.clone(), sizes.strategies.clone()));
        }
        let names = without_repeats(&selector.strategies, &sizes.strategies);
        let strategies: Vec<&NamedStrategy> =
            names.iter().map(|name| self.strategy(name)).collect::<Result<_, _>>()?;
        for wanted in &selector.imbalance_factors {
            if !sizes.imbalance_factors.contains(wanted) {
                let known = sizes.imbalance_factors.iter().map(f64::to_string).collect();
                return Err(self.unknown("imbalance factor", wanted.to_string(), known));
            }
        }
        let factors = without_repeats(&selector.imbalance_factors, &sizes.imbalance_factors);
        let seeds = without_repeats(&selector.seeds, &sizes.all_seeds());
        let mut runs = Vec::with_capacity(factors.len() * seeds.len() * strategies.len());
        for &imbalance_factor in &factors {
            for &seed in &seeds {
                for &strategy in &strategies {
                    // A seed that was asked for is run with every strategy that was.
                    if selector.seeds.is_empty() && !sizes.has_seed(&strategy.name, seed) {
                        continue;
                    }
                    if let Some(replay) = &sizes.replay
                        && replay.of(&strategy.name, seed).is_none()
                    {
                        return Err(self.unknown("seed", seed.to_string(), replay.seeds_of(&strategy.name)));
                    }
                    runs.push(self.run(scale, sizes, strategy, imbalance_factor, seed));
                }
            }
        }
        Ok(runs)
    }

    fn run(
        &self,
        scale: Scale,
        sizes: &ScaleDefinition,
        strategy: &NamedStrategy,
        imbalance_factor: f64,
        seed: u64,
    ) -> RunDefinition {
        let learner = sizes.learner_of(&strategy.name);
        RunDefinition {
            experiment: self.name.clone(),
            scale,
            dataset: sizes.dataset.as_ref().map_or_else(|| self.dataset.clone(), |own| own.name.clone()),
            grouping: self.grouping,
            noise: self.noise.clone(),
            strategy: sizes.resolve(strategy),
            imbalance_factor,
            seed,
            rounds: sizes.rounds,
            budget: sizes.budget,
            pool: sizes.pool.clone(),
            model: learner.model.cloned(),
            training: learner.training.cloned(),
            head: learner.head.cloned(),
            first: sizes.first.clone(),
            audit: sizes.audit,
            scoring: sizes.scoring.clone(),
            replay: sizes.replay.as_ref().and_then(|replay| replay.of(&strategy.name, seed)),
            sweep: sizes.sweep.clone(),
        }
    }

    fn unknown(&self, what: &'static str, wanted: String, known: Vec<String>) -> Error {
        Error::Unknown { experiment: self.name.clone(), what, wanted, known: known.join(", ") }
    }

    /// Checks what types cannot: ranges, references between keys, shapes that go together.
    ///
    /// # Errors
    ///
    /// The dotted path of the first key at fault, and why.
    pub fn validate(&self) -> Result<(), (String, String)> {
        if let (Some(noise), Some(grouping)) = (&self.noise, &self.grouping)
            && !matches!(noise, LabelNoise::Labels { .. })
        {
            noise.check(grouping.classes()).map_err(|error| ("noise".to_owned(), error.to_string()))?;
        }
        for index in 0..self.strategies.len() {
            self.check_strategy(index)
                .map_err(|(field, reason)| (format!("strategies[{index}].{field}"), reason))?;
        }
        for (scale, sizes) in &self.scales {
            self.check_scale(sizes).map_err(|(field, reason)| (format!("scales.{scale}.{field}"), reason))?;
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.strategies.iter().any(|strategy| strategy.name == name)
    }

    fn check_strategy(&self, index: usize) -> Result<(), Fault> {
        let strategy = &self.strategies[index];
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let is_name = strategy.name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && strategy.name.chars().all(plain);
        ensure(is_name, "name", || {
            format!("`{}` is no name for a folder: letters, digits, - _ and . only", strategy.name)
        })?;
        strategy.query.validate()?;
        if let Some(baseline) = &strategy.baseline {
            ensure(self.has(baseline), "baseline", || {
                format!("`{baseline}` is not a strategy of this experiment")
            })?;
            ensure(baseline != &strategy.name, "baseline", || "is the strategy itself".into())?;
        }
        let first = self.strategies[..index].iter().all(|other| other.name != strategy.name);
        ensure(first, "name", || format!("`{}` is given twice", strategy.name))
    }

    fn check_scale(&self, sizes: &ScaleDefinition) -> Result<(), Fault> {
        for name in &sizes.strategies {
            ensure(self.has(name), "strategies", || {
                format!("`{name}` is not a strategy of this experiment")
            })?;
        }
        sizes.validate()?;
        for (index, change) in sizes.overrides.iter().enumerate() {
            self.check_override(sizes, index, change)
                .map_err(|(field, reason)| (format!("overrides[{index}].{field}"), reason))?;
        }
        self.check_needs(sizes)
    }

    /// Checks that an override changes parameters of a strategy that the scale runs, and nothing else of it.
    fn check_override(
        &self,
        sizes: &ScaleDefinition,
        index: usize,
        change: &StrategyOverride,
    ) -> Result<(), Fault> {
        ensure(sizes.strategies.contains(&change.strategy), "strategy", || {
            format!("`{}` is not a strategy of this scale", change.strategy)
        })?;
        let first = sizes.overrides[..index].iter().all(|other| other.strategy != change.strategy);
        ensure(first, "strategy", || format!("`{}` is given twice", change.strategy))?;
        change.query.validate()?;
        sizes.classifier_of(&change.strategy)?.validate()?;
        let named = self.strategies.iter().find(|strategy| strategy.name == change.strategy);
        let (ours, theirs) =
            (change.query.strategy.name(), named.map(|strategy| strategy.query.strategy.name()));
        ensure(theirs.as_deref() == Some(ours.as_str()), "query", || {
            format!("is `{ours}`; an override changes the parameters of `{}`, not its kind", change.strategy)
        })
    }

    /// Checks that a scale's strategies get what they need from its model and its sweep.
    fn check_needs(&self, sizes: &ScaleDefinition) -> Result<(), Fault> {
        if sizes.replay.is_some() {
            // Nobody is asked.
            return Ok(());
        }
        let chosen = self.strategies.iter().filter(|strategy| sizes.strategies.contains(&strategy.name));
        for strategy in chosen {
            let query = sizes.resolve(strategy).query.strategy;
            let classifier = sizes.classifier_of(&strategy.name)?;
            classifier.check_needs(&strategy.name, &query, &sizes.scoring)?;
            first::check(&strategy.name, &query, sizes.first.as_ref(), classifier, &sizes.pool)?;
            let swept = sizes.sweep.is_none() || query.lambda().is_some();
            ensure(swept, "sweep", || {
                format!("`{}` has no class-balancing term whose weight could be swept", strategy.name)
            })?;
        }
        Ok(())
    }
}

/// What was chosen, or everything if nothing was; each once.
fn without_repeats<T: Clone + PartialEq>(chosen: &[T], all: &[T]) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for value in if chosen.is_empty() { all } else { chosen } {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    kept
}
