//! What an experiment is: a TOML file, one for each reproduced table or figure.
//!
//! A [`Definition`] holds the same question at several [`Scale`]s. One scale, one strategy, one imbalance factor
//! and one seed make a [`RunDefinition`]: everything that a run's result depends on, and nothing else, so that its
//! [`RunDefinition::hash`] names the result.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tailward_acquisition::Strategy;

use crate::Error;

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
    /// The dataset's name: `datasets/<name>.toml`.
    pub dataset: String,
    /// Every strategy that any scale runs.
    pub strategies: Vec<NamedStrategy>,
    /// The same question at several sizes.
    pub scales: BTreeMap<Scale, ScaleDefinition>,
}

/// A strategy with its parameters, under the name that plots and folders use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedStrategy {
    /// For folders and `--strategy`, such as `entropy-cb`.
    pub name: String,
    /// For plots and tables, such as `Entropy-CB`.
    pub label: String,
    /// The name of the strategy that gains are measured against, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What it does.
    pub query: Strategy,
}

/// How much of the question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Seconds; shows that everything runs, says nothing about the question.
    Smoke,
    /// Minutes on two CPU cores; the question in small.
    Quick,
    /// The published protocol.
    Paper,
}

impl fmt::Display for Scale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Smoke => "smoke",
            Self::Quick => "quick",
            Self::Paper => "paper",
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
    /// Imbalance factors that run, in (0, 1]; 1 keeps the pool balanced.
    pub imbalance_factors: Vec<f64>,
    /// Seeds; the strategies of one seed share the initial set, the pool and the first model.
    pub seeds: Vec<u64>,
    /// The number of queries; models are trained `rounds + 1` times.
    pub rounds: usize,
    /// Labels asked for in a round.
    pub budget: usize,
    /// Where the initial set and the pool come from.
    pub pool: PoolDefinition,
    /// The classifier.
    pub model: ModelDefinition,
    /// How it is trained.
    pub training: TrainingDefinition,
    /// How the pool and the test set are scored.
    pub scoring: ScoringDefinition,
    /// Sweep the weight of each strategy's class-balancing term with the first model, in place of querying; absent: no
    /// sweep. Needs `rounds = 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepDefinition>,
}

/// A sweep over the weight λ of a class-balancing term (CBAL, Figure 4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepDefinition {
    /// The weights, rising, in the units of the strategies' own `lambda`.
    pub lambdas: Vec<f64>,
}

/// Where the initial set and the pool come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PoolDefinition {
    /// Drawn by the run's seed.
    Drawn {
        /// Size of the initial set, drawn class-uniformly.
        initial: usize,
        /// How the rest is made imbalanced.
        profile: ImbalanceProfile,
        /// At most this many training images of a class take part; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_class_cap: Option<usize>,
    },
    /// Read from published index lists, one pair for each imbalance factor.
    IndexLists {
        /// The pairs.
        lists: Vec<IndexListPair>,
    },
}

/// The index lists of one imbalance factor, as the authors of CBAL published them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexListPair {
    /// The imbalance factor that the pair stands for.
    pub imbalance_factor: f64,
    /// The initial set, one index a line; relative to the data folder.
    pub initial: PathBuf,
    /// The pool followed by the initial set; relative to the data folder.
    pub pool: PathBuf,
}

/// The shape of an imbalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImbalanceProfile {
    /// The second half of the classes keeps the factor's share (CBAL).
    Step,
    /// Exponentially falling class sizes (Cui et al., CVPR 2019).
    LongTail,
}

/// A residual network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDefinition {
    /// The first layers.
    pub stem: Stem,
    /// What a stage is made of; absent: basic blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
    /// Blocks in each stage; `[2, 2, 2, 2]` is ResNet-18, `[3, 4, 23, 3]` of bottlenecks ResNet-101.
    pub blocks: Vec<usize>,
    /// Channels of each stage; `[64, 128, 256, 512]` is ResNet-18 and every deeper one.
    pub widths: Vec<usize>,
    /// The share of the embedding's entries that training, and each Monte-Carlo pass, sets to 0 before the head, in
    /// (0, 1); absent: no dropout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Weights that training starts from in each round: `weights/<name>.toml`; absent: random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<String>,
}

/// What a stage of a residual network is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Two 3×3 convolutions (ResNet-18 and -34).
    Basic,
    /// 1×1, 3×3 and 1×1 convolutions; the last has four times the stage's channels (ResNet-50, -101 and -152).
    Bottleneck,
}

