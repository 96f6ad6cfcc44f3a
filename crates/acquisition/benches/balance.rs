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
use tailward_acquisition::balance::instances::{Generated, Shape, generate};
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

/// How long HiGHS may take, in seconds.
const LIMIT: f64 = 60.0;

fn main() -> ExitCode {
    harness::main(INSTANCES.len(), name, run)
}

fn name(index: usize) -> String {
    let (who, rows, classes, _, tight, lambda, _) = INSTANCES[index];
    let who = match who {
        Who::Us => "",
        Who::Cvxpy => "python/cvxpy-",
    };
    let kind = if tight { "tight" } else { "paper" };
    format!("{who}balance/{rows}x{classes}/{kind}/lambda={lambda}")
}

fn run(index: usize) {
    let (who, rows, classes, budget, tight, lambda, repeats) = INSTANCES[index];
    let made = || generate(&Shape { rows, classes, budget, tight, seed: 1 });
    match who {
        Who::Us => run_ours(index, &made(), lambda, budget, repeats),
        Who::Cvxpy => {
            if let Some(interpreter) = python::interpreter(&name(index)) {
                run_cvxpy(index, &interpreter, &made(), lambda, budget);
            }
        }
    }
}

fn run_ours(index: usize, made: &Generated, lambda: f64, budget: usize, repeats: usize) {
    let Measured { seconds, peak_extra_bytes, last } = measure(repeats, || solve_once(made, lambda, budget));
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
    let ours = solve_once(made, lambda, budget);
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

fn solve_once(made: &Generated, lambda: f64, budget: usize) -> Solution {
    let problem = Problem {
        probabilities: made.probabilities.view(),
        costs: &made.costs,
        requirement: &made.requirement,
        lambda,
        budget,
    };
    solve(&problem, &Options::default()).expect("a valid problem")
}
