//! How a definition says where an initial set and a pool come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::pool::imbalance::Imbalance;

/// Where the initial set and the pool come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PoolSource {
    /// Drawn: a class-uniform initial set, then imbalance on what remains.
    Drawn {
        /// The size of the initial set, a multiple of the number of classes.
        initial: usize,
        /// At most this many training images of a class are considered, initial set included. For scaled-down runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_class_cap: Option<usize>,
        /// What is kept of the rest.
        imbalance: Imbalance,
    },
    /// Drawn uniformly, whatever the classes: first the initial set, then the pool.
    Uniform {
        /// The size of the initial set.
        initial: usize,
        /// At most this many training images are considered, initial set included. For scaled-down runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<usize>,
    },
    /// Replayed: the first images of a list in their order, and everything that is not among them.
    Replay {
        /// The size of the initial set.
        initial: usize,
        /// SHA-256 of the list, one index a line, in hexadecimal.
        sha256: String,
    },
    /// Read from the pair of index lists that the authors of CBAL published; see
    /// [`read_authors_pair`](crate::pool::index_list::read_authors_pair).
    IndexLists {
        /// The list of the initial set.
        initial: PathBuf,
        /// The list of the pool, followed by the initial set.
        pool: PathBuf,
    },
}
