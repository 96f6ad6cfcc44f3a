//! What a strategy must be given.

use super::Strategy;
use crate::{ConfidenceOf, Input, PseudoLabelOrder};

/// What a strategy must be given. There is room to grow: a later strategy adds a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The class probabilities of every unlabelled sample.
    pub probabilities: bool,
    /// The same of the labelled samples.
    pub labelled_probabilities: bool,
    /// The outputs before the softmax.
    pub logits: bool,
    /// The pooled features before the head.
    pub embeddings: bool,
    /// The same of the labelled samples.
    pub labelled_embeddings: bool,
    /// How many passes with dropout; 0 for none.
    pub dropout_passes: usize,
    /// The estimates of VAAL's discriminator.
    pub discriminator: bool,
    /// The weights of the last layer.
    pub head: bool,
}

impl Needs {
    /// The same as a list, in the order of [`Input`].
    pub fn inputs(&self) -> Vec<Input> {
        [
            (self.probabilities, Input::Probabilities),
            (self.labelled_probabilities, Input::LabelledProbabilities),
            (self.logits, Input::Logits),
            (self.head, Input::Head),
            (self.embeddings, Input::Embeddings),
            (self.labelled_embeddings, Input::LabelledEmbeddings),
            (self.dropout_passes > 0, Input::DropoutProbabilities),
            (self.discriminator, Input::Estimates),
        ]
        .into_iter()
        .filter_map(|(needed, input)| needed.then_some(input))
        .collect()
    }
}

impl Strategy {
    /// What has to be computed for this strategy: exactly that, and nothing else.
    pub fn needs(&self) -> Needs {
        let none = Needs::default();
        let balanced = self.balance().is_some();
        match self {
            Self::Random {} => none,
            Self::LeastConfidence { of: Some(ConfidenceOf::Logits), .. } => {
                Needs { probabilities: balanced, logits: true, ..none }
            }
            Self::Entropy { .. } | Self::Margin { .. } | Self::LeastConfidence { .. } => {
                Needs { probabilities: true, ..none }
            }
            Self::MostLikelyPositive { .. } => Needs { logits: true, ..none },
            Self::Base {} => Needs { logits: true, head: true, ..none },
            Self::Badge {} => Needs { probabilities: true, embeddings: true, ..none },
            Self::ClusterMargin { .. } => Needs { logits: true, embeddings: true, ..none },
            Self::Similar { .. } | Self::Bait { .. } => Needs {
                probabilities: true,
                labelled_probabilities: true,
                embeddings: true,
                labelled_embeddings: true,
                ..none
            },
            Self::KCenterGreedy { balance, .. } => Needs {
                probabilities: balance.is_some(),
                embeddings: true,
                labelled_embeddings: true,
                ..none
            },
            Self::Coreset { .. } | Self::TypiClust { .. } => {
                Needs { embeddings: true, labelled_embeddings: true, ..none }
            }
            Self::Bald { passes, .. } => Needs { probabilities: balanced, dropout_passes: *passes, ..none },
            Self::BatchBald { passes, .. } => Needs { dropout_passes: *passes, ..none },
            Self::Vaal { .. } => Needs { probabilities: balanced, discriminator: true, ..none },
            Self::PseudoLabel { order } => {
                let distances =
                    matches!(order, PseudoLabelOrder::KCenter | PseudoLabelOrder::KCenterPerClass);
                Needs { probabilities: true, embeddings: distances, labelled_embeddings: distances, ..none }
            }
            Self::Direct { .. } | Self::Galaxy { .. } => {
                Needs { probabilities: true, labelled_probabilities: true, ..none }
            }
        }
    }
}
