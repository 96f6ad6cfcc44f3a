//! How fast BADGE draws, and in how much memory.
//!
//! `cargo bench -p tailward-acquisition --bench badge [-- FILTER]` prints one JSON line per instance on standard output;
//! with a filter, only for the instances whose name contains it.

mod harness;
#[expect(dead_code, reason = "BADGE does not look at what is labelled")]
mod pool;

use std::process::ExitCode;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tailward_acquisition::badge;

use crate::harness::{Measured, measure};
use crate::pool::{DIMS, Pool};

const REPEATS: usize = 3;

/// Rows, classes, budget.
const INSTANCES: [(usize, usize, usize); 3] =
    [(45_000, 100, 2_500), (45_000, 10, 2_500), (130_000, 100, 2_500)];

fn main() -> ExitCode {
    harness::main(INSTANCES.len(), name, run)
}

fn name(index: usize) -> String {
    let (rows, classes, budget) = INSTANCES[index];
    format!("badge/{rows}x{classes}x{DIMS}/budget={budget}")
}

fn run(index: usize) {
    let (rows, classes, budget) = INSTANCES[index];
    let pool = Pool::make(classes, rows, 1);
    let query = || {
        let (p, embeddings) = (pool.probabilities.view(), pool.embeddings.unlabelled.view());
        badge::query(p, embeddings, budget, &mut ChaCha8Rng::seed_from_u64(5)).expect("valid arrays")
    };
    let Measured { seconds, peak_extra_bytes, last } = measure(REPEATS, query);
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "threads": rayon::current_num_threads(),
            "peak_extra_bytes": peak_extra_bytes,
            "last_squared_distance": last.picks.last().map(|pick| pick.score),
        },
    });
    println!("{line}");
}
