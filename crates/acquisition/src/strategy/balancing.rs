//! The class-balancing term of a strategy: what it is, and the same strategy with another weight or without.

use serde::{Deserialize, Serialize};

use super::{PseudoLabelOrder, Strategy};

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

/// What stands for the class of a row whose label is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// The most probable class alone (the pseudo-label), ties by lowest class.
    OneHot,
}

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

/// The weight of a class-balancing term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or \"auto\"")]
pub enum Lambda {
    /// A number, finite and not negative.
    Fixed(f64),
    /// Found by a rule.
    Rule(LambdaRule),
}

/// How the weight of a class-balancing term is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaRule {
    /// The smallest λ of a sweep after which ℓ1 stops falling, with the first round's model, kept for all rounds
    /// (CBAL, Section 4.1).
    Auto,
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

impl Strategy {
    /// The class-balancing programme, if the strategy has one.
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Self::Entropy { balance }
            | Self::Margin { balance }
            | Self::LeastConfidence { balance, .. }
            | Self::Bald { balance, .. }
            | Self::Vaal { balance, .. } => balance.as_ref(),
            Self::Random {}
            | Self::KCenterGreedy { .. }
            | Self::Coreset { .. }
            | Self::BatchBald { .. }
            | Self::PseudoLabel { .. }
            | Self::MostLikelyPositive { .. }
            | Self::Base {}
            | Self::Badge {}
            | Self::ClusterMargin { .. }
            | Self::Similar { .. }
            | Self::Bait { .. }
            | Self::Direct { .. }
            | Self::Galaxy { .. } => None,
        }
    }

    /// The weight of the class-balancing term, be it that of a programme or of a greedy strategy.
    pub fn lambda(&self) -> Option<Lambda> {
        match self {
            Self::KCenterGreedy { balance, .. } => balance.as_ref().map(|balance| balance.lambda),
            _ => self.balance().map(|balance| balance.lambda),
        }
    }

    /// The same strategy with this weight of its class-balancing term; unchanged if it has none.
    pub fn with_lambda(&self, lambda: f64) -> Self {
        let mut changed = self.clone();
        let place = match &mut changed {
            Self::KCenterGreedy { balance, .. } => balance.as_mut().map(|balance| &mut balance.lambda),
            other => other.programme().and_then(Option::as_mut).map(|balance| &mut balance.lambda),
        };
        if let Some(place) = place {
            *place = Lambda::Fixed(lambda);
        }
        changed
    }

    /// The same strategy without class balancing: what its gain is measured against.
    pub fn baseline(&self) -> Self {
        let mut plain = self.clone();
        match &mut plain {
            Self::KCenterGreedy { balance, .. } => *balance = None,
            Self::PseudoLabel { order } => {
                plain = match order {
                    PseudoLabelOrder::Entropy => Self::Entropy { balance: None },
                    PseudoLabelOrder::Random => Self::Random {},
                    PseudoLabelOrder::KCenter | PseudoLabelOrder::KCenterPerClass => {
                        Self::KCenterGreedy { decimals: None, balance: None }
                    }
                };
            }
            other => {
                if let Some(balance) = other.programme() {
                    *balance = None;
                }
            }
        }
        plain
    }

    /// Where the programme of [`balance`](Self::balance) is kept. A strategy that is named there and not here still has
    /// its weight in its own baseline, which the battery looks at.
    fn programme(&mut self) -> Option<&mut Option<Balance>> {
        match self {
            Self::Entropy { balance }
            | Self::Margin { balance }
            | Self::LeastConfidence { balance, .. }
            | Self::Bald { balance, .. }
            | Self::Vaal { balance, .. } => Some(balance),
            _ => None,
        }
    }
}
