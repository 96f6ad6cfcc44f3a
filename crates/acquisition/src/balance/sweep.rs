//! The class-balancing programme for many weights, and the one that the rule chooses.

use super::{Round, Statistics};
use crate::lambda::{GRID, rule};
use crate::{Error, Selection};

/// What a weight leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    /// The weight.
    pub lambda: f64,
    /// What [`query`](super::query) answers with it, or better.
    pub selection: Selection,
    /// What the answer took.
    pub statistics: Statistics,
}

/// Answers the class-balancing programme for every weight, each from where the last one ended
/// ([`solve_along`](super::solve_along)).
///
/// ℓ1 never rises along ascending weights and the scores never do either, up to rounding of their sums; a certificate
/// tells for each point how far it can be from the best.
///
/// # Errors
///
/// Those of [`query`](super::query), for any of the weights.
pub fn sweep(round: &Round, lambdas: &[f64]) -> Result<Vec<SweepPoint>, Error> {
    let answers = round.solve(lambdas)?;
    let points = lambdas.iter().zip(answers);
    Ok(points
        .map(|(&lambda, (selection, statistics))| SweepPoint { lambda, selection, statistics })
        .collect())
}

/// Sweeps [`GRID`] and takes the selection that [`rule`] points to. Its `seconds` are those of the sweep.
pub(super) fn query_by_rule(round: &Round) -> Result<Selection, Error> {
    let mut points = sweep(round, &GRID)?;
    let seconds = points.iter().map(|point| point.statistics.seconds.total).sum();
    let l1: Vec<f64> = points.iter().map(|point| l1(&point.selection)).collect();
    let mut selection = points.swap_remove(rule(&GRID, &l1)).selection;
    if let Some(outcome) = &mut selection.balance {
        outcome.seconds = seconds;
    }
    Ok(selection)
}

/// `‖Ω − Pᵀz‖₁` of a selection that balances.
fn l1(selection: &Selection) -> f64 {
    selection.balance.as_ref().expect("a balanced selection has an outcome").l1
}
