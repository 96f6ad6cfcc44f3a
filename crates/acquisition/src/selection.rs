//! What a query answers.

use serde::Serialize;

use crate::balance::Status;

/// One row chosen, and why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pick {
    /// A row of the arrays that the query was given.
    pub row: usize,
    /// Its score; higher = queried first. A random pick has score 0.
    pub score: f64,
}

/// The rows chosen by one query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Selection {
    /// Exactly `budget` distinct rows in query order: highest score first, ties by lowest row. A random query keeps
    /// the order in which the rows were drawn.
    pub picks: Vec<Pick>,
    /// How well the classes are balanced, if the strategy balances them.
    pub balance: Option<BalanceOutcome>,
}

/// What the class-balancing programme (CBAL Eq. 8) came to.
///
/// Everything but `seconds` is a function of the inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BalanceOutcome {
    /// `Ω`, samples still needed per class (Eq. 4). `[classes]`
    pub requirement: Vec<f64>,
    /// `‖Ω‖₁`: what is missing before anything is picked.
    pub l1_before: f64,
    /// `‖Ω − Pᵀz‖₁` of the `budget` highest scores, that is, of the same strategy without balancing.
    pub l1_baseline: f64,
    /// `‖Ω − Pᵀz‖₁` of the picks.
    pub l1: f64,
    /// `aᵀz + λ‖Ω − Pᵀz‖₁` of the picks, with `a = −score`.
    pub objective: f64,
    /// A value that no selection can go below, see [`certificate::dual_bound`](crate::balance::certificate::dual_bound).
    pub bound: f64,
    /// `objective − bound`, not below 0.
    pub gap: f64,
    /// `gap / max(1, |bound|)`.
    pub relative_gap: f64,
    /// Whether the picks are proven to be the best there are.
    pub status: Status,
    /// The dual values that give `bound`, one per class. `[classes]`
    pub duals: Vec<f64>,
    /// Wall-clock time of the solver.
    pub seconds: f64,
}
