//! A strategy under the name that an experiment gives it.

use serde::{Deserialize, Serialize};

use super::query::Query;

/// A strategy with its parameters, under the name that plots and folders use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedStrategy {
    /// For folders and `--strategy`, such as `entropy-cb`.
    pub name: String,
    /// For plots and tables, such as `Entropy-CB`.
    pub label: String,
    /// The name of the strategy that gains are measured against, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What it does.
    pub query: Query,
}
