//! How a classifier is trained.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};
use super::early_stopping::EarlyStopping;
use super::flexmatch::FlexMatch;
use super::mixup::Mixup;
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
    /// Weight decay of every parameter: an L2 penalty in the gradient, or what AdamW takes off beside the step.
    pub weight_decay: f64,
    /// The norm of all gradients together that a step shrinks larger ones to; absent: they are left as they are.
    pub clip_norm: Option<f64>,
    /// What is minimised; absent: the mean cross-entropy.
    pub loss: Option<LossDefinition>,
    /// Blends of images in the place of images; absent: none.
    pub mixup: Option<Mixup>,
    /// What is learned from unlabelled images as well; absent: nothing.
    pub flexmatch: Option<FlexMatch>,
    /// When training ends before its epochs do; absent: never.
    pub early_stopping: Option<EarlyStopping>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adamw: Option<Adam>,
    weight_decay: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clip_norm: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss: Option<LossDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mixup: Option<Mixup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flexmatch: Option<FlexMatch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    early_stopping: Option<EarlyStopping>,
    crop_padding: usize,
    horizontal_flip: bool,
    normalisation: Normalisation,
}

impl TryFrom<Written> for TrainingDefinition {
    type Error = String;

    /// Stochastic gradient descent has a momentum and its form; Adam and AdamW have neither.
    fn try_from(written: Written) -> Result<Self, String> {
        let absent =
            |key: &str| format!("training.{key}: is absent, and the optimiser is neither adam nor adamw");
        let adaptive = match (written.adam, written.adamw) {
            (Some(_), Some(_)) => return Err("training.adamw: is given beside adam".to_owned()),
            (Some(adam), None) => Some(("adam", Optimiser::Adam(adam))),
            (None, Some(adam)) => Some(("adamw", Optimiser::AdamW(adam))),
            (None, None) => None,
        };
        let optimiser = match (adaptive, written.momentum, written.nesterov) {
            (Some((name, _)), Some(_), _) => {
                return Err(format!("training.momentum: is given beside {name}"));
            }
            (Some((name, _)), None, Some(_)) => {
                return Err(format!("training.nesterov: is given beside {name}"));
            }
            (Some((_, optimiser)), None, None) => optimiser,
            (None, momentum, nesterov) => Optimiser::Sgd {
                momentum: momentum.ok_or_else(|| absent("momentum"))?,
                nesterov: nesterov.ok_or_else(|| absent("nesterov"))?,
            },
        };
        Ok(Self {
            optimiser,
            epochs: written.epochs,
            batch_size: written.batch_size,
            incomplete_batch: written.incomplete_batch,
            learning_rate: written.learning_rate,
            schedule: written.schedule,
            weight_decay: written.weight_decay,
            clip_norm: written.clip_norm,
            loss: written.loss,
            mixup: written.mixup,
            flexmatch: written.flexmatch,
            early_stopping: written.early_stopping,
            crop_padding: written.crop_padding,
            horizontal_flip: written.horizontal_flip,
            normalisation: written.normalisation,
        })
    }
}

impl From<TrainingDefinition> for Written {
    fn from(training: TrainingDefinition) -> Self {
        let (mut momentum, mut nesterov, mut adam, mut adamw) = (None, None, None, None);
        match training.optimiser {
            Optimiser::Sgd { momentum: of, nesterov: is } => (momentum, nesterov) = (Some(of), Some(is)),
            Optimiser::Adam(of) => adam = Some(of),
            Optimiser::AdamW(of) => adamw = Some(of),
        }
        Self {
            momentum,
            nesterov,
            adam,
            adamw,
            epochs: training.epochs,
            batch_size: training.batch_size,
            incomplete_batch: training.incomplete_batch,
            learning_rate: training.learning_rate,
            schedule: training.schedule,
            weight_decay: training.weight_decay,
            clip_norm: training.clip_norm,
            loss: training.loss,
            mixup: training.mixup,
            flexmatch: training.flexmatch,
            early_stopping: training.early_stopping,
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
    /// Cosine annealing with warm restarts (Loshchilov and Hutter, ICLR 2017), by steps: falls along half a cosine from the
    /// whole rate to 0 within `period` steps, then starts again, each time over `factor` times as many.
    WarmRestarts {
        /// Steps of the first fall.
        period: usize,
        /// By what the length of a fall is multiplied for the next one.
        factor: usize,
    },
    /// Rises linearly for `warmup` steps, then falls along half a cosine that reaches 0 at step `epochs` × labelled / `batch_size`,
    /// rounded down: what LabelBench's training takes for its last step, though it drops shorter batches.
    WarmupCosine {
        /// Steps of the rise.
        warmup: usize,
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
        self.mixup.map_or(Ok(()), Mixup::validate)?;
        ensure(self.mixup.is_none() || self.flexmatch.is_none(), "training.mixup", || {
            "is given beside flexmatch, which learns from images that are not blended".into()
        })?;
        self.flexmatch.map_or(Ok(()), FlexMatch::validate)?;
        self.early_stopping.map_or(Ok(()), EarlyStopping::validate)?;
        if let Some(norm) = self.clip_norm {
            ensure(norm.is_finite() && norm > 0.0, "training.clip_norm", || {
                format!("{norm} is not positive")
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
            Schedule::WarmRestarts { period, factor } => {
                ensure(period > 0, "training.schedule.period", || "is 0".into())?;
                ensure(factor > 0, "training.schedule.factor", || "is 0".into())?;
            }
            Schedule::WarmupCosine { warmup } => {
                ensure(warmup > 0, "training.schedule.warmup", || "is 0".into())?;
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
