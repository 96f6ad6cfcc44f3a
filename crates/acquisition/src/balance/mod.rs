//! The class-balancing programme: CBAL, Bengar et al., *Class-Balanced Active Learning for Image Classification*,
//! WACV 2022, Eq. 8.
//!
//! Minimise `aᵀz + λ‖Ω − Pᵀz‖₁` over selections `z` of `b` rows, where `a` is the cost of a row (minus its score),
//! `P` its class probabilities and `Ω` the samples still needed per class. The authors hand this to a commercial
//! solver. Here the linear relaxation is solved exactly ([`solve`]: sifting with a small simplex method), rounded and
//! improved by exchanges. The relaxation has at most `classes + 1` fractional rows, so that the answer is close, and
//! every answer carries dual values from which anybody can recompute how close ([`certificate`]).
//!
//! [`mod@reference`] states the same programme for a general-purpose solver.

pub mod certificate;
mod dual;
mod exact;
#[doc(hidden)]
pub mod instances;
mod kernel;
mod local_search;
mod path;
mod problem;
pub mod reference;
mod rounding;
mod sifting;
mod simplex;
mod solver;
mod subgradient;

use ndarray::ArrayView2;

pub use crate::probabilities::validate_probabilities;
use crate::{
    Balance, BalanceCertificate, BalanceOutcome, Error, Lambda, LambdaRule, Pick, Selection, select,
};

pub use path::solve_along;
pub use problem::Problem;
pub use solver::{Options, Seconds, Solution, Statistics, Status, solve};

/// Samples still needed per class (CBAL Eq. 4): `Ω_c = max((L + b)/C − n_c, 0)`, where `n_c` of the `L` labelled
/// samples are of class `c`.
///
/// # Shapes
///
/// `labelled_counts`: `[classes]`; the requirement: `[classes]`.
pub fn requirement(labelled_counts: &[usize], budget: usize) -> Vec<f64> {
    let labelled: usize = labelled_counts.iter().sum();
    let target = (labelled + budget) as f64 / labelled_counts.len() as f64;
    labelled_counts.iter().map(|&count| (target - count as f64).max(0.0)).collect()
}

/// Picks `budget` rows with high scores that together bring the classes towards balance (CBAL Eq. 8, with
/// `a = −score`).
///
/// `labelled_counts` are the true classes of the samples labelled so far; of the pool, only predictions are used.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `scores`: `[rows]`, `labelled_counts`: `[classes]`.
///
/// # Errors
///
/// Those of [`Problem::validate`]; [`Error::Reference`] if branch and bound fails in the exact mode.
pub fn query(
    probabilities: ArrayView2<f32>,
    scores: &[f64],
    labelled_counts: &[usize],
    budget: usize,
    balance: &Balance,
) -> Result<Selection, Error> {
    let (rows, classes) = probabilities.dim();
    for (what, expected, found) in
        [("scores", rows, scores.len()), ("labelled counts", classes, labelled_counts.len())]
    {
        if expected != found {
            return Err(Error::LengthMismatch { what, expected, found });
        }
    }
    let baseline = select::top(scores, budget)?;
    let requirement = requirement(labelled_counts, budget);
    let costs: Vec<f64> = scores.iter().map(|score| -score).collect();
    let lambda = match balance.lambda {
        Lambda::Fixed(lambda) => lambda,
        Lambda::Rule(LambdaRule::Auto) => return Err(Error::InvalidLambda { lambda: f64::NAN }),
    };
    let problem = Problem { probabilities, costs: &costs, requirement: &requirement, lambda, budget };
    let solution = solve(&problem, &Options { mode: balance.solver, ..Options::default() })?;

    let baseline: Vec<usize> = baseline.picks.iter().map(|pick| pick.row).collect();
    let l1_baseline = certificate::l1(&problem, &baseline);
    let l1 = certificate::l1(&problem, &solution.picks);
    let mut picks: Vec<Pick> = solution.picks.iter().map(|&row| Pick { row, score: scores[row] }).collect();
    picks.sort_unstable_by(select::query_order);
    let outcome = BalanceOutcome {
        lambda: Some(lambda),
        l1_before: certificate::l1(&problem, &[]),
        l1_baseline: Some(l1_baseline),
        l1,
        certificate: Some(BalanceCertificate {
            objective: solution.objective,
            bound: solution.bound,
            gap: solution.gap,
            relative_gap: solution.relative_gap,
            status: solution.status,
            duals: solution.duals,
        }),
        seconds: solution.statistics.seconds.total,
        requirement,
    };
    Ok(Selection { picks, balance: Some(outcome), cover: None })
}
