//! What a manifest says of a generated dataset.

use serde::Deserialize;

/// How a synthetic dataset is generated: the `[generator]` of a manifest.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticConfig {
    /// Everything is drawn from streams derived from this.
    pub seed: u64,
}
