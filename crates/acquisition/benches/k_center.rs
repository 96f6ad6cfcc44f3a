//! How fast k-center is, how closely it covers, and in how much memory; and what the same takes in NumPy.
//!
//! `cargo bench -p tailward-acquisition --bench k_center [-- [--python INTERPRETER] [FILTER]]` prints one JSON line per
//! instance on standard output; with a filter, only for the instances whose name contains it. Every instance runs in a
//! process of its own, so that the peak of its memory is its own. The interpreter needs NumPy; without the flag it is
//! taken from `TAILWARD_BENCH_PYTHON`, and without either the lines of NumPy say that they were skipped.

mod memory;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tailward_acquisition::balance::instances::{Shape, generate};
use tailward_acquisition::k_center::{self, Embeddings};
use tailward_acquisition::{Selection, coreset};

/// The released code of CBAL uses 5/10 on CIFAR-10 and 50/100 on CIFAR-100.
const WEIGHT: f64 = 0.5;

const DIMS: usize = 512;

/// Bisection ends when the radius is known to within this share of the greedy radius.
const TOLERANCE: f64 = 0.001;

#[derive(Clone, Copy)]
enum Who {
    Us,
    NumPy,
}

#[derive(Clone, Copy)]
enum What {
    Plain,
    Balanced { classes: usize },
    Robust { outlier_fraction: f64 },
}

/// Who does what, rows, labelled rows, budget, repeats.
const INSTANCES: [(Who, What, usize, usize, usize, usize); 8] = [
    (Who::Us, What::Plain, 45_000, 5_000, 2_500, 3),
    (Who::Us, What::Balanced { classes: 100 }, 45_000, 5_000, 2_500, 3),
    (Who::Us, What::Plain, 24_750, 5_000, 2_500, 3),
    (Who::Us, What::Balanced { classes: 10 }, 24_750, 5_000, 2_500, 3),
    (Who::Us, What::Robust { outlier_fraction: 0.0 }, 4_000, 200, 200, 3),
    (Who::Us, What::Robust { outlier_fraction: 0.01 }, 4_000, 200, 200, 3),
    (Who::NumPy, What::Plain, 45_000, 5_000, 2_500, 1),
    (Who::NumPy, What::Balanced { classes: 100 }, 45_000, 5_000, 2_500, 1),
];

fn main() -> ExitCode {
    let mut filter = String::new();
    let mut python = std::env::var("TAILWARD_BENCH_PYTHON").ok();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--python" => python = arguments.next(),
            "--instance" => {
                run(arguments.next().expect("an index").parse().expect("an index"), python.as_deref());
                return ExitCode::SUCCESS;
            }
            _ => filter = argument,
        }
    }
    let executable = std::env::current_exe().expect("the path of this programme");
    for index in (0..INSTANCES.len()).filter(|&index| name(index).contains(&filter)) {
        let mut command = Command::new(&executable);
        if let Some(python) = &python {
            command.args(["--python", python]);
        }
        let status =
            command.args(["--instance", &index.to_string()]).status().expect("this programme starts itself");
        if !status.success() {
            eprintln!("{} ended with {status}", name(index));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn name(index: usize) -> String {
    let (who, what, rows, labelled, budget, _) = INSTANCES[index];
    let who = match who {
        Who::Us => "",
        Who::NumPy => "python/numpy-",
    };
    let sizes = format!("{rows}x{DIMS}/labelled={labelled}/budget={budget}");
    match what {
        What::Plain => format!("{who}k-center/{sizes}"),
        What::Balanced { classes } => format!("{who}k-center-cb/{sizes}/classes={classes}"),
        What::Robust { outlier_fraction } => format!("{who}coreset/{sizes}/outliers={outlier_fraction}"),
    }
}

/// A pool, labelled rows, and what a classifier thinks of the pool.
struct Made {
    unlabelled: Array2<f32>,
    labelled: Array2<f32>,
    probabilities: Array2<f32>,
    labelled_counts: Vec<usize>,
}

/// Rectified Gaussian clusters, one per class, as pooled features are not negative; the classes are those of the
/// generated classifier, half of them rare.
fn make(what: What, rows: usize, labelled: usize) -> Made {
    let classes = match what {
        What::Balanced { classes } => classes,
        What::Plain | What::Robust { .. } => 100,
    };
    let shape = |rows, seed| Shape { rows, classes, budget: 1, tight: false, seed };
    let (pool, known) = (generate(&shape(rows, 1)), generate(&shape(labelled, 2)));
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let means = Array2::from_shape_simple_fn((classes, DIMS), || normal(&mut rng));
    let mut embed = |labels: &[usize]| {
        Array2::from_shape_fn((labels.len(), DIMS), |(row, column)| {
            (0.5 * means[[labels[row], column]] + 0.5 * normal(&mut rng)).max(0.0)
        })
    };
    let mut labelled_counts = vec![0; classes];
    known.labels.iter().for_each(|&label| labelled_counts[label] += 1);
    Made {
        unlabelled: embed(&pool.labels),
        labelled: embed(&known.labels),
        probabilities: pool.probabilities,
        labelled_counts,
    }
}

/// A standard normal value (Box and Muller).
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()) as f32
}

