//! How hard to try.

use super::term::SolverMode;

/// How to solve a [`Problem`](super::Problem). The default is what [`Balance`](crate::Balance) asks for with
/// [`SolverMode::Auto`].
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long to look for something better, or for a proof that there is nothing better.
    pub mode: SolverMode,
    /// What the local search may spend, in terms `|v_c|` evaluated; a count and not a time, so that the same inputs
    /// give the same picks on every machine.
    pub search_work: u64,
    /// The seed of the local search.
    pub seed: u64,
    /// Pivots of the simplex method before it gives way to subgradient steps.
    pub pivot_limit: usize,
    /// What branch and bound may spend, in multiplications; `None` is what the mode stands for.
    pub tree_work: Option<u64>,
}

/// Classes up to which [`SolverMode::Auto`] searches by branch and bound. With a hundred, one relaxation takes what there is to spend.
const TREE_CLASSES: usize = 32;

impl Options {
    /// What branch and bound may spend on a problem with so many classes.
    pub(crate) fn tree_work(&self, classes: usize) -> u64 {
        self.tree_work.unwrap_or(match self.mode {
            // About half a second to 0.8 s.
            SolverMode::Auto if classes <= TREE_CLASSES => 350_000_000,
            SolverMode::Auto => 0,
            // About nine seconds.
            SolverMode::Exact => 4_500_000_000,
        })
    }
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
            tree_work: None,
        }
    }
}
