//! How fast DIRECT is and the strategies that it is compared with, and in how much memory.
//!
//! `cargo bench -p tailward-acquisition --bench baselines [-- FILTER]` prints one JSON line per instance on standard output;
//! with a filter, only for the instances whose name contains it. Those that are a pass over the logits are measured with
//! BASE, which takes the longest of them. DIRECT and GALAXY are answered at once, with the most probable class.

mod harness;
#[expect(dead_code, reason = "no strategy here looks at how many labels a class has")]
mod pool;

use std::process::ExitCode;

use ndarray::{Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tailward_acquisition::{
    Answer, Conversation, DirectMode, Error, GalaxyMode, Predictions, Selection, Side, badge, bait, base,
    cluster_margin, direct, margin, similar,
};

use crate::harness::{Measured, measure};
use crate::pool::{DIMS, Pool, normal};

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Badge,
    Base,
    Bait,
    ClusterMargin,
    Similar,
    /// With so many answers at a time.
    Direct(usize),
    Galaxy,
}

/// What, unlabelled rows, labelled rows, classes, budget, repeats.
const INSTANCES: [(What, usize, usize, usize, usize, usize); 13] = [
    (What::Badge, 45_000, 0, 100, 2_500, 3),
    (What::Badge, 45_000, 0, 10, 2_500, 3),
    (What::Badge, 130_000, 0, 100, 2_500, 3),
    (What::Base, 130_000, 0, 100, 2_500, 3),
    (What::ClusterMargin, 45_000, 0, 100, 2_500, 3),
    (What::Similar, 45_000, 5_000, 100, 2_500, 1),
    (What::Similar, 45_000, 5_000, 2, 100, 1),
    (What::Bait, 45_000, 5_000, 2, 100, 1),
    (What::Bait, 45_000, 5_000, 10, 100, 1),
    (What::Direct(20), 127_000, 3_000, 100, 3_000, 3),
    (What::Direct(1), 127_000, 3_000, 100, 3_000, 3),
    (What::Galaxy, 127_000, 3_000, 100, 3_000, 3),
    (What::Direct(1), 49_900, 100, 2, 100, 3),
];

fn main() -> ExitCode {
    harness::main(INSTANCES.len(), name, run)
}

fn name(index: usize) -> String {
    let (what, rows, labelled, classes, budget, _) = INSTANCES[index];
    let what = match what {
        What::Badge => "badge",
        What::Base => "base",
        What::Bait => "bait",
        What::ClusterMargin => "cluster-margin",
        What::Similar => "similar",
        What::Direct(1) => "direct-1",
        What::Direct(_) => "direct-20",
        What::Galaxy => "galaxy",
    };
    format!("{what}/{rows}x{classes}x{DIMS}/labelled={labelled}/budget={budget}")
}

/// What a query is given.
struct Given {
    pool: Pool,
    rows: usize,
    /// Of unlabelled and labelled rows.
    truth: Vec<u32>,
    logits: Array2<f32>,
    head: Array2<f32>,
}

impl Given {
    /// The rows after the first `rows` are labelled with what the network thinks of them.
    fn make(rows: usize, labelled: usize, classes: usize) -> Self {
        let pool = Pool::make(classes, rows + labelled, 1, DIMS);
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let head = Array2::from_shape_simple_fn((classes, DIMS), || normal(&mut rng));
        let p = &pool.probabilities;
        let best = |row: usize| (0..classes).rev().max_by(|&i, &j| p[[row, i]].total_cmp(&p[[row, j]]));
        let truth = (0..rows + labelled).map(|row| best(row).expect("a class") as u32).collect();
        let logits = pool.probabilities.mapv(|p| p.max(1e-30).ln());
        Self { pool, rows, truth, logits, head }
    }

    fn sides(&self) -> (Side<'_>, Side<'_>) {
        let (p, known) = self.pool.probabilities.view().split_at(Axis(0), self.rows);
        let (embeddings, known_embeddings) =
            self.pool.embeddings.unlabelled.view().split_at(Axis(0), self.rows);
        let side = |probabilities, embeddings| Side { probabilities, embeddings };
        (side(p, embeddings), side(known, known_embeddings))
    }

    fn predictions(&self) -> Predictions<'_> {
        let (unlabelled, labelled) = self.sides();
        let (unlabelled, labelled) = (unlabelled.probabilities, labelled.probabilities);
        Predictions { unlabelled, labelled, labels: &self.truth[self.rows..] }
    }

    fn answered(&self, mut conversation: Conversation) -> Result<Selection, Error> {
        while let Some(ask) = conversation.ask() {
            for pick in ask.picks {
                conversation.tell(pick.row, Answer::Label(self.truth[pick.row]))?;
            }
        }
        Ok(conversation.selection())
    }

    fn query(&self, what: What, budget: usize) -> Result<Selection, Error> {
        let (unlabelled, labelled) = self.sides();
        let logits: ArrayView2<f32> = self.logits.view();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        match what {
            What::Badge => badge::query(unlabelled.probabilities, unlabelled.embeddings, budget, &mut rng),
            What::Base => base::query(logits, self.head.view(), budget),
            What::Bait => {
                let parameters = bait::Parameters { lambda: 1.0, limit_bytes: 8 << 30 };
                bait::query(unlabelled, labelled, &parameters, budget)
            }
            What::ClusterMargin => {
                let scores = margin::scores_of_logits(logits)?;
                let parameters = cluster_margin::Parameters::galaxy();
                cluster_margin::query(unlabelled.embeddings, &scores, &parameters, budget, &mut rng)
            }
            What::Similar => {
                let parameters = similar::Parameters { eta: 1.0, negative: None };
                similar::query(unlabelled, labelled, &self.truth[self.rows..], &parameters, budget)
            }
            What::Direct(parallel) => {
                let predictions = self.predictions();
                let parameters = direct::Parameters { mode: DirectMode::Paper, parallel };
                self.answered(Conversation::direct(&predictions, parameters, budget, &mut rng)?)
            }
            What::Galaxy => {
                let predictions = self.predictions();
                self.answered(Conversation::galaxy(&predictions, GalaxyMode::Graph, budget, &mut rng)?)
            }
        }
    }
}

fn run(index: usize) {
    let (what, rows, labelled, classes, budget, repeats) = INSTANCES[index];
    let given = Given::make(rows, labelled, classes);
    let query = || given.query(what, budget).expect("valid arrays");
    let Measured { seconds, peak_extra_bytes, last } = measure(repeats, query);
    let line = json!({
        "benchmark": name(index),
        "seconds": seconds,
        "detail": {
            "threads": rayon::current_num_threads(),
            "peak_extra_bytes": peak_extra_bytes,
            "last_score": last.picks.last().map(|pick| pick.score),
        },
    });
    println!("{line}");
}
