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
use tailward_acquisition::query::{self, Inputs, query};
use tailward_acquisition::{
    Balance, Embeddings, Error, Lambda, Matrix, Prediction, PseudoLabelOrder, Selection, SolverMode,
    Strategy, bald, select,
};

use crate::harness::{Measured, measure};
use crate::pool::{DIMS, Pool, normal};

const REPEATS: usize = 3;
const CLASSES: usize = 100;
const ROWS: usize = 45_000;
const LABELLED: usize = 5_000;
const BUDGET: usize = 2_500;
const PASSES: usize = 10;

/// BatchBALD is for small batches, among few candidates.
const CANDIDATES: usize = 200;
const SMALL_BUDGET: usize = 10;
const CONFIGURATIONS: usize = 10_000;

#[derive(Clone, Copy)]
enum Who {
    Us,
    ScikitActiveml,
}

fn main() -> ExitCode {
    harness::main(instances().len(), name, run)
}

/// Every strategy, then once more those that scikit-activeml has.
fn instances() -> Vec<(Who, Strategy)> {
    let beside = strategies().into_iter().filter(|strategy| {
        let has = matches!(
            strategy,
            Strategy::Entropy { .. }
                | Strategy::Margin { .. }
                | Strategy::LeastConfidence { .. }
                | Strategy::Bald { .. }
                | Strategy::BatchBald { .. }
        );
        has && strategy.balance().is_none()
    });
    let ours = strategies().into_iter().map(|strategy| (Who::Us, strategy));
    ours.chain(beside.map(|strategy| (Who::ScikitActiveml, strategy))).collect()
}

fn strategies() -> Vec<Strategy> {
    let programme =
        |prediction| Some(Balance { lambda: Lambda::Fixed(1.0), solver: SolverMode::Auto, prediction });
    let batch_bald =
        Strategy::BatchBald { passes: PASSES, configurations: CONFIGURATIONS, candidates: Some(CANDIDATES) };
    let mut all = vec![
        Strategy::Random {},
        Strategy::Entropy { balance: None },
        Strategy::Margin { balance: None },
        Strategy::LeastConfidence { of: None, balance: None },
        Strategy::Bald { passes: PASSES, balance: None },
        Strategy::Vaal { balance: None },
        batch_bald,
        Strategy::Entropy { balance: programme(None) },
        Strategy::Entropy { balance: programme(Some(Prediction::OneHot)) },
        Strategy::Margin { balance: programme(None) },
        Strategy::LeastConfidence { of: None, balance: programme(None) },
        Strategy::Bald { passes: PASSES, balance: programme(None) },
        Strategy::Vaal { balance: programme(None) },
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

fn budget(strategy: &Strategy) -> usize {
    if let Strategy::BatchBald { .. } = strategy { SMALL_BUDGET } else { BUDGET }
}

fn name(index: usize) -> String {
    let (who, strategy) = &instances()[index];
    let who = match who {
        Who::Us => "",
        Who::ScikitActiveml => "python/scikit-activeml-",
    };
    let one_hot = strategy.balance().is_some_and(|balance| balance.prediction.is_some());
    let dropout =
        if strategy.needs().dropout_passes > 0 { format!("/passes={PASSES}") } else { String::new() };
    let candidates = match strategy {
        Strategy::BatchBald { .. } => format!("/candidates={CANDIDATES}"),
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
        let pool = Pool::make(CLASSES, ROWS, LABELLED, DIMS);
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

    fn query(&self, strategy: &Strategy) -> Selection {
        let inputs = Inputs {
            rows: ROWS,
            labelled_counts: &self.pool.labelled_counts,
            labels: &[],
            budget: budget(strategy),
            rng: &mut ChaCha8Rng::seed_from_u64(5),
        };
        query(strategy, inputs, &mut &*self).expect("valid arrays")
    }

    /// The rows that BatchBALD looks at: scikit-activeml looks at all that it is given.
    fn candidates(&self) -> Vec<usize> {
        let scores = bald::scores(self.passes.view()).expect("valid passes");
        let best = select::top(&scores, CANDIDATES).expect("enough rows");
        let mut rows: Vec<usize> = best.picks.iter().map(|pick| pick.row).collect();
        rows.sort_unstable();
        rows
    }
}

impl<'a> query::Pool<'a> for &'a Given {
    type Error = Error;

    fn probabilities(&mut self) -> Result<Matrix<'a>, Error> {
        Ok(self.pool.probabilities.view().into())
    }

    fn logits(&mut self) -> Result<Matrix<'a>, Error> {
        Ok(self.pool.probabilities.mapv(f32::ln).into())
    }

    fn head(&mut self) -> Result<Matrix<'a>, Error> {
        let rows: Vec<usize> = (0..CLASSES).collect();
        Ok(self.pool.embeddings.labelled.select(Axis(0), &rows))
    }

    fn labelled_probabilities(&mut self) -> Result<Matrix<'a>, Error> {
        // Those that look at them are in `baselines`.
        Err(Error::Unsupported { strategy: "of labelled probabilities".to_owned() })
    }

    fn unlabelled_embeddings(&mut self) -> Result<Matrix<'a>, Error> {
        Ok(self.pool.embeddings.unlabelled.clone())
    }

    fn embeddings(&mut self) -> Result<Embeddings<'a>, Error> {
        Ok(self.pool.embeddings.clone())
    }

    fn dropout_pass(&mut self, pass: usize) -> Result<Matrix<'a>, Error> {
        Ok(self.passes.index_axis(Axis(0), pass).into())
    }

    fn estimates(&mut self) -> Result<Vec<f32>, Error> {
        Ok(self.estimates.clone())
    }
}

fn run(index: usize) {
    let (who, strategy) = &instances()[index];
    match who {
        Who::Us => run_ours(index, strategy),
        Who::ScikitActiveml => {
            if let Some(interpreter) = python::interpreter(&name(index)) {
                run_scikit_activeml(index, &interpreter, strategy);
            }
        }
    }
}

fn run_ours(index: usize, strategy: &Strategy) {
    let given = Given::make(strategy);
    let Measured { seconds, peak_extra_bytes, last } = measure(REPEATS, || given.query(strategy));
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

fn run_scikit_activeml(index: usize, interpreter: &str, strategy: &Strategy) {
    let given = Given::make(strategy);
    let mut picks: Vec<usize> = given.query(strategy).picks.iter().map(|pick| pick.row).collect();
    let (array, repeats) = match strategy {
        Strategy::BatchBald { .. } => {
            let rows = given.candidates();
            picks.iter_mut().for_each(|pick| *pick = rows.binary_search(pick).expect("a candidate"));
            (given.passes.select(Axis(1), &rows).into_dyn(), 1)
        }
        Strategy::Bald { .. } => (given.passes.into_dyn(), REPEATS),
        _ => (given.pool.probabilities.into_dyn(), REPEATS),
    };
    let task = json!({
        "benchmark": name(index),
        "strategy": strategy.name(),
        "budget": budget(strategy),
        "configurations": CONFIGURATIONS,
        "repeats": repeats,
        "picks": picks,
    });
    python::run(interpreter, "strategies.py", &[("probabilities", array.view())], &task);
}
