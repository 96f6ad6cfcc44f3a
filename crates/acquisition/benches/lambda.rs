//! What it is worth to start a weight where the last one ended.
//!
//! `cargo bench -p tailward-acquisition --bench lambda [-- FILTER]` prints one JSON line per pool on standard output: the time of a
//! warm sweep over the grid of weights, and in its details the passes, pivots and seconds of warm and cold starts,
//! and how far the curves of cold starts are from falling and the warm objectives from the cold ones.

mod harness;

use std::process::ExitCode;

use serde_json::{Value, json};
use tailward_acquisition::balance::instances::{Generated, Shape, generate};
use tailward_acquisition::balance::{Options, Problem, Solution, certificate, solve, solve_along};
use tailward_acquisition::lambda::GRID;

use crate::harness::{Measured, measure};

const REPEATS: usize = 3;

fn main() -> ExitCode {
    harness::main(2, name, run)
}

fn name(index: usize) -> String {
    format!("lambda/45000x100/{}", if index == 1 { "tight" } else { "paper" })
}

fn run(index: usize) {
    let tight = index == 1;
    let made = generate(&Shape { rows: 45_000, classes: 100, budget: 2500, tight, seed: 1 });
    let options = Options::default();
    let Measured { seconds: warm_seconds, last: warm, peak_extra_bytes } =
        measure(REPEATS, || solve_along(&problem(&made, 0.0), &GRID, &options).expect("a valid problem"));
    let Measured { seconds: cold_seconds, last: cold, .. } = measure(REPEATS, || {
        let cold = |&lambda: &f64| solve(&problem(&made, lambda), &options).expect("a valid problem");
        GRID.iter().map(cold).collect::<Vec<_>>()
    });
    let gains: Vec<f64> =
        cold.iter().zip(&warm).map(|(cold, warm)| cold.objective - warm.objective).collect();
    let line = json!({
        "benchmark": name(index),
        "seconds": warm_seconds,
        "detail": {
            "peak_extra_bytes": peak_extra_bytes,
            "cold_seconds": cold_seconds,
            "warm": totals(&warm),
            "cold": totals(&cold),
            "cold_l1_largest_rise": largest_rise(&made, &cold),
            "warm_l1_largest_rise": largest_rise(&made, &warm),
            "warm_l1": curve(&made, &warm),
            "objective_gain_least": gains.iter().copied().fold(f64::INFINITY, f64::min),
            "objective_gain_mean": gains.iter().sum::<f64>() / gains.len() as f64,
        },
    });
    println!("{line}");
}

fn problem(made: &Generated, lambda: f64) -> Problem<'_> {
    Problem {
        probabilities: made.probabilities.view(),
        costs: &made.costs,
        requirement: &made.requirement,
        lambda,
        budget: 2500,
    }
}

fn totals(solutions: &[Solution]) -> Value {
    let statistics = || solutions.iter().map(|solution| &solution.statistics);
    json!({
        "passes": statistics().map(|statistics| statistics.passes).sum::<f64>(),
        "pivots": statistics().map(|statistics| statistics.pivots).sum::<usize>(),
        "columns_at_most": statistics().map(|statistics| statistics.columns).max(),
        "relaxation_seconds": statistics().map(|statistics| statistics.seconds.relaxation).sum::<f64>(),
        "search_seconds": statistics().map(|statistics| statistics.seconds.search).sum::<f64>(),
        "relative_gap_at_most":
            solutions.iter().map(|solution| solution.relative_gap).fold(0.0, f64::max),
    })
}

fn curve(made: &Generated, solutions: &[Solution]) -> Vec<f64> {
    solutions.iter().map(|solution| certificate::l1(&problem(made, 0.0), &solution.picks)).collect()
}

fn largest_rise(made: &Generated, solutions: &[Solution]) -> f64 {
    curve(made, solutions).windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
}
