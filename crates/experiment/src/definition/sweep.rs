//! A sweep over the weight of a class-balancing term.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// A sweep over the weight λ of a class-balancing term (CBAL, Figure 4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepDefinition {
    /// The weights, rising, in the units of the strategies' own `lambda`.
    pub lambdas: Vec<f64>,
}

impl SweepDefinition {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        ensure(self.lambdas.len() > 1, "sweep.lambdas", || "has fewer than two values".into())?;
        let valid = |lambda: &f64| lambda.is_finite() && *lambda >= 0.0;
        ensure(self.lambdas.iter().all(valid), "sweep.lambdas", || {
            "holds a value that is negative or not finite".into()
        })?;
        ensure(self.lambdas.windows(2).all(|pair| pair[0] < pair[1]), "sweep.lambdas", || {
            "does not rise".into()
        })
    }
}
