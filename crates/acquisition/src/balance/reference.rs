//! The same programme in the words of a general-purpose solver, for checks.
//!
//! It is stated with equalities, `Pᵀz + s⁺ − s⁻ = Ω`, so that the dense rows appear once. On a whole pool this is
//! hopeless (microlp's time grows like the square of the rows); on a few hundred columns it is quick.

use good_lp::{
    Expression, ProblemVariables, Solution as _, SolutionStatus, SolverModel, Variable, microlp, variable,
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
    solve(problem, Rows::Fractional)
}

/// Solves the programme itself, `z ∈ {0, 1}`.
///
/// # Errors
///
/// Those of [`Problem::validate`], and [`Error::Reference`] if the solver fails.
pub fn integer(problem: &Problem) -> Result<Reference, Error> {
    problem.validate()?;
    solve(problem, Rows::Whole)
}

/// What a row may be picked as.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    Whole,
    Fractional,
}

fn solve(problem: &Problem, kind: Rows) -> Result<Reference, Error> {
    let mut variables = ProblemVariables::new();
    let rows: Vec<Variable> = problem
        .costs
        .iter()
        .map(|_| {
            variables.add(match kind {
                Rows::Whole => variable().binary(),
                Rows::Fractional => variable().min(0.0).max(1.0),
            })
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

    let what = if kind == Rows::Whole { "integer programme" } else { "linear programme" };
    let solution = model.solve().map_err(|source| Error::Reference { model: what, source })?;
    let weights: Vec<f64> = rows.iter().map(|&row| solution.value(row)).collect();
    Ok(Reference {
        objective: evaluate(problem, &weights),
        weights,
        optimal: matches!(solution.status(), SolutionStatus::Optimal),
    })
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
