//! How a classifier is trained, and how the pool and the test set are scored.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

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
