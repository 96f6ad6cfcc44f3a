//! The same programme in the words of a general-purpose solver, for checks and for the exact mode.
//!
//! It is stated with equalities, `Pᵀz + s⁺ − s⁻ = Ω`, so that the dense rows appear once. On a whole pool this is
//! hopeless (microlp's time grows like the square of the rows); on a few hundred columns it is quick.

use good_lp::{
    Expression, ProblemVariables, Solution as _, SolutionStatus, SolverModel, Variable, WithInitialSolution,
    WithTimeLimit, microlp, variable,
};

use super::Problem;
use crate::Error;

/// What the general-purpose solver found.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// `z`. `[rows]`
    pub weights: Vec<f64>,
    /// The objective of `weights`, evaluated here: a solver's own figure can be off by its tolerances.
    pub objective: f64,
    /// Whether the solver claims that there is nothing better.
    pub optimal: bool,
}

/// Solves the linear relaxation, `0 ≤ z ≤ 1`.
///
/// # Errors
///
/// Those of [`Problem::validate`], and [`Error::Reference`] if the solver fails.
pub fn relaxation(problem: &Problem) -> Result<Reference, Error> {
    problem.validate()?;
    solve(problem, &Limits { integer: false, seconds: None, start: None })
}

/// Solves the programme itself, `z ∈ {0, 1}`.
///
/// # Errors
///
/// Those of [`Problem::validate`], and [`Error::Reference`] if the solver fails.
pub fn integer(problem: &Problem) -> Result<Reference, Error> {
    problem.validate()?;
    solve(problem, &Limits { integer: true, seconds: None, start: None })
}

/// What the solver is told besides the problem.
pub(crate) struct Limits<'a> {
    pub(crate) integer: bool,
    /// Give up after this long.
    pub(crate) seconds: Option<f64>,
    /// A known selection, as rows.
    pub(crate) start: Option<&'a [usize]>,
}

/// States the problem, which need not be valid in itself (a core has rows left out), and solves it.
pub(crate) fn solve(problem: &Problem, limits: &Limits) -> Result<Reference, Error> {
    let mut variables = ProblemVariables::new();
    let rows: Vec<Variable> = problem
        .costs
        .iter()
        .map(|_| {
            variables.add(if limits.integer { variable().binary() } else { variable().min(0.0).max(1.0) })
        })
        .collect();
    let slacks: Vec<(Variable, Variable)> = problem
        .requirement
        .iter()
        .map(|_| (variables.add(variable().min(0.0)), variables.add(variable().min(0.0))))
        .collect();

    let mut objective = Expression::with_capacity(rows.len() + 2 * slacks.len());
    for (&row, &cost) in rows.iter().zip(problem.costs) {
        objective.add_mul(cost, row);
    }
    for &(less, more) in &slacks {
        objective.add_mul(problem.lambda, less);
        objective.add_mul(problem.lambda, more);
    }
    let mut model = variables.minimise(objective).using(microlp);

    for (class, (&(less, more), &need)) in slacks.iter().zip(problem.requirement).enumerate() {
        let mut sum = Expression::with_capacity(rows.len() + 2);
        for (&row, &p) in rows.iter().zip(problem.probabilities.column(class)) {
            sum.add_mul(f64::from(p), row);
        }
        sum.add_mul(1.0, less);
        sum.add_mul(-1.0, more);
        model.add_constraint(sum.eq(need));
    }
    let picked: Expression = rows.iter().sum();
    model.add_constraint(picked.eq(problem.budget as f64));
    if let Some(seconds) = limits.seconds {
        model = model.with_time_limit(seconds);
    }
    if let Some(start) = limits.start {
        model = model.with_initial_solution(initial(problem, start, &rows, &slacks));
    }

    let what = if limits.integer { "integer programme" } else { "linear programme" };
    let solution = model.solve().map_err(|source| Error::Reference { model: what, source })?;
    let weights: Vec<f64> = rows.iter().map(|&row| solution.value(row)).collect();
    Ok(Reference {
        objective: evaluate(problem, &weights),
        weights,
        optimal: matches!(solution.status(), SolutionStatus::Optimal),
    })
}

fn initial(
    problem: &Problem,
    start: &[usize],
    rows: &[Variable],
    slacks: &[(Variable, Variable)],
) -> Vec<(Variable, f64)> {
    let mut weights = vec![0.0; rows.len()];
    start.iter().for_each(|&row| weights[row] = 1.0);
    let missing = residual(problem, &weights);
    let mut values: Vec<(Variable, f64)> = rows.iter().copied().zip(weights).collect();
    for (&(less, more), v) in slacks.iter().zip(missing) {
        values.push((less, v.max(0.0)));
        values.push((more, (-v).max(0.0)));
    }
    values
}

fn residual(problem: &Problem, weights: &[f64]) -> Vec<f64> {
    let mut missing = problem.requirement.to_vec();
    for (row, &weight) in problem.probabilities.rows().into_iter().zip(weights) {
        for (value, &p) in missing.iter_mut().zip(row) {
            *value -= weight * f64::from(p);
        }
    }
    missing
}

fn evaluate(problem: &Problem, weights: &[f64]) -> f64 {
    let cost: f64 = problem.costs.iter().zip(weights).map(|(cost, weight)| cost * weight).sum();
    cost + problem.lambda * residual(problem, weights).iter().map(|v| v.abs()).sum::<f64>()
}
