//! How hard to try.

use super::term::SolverMode;

/// How to solve a [`Problem`](super::Problem). The default is what [`Balance`](crate::Balance) asks for with
/// [`SolverMode::Auto`].
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to try for a proof by branch and bound.
    pub mode: SolverMode,
    /// What the local search may spend, in terms `|v_c|` evaluated; a count and not a time, so that the same inputs
    /// give the same picks on every machine.
    pub search_work: u64,
    /// The seed of the local search.
    pub seed: u64,
    /// Pivots of the simplex method before it gives way to subgradient steps.
    pub pivot_limit: usize,
    /// Rows that may be left open for branch and bound to be tried.
    pub exact_columns: usize,
    /// How long branch and bound may take. If it takes longer, its answer is thrown away and the answer is the one
    /// of [`SolverMode::Auto`], so that the clock never decides between more than these two.
    pub exact_seconds: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: SolverMode::Auto,
            // About 0.1 s.
            search_work: 400_000_000,
            seed: 0,
            // The largest count ever measured is 61,347, on a million rows with a thousand classes.
            pivot_limit: 300_000,
            exact_columns: 200,
            exact_seconds: 10.0,
        }
    }
}
