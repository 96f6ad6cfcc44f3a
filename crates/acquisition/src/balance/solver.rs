//! From a problem to a certified answer.

use std::time::Instant;

use serde::Serialize;

use super::dual::Pass;
use super::lowest::lowest;
use super::options::Options;
use super::problem::Instance;
use super::relaxation::Relaxation;
use super::sifting::relax;
use super::status::Status;
use super::tree;
use super::{Problem, certificate, fixing, local_search, rounding};
use crate::Error;

/// The answer to a [`Problem`].
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Exactly `budget` distinct rows, ascending.
    pub picks: Vec<usize>,
    /// The objective of `picks`, from [`certificate::objective`].
    pub objective: f64,
    /// The highest lower bound that is known: that of `duals`, or what branch and bound has raised it to.
    pub bound: f64,
    /// The lower bound that `duals` give, from [`certificate::dual_bound`]. Anybody can recompute it.
    pub dual_bound: f64,
    /// `objective − bound`, not below 0.
    pub gap: f64,
    /// `gap / max(1, |bound|)`. The objective can be near 0, so the absolute gap says more there.
    pub relative_gap: f64,
    /// `y`, with `|y_c| ≤ λ`. Sign: positive where more of a class is needed. `[classes]`
    pub duals: Vec<f64>,
    /// Whether this is proven to be the best.
    pub status: Status,
    /// What it took.
    pub statistics: Statistics,
}

/// What an answer took, and what is known about it besides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// The value of the linear relaxation, attained; `None` where it was not needed or not solved.
    pub relaxation: Option<f64>,
    /// `OPT − relaxation` is at most this; `None` as above.
    pub rounding_bound: Option<f64>,
    /// Passes over the pool.
    pub passes: f64,
    /// Pivots of the simplex method, on samples too.
    pub pivots: usize,
    /// Columns in play at the end.
    pub columns: usize,
    /// Fractional rows of the relaxation: never more than `tight_classes + 1`.
    pub fractionals: usize,
    /// Classes that the relaxation meets exactly.
    pub tight_classes: usize,
    /// Rows that reduced-cost fixing left open for branch and bound; `None` if there was none.
    pub free_rows: Option<usize>,
    /// Relaxations that branch and bound solved.
    pub nodes: usize,
    /// The simplex method gave way to subgradient steps.
    pub fallback: bool,
    /// Wall-clock time.
    pub seconds: Seconds,
}

/// Wall-clock time by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// The linear relaxation.
    pub relaxation: f64,
    /// Rounding and exchanges.
    pub search: f64,
    /// Branch and bound.
    pub tree: f64,
    /// All of it, with validation and the certificate.
    pub total: f64,
}

/// Solves CBAL Eq. 8.
///
/// # Errors
///
/// Those of [`Problem::validate`].
///
/// # Panics
///
/// If the pool has 2³² rows or more.
pub fn solve(problem: &Problem, options: &Options) -> Result<Solution, Error> {
    let clock = Instant::now();
    problem.validate()?;
    solve_from(problem, &Instance::new(problem), options, None, clock)
}

/// Solves a valid problem, given in both forms, from the duals `start` if there are any.
pub(crate) fn solve_from(
    problem: &Problem,
    instance: &Instance,
    options: &Options,
    start: Option<Vec<f64>>,
    clock: Instant,
) -> Result<Solution, Error> {
    if problem.budget == 0 || problem.budget == problem.costs.len() {
        return Ok(forced(problem, clock));
    }
    if problem.lambda <= 0.0 {
        return Ok(unbalanced(problem, clock));
    }
    let mut statistics = Statistics::default();
    let (relaxation, pass) = relax(instance, 0.0, options.pivot_limit, start);
    statistics.describe(instance, &relaxation);
    statistics.seconds.relaxation = clock.elapsed().as_secs_f64();

    let searched = Instant::now();
    let (picks, duals) = search(instance, &pass, relaxation, options);
    statistics.seconds.search = searched.elapsed().as_secs_f64();
    let mut solution = certify(problem, picks, duals, statistics);

    let work = options.tree_work(problem.requirement.len());
    if work > 0 && solution.status == Status::Gap {
        let searched = Instant::now();
        solution.improve(problem, instance, &pass, work);
        solution.statistics.seconds.tree = searched.elapsed().as_secs_f64();
    }
    solution.statistics.seconds.total = clock.elapsed().as_secs_f64();
    Ok(solution)
}

/// Rounds the relaxation and improves the better of its two selections.
fn search(
    instance: &Instance,
    pass: &Pass,
    mut relaxation: Relaxation,
    options: &Options,
) -> (Vec<usize>, Vec<f64>) {
    if let Some(rounded) = rounding::round(&relaxation, instance.budget) {
        relaxation.offer(instance, &rounded);
    }
    let mut picks = relaxation.picks;
    if !closed(relaxation.objective, relaxation.bound, 0.0) {
        let effort = local_search::Effort { pool: 1000, work: options.search_work, seed: options.seed };
        local_search::improve(instance, pass, &mut picks, &effort);
    }
    let mut picks: Vec<usize> = picks.iter().map(|&row| row as usize).collect();
    picks.sort_unstable();
    (picks, relaxation.duals)
}

