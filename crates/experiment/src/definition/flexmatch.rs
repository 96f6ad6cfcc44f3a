//! Learning from unlabelled images as well.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// FlexMatch (Zhang et al., NeurIPS 2021), as LabelBench has it: what a network says of an image as it is becomes the label of a
/// strongly changed view of it, where its probability is above a threshold that is lower for classes that are learned less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlexMatch {
    /// Unlabelled images in a step; each is seen in two views.
    pub unlabelled_batch: usize,
    /// The probability, in (0, 1], from which on a pseudo-label counts for a class that is learned best, and tells of how much a
    /// class is learned.
    pub threshold: f64,
    /// What the loss on unlabelled images is multiplied by.
    pub weight: f64,
    /// Operations of RandAugment on a strong view, drawn with replacement; Cutout follows them.
    pub operations: usize,
}

impl FlexMatch {
    pub(super) fn validate(self) -> Result<(), Fault> {
        let Self { unlabelled_batch, threshold, weight, operations: _ } = self;
        ensure(unlabelled_batch > 0, "training.flexmatch.unlabelled_batch", || "is 0".into())?;
        ensure(threshold > 0.0 && threshold <= 1.0, "training.flexmatch.threshold", || {
            format!("{threshold} is not in (0, 1]")
        })?;
        ensure(weight.is_finite() && weight >= 0.0, "training.flexmatch.weight", || {
            format!("{weight} is negative")
        })
    }
}
