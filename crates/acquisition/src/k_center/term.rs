//! The class-balancing term of the greedy choice as a definition has it.

use serde::{Deserialize, Serialize};

use crate::lambda::Lambda;

/// The class-balancing term of a greedy strategy (CBAL Algorithm 2): each step takes the row with the least
/// `−d + λ ‖Ω − q − Pᵀz‖₁`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GreedyBalance {
    /// The weight, in units of the distance for each sample, before `scale`.
    pub lambda: Lambda,
    /// What the weight is divided by.
    pub scale: LambdaScale,
}

/// What the weight of a greedy strategy's class-balancing term is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaScale {
    /// Nothing: Algorithm 2 as it is printed.
    Absolute,
    /// The number of classes, as in the authors' code, which uses 5 on CIFAR-10 and 50 on CIFAR-100.
    PerClass,
}

impl GreedyBalance {
    /// `λ` as it multiplies the norm in CBAL's Algorithm 2, given the weight in the units of
    /// [`scale`](Self::scale): the paper has the weight itself, the authors' code divides it by the number of classes.
    pub fn weight(&self, lambda: f64, classes: usize) -> f64 {
        match self.scale {
            LambdaScale::Absolute => lambda,
            LambdaScale::PerClass => lambda / classes as f64,
        }
    }
}