/// One selection is possible. The duals `±λ` make its objective its bound.
fn forced(problem: &Problem, start: Instant) -> Solution {
    let picks: Vec<usize> = (0..problem.budget).collect();
    let mut missing = problem.requirement.to_vec();
    for &row in &picks {
        for (value, &p) in missing.iter_mut().zip(problem.probabilities.row(row)) {
            *value -= f64::from(p);
        }
    }
    let duals = missing.iter().map(|&v| if v < 0.0 { -problem.lambda } else { problem.lambda }).collect();
    trivial(problem, picks, duals, start)
}

/// Without the balancing term: the lowest costs, ties by lowest row.
fn unbalanced(problem: &Problem, start: Instant) -> Solution {
    let mut order: Vec<usize> = (0..problem.costs.len()).collect();
    // Adding 0.0 turns -0.0 into 0.0, so that `total_cmp` orders by value.
    let cost = |row: usize| problem.costs[row] + 0.0;
    lowest(&mut order, problem.budget, cost);
    order.sort_unstable();
    trivial(problem, order, vec![0.0; problem.requirement.len()], start)
}

fn trivial(problem: &Problem, picks: Vec<usize>, duals: Vec<f64>, start: Instant) -> Solution {
    let mut solution = certify(problem, picks, duals, Statistics::default());
    solution.status = Status::Optimal;
    solution.statistics.seconds.total = start.elapsed().as_secs_f64();
    solution
}

/// Computes everything that is claimed about a selection from the selection and the duals alone.
pub(crate) fn certify(
    problem: &Problem,
    picks: Vec<usize>,
    duals: Vec<f64>,
    statistics: Statistics,
) -> Solution {
    let objective = certificate::objective(problem, &picks);
    let (bound, magnitude) = certificate::dual_bound_and_magnitude(problem, &duals);
    let mut solution = Solution {
        objective,
        bound,
        dual_bound: bound,
        gap: 0.0,
        relative_gap: 0.0,
        status: Status::Gap,
        picks,
        duals,
        statistics,
    };
    // 1e-12 of the summed magnitudes is well above what a sum in f64 can lose.
    solution.judge(1e-12 * magnitude);
    solution
}

/// Whether the bound meets the objective, with `error` to spare.
fn closed(objective: f64, bound: f64, error: f64) -> bool {
    objective - (bound - error) <= 1e-9 * bound.abs().max(1.0)
}

impl Solution {
    /// Says how far the objective is from the bound, whose error may be `error`.
    fn judge(&mut self, error: f64) {
        self.gap = (self.objective - self.bound).max(0.0);
        self.relative_gap = self.gap / self.bound.abs().max(1.0);
        self.status = if closed(self.objective, self.bound, error) { Status::Optimal } else { Status::Gap };
    }

    /// Searches for something better by branch and bound, and raises the bound. `pass` must hold `duals`.
    fn improve(&mut self, problem: &Problem, instance: &Instance, pass: &Pass, work: u64) {
        let (free, taken) = fixing::undecided(instance, pass, self.objective);
        let core = tree::Core::new(instance, &free, &taken);
        let found = tree::search(&core, &self.duals, pass.threshold, self.objective, work);
        if let Some(columns) = found.columns {
            let chosen = columns.iter().map(|&column| core.rows[column as usize] as usize);
            let mut picks: Vec<usize> = taken.into_iter().chain(chosen).collect();
            picks.sort_unstable();
            // Both are sums over the same rows in another order.
            self.objective = certificate::objective(problem, &picks);
            self.picks = picks;
        }
        self.statistics.free_rows = Some(free.len());
        self.statistics.nodes = found.nodes;
        // Rows that are fixed are as they are in every selection that is better than the one at hand.
        self.raise(found.bound);
    }

    /// Takes over a bound from elsewhere: no selection is better than it and than the objective.
    pub(crate) fn raise(&mut self, bound: f64) {
        self.bound = self.bound.max(bound.min(self.objective));
        self.judge(0.0);
    }
}

impl Statistics {
    fn describe(&mut self, instance: &Instance, relaxation: &Relaxation) {
        if relaxation.value.is_finite() && !relaxation.fallback {
            self.relaxation = Some(relaxation.value);
            self.rounding_bound = Some(relaxation.rounding_bound(instance));
        }
        self.passes = relaxation.passes;
        self.pivots = relaxation.pivots;
        self.columns = relaxation.columns;
        self.fractionals = relaxation.fractionals.len();
        self.tight_classes = relaxation.tight_classes;
        self.fallback = relaxation.fallback;
    }
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            relaxation: None,
            rounding_bound: None,
            passes: 0.0,
            pivots: 0,
            columns: 0,
            fractionals: 0,
            tight_classes: 0,
            free_rows: None,
            nodes: 0,
            fallback: false,
            seconds: Seconds::default(),
        }
    }
}
