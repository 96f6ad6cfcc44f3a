//! Pools for the tests.

use ndarray::Array2;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{Embeddings, Pick, Selection, k_center};

/// What a query is given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pool {
    pub(crate) unlabelled: Array2<f32>,
    pub(crate) labelled: Array2<f32>,
    pub(crate) probabilities: Array2<f32>,
    pub(crate) labelled_counts: Vec<usize>,
    pub(crate) budget: usize,
}

impl Pool {
    pub(crate) fn embeddings(&self) -> Embeddings<'_> {
        Embeddings { unlabelled: self.unlabelled.view().into(), labelled: self.labelled.view().into() }
    }

    pub(crate) fn plain(&self) -> Selection {
        k_center::query(&self.embeddings(), self.budget, &mut rng()).expect("a valid pool")
    }

    pub(crate) fn balanced(&self, weight: f64) -> Selection {
        let Self { probabilities, labelled_counts, budget, .. } = self;
        let (embeddings, p) = (self.embeddings(), probabilities.view());
        k_center::query_balanced(&embeddings, p, labelled_counts, *budget, weight, &mut rng())
            .expect("a valid pool")
    }
}

/// Always the same stream. It is drawn from where nothing is labelled.
pub(crate) fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(4)
}

pub(crate) fn rows(picks: &[Pick]) -> Vec<usize> {
    picks.iter().map(|pick| pick.row).collect()
}

/// A pool with four classes. Coarse: every coordinate is a small integer and every probability a multiple of 1/8, so
/// that sums are exact and there are ties, duplicates and identical points; else continuous.
pub(crate) fn made(rows: usize, labelled: usize, budget: usize, coarse: bool, seed: u64) -> Pool {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let dims = rng.random_range(1..5);
    let spread = rng.random_range(1..4);
    let mut embed = |rows: usize| {
        Array2::from_shape_simple_fn((rows, dims), || match coarse {
            true => rng.random_range(0..=spread) as f32,
            false => rng.random_range(-1.0_f32..1.0),
        })
    };
    let (unlabelled, labelled) = (embed(rows), embed(labelled));
    let mut probabilities = Array2::zeros((rows, 4));
    for mut row in probabilities.rows_mut() {
        if coarse {
            // Eight eighths, thrown at the classes, at the first ones rather.
            (0..8).for_each(|_| row[rng.random_range(0..4_usize).min(rng.random_range(0..4))] += 0.125);
        } else {
            row.mapv_inplace(|_: f32| rng.random_range(0.0_f32..4.0).exp());
            row[0] *= 4.0;
            let sum = row.sum();
            row.mapv_inplace(|value| value / sum);
        }
    }
    let labelled_counts = (0..4).map(|_| rng.random_range(0..6)).collect();
    Pool { unlabelled, labelled, probabilities, labelled_counts, budget }
}

/// Pools of up to sixty rows, coarse or continuous, with any budget.
pub(crate) fn pools(coarse: bool) -> impl Strategy<Value = Pool> {
    (1_usize..60, 0_usize..12, 0.0..=1.0_f64, any::<u64>()).prop_map(move |(rows, labelled, share, seed)| {
        made(rows, labelled, (rows as f64 * share).round() as usize, coarse, seed)
    })
}
