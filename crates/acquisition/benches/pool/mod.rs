//! A pool with embeddings and probabilities, made up.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::Embeddings;
use tailward_acquisition::balance::instances::{Shape, generate};

pub(crate) const DIMS: usize = 512;

/// A pool, labelled rows, and what a classifier thinks of the pool.
pub(crate) struct Pool {
    pub(crate) embeddings: Embeddings<'static>,
    pub(crate) probabilities: Array2<f32>,
    pub(crate) labelled_counts: Vec<usize>,
}

impl Pool {
    /// Rectified Gaussian clusters, one per class, as pooled features are not negative; the classes are those of the
    /// generated classifier, half of them rare.
    pub(crate) fn make(classes: usize, rows: usize, labelled: usize, dims: usize) -> Self {
        let shape = |rows, seed| Shape { rows, classes, budget: 1, tight: false, seed };
        let (pool, known) = (generate(&shape(rows, 1)), generate(&shape(labelled, 2)));
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let means = Array2::from_shape_simple_fn((classes, dims), || normal(&mut rng));
        let mut embed = |labels: &[usize]| {
            Array2::from_shape_fn((labels.len(), dims), |(row, column)| {
                (0.5 * means[[labels[row], column]] + 0.5 * normal(&mut rng)).max(0.0)
            })
            .into()
        };
        let mut labelled_counts = vec![0; classes];
        known.labels.iter().for_each(|&label| labelled_counts[label] += 1);
        Self {
            embeddings: Embeddings { unlabelled: embed(&pool.labels), labelled: embed(&known.labels) },
            probabilities: pool.probabilities,
            labelled_counts,
        }
    }
}

/// A standard normal value (Box and Muller).
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()) as f32
}
