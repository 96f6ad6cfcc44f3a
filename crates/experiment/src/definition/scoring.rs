//! How the pool and the test set are scored.

use serde::{Deserialize, Serialize};

/// How the pool and the test set are scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringDefinition {
    /// Images in a batch; where a score does not depend on its batch, a processor may take fewer at once.
    pub batch_size: usize,
    /// Score one random training view of each pool image, as the released code of CBAL does, in place of the image.
    pub augmented_pool: bool,
    /// What batch normalisation uses when it scores; absent: its running statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Statistics>,
    /// Evaluate each round's model on the initial set and the pool as well, with their true labels.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub evaluate_pool: bool,
}

/// What batch normalisation uses when it scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistics {
    /// The running statistics of training.
    Running,
    /// Those of each batch, images in their order, as the released code of GALAXY does, whose model never leaves
    /// training mode. An image's score depends on its neighbours.
    Batch,
}
