//! The programme for one weight after the other.

use std::time::Instant;

use super::problem::{Instance, l1};
use super::solver::{certify, solve_from};
use super::{Options, Problem, Solution, Status};
use crate::Error;

/// So many weights are searched like one. For each of more, branch and bound may spend a quarter, so that all of a sweep takes no longer
/// than ten answers would.
const FULL_SEARCHES: usize = 4;

/// Solves CBAL Eq. 8 for every weight of `lambdas`, whatever `problem.lambda` is.
///
/// Every weight starts from the duals of the last one: those at the end of the last box go to the end of the new one,
/// and the others, of classes that are met exactly, hardly move. In the end every weight takes the best of *all*
/// selections that were found. By exchange of two of them, the balance term `‖Ω − Pᵀz‖₁` then never rises with the
/// weight, and the cost `aᵀz` never falls, up to rounding of their sums, as is true of optimal selections.
///
/// An answer can therefore be better than that of [`solve`](super::solve), and it depends on the other weights.
///
/// # Errors
///
/// Those of [`solve`](super::solve), for any of the weights.
///
/// # Panics
///
/// If the pool has 2³² rows or more.
pub fn solve_along(problem: &Problem, lambdas: &[f64], options: &Options) -> Result<Vec<Solution>, Error> {
    let mut clock = Instant::now();
    let Some(&first) = lambdas.first() else {
        return Ok(Vec::new());
    };
    Problem { lambda: first, ..*problem }.validate()?;
    if let Some(&lambda) = lambdas.iter().find(|&&lambda| !(lambda.is_finite() && lambda >= 0.0)) {
        return Err(Error::InvalidLambda { lambda });
    }
    let base = Instance::new(problem);
    let whole = options.tree_work(base.classes);
    let tree_work = if lambdas.len() <= FULL_SEARCHES { whole } else { whole / 4 };
    let options = &Options { tree_work: Some(tree_work), ..*options };
    let mut solutions: Vec<Solution> = Vec::with_capacity(lambdas.len());
    let mut last = 0.0;
    for &lambda in lambdas {
        let start = solutions.last().and_then(|solution| carry(&solution.duals, last, lambda));
        let problem = Problem { lambda, ..*problem };
        solutions.push(solve_from(&problem, &base.weighted(lambda), options, start, clock)?);
        (last, clock) = (lambda, Instant::now());
    }
    share(problem, lambdas, &base, &mut solutions);
    Ok(solutions)
}

/// Duals for the weight `next` from those for the weight `last`; `None` where that was 0 and its duals say nothing.
fn carry(duals: &[f64], last: f64, next: f64) -> Option<Vec<f64>> {
    let end = last * (1.0 - 1e-9);
    let carried =
        duals.iter().map(|y| if y.abs() >= end { next.copysign(*y) } else { y.clamp(-next, next) }).collect();
    (last > 0.0).then_some(carried)
}

/// Gives every weight the best of all selections. One that is proven to be optimal stays.
fn share(problem: &Problem, lambdas: &[f64], base: &Instance, solutions: &mut [Solution]) {
    let terms: Vec<(f64, f64)> = solutions
        .iter()
        .map(|solution| {
            let cost: f64 = solution.picks.iter().map(|&row| problem.costs[row]).sum();
            let rows: Vec<u32> = solution.picks.iter().map(|&row| row as u32).collect();
            (cost, l1(&base.residual(&rows)))
        })
        .collect();
    let found: Vec<Vec<usize>> = solutions.iter().map(|solution| solution.picks.clone()).collect();
    for (own, (solution, &lambda)) in solutions.iter_mut().zip(lambdas).enumerate() {
        if solution.status == Status::Optimal {
            continue;
        }
        let objective = |index: usize| terms[index].0 + lambda * terms[index].1;
        let best = (0..found.len())
            .fold(own, |best, index| if objective(index) < objective(best) { index } else { best });
        if best != own {
            let problem = Problem { lambda, ..*problem };
            let (duals, known) = (std::mem::take(&mut solution.duals), solution.bound);
            *solution = certify(&problem, found[best].clone(), duals, solution.statistics.clone());
            solution.raise(known);
        }
    }
}
