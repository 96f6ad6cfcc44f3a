//! What a query answers.

use serde::{Deserialize, Serialize};

use crate::balance::Status;

/// One row chosen, and why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// A row of the arrays that the query was given.
    pub row: usize,
    /// Its score; higher = queried first. A random pick has score 0.
    pub score: f64,
}

/// The rows chosen by one query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// Exactly `budget` distinct rows in query order: highest score first, ties by lowest row. A strategy that draws or
    /// that picks one row after the other keeps the order in which it did.
    pub picks: Vec<Pick>,
    /// How well the classes are balanced, if the strategy balances them.
    pub balance: Option<BalanceOutcome>,
    /// How closely the pool is covered, if the strategy covers it.
    pub cover: Option<CoverOutcome>,
}

impl Selection {
    /// A selection without an account.
    pub fn of(picks: Vec<Pick>) -> Self {
        Self { picks, ..Self::default() }
    }

    /// The rows of the picks, in query order.
    pub fn rows(&self) -> Vec<usize> {
        self.picks.iter().map(|pick| pick.row).collect()
    }
}

/// What balancing the classes came to.
///
/// `P` is what stood for the classes: the probabilities, or one-hot rows where
/// [`Prediction::OneHot`](crate::Prediction::OneHot) was asked for. Everything but `seconds` is a function of the inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceOutcome {
    /// The weight that was used; where a rule finds it, what it found. `None` where there is no weight (quotas of
    /// pseudo-labels).
    pub lambda: Option<f64>,
    /// `Ω`, samples still needed per class (Eq. 4). `[classes]`
    pub requirement: Vec<f64>,
    /// `‖Ω‖₁`: what is missing before anything is picked.
    pub l1_before: f64,
    /// `‖Ω − Pᵀz‖₁` of what the same strategy without balancing would pick, where that is known without running it.
    pub l1_baseline: Option<f64>,
    /// `‖Ω − Pᵀz‖₁` of the picks.
    pub l1: f64,
    /// How good the picks are, where that is certified.
    pub certificate: Option<BalanceCertificate>,
    /// Wall-clock time of the choice.
    pub seconds: f64,
}

/// How good the answer of a class-balancing programme (CBAL Eq. 8) is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceCertificate {
    /// `aᵀz + λ‖Ω − Pᵀz‖₁` of the picks, with `a = −score`.
    pub objective: f64,
    /// A value that no selection can go below: the highest that is known.
    pub bound: f64,
    /// The value that the duals give, see [`certificate::dual_bound`](crate::balance::certificate::dual_bound), where branch and bound has
    /// raised `bound` above it; absent: it is `bound`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dual_bound: Option<f64>,
    /// `objective − bound`, not below 0.
    pub gap: f64,
    /// `gap / max(1, |bound|)`.
    pub relative_gap: f64,
    /// Whether the picks are proven to be the best there are.
    pub status: Status,
    /// The dual values that give `dual_bound`, one per class. `[classes]`
    pub duals: Vec<f64>,
}

/// How closely labelled rows and picks cover the pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverOutcome {
    /// The largest distance of a row to the nearest labelled row or pick, outliers apart.
    pub radius: f64,
    /// A radius that no selection of this size can go below.
    pub bound: f64,
    /// `(radius − bound) / radius`; 0 if the radius is 0.
    pub relative_gap: f64,
    /// Rows that were left uncovered, as the outlier fraction allows.
    pub outliers: usize,
}

impl CoverOutcome {
    /// With the gap between the two.
    pub(crate) fn new(radius: f64, bound: f64, outliers: usize) -> Self {
        let relative_gap = if radius > 0.0 { (radius - bound) / radius } else { 0.0 };
        Self { radius, bound, relative_gap, outliers }
    }
}
