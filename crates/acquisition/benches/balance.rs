//! How fast the class-balancing programme is solved, how well, and in how much memory; and what the same takes by cvxpy
//! with HiGHS.
//!
//! `cargo bench -p tailward-acquisition --bench balance [-- FILTER]` prints one JSON line per instance on standard
//! output; with a filter, only for the instances whose name contains it. `TAILWARD_BENCH_PYTHON` names the interpreter
//! that has cvxpy and highspy.

mod harness;
mod python;

use std::process::ExitCode;

use serde_json::json;
use tailward_acquisition::SolverMode;
use tailward_acquisition::balance::instances::{Generated, Shape, generate, generate_apart};
use tailward_acquisition::balance::{Options, Problem, Solution, solve};

use crate::harness::{Measured, measure};

#[derive(Clone, Copy)]
enum Who {
    Us,
    Cvxpy,
}

/// Who solves it, rows, classes, budget, tight, λ, repeats. cvxpy is given no 1,000,000 rows, for what stating them takes.
const INSTANCES: [(Who, usize, usize, usize, bool, f64, usize); 19] = [
    (Who::Us, 45_000, 10, 2_500, false, 0.6, 7),
    (Who::Us, 45_000, 10, 2_500, false, 1.0, 7),
    (Who::Us, 45_000, 10, 2_500, true, 0.6, 5),
    (Who::Us, 45_000, 10, 2_500, true, 1.0, 5),
    (Who::Us, 45_000, 100, 2_500, false, 0.1, 7),
    (Who::Us, 45_000, 100, 2_500, false, 1.0, 7),
    (Who::Us, 45_000, 100, 2_500, false, 2.0, 7),
    (Who::Us, 45_000, 100, 2_500, true, 0.1, 5),
    (Who::Us, 45_000, 100, 2_500, true, 1.0, 5),
    (Who::Us, 45_000, 100, 2_500, true, 2.0, 5),
    (Who::Us, 45_000, 100, 2_500, true, 5.0, 5),
    (Who::Us, 90_000, 200, 4_500, false, 1.0, 3),
    (Who::Us, 90_000, 200, 4_500, true, 1.0, 3),
    (Who::Us, 1_000_000, 100, 10_000, false, 1.0, 3),
    (Who::Us, 1_000_000, 100, 10_000, true, 0.1, 3),
    (Who::Us, 1_000_000, 100, 10_000, true, 1.0, 3),
    (Who::Cvxpy, 45_000, 10, 2_500, false, 1.0, 1),
    (Who::Cvxpy, 45_000, 100, 2_500, false, 1.0, 1),
    (Who::Cvxpy, 45_000, 100, 2_500, true, 1.0, 1),
];

/// Pools of a classifier that is sure of nearly every row: rows, classes, budget, distance of the classes, λ, seed. All are tight.
const CONFIDENT: [(usize, usize, usize, f64, f64, u64); 8] = [
    (5_000, 10, 50, 3.0, 1.0, 1),
    (5_000, 10, 100, 3.0, 0.5, 2),
    (5_000, 10, 100, 3.5, 1.0, 3),
    (5_000, 10, 100, 4.2, 2.0, 4),
    (10_000, 10, 200, 3.5, 1.0, 5),
    (5_000, 20, 100, 3.3, 1.0, 8),
    (5_000, 20, 100, 4.0, 0.5, 9),
    (5_000, 20, 50, 4.5, 1.0, 13),
];

/// What each of these is solved by.
const SOLVERS: [(&str, Solver); 3] = [
    ("", Solver::Ours(SolverMode::Auto)),
    ("exact-", Solver::Ours(SolverMode::Exact)),
    ("python/cvxpy-", Solver::Cvxpy),
];

#[derive(Clone, Copy)]
enum Solver {
    Ours(SolverMode),
    Cvxpy,
}

/// How long HiGHS may take, in seconds.
const LIMIT: f64 = 60.0;

fn main() -> ExitCode {
    harness::main(INSTANCES.len() + CONFIDENT.len() * SOLVERS.len(), name, run)
}

fn name(index: usize) -> String {
    if let Some(index) = index.checked_sub(INSTANCES.len()) {
        let (rows, classes, budget, separation, lambda, _) = CONFIDENT[index / SOLVERS.len()];
        let who = SOLVERS[index % SOLVERS.len()].0;
        return format!(
            "{who}balance/{rows}x{classes}/confident={separation}/budget={budget}/lambda={lambda}"
        );
    }
    let (who, rows, classes, _, tight, lambda, _) = INSTANCES[index];
    let who = match who {
        Who::Us => "",
        Who::Cvxpy => "python/cvxpy-",
    };
    let kind = if tight { "tight" } else { "paper" };
    format!("{who}balance/{rows}x{classes}/{kind}/lambda={lambda}")
}

fn run(index: usize) {
    if index >= INSTANCES.len() {
        return run_confident(index);
    }
    let (who, rows, classes, budget, tight, lambda, repeats) = INSTANCES[index];
    let made = || generate(&Shape { rows, classes, budget, tight, seed: 1 });
    match who {
        Who::Us => run_ours(index, &made(), (lambda, budget), SolverMode::Auto, repeats),
        Who::Cvxpy => {
            if let Some(interpreter) = python::interpreter(&name(index)) {
                run_cvxpy(index, &interpreter, &made(), lambda, budget);
            }
        }
    }
}

fn run_confident(index: usize) {
    let place = index - INSTANCES.len();
    let (rows, classes, budget, separation, lambda, seed) = CONFIDENT[place / SOLVERS.len()];
    let made = || generate_apart(&Shape { rows, classes, budget, tight: true, seed }, separation);
    match SOLVERS[place % SOLVERS.len()].1 {
        Solver::Ours(mode) => {
            let repeats = if mode == SolverMode::Auto { 3 } else { 1 };
            run_ours(index, &made(), (lambda, budget), mode, repeats);
        }
        Solver::Cvxpy => {
            if let Some(interpreter) = python::interpreter(&name(index)) {
                run_cvxpy(index, &interpreter, &made(), lambda, budget);
            }
        }
    }
}

fn run_ours(
    index: usize,
    made: &Generated,
    (lambda, budget): (f64, usize),
    mode: SolverMode,
    repeats: usize,
) {
    let options = Options { mode, ..Options::default() };
    let Measured { seconds, peak_extra_bytes, last } =
        measure(repeats, || solve_once(made, lambda, budget, &options));
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "objective": last.objective,
            "bound": last.bound,
            "gap": last.gap,
            "relative_gap": last.relative_gap,
            "status": last.status,
            "peak_extra_bytes": peak_extra_bytes,
            "statistics": last.statistics,
        },
    });
    println!("{line}");
}

fn run_cvxpy(index: usize, interpreter: &str, made: &Generated, lambda: f64, budget: usize) {
    let ours = solve_once(made, lambda, budget, &Options::default());
    let task = json!({
        "benchmark": name(index),
        "budget": budget,
        "lambda": lambda,
        "requirement": made.requirement,
        "limit": LIMIT,
        "objective": ours.objective,
        "bound": ours.bound,
    });
    python::run(interpreter, "balance.py", &[("probabilities", made.probabilities.view().into_dyn())], &task);
}

fn solve_once(made: &Generated, lambda: f64, budget: usize, options: &Options) -> Solution {
    let problem = Problem {
        probabilities: made.probabilities.view(),
        costs: &made.costs,
        requirement: &made.requirement,
        lambda,
        budget,
    };
    solve(&problem, options).expect("a valid problem")
}
