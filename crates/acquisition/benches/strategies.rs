//! How long each strategy takes to choose, and what the same takes in scikit-activeml where that has it.
//!
//! `cargo bench -p tailward-acquisition --bench strategies [-- FILTER]` prints one JSON line per strategy on standard
//! output; with a filter, only for those whose name contains it. `TAILWARD_BENCH_PYTHON` names the interpreter that has
//! scikit-activeml. k-center and core-set are measured by the benchmark `k_center`, the programme on harder instances by
//! `balance`; what a network computes for a strategy belongs to `tailward bench`.

mod harness;
mod pool;
mod python;

use std::process::ExitCode;

use ndarray::{Array3, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tailward_acquisition::{
    Balance, Error, Lambda, Prediction, PseudoLabelOrder, Selection, SolverMode, Strategy, VaalNetworks,
    balance, bald, batch_bald, entropy, least_confidence, margin, pseudo_label, random, select, vaal,
};

use crate::harness::{Measured, measure};
use crate::pool::{Pool, normal};

const REPEATS: usize = 3;
const CLASSES: usize = 100;
const ROWS: usize = 45_000;
const LABELLED: usize = 5_000;
const BUDGET: usize = 2_500;
const PASSES: usize = 10;

/// BatchBALD is for small batches, among few candidates.
const BATCH_BALD: (usize, usize, usize) = (200, 10, 10_000);

fn main() -> ExitCode {
    harness::main(strategies().len() + BESIDE.len(), name, run)
}

fn strategies() -> Vec<Strategy> {
    let networks = VaalNetworks::official;
    let programme =
        |prediction| Some(Balance { lambda: Lambda::Fixed(1.0), solver: SolverMode::Auto, prediction });
    let (candidates, _, configurations) = BATCH_BALD;
    let mut all = vec![
        Strategy::Random {},
        Strategy::Entropy { balance: None },
        Strategy::Margin { balance: None },
        Strategy::LeastConfidence { balance: None },
        Strategy::Bald { passes: PASSES, balance: None },
        Strategy::Vaal { networks: networks(), balance: None },
        Strategy::BatchBald { passes: PASSES, configurations, candidates: Some(candidates) },
        Strategy::Entropy { balance: programme(None) },
        Strategy::Entropy { balance: programme(Some(Prediction::OneHot)) },
        Strategy::Margin { balance: programme(None) },
        Strategy::LeastConfidence { balance: programme(None) },
        Strategy::Bald { passes: PASSES, balance: programme(None) },
        Strategy::Vaal { networks: networks(), balance: programme(None) },
    ];
    let orders = [
        PseudoLabelOrder::Entropy,
        PseudoLabelOrder::Random,
        PseudoLabelOrder::KCenter,
        PseudoLabelOrder::KCenterPerClass,
    ];
    all.extend(orders.map(|order| Strategy::PseudoLabel { order }));
    all
}

/// The places of those that scikit-activeml has.
const BESIDE: [usize; 5] = [1, 2, 3, 4, 6];

fn budget(strategy: &Strategy) -> usize {
    if let Strategy::BatchBald { .. } = strategy { BATCH_BALD.1 } else { BUDGET }
}

fn name(index: usize) -> String {
    let all = strategies();
    let (who, strategy) = match index.checked_sub(all.len()) {
        None => ("", &all[index]),
        Some(beside) => ("python/scikit-activeml-", &all[BESIDE[beside]]),
    };
    let one_hot = strategy.balance().is_some_and(|balance| balance.prediction.is_some());
    let dropout =
        if strategy.needs().dropout_passes > 0 { format!("/passes={PASSES}") } else { String::new() };
    let candidates = match strategy {
        Strategy::BatchBald { .. } => format!("/candidates={}", BATCH_BALD.0),
        _ => String::new(),
    };
    format!(
        "{who}query/{}{}/{ROWS}x{CLASSES}/budget={}{dropout}{candidates}",
        strategy.name(),
        if one_hot { "-one-hot" } else { "" },
        budget(strategy),
    )
}

/// What a query is given.
struct Given {
    pool: Pool,
    /// `[passes, rows, classes]`
    passes: Array3<f32>,
    estimates: Vec<f32>,
}

impl Given {
    fn make(strategy: &Strategy) -> Self {
        let pool = Pool::make(CLASSES, ROWS, LABELLED);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let passes = if strategy.needs().dropout_passes > 0 { PASSES } else { 0 };
        let mut disturbed = Array3::from_shape_fn((passes, ROWS, CLASSES), |(_, row, class)| {
            pool.probabilities[[row, class]] * (0.5 * normal(&mut rng)).exp()
        });
        for mut lane in disturbed.lanes_mut(Axis(2)) {
            let sum = lane.sum();
            lane.mapv_inplace(|p| p / sum);
        }
        let estimates = (0..ROWS).map(|_| rng.random()).collect();
        Self { pool, passes: disturbed, estimates }
    }

    /// A query, as an engine makes it.
    fn query(&self, strategy: &Strategy) -> Result<Selection, Error> {
        let (p, counts) = (self.pool.probabilities.view(), &self.pool.labelled_counts[..]);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let scores = match strategy {
            Strategy::Random {} => return random::query(ROWS, BUDGET, &mut rng),
            Strategy::Entropy { .. } => entropy::scores(p)?,
            Strategy::Margin { .. } => margin::scores(p)?,
            Strategy::LeastConfidence { .. } => least_confidence::scores(p)?,
            Strategy::Bald { .. } => bald::scores(self.passes.view())?,
            Strategy::Vaal { .. } => vaal::scores(&self.estimates)?,
            Strategy::BatchBald { configurations, candidates, .. } => {
                let effort = batch_bald::Effort { configurations: *configurations, candidates: *candidates };
                return batch_bald::query(self.passes.view(), budget(strategy), &effort, &mut rng);
            }
            Strategy::PseudoLabel { order } => {
                let embeddings = self.pool.embeddings();
                return match order {
                    PseudoLabelOrder::Entropy => pseudo_label::query_entropy(p, counts, BUDGET, &mut rng),
                    PseudoLabelOrder::Random => pseudo_label::query_random(p, counts, BUDGET, &mut rng),
                    PseudoLabelOrder::KCenter => {
                        pseudo_label::query_k_center(embeddings, p, counts, BUDGET, &mut rng)
                    }
                    PseudoLabelOrder::KCenterPerClass => {
                        pseudo_label::query_k_center_per_class(embeddings, p, counts, BUDGET, &mut rng)
                    }
                };
            }
            Strategy::KCenterGreedy { .. } | Strategy::Coreset { .. } => {
                unreachable!("measured by the benchmark `k_center`")
            }
        };
        match strategy.balance() {
            None => select::top(&scores, BUDGET),
            Some(balance) => balance::query(p, &scores, counts, BUDGET, balance),
        }
    }
}

fn run(index: usize) {
    let all = strategies();
    if let Some(beside) = index.checked_sub(all.len()) {
        run_scikit_activeml(index, &all[BESIDE[beside]]);
        return;
    }
    let strategy = &all[index];
    let given = Given::make(strategy);
    let Measured { seconds, peak_extra_bytes, last } =
        measure(REPEATS, || given.query(strategy).expect("valid arrays"));
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "peak_extra_bytes": peak_extra_bytes,
            "l1": last.balance.map(|outcome| outcome.l1),
        },
    });
    println!("{line}");
}