/// The first layers of a residual network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// 3×3 convolution of stride 1, no pooling.
    Cifar,
    /// 3×3 convolution of stride 2, no pooling: a quarter of the arithmetic, for quick scales.
    CifarStrided,
    /// 7×7 convolution of stride 2 and 3×3 max-pooling of stride 2.
    Imagenet,
}

/// How a classifier is trained, each round from scratch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingDefinition {
    /// Passes over the labelled set.
    pub epochs: usize,
    /// Images in a batch; the last, shorter batch is kept.
    pub batch_size: usize,
    /// Learning rate before the schedule.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Momentum of stochastic gradient descent.
    pub momentum: f64,
    /// Nesterov's form of momentum.
    pub nesterov: bool,
    /// Coupled L2 penalty on every parameter.
    pub weight_decay: f64,
    /// Zero padding on each side before the random crop, in pixels; 0 for no crop.
    pub crop_padding: usize,
    /// Mirror each image with probability one half.
    pub horizontal_flip: bool,
    /// Per-channel statistics that images are normalised with.
    pub normalisation: Normalisation,
}

/// The learning rate as a function of progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Multiplied by `factor` after each of the named epochs (counted from 1).
    Milestones {
        /// Epochs after which the rate falls.
        epochs: Vec<usize>,
        /// What it is multiplied by.
        factor: f64,
    },
    /// Rises linearly from 0 for the first `warmup` of the steps, then falls linearly to 0.
    Triangular {
        /// The share of all steps, in [0, 1).
        warmup: f64,
    },
}

/// Per-channel statistics, in units of a pixel value in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel.
    pub std: Vec<f32>,
}

/// How the pool and the test set are scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringDefinition {
    /// Images in a batch.
    pub batch_size: usize,
    /// Score one random training view of each pool image, as the released code of CBAL does, in place of the image.
    pub augmented_pool: bool,
}

/// Everything that the result of one run depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDefinition {
    /// The experiment's name.
    pub experiment: String,
    /// The scale.
    pub scale: Scale,
    /// The dataset's name.
    pub dataset: String,
    /// The strategy.
    pub strategy: NamedStrategy,
    /// The imbalance factor, in (0, 1].
    pub imbalance_factor: f64,
    /// The seed that every stream of random numbers is derived from.
    pub seed: u64,
    /// The number of queries.
    pub rounds: usize,
    /// Labels asked for in a round.
    pub budget: usize,
    /// Where the initial set and the pool come from.
    pub pool: PoolDefinition,
    /// The classifier.
    pub model: ModelDefinition,
    /// How it is trained.
    pub training: TrainingDefinition,
    /// How the pool and the test set are scored.
    pub scoring: ScoringDefinition,
    /// Sweep the weight of the strategy's class-balancing term with the first model, in place of querying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepDefinition>,
}

impl RunDefinition {
    /// SHA-256 of the definition as JSON, in hexadecimal. Two runs with the same hash have the same result; what only
    /// names things in reports (a strategy's label and baseline) is not part of it.
    pub fn hash(&self) -> String {
        let mut essential = self.clone();
        essential.strategy.label.clear();
        essential.strategy.baseline = None;
        let json = serde_json::to_vec(&essential).expect("a definition holds nothing that JSON cannot");
        Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The run's folder below the folder of runs, `<experiment>/<scale>/if-<factor>/<strategy>/seed-<seed>`.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.experiment)
            .join(self.scale.to_string())
            .join(format!("if-{}", self.imbalance_factor))
            .join(&self.strategy.name)
            .join(format!("seed-{}", self.seed))
    }

    /// A name for lines of output, such as `cifar100/quick if 0.1 entropy-cb seed 0`.
    pub fn label(&self) -> String {
        format!(
            "{}/{} if {} {} seed {}",
            self.experiment, self.scale, self.imbalance_factor, self.strategy.name, self.seed
        )
    }

    /// Size of the labelled set that the model of `round` is trained on, given the initial set's size.
    pub fn labelled_at(&self, initial: usize, round: usize) -> usize {
        initial + round * self.budget
    }
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

    /// Parses the text of a `definition.toml`; `path` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Definition::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let definition: Self = toml::from_str(text)
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

