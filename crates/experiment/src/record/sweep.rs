//! A sweep in a record.

use serde::{Deserialize, Serialize};

/// A sweep over the weight of a class-balancing term, with the first model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Unlabelled samples that there were to choose from.
    pub unlabelled: usize,
    /// One choice for each weight, rising.
    pub points: Vec<SweepPoint>,
    /// What other strategies choose from the same scores.
    pub references: Vec<SweepReference>,
    /// What the paper's rule takes: the smallest weight after which ℓ1 stops falling.
    pub chosen: f64,
    /// What it took.
    pub cost: SweepCost,
}

/// What a sweep took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepCost {
    /// The model's pass over the samples, in seconds.
    pub score_secs: f64,
    /// Training of networks that only the query uses (VAAL), in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_secs: Option<f64>,
    /// The choice for each weight on the host, in seconds.
    pub select_secs: Vec<f64>,
}

/// The choice for one weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepPoint {
    /// The weight.
    pub lambda: f64,
    /// What was chosen.
    pub choice: Choice,
    /// `(objective − bound) / max(1, |bound|)`, where the choice is certified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_gap: Option<f64>,
}

/// What another strategy chooses from the same scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepReference {
    /// The strategy's short name, such as `entropy-pseudo-label`.
    pub strategy: String,
    /// What was chosen.
    pub choice: Choice,
}

/// What is measured of a choice in a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// ‖Ω − Pᵀz‖₁.
    pub l1: f64,
    /// Mean entropy of the chosen samples' probabilities, in nats.
    pub mean_entropy: f64,
    /// True labels of each class among the chosen. They are for measuring only: no strategy sees them.
    pub class_counts: Vec<usize>,
}
