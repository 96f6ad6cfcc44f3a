//! How a classifier is trained, and how the pool and the test set are scored.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// How a classifier is trained, each round from scratch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingDefinition {
    /// Passes over the labelled set.
    pub epochs: usize,
    /// Images in a batch.
    pub batch_size: usize,
    /// What becomes of the last, shorter batch of an epoch; absent: it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete_batch: Option<IncompleteBatch>,
    /// Learning rate before the schedule.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Momentum of stochastic gradient descent; absent where the optimiser is Adam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Nesterov's form of momentum; absent where the optimiser is Adam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nesterov: Option<bool>,
    /// Adam in place of stochastic gradient descent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adam: Option<Adam>,
    /// Coupled L2 penalty on every parameter.
    pub weight_decay: f64,
    /// What is minimised; absent: the mean cross-entropy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossDefinition>,
    /// Zero padding on each side before the random crop, in pixels; 0 for no crop.
    pub crop_padding: usize,
    /// Mirror each image with probability one half.
    pub horizontal_flip: bool,
    /// Per-channel statistics that images are normalised with.
    pub normalisation: Normalisation,
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

/// Adam (Kingma & Ba, ICLR 2015), with the L2 penalty in the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adam {
    /// Decay of the mean of gradients, in [0, 1).
    pub beta_1: f64,
    /// Decay of the mean of their squares, in [0, 1).
    pub beta_2: f64,
    /// Added to the root of that mean.
    pub epsilon: f64,
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

/// How the pool and the test set are scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringDefinition {
    /// Images in a batch.
    pub batch_size: usize,
    /// Score one random training view of each pool image, as the released code of CBAL does, in place of the image.
    pub augmented_pool: bool,
    /// What batch normalisation uses when it scores; absent: its running statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Statistics>,
    /// Evaluate each round's model on the initial set and the pool as well, with their true labels.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub evaluate_pool: bool,
}

/// What batch normalisation uses when it scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistics {
    /// The running statistics of training.
    Running,
    /// Those of each batch, images in their order, as the released code of GALAXY does, whose model never leaves
    /// training mode. An image's score depends on its neighbours.
    Batch,
}

impl TrainingDefinition {
    /// Stochastic gradient descent has a momentum and its form; Adam has neither.
    fn validate_optimiser(&self) -> Result<(), Fault> {
        if let Some(adam) = self.adam {
            ensure(self.momentum.is_none(), "training.momentum", || "is given beside adam".into())?;
            ensure(self.nesterov.is_none(), "training.nesterov", || "is given beside adam".into())?;
            for (name, beta) in [("beta_1", adam.beta_1), ("beta_2", adam.beta_2)] {
                ensure((0.0..1.0).contains(&beta), &format!("training.adam.{name}"), || {
                    format!("{beta} is not in [0, 1)")
                })?;
            }
            let epsilon = adam.epsilon;
            return ensure(epsilon.is_finite() && epsilon > 0.0, "training.adam.epsilon", || {
                format!("{epsilon} is not positive")
            });
        }
        let absent = || "is absent, and the optimiser is not adam".to_owned();
        let momentum = self.momentum.ok_or_else(|| ("training.momentum".to_owned(), absent()))?;
        let nesterov = self.nesterov.ok_or_else(|| ("training.nesterov".to_owned(), absent()))?;
        ensure((0.0..1.0).contains(&momentum), "training.momentum", || {
            format!("{momentum} is not in [0, 1)")
        })?;
        ensure(!nesterov || momentum > 0.0, "training.nesterov", || "needs a momentum above 0".into())
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        ensure(self.epochs > 0, "training.epochs", || "is 0".into())?;
        ensure(self.batch_size > 1, "training.batch_size", || {
            format!("is {}; batch normalisation needs at least 2 images", self.batch_size)
        })?;
        let rate = self.learning_rate;
        ensure(rate.is_finite() && rate > 0.0, "training.learning_rate", || {
            format!("{rate} is not positive")
        })?;
        self.validate_optimiser()?;
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
