//! The class-balancing term of a strategy, and the same strategy with another weight or without.

use super::Strategy;
use crate::{Balance, Lambda, PseudoLabelOrder};

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
            | Self::TypiClust { .. }
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
