//! What a query costs with every strategy at two sizes of pool, for somebody who chooses one: the table of `docs/strategies.md`.
//!
//! `cargo bench -p tailward-acquisition --bench costs [-- FILTER]` prints one JSON line per strategy and size on standard output; with a
//! filter, only for those whose name contains it. What a strategy of 1,000,000 rows would take hours or more memory than there is for is left
//! out. DIRECT and GALAXY are answered at once, with the most probable class.

mod harness;
mod pool;

use std::process::ExitCode;

use ndarray::{Array2, Array3, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tailward_acquisition::{Answer, Arrays, Labelled, Matrix, Strategy};

use crate::harness::measure;
use crate::pool::{DIMS, Pool, normal};

const ROWS: [usize; 2] = [50_000, 1_000_000];
const CLASSES: usize = 100;
const LABELLED: usize = 5_000;
const BUDGET: usize = 2_500;
const PASSES: usize = 10;

/// A strategy as a definition writes it, classes and budget where they are others, and the larger size.
struct Instance {
    strategy: &'static str,
    classes: usize,
    budget: usize,
    both: bool,
}

const fn usual(strategy: &'static str) -> Instance {
    Instance { strategy, classes: CLASSES, budget: BUDGET, both: true }
}

const INSTANCES: [Instance; 27] = [
    usual("kind = 'random'"),
    usual("kind = 'entropy'"),
    usual("kind = 'margin'"),
    usual("kind = 'least-confidence'"),
    usual("kind = 'entropy'\nbalance = { lambda = 1.0, solver = 'auto' }"),
    usual("kind = 'margin'\nbalance = { lambda = 1.0, solver = 'auto' }"),
    usual("kind = 'least-confidence'\nbalance = { lambda = 1.0, solver = 'auto' }"),
    usual("kind = 'vaal'"),
    usual("kind = 'vaal'\nbalance = { lambda = 1.0, solver = 'auto' }"),
    usual("kind = 'bald'\npasses = 10"),
    usual("kind = 'bald'\npasses = 10\nbalance = { lambda = 1.0, solver = 'auto' }"),
    Instance {
        strategy: "kind = 'batch-bald'\npasses = 10\nconfigurations = 10000\ncandidates = 200",
        classes: CLASSES,
        budget: 10,
        both: true,
    },
    usual("kind = 'k-center-greedy'"),
    usual("kind = 'k-center-greedy'\nbalance = { lambda = 0.5, scale = 'absolute' }"),
    usual("kind = 'typiclust'\nneighbours = 20\nmax_clusters = 500"),
    usual("kind = 'pseudo-label'\norder = 'entropy'"),
    usual("kind = 'pseudo-label'\norder = 'random'"),
    usual("kind = 'pseudo-label'\norder = 'k-center'"),
    usual("kind = 'pseudo-label'\norder = 'k-center-per-class'"),
    usual("kind = 'most-likely-positive'"),
    usual("kind = 'base'"),
    usual("kind = 'badge'"),
    usual("kind = 'cluster-margin'\nsample = 1000\nclusters = 500\ncandidates = 1.25"),
    // Its kernel has a value for each unlabelled and each labelled row.
    Instance { strategy: "kind = 'similar'\neta = 1.0", classes: CLASSES, budget: BUDGET, both: false },
    Instance {
        strategy: "kind = 'bait'\nregularisation = 1.0\nmemory_limit_mib = 16384",
        classes: 2,
        budget: 100,
        both: false,
    },
    usual("kind = 'direct'\nmode = 'paper'\nparallel = 1"),
    usual("kind = 'galaxy'\nmode = 'graph'"),
];

fn instance(index: usize) -> (&'static Instance, usize) {
    (&INSTANCES[index % INSTANCES.len()], ROWS[index / INSTANCES.len()])
}

fn main() -> ExitCode {
    harness::main(ROWS.len() * INSTANCES.len(), name, run)
}

fn strategy(instance: &Instance) -> Strategy {
    toml::from_str(instance.strategy).expect("a strategy")
}

fn name(index: usize) -> String {
    let (instance, rows) = instance(index);
    let name = strategy(instance).name();
    format!("cost/{name}/{rows}x{}/budget={}", instance.classes, instance.budget)
}

fn run(index: usize) {
    let (instance, rows) = instance(index);
    if rows > ROWS[0] && !instance.both {
        println!(
            "{}",
            json!({ "benchmark": name(index), "skipped": "it takes hours, or more memory than there is" })
        );
        return;
    }
    let strategy = strategy(instance);
    let arrays = arrays(&strategy, rows, instance.classes);
    let truth = arrays.probabilities.as_ref().map(answers).unwrap_or_default();
    let repeats = if rows > ROWS[0] { 1 } else { 3 };
    let measured = measure(repeats, || {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut conversation = strategy.begin(&arrays, instance.budget, &mut rng).expect("valid arrays");
        while let Some(ask) = conversation.ask() {
            for pick in ask.picks {
                let answer = truth.get(pick.row).map_or(Answer::None, |&class| Answer::Label(class));
                conversation.tell(pick.row, answer).expect("it was asked for");
            }
        }
        conversation.selection().picks.len()
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{}",
        json!({
            "benchmark": name(index),
            "seconds": measured.seconds,
            "detail": { "peak_extra_bytes": measured.peak_extra_bytes, "picks": measured.last, "threads": threads },
        })
    );
}

/// What the strategy needs, and nothing else; probabilities always, for the answers.
fn arrays(strategy: &Strategy, rows: usize, classes: usize) -> Arrays<'static> {
    let needs = strategy.needs();
    let dims = if needs.embeddings || needs.head { DIMS } else { 0 };
    let pool = Pool::make(classes, rows, LABELLED, dims);
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let labels: Vec<u32> = pool
        .labelled_counts
        .iter()
        .enumerate()
        .flat_map(|(class, &count)| std::iter::repeat_n(class as u32, count))
        .collect();
    let known: Vec<usize> = (0..labels.len()).collect();
    Arrays {
        rows: Some(rows),
        logits: needs.logits.then(|| pool.probabilities.mapv(|p| p.max(f32::MIN_POSITIVE).ln()).into()),
        head: needs.head.then(|| pool.embeddings.labelled.select(Axis(0), &known[..classes])),
        dropout_probabilities: (needs.dropout_passes > 0)
            .then(|| disturbed(&pool.probabilities, &mut rng).into()),
        estimates: needs.discriminator.then(|| (0..rows).map(|_| rng.random()).collect()),
        labelled: Labelled {
            probabilities: needs
                .labelled_probabilities
                .then(|| Matrix::from(pool.probabilities.select(Axis(0), &known))),
            embeddings: needs.labelled_embeddings.then(|| pool.embeddings.labelled.clone()),
            labels,
        },
        embeddings: needs.embeddings.then(|| pool.embeddings.unlabelled.clone()),
        probabilities: Some(pool.probabilities.into()),
    }
}

/// The passes of a network with dropout. `[passes, rows, classes]`
fn disturbed(probabilities: &Array2<f32>, rng: &mut ChaCha8Rng) -> Array3<f32> {
    let (rows, classes) = probabilities.dim();
    let mut passes = Array3::from_shape_fn((PASSES, rows, classes), |(_, row, class)| {
        probabilities[[row, class]] * (0.5 * normal(rng)).exp()
    });
    for mut lane in passes.lanes_mut(Axis(2)) {
        let sum = lane.sum();
        lane.mapv_inplace(|p| p / sum);
    }
    passes
}

/// The most probable class of each row.
fn answers(probabilities: &Matrix<'_>) -> Vec<u32> {
    let top = |row: ndarray::ArrayView1<'_, f32>| {
        let best = row
            .iter()
            .enumerate()
            .fold((0, f32::MIN), |best, (class, &p)| if p > best.1 { (class, p) } else { best });
        best.0 as u32
    };
    probabilities.view().rows().into_iter().map(top).collect()
}
