//! How fast k-center is, how closely it covers, and in how much memory; and what the same takes in NumPy.
//!
//! `cargo bench -p tailward-acquisition --bench k_center [-- FILTER]` prints one JSON line per instance on standard
//! output; with a filter, only for the instances whose name contains it. `TAILWARD_BENCH_PYTHON` names the interpreter
//! that has NumPy.

mod harness;
mod pool;
mod python;

use std::process::ExitCode;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tailward_acquisition::{Selection, coreset, k_center};

use crate::harness::{Measured, measure};
use crate::pool::{DIMS, Pool};

/// The released code of CBAL uses 5/10 on CIFAR-10 and 50/100 on CIFAR-100.
const WEIGHT: f64 = 0.5;

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
    harness::main(INSTANCES.len(), name, run)
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

fn make(what: What, rows: usize, labelled: usize) -> Pool {
    let classes = match what {
        What::Balanced { classes } => classes,
        What::Plain | What::Robust { .. } => 100,
    };
    Pool::make(classes, rows, labelled, DIMS)
}

fn query(pool: &Pool, what: What, budget: usize) -> Selection {
    let (embeddings, rng) = (&pool.embeddings, &mut ChaCha8Rng::seed_from_u64(5));
    let selection = match what {
        What::Plain => k_center::query(embeddings, budget, rng),
        What::Balanced { .. } => {
            let p = pool.probabilities.view();
            k_center::query_balanced(embeddings, p, &pool.labelled_counts, budget, WEIGHT, rng)
        }
        What::Robust { outlier_fraction } => coreset::query(embeddings, budget, outlier_fraction, TOLERANCE),
    };
    selection.expect("valid arrays")
}

fn run(index: usize) {
    let (who, what, rows, labelled, budget, repeats) = INSTANCES[index];
    if let Who::NumPy = who {
        run_numpy(index);
        return;
    }
    let pool = make(what, rows, labelled);
    let Measured { seconds, peak_extra_bytes, last } = measure(repeats, || query(&pool, what, budget));
    let cover = last.cover.expect("there are centres");
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "threads": rayon::current_num_threads(),
            "peak_extra_bytes": peak_extra_bytes,
            "radius": cover.radius,
            "bound": cover.bound,
            "outliers": cover.outliers,
            "l1": last.balance.map(|outcome| outcome.l1),
        },
    });
    println!("{line}");
}

fn run_numpy(index: usize) {
    let (_, what, rows, labelled, budget, _) = INSTANCES[index];
    let Some(interpreter) = python::interpreter(&name(index)) else {
        return;
    };
    let pool = make(what, rows, labelled);
    let task = json!({
        "benchmark": name(index),
        "budget": budget,
        "weight": matches!(what, What::Balanced { .. }).then_some(WEIGHT),
        "requirement": tailward_acquisition::balance::requirement(&pool.labelled_counts, budget),
        "picks": query(&pool, what, budget).picks.iter().map(|pick| pick.row).collect::<Vec<_>>(),
    });
    let arrays = [
        ("unlabelled", pool.embeddings.unlabelled.view().into_dyn()),
        ("labelled", pool.embeddings.labelled.view().into_dyn()),
        ("probabilities", pool.probabilities.view().into_dyn()),
    ];
    python::run(&interpreter, "k_center.py", &arrays, &task);
}
