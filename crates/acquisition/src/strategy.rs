//! The strategies, as definitions name them.

use serde::{Deserialize, Serialize};

use crate::Error;

/// A query strategy with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Strategy {
    /// Uniform without replacement.
    Random {},
    /// Highest predictive entropy first.
    Entropy {
        /// Class balancing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// Smallest margin first.
    Margin {
        /// Class balancing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// Smallest maximal probability first.
    LeastConfidence {
        /// Class balancing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
}

/// The class-balancing programme's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// λ of Eq. 8.
    pub lambda: f64,
    /// How it is solved.
    pub solver: SolverMode,
}

/// How the class-balancing programme is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolverMode {
    /// Certified heuristic.
    Auto,
    /// Then a proof, where it is in reach.
    Exact,
}

/// What a strategy needs of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Softmax probabilities.
    pub probabilities: bool,
}

impl Strategy {
    /// What the engine must compute.
    pub fn needs(&self) -> Needs {
        Needs {
            probabilities: !matches!(self, Self::Random {}),
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// λ is negative or not finite.
    pub fn validate(&self) -> Result<(), Error> {
        match self.balance() {
            Some(balance) if !(balance.lambda.is_finite() && balance.lambda >= 0.0) => {
                Err(Error::Lambda(balance.lambda))
            }
            _ => Ok(()),
        }
    }

    /// The class-balancing part, where there is one.
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Self::Random {} => None,
            Self::Entropy { balance } | Self::Margin { balance } | Self::LeastConfidence { balance } => {
                balance.as_ref()
            }
        }
    }
}