fn query(made: &Made, what: What, budget: usize) -> Selection {
    let embeddings = Embeddings { unlabelled: made.unlabelled.view(), labelled: made.labelled.view() };
    let selection = match what {
        What::Plain => k_center::query(embeddings, budget),
        What::Balanced { .. } => {
            let p = made.probabilities.view();
            k_center::query_balanced(embeddings, p, &made.labelled_counts, budget, WEIGHT)
        }
        What::Robust { outlier_fraction } => coreset::query(embeddings, budget, outlier_fraction, TOLERANCE),
    };
    selection.expect("valid arrays")
}

fn run(index: usize, python: Option<&str>) {
    let (who, what, rows, labelled, budget, repeats) = INSTANCES[index];
    if let Who::NumPy = who {
        run_numpy(index, python);
        return;
    }
    let made = make(what, rows, labelled);
    let before = memory::of_this_process("VmRSS:");
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..repeats {
        let start = Instant::now();
        let selection = query(&made, what, budget);
        seconds.push(start.elapsed().as_secs_f64());
        last = Some(selection);
    }
    let peak =
        memory::of_this_process("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    let selection = last.expect("at least one repeat");
    let cover = selection.cover.expect("there are centres");
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "threads": rayon::current_num_threads(),
            "peak_extra_bytes": peak,
            "radius": cover.radius,
            "bound": cover.bound,
            "outliers": cover.outliers,
            "l1": selection.balance.map(|outcome| outcome.l1),
        },
    });
    println!("{line}");
}

/// Writes the arrays and our picks, and starts the script on them, which prints its own line.
fn run_numpy(index: usize, python: Option<&str>) {
    let (_, what, rows, labelled, budget, _) = INSTANCES[index];
    let Some(python) = python else {
        let reason = "no interpreter: --python or TAILWARD_BENCH_PYTHON names none";
        println!("{}", json!({ "benchmark": name(index), "skipped": reason }));
        return;
    };
    let made = make(what, rows, labelled);
    let ours: Vec<u64> = query(&made, what, budget).picks.iter().map(|pick| pick.row as u64).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, array: &Array2<f32>| {
        ndarray_npy::write_npy(folder.path().join(name), array).expect("room for an array");
    };
    write("unlabelled.npy", &made.unlabelled);
    write("labelled.npy", &made.labelled);
    write("probabilities.npy", &made.probabilities);
    let task = json!({
        "benchmark": name(index),
        "budget": budget,
        "weight": matches!(what, What::Balanced { .. }).then_some(WEIGHT),
        "requirement": tailward_acquisition::balance::requirement(&made.labelled_counts, budget),
        "picks": ours,
    });
    std::fs::write(folder.path().join("task.json"), task.to_string()).expect("room for the task");
    drop(made);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/python/k_center.py");
    let status = Command::new(python).arg(script).arg(folder.path()).status().expect("start the interpreter");
    assert!(status.success(), "{python} ended with {status}");
}
