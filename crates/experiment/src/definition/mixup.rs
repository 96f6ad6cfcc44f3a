//! Blends of images in the place of images (mixup; Zhang et al., ICLR 2018).

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// Every batch becomes λ x + (1 − λ) x', where x' is the batch in reverse order and λ one draw of Beta(α, α).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixup {
    /// Both parameters of the distribution of λ.
    pub alpha: f64,
    /// What the blends are to be recognised as.
    pub targets: MixupTargets,
}

/// What a blend is to be recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixupTargets {
    /// Both labels, λ of the one and 1 − λ of the other, as mixup is published.
    Both,
    /// The label with the larger share alone, as LabelBench's released training has it.
    Larger,
}

impl Mixup {
    pub(super) fn validate(self) -> Result<(), Fault> {
        let Self { alpha, .. } = self;
        ensure(alpha.is_finite() && alpha > 0.0, "training.mixup.alpha", || {
            format!("{alpha} is not positive")
        })
    }
}