fn run_scikit_activeml(index: usize, strategy: &Strategy) {
    let Some(interpreter) = python::interpreter(&name(index)) else {
        return;
    };
    let given = Given::make(strategy);
    let ours = given.query(strategy).expect("valid arrays");
    let picks: Vec<usize> = ours.picks.iter().map(|pick| pick.row).collect();
    let task = |picks: &[usize]| {
        json!({
            "benchmark": name(index),
            "strategy": strategy.name(),
            "budget": budget(strategy),
            "configurations": BATCH_BALD.2,
            "repeats": if let Strategy::BatchBald { .. } = strategy { 1 } else { REPEATS },
            "picks": picks,
        })
    };
    let (passes, probabilities) = (given.passes.view(), given.pool.probabilities.view());
    let array = match strategy {
        Strategy::BatchBald { .. } => {
            let rows = candidates(&given);
            let picks: Vec<usize> =
                picks.iter().map(|pick| rows.binary_search(pick).expect("a candidate")).collect();
            let array = passes.select(Axis(1), &rows).into_dyn();
            python::run(&interpreter, "strategies.py", &[("probabilities", array.view())], &task(&picks));
            return;
        }
        Strategy::Bald { .. } => passes.into_dyn(),
        _ => probabilities.into_dyn(),
    };
    python::run(&interpreter, "strategies.py", &[("probabilities", array)], &task(&picks));
}

/// The rows that BatchBALD looks at: scikit-activeml looks at all that it is given.
fn candidates(given: &Given) -> Vec<usize> {
    let scores = bald::scores(given.passes.view()).expect("valid passes");
    let best = select::top(&scores, BATCH_BALD.0).expect("enough rows");
    let mut rows: Vec<usize> = best.picks.iter().map(|pick| pick.row).collect();
    rows.sort_unstable();
    rows
}
