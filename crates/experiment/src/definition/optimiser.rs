//! What takes the steps.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// What takes the steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimiser {
    /// Stochastic gradient descent.
    Sgd {
        /// Its momentum, in [0, 1).
        momentum: f64,
        /// Nesterov's form of momentum.
        nesterov: bool,
    },
    /// Adam in place of it, with the L2 penalty in the gradient.
    Adam(Adam),
    /// Adam whose weight decay shrinks parameters beside the step (AdamW; Loshchilov and Hutter, ICLR 2019).
    AdamW(Adam),
}

/// The parameters of Adam (Kingma & Ba, ICLR 2015).
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

impl Optimiser {
    pub(super) fn validate(self) -> Result<(), Fault> {
        match self {
            Self::Sgd { momentum, nesterov } => {
                ensure((0.0..1.0).contains(&momentum), "training.momentum", || {
                    format!("{momentum} is not in [0, 1)")
                })?;
                ensure(!nesterov || momentum > 0.0, "training.nesterov", || "needs a momentum above 0".into())
            }
            Self::Adam(adam) => adam.validate("training.adam"),
            Self::AdamW(adam) => adam.validate("training.adamw"),
        }
    }
}

impl Adam {
    fn validate(self, key: &str) -> Result<(), Fault> {
        let Self { beta_1, beta_2, epsilon } = self;
        for (name, beta) in [("beta_1", beta_1), ("beta_2", beta_2)] {
            ensure((0.0..1.0).contains(&beta), &format!("{key}.{name}"), || {
                format!("{beta} is not in [0, 1)")
            })?;
        }
        ensure(epsilon.is_finite() && epsilon > 0.0, &format!("{key}.epsilon"), || {
            format!("{epsilon} is not positive")
        })
    }
}
