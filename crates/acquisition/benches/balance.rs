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

/// Rows, classes, budget, tight, λ, repeats.
const INSTANCES: [(usize, usize, usize, bool, f64, usize); 16] = [
    (45_000, 10, 2_500, false, 0.6, 7),
    (45_000, 10, 2_500, false, 1.0, 7),
    (45_000, 10, 2_500, true, 0.6, 5),
    (45_000, 10, 2_500, true, 1.0, 5),
    (45_000, 100, 2_500, false, 0.1, 7),
    (45_000, 100, 2_500, false, 1.0, 7),
    (45_000, 100, 2_500, false, 2.0, 7),
    (45_000, 100, 2_500, true, 0.1, 5),
    (45_000, 100, 2_500, true, 1.0, 5),
    (45_000, 100, 2_500, true, 2.0, 5),
    (45_000, 100, 2_500, true, 5.0, 5),
    (90_000, 200, 4_500, false, 1.0, 3),
    (90_000, 200, 4_500, true, 1.0, 3),
    (1_000_000, 100, 10_000, false, 1.0, 3),
    (1_000_000, 100, 10_000, true, 0.1, 3),
    (1_000_000, 100, 10_000, true, 1.0, 3),
];

/// Those of them that cvxpy is given as well. HiGHS is stopped after [`LIMIT`]; 1,000,000 rows are left out for what
/// stating them takes.
const BESIDE: [usize; 3] = [1, 5, 8];

/// How long HiGHS may take, in seconds.
const LIMIT: f64 = 60.0;

fn main() -> ExitCode {
    harness::main(INSTANCES.len() + BESIDE.len(), name, run)
}

fn name(index: usize) -> String {
    let (who, instance) = match index.checked_sub(INSTANCES.len()) {
        None => ("", index),
        Some(beside) => ("python/cvxpy-", BESIDE[beside]),
    };
    let (rows, classes, _, tight, lambda, _) = INSTANCES[instance];
    let kind = if tight { "tight" } else { "paper" };
    format!("{who}balance/{rows}x{classes}/{kind}/lambda={lambda}")
}

fn run(index: usize) {
    if let Some(beside) = index.checked_sub(INSTANCES.len()) {
        run_cvxpy(index, BESIDE[beside]);
        return;
    }
    let (made, lambda, budget, repeats) = make(index);
    let Measured { seconds, peak_extra_bytes, last } = measure(repeats, || solve_once(&made, lambda, budget));
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

/// An instance, λ, the budget and how often.
fn make(instance: usize) -> (Generated, f64, usize, usize) {
    let (rows, classes, budget, tight, lambda, repeats) = INSTANCES[instance];
    (generate(&Shape { rows, classes, budget, tight, seed: 1 }), lambda, budget, repeats)
}

fn run_cvxpy(index: usize, instance: usize) {
    let Some(interpreter) = python::interpreter(&name(index)) else {
        return;
    };
    let (made, lambda, budget, _) = make(instance);
    let ours = solve_once(&made, lambda, budget);
    let task = json!({
        "benchmark": name(index),
        "budget": budget,
        "lambda": lambda,
        "requirement": made.requirement,
        "limit": LIMIT,
        "objective": ours.objective,
        "bound": ours.bound,
    });
    python::run(
        &interpreter,
        "balance.py",
        &[("probabilities", made.probabilities.view().into_dyn())],
        &task,
    );
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
