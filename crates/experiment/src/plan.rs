//! What a run will take, in images, before it starts.

use tailward_acquisition::Needs;
use tailward_datasets::Imbalance;

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
    let left = vec![per_class.saturating_sub(initial / dataset.classes); dataset.classes];
    // A factor outside (0, 1] has been refused with the definition; an estimate need not refuse it again.
    let kept = imbalance(profile, definition.imbalance_factor).kept(&left).unwrap_or(left);
    (initial, kept.iter().sum())
}

/// The imbalance of a profile and a factor; a factor of 1 is none.
pub fn imbalance(profile: ImbalanceProfile, factor: f64) -> Imbalance {
    match profile {
        _ if same_factor(factor, 1.0) => Imbalance::None {},
        ImbalanceProfile::Step => Imbalance::Step { factor },
        ImbalanceProfile::LongTail => Imbalance::LongTail { factor },
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::definition::{Definition, Scale, Selector};

    /// CBAL: 20, 30, 40, 49 and 59 steps an epoch, and the pools that cbal's index lists have.
    #[test]
    fn the_published_protocol_has_the_published_sizes() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/cifar100/definition.toml");
        let runs = Definition::load(&path).unwrap().runs(Scale::Paper, &Selector::default()).unwrap();
        let dataset = DatasetSizes { train_images: 50_000, test_images: 10_000, classes: 100 };
        for (factor, pool) in [(1.0, 45_000), (0.3, 29_250), (0.1, 24_750)] {
            let run = |strategy: &str| {
                let wanted = |run: &&RunDefinition| {
                    same_factor(run.imbalance_factor, factor) && run.strategy.name == strategy
                };
                runs.iter().find(wanted).unwrap()
            };
            assert_eq!(expected_sizes(run("random"), dataset), (5_000, pool));
            let training = (5_000 + 7_500 + 10_000 + 12_500 + 15_000) * 100;
            let random = run_work(run("random"), dataset, 0);
            assert_eq!(random, Work { train_images: training, score_images: 50_000 });
            let pools = (4 * pool - (1 + 2 + 3) * 2_500) as u64;
            assert_eq!(run_work(run("entropy"), dataset, 0).score_images, 50_000 + pools);
        }
    }
}
