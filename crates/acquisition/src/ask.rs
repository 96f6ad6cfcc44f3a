//! What passes between a query and whoever answers it.

use serde::{Deserialize, Serialize};

use crate::Pick;

/// Rows that can be labelled at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The rows, in query order.
    pub picks: Vec<Pick>,
    /// What they are for, for a strategy that asks more than once.
    pub phase: Option<Phase>,
}

/// What rows are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// DIRECT: to narrow down where a class ends.
    Reduce,
    /// DIRECT: next to where a class ends.
    Annotate,
    /// GALAXY: between labels that differ.
    Bisect,
    /// GALAXY: next to labels that differ and have nothing left between them.
    Extend,
    /// GALAXY: anywhere, for no labels differ or nothing is left near them.
    Explore,
}

impl Phase {
    /// The name that ledgers use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reduce => "reduce",
            Self::Annotate => "annotate",
            Self::Bisect => "bisect",
            Self::Extend => "extend",
            Self::Explore => "explore",
        }
    }
}

/// What comes back for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Its class.
    Label(u32),
    /// No label: skipped, unsure, not a valid image. The row is not asked for again, and the ask is spent.
    None,
}
