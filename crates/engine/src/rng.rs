//! Named streams of random numbers.
//!
//! Each purpose has its own ChaCha8 stream, derived from the run's seed, so that what one part of a run draws never
//! shifts what another part gets: changing the strategy changes neither the pool, nor the initial set, nor the
//! first model.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// What random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Which images the imbalance keeps.
    Imbalance,
    /// Which images form the initial set.
    Split,
    /// Initial weights.
    Init,
    /// The order of the labelled set in each epoch.
    Order,
    /// Crops and flips.
    Augment,
    /// Label noise.
    Noise,
    /// Crops and flips of the pool, where a definition asks for them.
    Views,
    /// The same of the labelled images, for strategies that look at them.
    LabelledViews,
    /// Random choices of a strategy.
    Query,
    /// Dropout while a classifier is trained.
    Dropout,
    /// Dropout in Monte-Carlo passes over the pool.
    MonteCarlo,
    /// Initial weights of VAAL's networks.
    VaalInit,
    /// Batches, flips and latent noise of VAAL's networks.
    VaalTrain,
    /// The order in which VAAL's networks score the pool.
    VaalScore,
    /// Which images a project's audit has.
    Audit,
    /// Which patches centres are learned from.
    Patches,
    /// The order in which people see what they are asked for.
    AskOrder,
    /// Which images two heads are compared on.
    Stability,
    /// Audits drawn again from an audit.
    Resampled,
    /// The order of the unlabelled images in training that sees them.
    Unlabelled,
    /// Their crops and flips.
    UnlabelledViews,
    /// Their strong views.
    StrongViews,
    /// Strong views whose features are kept; not of a run's seed.
    KeptViews,
    /// Which images early stopping looks at.
    Validation,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Imbalance => "imbalance",
            Self::Split => "split",
            Self::Init => "init",
            Self::Order => "order",
            Self::Augment => "augment",
            Self::Noise => "noise",
            Self::Views => "views",
            Self::LabelledViews => "labelled-views",
            Self::Query => "query",
            Self::Dropout => "dropout",
            Self::MonteCarlo => "monte-carlo",
            Self::VaalInit => "vaal-init",
            Self::VaalTrain => "vaal-train",
            Self::VaalScore => "vaal-score",
            Self::Audit => "audit",
            Self::Patches => "patches",
            Self::AskOrder => "ask-order",
            Self::Stability => "stability",
            Self::Resampled => "resampled",
            Self::Unlabelled => "unlabelled",
            Self::UnlabelledViews => "unlabelled-views",
            Self::StrongViews => "strong-views",
            Self::KeptViews => "kept-views",
            Self::Validation => "validation",
        }
    }
}

/// The stream for a purpose in a round of a run. The key is a SHA-256 over all three, so no two streams share one.
pub fn stream(seed: u64, stream: Stream, round: usize) -> ChaCha8Rng {
    let name = format!("tailward/{}/seed-{seed}/round-{round}", stream.name());
    ChaCha8Rng::from_seed(Sha256::digest(name.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn streams_are_fixed_by_seed_purpose_and_round() {
        let draw = |seed, purpose, round| stream(seed, purpose, round).random::<u64>();
        let first = draw(1, Stream::Init, 0);
        assert_eq!(first, draw(1, Stream::Init, 0));
        for other in [draw(2, Stream::Init, 0), draw(1, Stream::Order, 0), draw(1, Stream::Init, 1)] {
            assert_ne!(first, other);
        }
    }
}
