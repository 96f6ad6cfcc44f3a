//! How fast the class-balancing programme is solved, how well, and in how much memory.
//!
//! `cargo bench -p tailward-acquisition [-- FILTER]` prints one JSON line per instance on standard output; with a
//! filter, only for the instances whose name contains it. Every instance runs in a process of its own, so that the
//! peak of its memory is its own.

mod memory;

use std::process::{Command, ExitCode};

use serde_json::json;
use tailward_acquisition::balance::instances::{Generated, Shape, generate};
use tailward_acquisition::balance::{Options, Problem, Solution, solve};

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

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, index] = arguments.as_slice()
        && flag == "--instance"
    {
        run(index.parse().expect("an index"));
        return ExitCode::SUCCESS;
    }
    let filter = arguments.first().map_or("", String::as_str);
    let executable = std::env::current_exe().expect("the path of this programme");
    for index in (0..INSTANCES.len()).filter(|&index| name(index).contains(filter)) {
        let status = Command::new(&executable)
            .args(["--instance", &index.to_string()])
            .status()
            .expect("this programme starts itself");
        if !status.success() {
            eprintln!("{} ended with {status}", name(index));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn name(index: usize) -> String {
    let (rows, classes, _, tight, lambda, _) = INSTANCES[index];
    let kind = if tight { "tight" } else { "paper" };
    format!("balance/{rows}x{classes}/{kind}/lambda={lambda}")
}

fn run(index: usize) {
    let (rows, classes, budget, tight, lambda, repeats) = INSTANCES[index];
    let made = generate(&Shape { rows, classes, budget, tight, seed: 1 });
    let before = memory::of_this_process("VmRSS:");
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..repeats {
        let start = std::time::Instant::now();
        let solution = solve_once(&made, lambda, budget);
        seconds.push(start.elapsed().as_secs_f64());
        last = Some(solution);
    }
    let peak =
        memory::of_this_process("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    let solution = last.expect("at least one repeat");
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "objective": solution.objective,
            "bound": solution.bound,
            "gap": solution.gap,
            "relative_gap": solution.relative_gap,
            "status": solution.status,
            "peak_extra_bytes": peak,
            "statistics": solution.statistics,
        },
    });
    println!("{line}");
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
