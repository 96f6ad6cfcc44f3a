//! What is known of how good an answer is.

use serde::{Deserialize, Serialize};

/// Whether an answer is proven to be the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// No selection is better by more than 1e-9 of the objective: the bound meets it, or branch and bound ended.
    Optimal,
    /// The optimum lies between the bound and the objective.
    Gap,
}
