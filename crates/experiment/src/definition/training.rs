//! How a classifier is trained.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};
use super::optimiser::{Adam, Optimiser};

/// How a classifier is trained, each round from scratch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct TrainingDefinition {
    /// Passes over the labelled set.
    pub epochs: usize,
    /// Images in a batch.
    pub batch_size: usize,
    /// What becomes of the last, shorter batch of an epoch; absent: it is kept.
    pub incomplete_batch: Option<IncompleteBatch>,
    /// Learning rate before the schedule.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// What takes the steps.
    pub optimiser: Optimiser,
    /// Coupled L2 penalty on every parameter.
    pub weight_decay: f64,
    /// What is minimised; absent: the mean cross-entropy.
    pub loss: Option<LossDefinition>,
    /// Zero padding on each side before the random crop, in pixels; 0 for no crop.
    pub crop_padding: usize,
    /// Mirror each image with probability one half.
    pub horizontal_flip: bool,
    /// Per-channel statistics that images are normalised with.
    pub normalisation: Normalisation,
}

/// How [`TrainingDefinition`] is written. The keys stand beside each other, in an order that the hashes of definitions rest
/// on.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    epochs: usize,
    batch_size: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incomplete_batch: Option<IncompleteBatch>,
    learning_rate: f64,
    schedule: Schedule,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    momentum: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nesterov: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adam: Option<Adam>,
    weight_decay: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss: Option<LossDefinition>,
    crop_padding: usize,
    horizontal_flip: bool,
    normalisation: Normalisation,
}

impl TryFrom<Written> for TrainingDefinition {
    type Error = String;

    /// Stochastic gradient descent has a momentum and its form; Adam has neither.
    fn try_from(written: Written) -> Result<Self, String> {
        let beside = |key: &str| Err(format!("training.{key}: is given beside adam"));
        let absent = |key: &str| Err(format!("training.{key}: is absent, and the optimiser is not adam"));
        let optimiser = match (written.adam, written.momentum, written.nesterov) {
            (Some(_), Some(_), _) => return beside("momentum"),
            (Some(_), None, Some(_)) => return beside("nesterov"),
            (Some(adam), None, None) => Optimiser::Adam(adam),
            (None, None, _) => return absent("momentum"),
            (None, Some(_), None) => return absent("nesterov"),
            (None, Some(momentum), Some(nesterov)) => Optimiser::Sgd { momentum, nesterov },
        };
        Ok(Self {
            optimiser,
            epochs: written.epochs,
            batch_size: written.batch_size,
            incomplete_batch: written.incomplete_batch,
            learning_rate: written.learning_rate,
            schedule: written.schedule,
            weight_decay: written.weight_decay,
            loss: written.loss,
            crop_padding: written.crop_padding,
            horizontal_flip: written.horizontal_flip,
            normalisation: written.normalisation,
        })
    }
}

impl From<TrainingDefinition> for Written {
    fn from(training: TrainingDefinition) -> Self {
        let (momentum, nesterov, adam) = match training.optimiser {
            Optimiser::Sgd { momentum, nesterov } => (Some(momentum), Some(nesterov), None),
            Optimiser::Adam(adam) => (None, None, Some(adam)),
        };
        Self {
            momentum,
            nesterov,
            adam,
            epochs: training.epochs,
            batch_size: training.batch_size,
            incomplete_batch: training.incomplete_batch,
            learning_rate: training.learning_rate,
            schedule: training.schedule,
            weight_decay: training.weight_decay,
            loss: training.loss,
            crop_padding: training.crop_padding,
            horizontal_flip: training.horizontal_flip,
            normalisation: training.normalisation,
        }
    }
}

/// What becomes of the last, shorter batch of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncompleteBatch {
    /// It is trained on like the others. A single image joins the batch before it.
    Keep,
    /// It is left out, unless it is the only one: other images of each epoch, as the order changes.
    Drop,
}

/// A weighted and smoothed cross-entropy, as PyTorch defines it: both terms have the weight of their class, and the sum is
/// divided by the weights of the batch's labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossDefinition {
    /// What an image counts.
    pub class_weights: ClassWeights,
    /// The share of each label that is spread over all classes, in [0, 1).
    pub label_smoothing: f64,
}

/// What an image of a class counts in the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// One.
    Equal,
    /// One divided by the labels of its class in the labelled set; a class without labels has no weight.
    InverseFrequency,
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
    /// The same throughout.
    Constant {},
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

impl TrainingDefinition {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        ensure(self.epochs > 0, "training.epochs", || "is 0".into())?;
        ensure(self.batch_size > 1, "training.batch_size", || {
            format!("is {}; batch normalisation needs at least 2 images", self.batch_size)
        })?;
        let rate = self.learning_rate;
        ensure(rate.is_finite() && rate > 0.0, "training.learning_rate", || {
            format!("{rate} is not positive")
        })?;
        self.optimiser.validate()?;
        if let Some(loss) = self.loss {
            ensure((0.0..1.0).contains(&loss.label_smoothing), "training.loss.label_smoothing", || {
                format!("{} is not in [0, 1)", loss.label_smoothing)
            })?;
        }
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
            Schedule::Constant {} => {}
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
