//! The class-balancing term as a definition has it.

use serde::{Deserialize, Serialize};

use crate::lambda::Lambda;

/// The class-balancing term (CBAL Eq. 8): minimise `aᵀz + lambda ‖Ω − Pᵀz‖₁` instead of `aᵀz` alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// What one sample missing from a class, or one too many, costs in units of the score. The authors' code uses
    /// 0.6 on CIFAR-10 and 2 on CIFAR-100 with the entropy in nats. `"auto"` is the paper's rule.
    pub lambda: Lambda,
    /// How hard to try.
    pub solver: SolverMode,
    /// What stands for the unknown classes; absent: the probabilities, as in the paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Prediction>,
}

/// How hard the class-balancing programme is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolverMode {
    /// The linear relaxation exactly, then rounding and local search; with up to 32 classes also branch and bound for about half a
    /// second. The answer comes with a certified gap.
    Auto,
    /// As `auto`, with branch and bound for up to about ten seconds, and any number of classes. It can still end with a gap.
    Exact,
}

/// What stands for the class of a row whose label is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// The most probable class alone (the pseudo-label), ties by lowest class.
    OneHot,
}
