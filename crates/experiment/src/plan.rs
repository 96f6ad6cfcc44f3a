//! What a run will take, in images, before it starts.

use tailward_acquisition::Needs;

use crate::definition::{ImbalanceProfile, PoolDefinition, RunDefinition, same_factor};

/// Sizes of a dataset, as its manifest gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatasetSizes {
    /// Training images.
    pub train_images: usize,
    /// Test images.
    pub test_images: usize,
    /// Classes, taken to be of one size.
    pub classes: usize,
}

/// Images that pass through the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Forwards and backwards.
    pub train_images: u64,
    /// Forwards only: the unlabelled pool for each query, the test set for each round.
    pub score_images: u64,
}

impl Work {
    /// The time it takes at the given rates, in seconds.
    pub fn secs(&self, train_images_per_sec: f64, score_images_per_sec: f64) -> f64 {
        self.train_images as f64 / train_images_per_sec + self.score_images as f64 / score_images_per_sec
    }

    /// One number that grows evenly with time: a training pass costs about three forward passes.
    pub fn units(&self) -> u64 {
        3 * self.train_images + self.score_images
    }
}

impl std::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            train_images: self.train_images + other.train_images,
            score_images: self.score_images + other.score_images,
        }
    }
}

impl std::iter::Sum for Work {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |left, right| left + right)
    }
}

/// The initial set's and the pool's size. Index lists are not read: what they hold is derived from their imbalance
/// factor and a tenth of the images as initial set, as the published ones have it.
pub fn expected_sizes(definition: &RunDefinition, dataset: DatasetSizes) -> (usize, usize) {
    let per_class = dataset.train_images / dataset.classes;
    let (initial, profile, per_class) = match &definition.pool {
        PoolDefinition::Drawn { initial, profile, per_class_cap } => {
            (*initial, *profile, per_class_cap.map_or(per_class, |cap| cap.min(per_class)))
        }
        PoolDefinition::IndexLists { .. } => (dataset.train_images / 10, ImbalanceProfile::Step, per_class),
    };
    let left = per_class.saturating_sub(initial / dataset.classes) as f64;
    let factor = definition.imbalance_factor;
    let kept = |class: usize| -> usize {
        let share = match profile {
            _ if same_factor(factor, 1.0) => 1.0,
            ImbalanceProfile::Step if class < dataset.classes / 2 => 1.0,
            ImbalanceProfile::Step => factor,
            ImbalanceProfile::LongTail => factor.powf(class as f64 / (dataset.classes as f64 - 1.0)),
        };
        (left * share) as usize
    };
    (initial, (0..dataset.classes).map(kept).sum())
}

/// What one round of a run takes: training, the pass over the test set, and the query that follows.
pub fn round_work(definition: &RunDefinition, dataset: DatasetSizes, round: usize) -> Work {
    let (initial, pool) = expected_sizes(definition, dataset);
    let queries = round < definition.rounds && definition.strategy.query.needs() != Needs::default();
    let scored = if queries { pool.saturating_sub(round * definition.budget) } else { 0 };
    Work {
        train_images: (definition.labelled_at(initial, round) * definition.training.epochs) as u64,
        score_images: (dataset.test_images + scored) as u64,
    }
}

/// What a run takes from `first_round` to its end.
pub fn run_work(definition: &RunDefinition, dataset: DatasetSizes, first_round: usize) -> Work {
    (first_round..=definition.rounds).map(|round| round_work(definition, dataset, round)).sum()
}
