//! What it is worth to start a weight where the last one ended.
//!
//! `cargo bench -p tailward-acquisition --bench lambda [-- FILTER]` prints one JSON line per pool on standard output: the time of a
//! warm sweep over the grid of weights, and in its details the passes, pivots and seconds of warm and cold starts,
//! and how far the curves of cold starts are from falling and the warm objectives from the cold ones.

mod harness;

use std::process::ExitCode;

use serde_json::{Value, json};
use tailward_acquisition::balance::instances::{Shape, generate, generate_apart};
use tailward_acquisition::balance::{Options, Problem, Solution, certificate, solve, solve_along};
use tailward_acquisition::lambda::GRID;

use crate::harness::{Measured, measure};

const REPEATS: usize = 3;

/// How sure the classifier of a pool is.
#[derive(Clone, Copy)]
enum Kind {
    Paper,
    Tight,
    /// The distance of the classes. Branch and bound takes part.
    Confident(f64),
}

/// Rows, classes, budget, kind and seed.
const POOLS: [(usize, usize, usize, Kind, u64); 4] = [
    (45_000, 100, 2_500, Kind::Paper, 1),
    (45_000, 100, 2_500, Kind::Tight, 1),
    (5_000, 10, 100, Kind::Confident(3.5), 3),
    (5_000, 20, 50, Kind::Confident(4.5), 13),
];

fn main() -> ExitCode {
    harness::main(POOLS.len(), name, run)
}

fn name(index: usize) -> String {
    let (rows, classes, budget, kind, _) = POOLS[index];
    match kind {
        Kind::Paper => format!("lambda/{rows}x{classes}/paper"),
        Kind::Tight => format!("lambda/{rows}x{classes}/tight"),
        Kind::Confident(distance) => {
            format!("lambda/{rows}x{classes}/confident={distance}/budget={budget}")
        }
    }
}

fn run(index: usize) {
    let (rows, classes, budget, kind, seed) = POOLS[index];
    let shape = Shape { rows, classes, budget, tight: !matches!(kind, Kind::Paper), seed };
    let made = match kind {
        Kind::Confident(distance) => generate_apart(&shape, distance),
        Kind::Paper | Kind::Tight => generate(&shape),
    };
    let problem = |lambda: f64| Problem {
        probabilities: made.probabilities.view(),
        costs: &made.costs,
        requirement: &made.requirement,
        lambda,
        budget,
    };
    let options = Options::default();
    let Measured { seconds: warm_seconds, last: warm, peak_extra_bytes } =
        measure(REPEATS, || solve_along(&problem(0.0), &GRID, &options).expect("a valid problem"));
    let Measured { seconds: cold_seconds, last: cold, .. } = measure(REPEATS, || {
        let cold = |&lambda: &f64| solve(&problem(lambda), &options).expect("a valid problem");
        GRID.iter().map(cold).collect::<Vec<_>>()
    });
    let Measured { seconds: one_seconds, .. } =
        measure(REPEATS, || solve(&problem(1.0), &options).expect("a valid problem"));
    let gains: Vec<f64> =
        cold.iter().zip(&warm).map(|(cold, warm)| cold.objective - warm.objective).collect();
    let line = json!({
        "benchmark": name(index),
        "seconds": warm_seconds,
        "detail": {
            "peak_extra_bytes": peak_extra_bytes,
            "cold_seconds": cold_seconds,
            "one_answer_seconds": one_seconds,
            "warm": totals(&warm),
            "cold": totals(&cold),
            "cold_l1_largest_rise": largest_rise(&problem(0.0), &cold),
            "warm_l1_largest_rise": largest_rise(&problem(0.0), &warm),
            "warm_l1": curve(&problem(0.0), &warm),
            "objective_gain_least": gains.iter().copied().fold(f64::INFINITY, f64::min),
            "objective_gain_mean": gains.iter().sum::<f64>() / gains.len() as f64,
        },
    });
    println!("{line}");
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

/// `‖Ω − Pᵀz‖₁`, which does not depend on the weight.
fn curve(problem: &Problem, solutions: &[Solution]) -> Vec<f64> {
    solutions.iter().map(|solution| certificate::l1(problem, &solution.picks)).collect()
}

fn largest_rise(problem: &Problem, solutions: &[Solution]) -> f64 {
    curve(problem, solutions).windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
}
