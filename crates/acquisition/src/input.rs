//! The names of what a strategy can be given.

use std::fmt;

/// Something that a strategy can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// The class probabilities of the unlabelled samples.
    Probabilities,
    /// The same of the labelled samples.
    LabelledProbabilities,
    /// The outputs before the softmax.
    Logits,
    /// The weights of the last layer.
    Head,
    /// The pooled features before the head.
    Embeddings,
    /// The same of the labelled samples.
    LabelledEmbeddings,
    /// The class probabilities of passes with dropout.
    DropoutProbabilities,
    /// The estimates of VAAL's discriminator.
    Estimates,
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Probabilities => "probabilities",
            Self::LabelledProbabilities => "labelled probabilities",
            Self::Logits => "logits",
            Self::Head => "weights of the head",
            Self::Embeddings => "embeddings",
            Self::LabelledEmbeddings => "labelled embeddings",
            Self::DropoutProbabilities => "probabilities of the passes with dropout",
            Self::Estimates => "estimates of the discriminator",
        })
    }
}
