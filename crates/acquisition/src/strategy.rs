//! The closed list of strategies.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How the next rows to label are chosen, with every parameter of the choice.
///
/// In TOML: `{ kind = "entropy", balance = { lambda = 2.0, solver = "auto" } }`. An unknown key is an error, and no
/// parameter has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Strategy {
    /// Uniformly, without replacement.
    Random {},
    /// The highest entropy of the class probabilities first.
    Entropy {
        /// Balance the classes as well (Entropy-CB of CBAL).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// The smallest difference between the two highest probabilities first.
    Margin {
        /// Balance the classes as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// The lowest highest probability first.
    LeastConfidence {
        /// Balance the classes as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
}

/// The class-balancing term (CBAL Eq. 8): minimise `aᵀz + lambda ‖Ω − Pᵀz‖₁` instead of `aᵀz` alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// What one sample missing from a class, or one too many, costs in units of the score. The authors' code uses
    /// 0.6 on CIFAR-10 and 2 on CIFAR-100 with the entropy in nats.
    pub lambda: f64,
    /// How hard to try.
    pub solver: SolverMode,
}

/// How hard the class-balancing programme is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolverMode {
    /// The linear relaxation exactly, then rounding and local search: an answer with a certified gap, in a fraction
    /// of a second.
    Auto,
    /// As `auto`, then branch and bound on the rows that could still change, if they are few. It can still end
    /// with a gap.
    Exact,
}

/// What a strategy must be given. There is room to grow: a later strategy adds a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The class probabilities of every unlabelled sample.
    pub probabilities: bool,
    /// The outputs before the softmax.
    pub logits: bool,
    /// The pooled features before the head.
    pub embeddings: bool,
}

impl Strategy {
    /// What the engine has to compute for this strategy: exactly that, and nothing else.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Random {} => Needs::default(),
            Self::Entropy { .. } | Self::Margin { .. } | Self::LeastConfidence { .. } => {
                Needs { probabilities: true, ..Needs::default() }
            }
        }
    }

    /// Checks the parameters that a type cannot check.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidLambda`] if `lambda` is negative, NaN or infinite.
    pub fn validate(&self) -> Result<(), Error> {
        match self.balance() {
            Some(&Balance { lambda, .. }) if !(lambda.is_finite() && lambda >= 0.0) => {
                Err(Error::InvalidLambda { lambda })
            }
            _ => Ok(()),
        }
    }

    /// The class-balancing term, if the strategy has one.
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Self::Random {} => None,
            Self::Entropy { balance } | Self::Margin { balance } | Self::LeastConfidence { balance } => {
                balance.as_ref()
            }
        }
    }

    /// The same strategy without class balancing: what its gain is measured against.
    pub fn baseline(&self) -> Self {
        match self {
            Self::Random {} => Self::Random {},
            Self::Entropy { .. } => Self::Entropy { balance: None },
            Self::Margin { .. } => Self::Margin { balance: None },
            Self::LeastConfidence { .. } => Self::LeastConfidence { balance: None },
        }
    }

    /// A short name: `random`, `entropy`, `entropy-cb`, `margin`, `margin-cb`, `least-confidence`,
    /// `least-confidence-cb`. It leaves the parameters out.
    pub fn name(&self) -> String {
        let name = match self {
            Self::Random {} => "random",
            Self::Entropy { .. } => "entropy",
            Self::Margin { .. } => "margin",
            Self::LeastConfidence { .. } => "least-confidence",
        };
        let suffix = if self.balance().is_some() { "-cb" } else { "" };
        format!("{name}{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balanced(lambda: f64) -> Strategy {
        Strategy::Entropy { balance: Some(Balance { lambda, solver: SolverMode::Auto }) }
    }

    #[test]
    fn a_strategy_survives_being_written_down() {
        for (strategy, text) in [
            (Strategy::Random {}, r#"{"kind":"random"}"#),
            (Strategy::Margin { balance: None }, r#"{"kind":"margin"}"#),
            (balanced(0.6), r#"{"kind":"entropy","balance":{"lambda":0.6,"solver":"auto"}}"#),
            (
                Strategy::LeastConfidence {
                    balance: Some(Balance { lambda: 2.0, solver: SolverMode::Exact }),
                },
                r#"{"kind":"least-confidence","balance":{"lambda":2.0,"solver":"exact"}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&strategy).unwrap(), text);
            assert_eq!(serde_json::from_str::<Strategy>(text).unwrap(), strategy);
        }
    }

    #[test]
    fn unknown_keys_and_missing_values_are_errors() {
        for text in [
            r#"{"kind":"random","budget":3}"#,
            r#"{"kind":"random","balance":{"lambda":1.0,"solver":"auto"}}"#,
            r#"{"kind":"entropy","lambda":1.0}"#,
            r#"{"kind":"entropy","balance":{"lambda":1.0}}"#,
            r#"{"kind":"entropy","balance":{"solver":"auto"}}"#,
            r#"{"kind":"entropy","balance":{"lambda":1.0,"solver":"auto","gap":0.1}}"#,
            r#"{"kind":"Entropy"}"#,
        ] {
            assert!(serde_json::from_str::<Strategy>(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn lambda_must_be_finite_and_not_negative() {
        balanced(0.0).validate().unwrap();
        balanced(50.0).validate().unwrap();
        for lambda in [-1e-9, f64::NAN, f64::INFINITY] {
            assert!(matches!(balanced(lambda).validate(), Err(Error::InvalidLambda { .. })));
        }
    }

    #[test]
    fn names_needs_and_baselines() {
        assert_eq!(balanced(1.0).name(), "entropy-cb");
        assert_eq!(balanced(1.0).baseline(), Strategy::Entropy { balance: None });
        assert_eq!(Strategy::LeastConfidence { balance: None }.name(), "least-confidence");
        assert_eq!(Strategy::Random {}.needs(), Needs::default());
        assert!(balanced(1.0).needs().probabilities);
        assert!(!balanced(1.0).needs().embeddings);
    }
}
