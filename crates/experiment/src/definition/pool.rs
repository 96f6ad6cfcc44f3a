//! Where the images of a run come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where the initial set and the pool come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PoolDefinition {
    /// Drawn by the run's seed.
    Drawn {
        /// Size of the initial set, drawn class-uniformly.
        initial: usize,
        /// How the rest is made imbalanced.
        profile: ImbalanceProfile,
        /// At most this many training images of a class take part; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_class_cap: Option<usize>,
    },
    /// Drawn by the run's seed, uniformly: neither initial set nor pool is balanced or made imbalanced. The imbalance
    /// factor of the runs is 1.
    Uniform {
        /// Size of the initial set.
        initial: usize,
        /// At most this many training images take part, initial set included; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<usize>,
    },
    /// Read from published index lists, one pair for each imbalance factor.
    IndexLists {
        /// The pairs.
        lists: Vec<IndexListPair>,
    },
}

/// The index lists of one imbalance factor, as the authors of CBAL published them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexListPair {
    /// The imbalance factor that the pair stands for.
    pub imbalance_factor: f64,
    /// The initial set, one index a line; relative to the data folder.
    pub initial: PathBuf,
    /// The pool followed by the initial set; relative to the data folder.
    pub pool: PathBuf,
}

/// The shape of an imbalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImbalanceProfile {
    /// The second half of the classes keeps the factor's share (CBAL).
    Step,
    /// Exponentially falling class sizes (Cui et al., CVPR 2019).
    LongTail,
}

/// Whether two imbalance factors are the same number as written in a definition.
pub fn same_factor(left: f64, right: f64) -> bool {
    left.total_cmp(&right).is_eq()
}