    /// The runs of a scale that `selector` means: imbalance factor by imbalance factor, seed by seed, then strategy
    /// by strategy, so that paired runs stand together.
    ///
    /// # Errors
    ///
    /// The scale, a strategy or an imbalance factor does not exist.
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
        let seeds = without_repeats(&selector.seeds, &sizes.seeds);
        let mut runs = Vec::with_capacity(factors.len() * seeds.len() * strategies.len());
        for &imbalance_factor in &factors {
            for &seed in &seeds {
                for &strategy in &strategies {
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
        RunDefinition {
            experiment: self.name.clone(),
            scale,
            dataset: self.dataset.clone(),
            strategy: strategy.clone(),
            imbalance_factor,
            seed,
            rounds: sizes.rounds,
            budget: sizes.budget,
            pool: sizes.pool.clone(),
            model: sizes.model.clone(),
            training: sizes.training.clone(),
            scoring: sizes.scoring.clone(),
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
        for (index, strategy) in self.strategies.iter().enumerate() {
            let field = format!("strategies[{index}]");
            let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
            let is_name = strategy.name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && strategy.name.chars().all(plain);
            ensure(is_name, &format!("{field}.name"), || {
                format!("`{}` is no name for a folder: letters, digits, - _ and . only", strategy.name)
            })?;
            strategy.query.validate().map_err(|error| (format!("{field}.query"), error.to_string()))?;
            if let Some(baseline) = &strategy.baseline {
                ensure(
                    self.strategies.iter().any(|other| &other.name == baseline),
                    &format!("{field}.baseline"),
                    || format!("`{baseline}` is not a strategy of this experiment"),
                )?;
                ensure(baseline != &strategy.name, &format!("{field}.baseline"), || {
                    "is the strategy itself".into()
                })?;
            }
            ensure(
                self.strategies[..index].iter().all(|other| other.name != strategy.name),
                &format!("{field}.name"),
                || format!("`{}` is given twice", strategy.name),
            )?;
        }
        for (scale, sizes) in &self.scales {
            for name in &sizes.strategies {
                ensure(
                    self.strategies.iter().any(|strategy| &strategy.name == name),
                    &format!("scales.{scale}.strategies"),
                    || format!("`{name}` is not a strategy of this experiment"),
                )?;
            }
            sizes.validate().map_err(|(field, reason)| (format!("scales.{scale}.{field}"), reason))?;
            self.check_strategies(sizes)
                .map_err(|(field, reason)| (format!("scales.{scale}.{field}"), reason))?;
        }
        Ok(())
    }
}

impl Definition {
    /// Checks that a scale's strategies get what they need from its model and its sweep.
    fn check_strategies(&self, sizes: &ScaleDefinition) -> Result<(), (String, String)> {
        let chosen = self.strategies.iter().filter(|strategy| sizes.strategies.contains(&strategy.name));
        for strategy in chosen {
            let needs_dropout = strategy.query.needs().dropout_passes > 0;
            ensure(!needs_dropout || sizes.model.dropout.is_some(), "model.dropout", || {
                format!("is absent, and `{}` needs passes with dropout", strategy.name)
            })?;
            let swept = sizes.sweep.is_none() || strategy.query.lambda().is_some();
            ensure(swept, "sweep", || {
                format!("`{}` has no class-balancing term whose weight could be swept", strategy.name)
            })?;
        }
        Ok(())
    }
}

impl SweepDefinition {
    fn validate(&self) -> Result<(), (String, String)> {
        ensure(self.lambdas.len() > 1, "sweep.lambdas", || "has fewer than two values".into())?;
        let valid = |lambda: &f64| lambda.is_finite() && *lambda >= 0.0;
        ensure(self.lambdas.iter().all(valid), "sweep.lambdas", || {
            "holds a value that is negative or not finite".into()
        })?;
        ensure(self.lambdas.windows(2).all(|pair| pair[0] < pair[1]), "sweep.lambdas", || {
            "does not rise".into()
        })
    }
}

impl ScaleDefinition {
    fn validate(&self) -> Result<(), (String, String)> {
        ensure(!self.strategies.is_empty(), "strategies", || "is empty".into())?;
        ensure(!self.seeds.is_empty(), "seeds", || "is empty".into())?;
        ensure(!self.imbalance_factors.is_empty(), "imbalance_factors", || "is empty".into())?;
        // Two equal runs would write to one folder.
        distinct(&self.strategies, "strategies")?;
        distinct(&self.seeds, "seeds")?;
        distinct(&self.imbalance_factors, "imbalance_factors")?;
        for &factor in &self.imbalance_factors {
            ensure(factor > 0.0 && factor <= 1.0, "imbalance_factors", || {
                format!("{factor} is not in (0, 1]")
            })?;
            if let PoolDefinition::IndexLists { lists } = &self.pool {
                let listed = lists.iter().any(|pair| same_factor(pair.imbalance_factor, factor));
                ensure(listed, "pool.lists", || format!("has no pair for the imbalance factor {factor}"))?;
            }
        }
        ensure(self.budget > 0, "budget", || "is 0".into())?;
        self.model.validate()?;
        self.training.validate()?;
        ensure(self.scoring.batch_size > 0, "scoring.batch_size", || "is 0".into())?;
        if let Some(sweep) = &self.sweep {
            sweep.validate()?;
            ensure(self.rounds == 0, "rounds", || {
                format!("is {} beside a sweep, which replaces the queries", self.rounds)
            })?;
        }
        Ok(())
    }
}

impl ModelDefinition {
    fn validate(&self) -> Result<(), (String, String)> {
        let stages = self.blocks.len();
        ensure(stages > 0, "model.blocks", || "is empty".into())?;
        ensure(stages == self.widths.len(), "model.widths", || {
            format!("has {} entries for {stages} stages", self.widths.len())
        })?;
        ensure(self.blocks.iter().all(|&blocks| blocks > 0), "model.blocks", || "holds a 0".into())?;
        ensure(self.widths.iter().all(|&width| width > 0), "model.widths", || "holds a 0".into())?;
        let dropout = self.dropout.unwrap_or(0.5);
        ensure(dropout > 0.0 && dropout < 1.0, "model.dropout", || format!("{dropout} is not in (0, 1)"))
    }
}

impl TrainingDefinition {
    fn validate(&self) -> Result<(), (String, String)> {
        ensure(self.epochs > 0, "training.epochs", || "is 0".into())?;
        ensure(self.batch_size > 1, "training.batch_size", || {
            format!("is {}; batch normalisation needs at least 2 images", self.batch_size)
        })?;
        let rate = self.learning_rate;
        ensure(rate.is_finite() && rate > 0.0, "training.learning_rate", || {
            format!("{rate} is not positive")
        })?;
        let momentum = self.momentum;
        ensure((0.0..1.0).contains(&momentum), "training.momentum", || {
            format!("{momentum} is not in [0, 1)")
        })?;
        ensure(!self.nesterov || momentum > 0.0, "training.nesterov", || "needs a momentum above 0".into())?;
        let decay = self.weight_decay;
        ensure(decay.is_finite() && decay >= 0.0, "training.weight_decay", || {
            format!("{decay} is negative")
        })?;
        match self.schedule {
            Schedule::Triangular { warmup } => {
                ensure((0.0..1.0).contains(&warmup), "training.schedule.warmup", || {
                    format!("{warmup} is not in [0, 1)")
                })?;
            }
            Schedule::Milestones { factor, .. } => {
                ensure(factor.is_finite() && factor > 0.0, "training.schedule.factor", || {
                    format!("{factor} is not positive")
                })?;
            }
        }
        let Normalisation { mean, std } = &self.normalisation;
        ensure(mean.len() == std.len(), "training.normalisation", || {
            format!("has {} means for {} standard deviations", mean.len(), std.len())
        })?;
        ensure(mean.iter().all(|value| value.is_finite()), "training.normalisation.mean", || {
            "holds a value that is not finite".into()
        })?;
        ensure(
            std.iter().all(|&value| value.is_finite() && value > 0.0),
            "training.normalisation.std",
            || "holds a value that is not positive".into(),
        )
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

/// Whether two imbalance factors are the same number as written in a definition.
pub fn same_factor(left: f64, right: f64) -> bool {
    left.total_cmp(&right).is_eq()
}

fn distinct<T: PartialEq + fmt::Debug>(values: &[T], field: &str) -> Result<(), (String, String)> {
    let repeated = (0..values.len()).find(|&index| values[..index].contains(&values[index]));
    match repeated {
        Some(index) => Err((field.to_owned(), format!("{:?} is given twice", values[index]))),
        None => Ok(()),
    }
}

fn ensure(holds: bool, field: &str, reason: impl FnOnce() -> String) -> Result<(), (String, String)> {
    if holds { Ok(()) } else { Err((field.to_owned(), reason())) }
}
