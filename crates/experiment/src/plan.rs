//! What a run will take, in images, before it starts.

mod memory;
mod network_size;

use serde::{Deserialize, Serialize};
use tailward_acquisition::bait;
use tailward_datasets::{Grouping, Imbalance};

use crate::definition::{
    ClassifierDefinition, EarlyStopping, ImbalanceProfile, PoolDefinition, RunDefinition, TrainingDefinition,
    VaalNetworks, Validation, batch_bounds, same_factor,
};

pub use memory::{FeaturesPlan, TrainingMemory, features_plan, pixel_bytes, run_flop, training_memory};
pub use network_size::NetworkSize;

/// Sizes of a dataset, as its manifest gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatasetSizes {
    /// Training images.
    pub train_images: usize,
    /// Test images.
    pub test_images: usize,
    /// Images of a validation split; 0 without one.
    pub validation_images: usize,
    /// Classes, taken to be of one size.
    pub classes: usize,
}

/// Images that pass through networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Through the classifier, forwards and backwards.
    pub train_images: u64,
    /// Through the classifier, forwards only: what a query scores, and the test set for each round.
    pub score_images: u64,
    /// Through VAAL's auto-encoder, forwards and backwards.
    pub vaal_images: u64,
}

/// Images a second, for each kind of [`Work`]; what `tailward probe` prints.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkRates {
    /// Through the classifier, forwards and backwards.
    pub train_images_per_sec: f64,
    /// Through the classifier, forwards only.
    pub score_images_per_sec: f64,
    /// Through VAAL's auto-encoder, forwards and backwards; none where no run has one.
    pub vaal_images_per_sec: Option<f64>,
    /// Through the network that features are computed with; none where no run has one.
    pub describe_images_per_sec: Option<f64>,
}

impl Work {
    /// The time it takes at the given rates, in seconds; `None` if VAAL's networks are part of it and their rate is not
    /// known.
    pub fn secs(&self, rates: &WorkRates) -> Option<f64> {
        let vaal = match (self.vaal_images, rates.vaal_images_per_sec) {
            (0, _) => 0.0,
            (images, rate) => images as f64 / rate?,
        };
        let train = self.train_images as f64 / rates.train_images_per_sec;
        Some(train + self.score_images as f64 / rates.score_images_per_sec + vaal)
    }

    /// One number that grows about evenly with time: a training pass costs about three forward passes. VAAL's
    /// auto-encoder counts as the classifier does, which is near at published sizes (0.5 and 0.56 billion
    /// multiply-adds an image) and rough elsewhere.
    pub fn units(&self) -> u64 {
        3 * (self.train_images + self.vaal_images) + self.score_images
    }
}

impl std::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            train_images: self.train_images + other.train_images,
            score_images: self.score_images + other.score_images,
            vaal_images: self.vaal_images + other.vaal_images,
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
    let dataset = taking_part(definition, dataset);
    let per_class = dataset.train_images / dataset.classes;
    let (initial, profile, per_class) = match &definition.pool {
        PoolDefinition::Drawn { initial, profile, per_class_cap } => {
            (*initial, *profile, per_class_cap.map_or(per_class, |cap| cap.min(per_class)))
        }
        PoolDefinition::Uniform { initial, size } => {
            let size = size.unwrap_or(dataset.train_images).min(dataset.train_images);
            return (*initial, size.saturating_sub(*initial));
        }
        PoolDefinition::IndexLists { .. } => (dataset.train_images / 10, ImbalanceProfile::Step, per_class),
    };
    let left = vec![per_class.saturating_sub(initial / dataset.classes); dataset.classes];
    // A factor outside (0, 1] has been refused with the definition; an estimate need not refuse it again.
    let kept = imbalance(profile, definition.imbalance_factor).kept(&left).unwrap_or(left);
    (initial, kept.iter().sum())
}

/// The sizes of what is left of a dataset where some of its classes take no part.
fn taking_part(definition: &RunDefinition, dataset: DatasetSizes) -> DatasetSizes {
    let Some(Grouping::First { classes }) = definition.grouping else { return dataset };
    let DatasetSizes { train_images, test_images, validation_images, classes: all } = dataset;
    let of = |images: usize| images * classes / all;
    DatasetSizes {
        train_images: of(train_images),
        test_images: of(test_images),
        validation_images: of(validation_images),
        classes,
    }
}

/// The imbalance of a profile and a factor; a factor of 1 is none.
pub fn imbalance(profile: ImbalanceProfile, factor: f64) -> Imbalance {
    match profile {
        _ if same_factor(factor, 1.0) => Imbalance::None {},
        ImbalanceProfile::Step => Imbalance::Step { factor },
        ImbalanceProfile::LongTail => Imbalance::LongTail { factor },
    }
}

/// What one round of a run takes: training, the pass over the test set, and the query or the sweep that follows. A head has its
/// images described once, before the first round, and each of its fits sees a label once.
pub fn round_work(definition: &RunDefinition, dataset: DatasetSizes, round: usize) -> Work {
    let (initial, pool) = expected_sizes(definition, dataset);
    let test_images = taking_part(definition, dataset).test_images;
    let evaluated = if definition.scoring.evaluate_pool { initial + pool } else { 0 };
    let (trained, scored) = match definition.classifier() {
        ClassifierDefinition::Network { training, .. } => {
            let batches = batches(definition, training, initial, round);
            let labelled = batches.last().map_or(0, |last| last.end);
            let unlabelled = pool.saturating_sub(round * definition.budget);
            // Each unlabelled image of a step is seen as it is and in a strong view.
            let beside = training.flexmatch.map_or(0, |it| 2 * it.unlabelled_batch.min(unlabelled));
            let validated = validation_images(training, dataset) * training.epochs;
            ((labelled + beside * batches.len()) * training.epochs, test_images + evaluated + validated)
        }
        ClassifierDefinition::Head(_) => {
            let described = if round == 0 { test_images + initial + pool } else { 0 };
            (definition.labelled_at(initial, round), described)
        }
    };
    let model = Work { train_images: trained as u64, score_images: scored as u64, vaal_images: 0 };
    model + query_work(definition, dataset, round)
}

/// Images that early stopping looks at after an epoch; an epoch that it ends takes none after it.
fn validation_images(training: &TrainingDefinition, dataset: DatasetSizes) -> usize {
    let Some(EarlyStopping { validation, .. }) = training.early_stopping else { return 0 };
    match validation {
        Validation::Split {} => dataset.validation_images,
        Validation::Unused { images } => images,
    }
}

/// What the query that follows a round takes; nothing after the last, nothing where a selection is replayed, and nothing
/// for a head, whose images are described before. A sweep scores the pool once, after the first
/// model, and chooses on the host. Monte-Carlo passes are of the head alone, on embeddings that one pass computes.
pub fn query_work(definition: &RunDefinition, dataset: DatasetSizes, round: usize) -> Work {
    let sweeps = definition.sweep.is_some() && round == 0;
    let on_features = matches!(definition.classifier(), ClassifierDefinition::Head(_));
    if (!sweeps && round >= definition.rounds) || on_features || definition.replay.is_some() {
        return Work::default();
    }
    let (initial, pool) = expected_sizes(definition, dataset);
    let query = &definition.strategy.query;
    let needs = query.strategy.needs();
    let of_pool = needs.probabilities || needs.logits || needs.embeddings || needs.dropout_passes > 0;
    let of_labelled = needs.labelled_embeddings || needs.labelled_probabilities;
    let scored = if definition.scores_together() {
        // The scores of the evaluation serve the query as well.
        if definition.scoring.evaluate_pool || !(of_pool || of_labelled) { 0 } else { initial + pool }
    } else {
        let unlabelled = if of_pool { pool.saturating_sub(round * definition.budget) } else { 0 };
        let labelled = if of_labelled { definition.labelled_at(initial, round) } else { 0 };
        unlabelled + labelled
    };
    Work {
        train_images: 0,
        score_images: scored as u64,
        vaal_images: query.networks.as_ref().map_or(0, vaal_images),
    }
}

/// The batches of an epoch of a round.
fn batches(
    definition: &RunDefinition,
    training: &TrainingDefinition,
    initial: usize,
    round: usize,
) -> Vec<std::ops::Range<usize>> {
    batch_bounds(definition.labelled_at(initial, round), training.batch_size, training.incomplete_batch)
}

/// Steps of the optimiser that the classifiers of a run take from `first_round` on; a head takes none.
pub fn training_steps(definition: &RunDefinition, dataset: DatasetSizes, first_round: usize) -> u64 {
    let ClassifierDefinition::Network { training, .. } = definition.classifier() else { return 0 };
    let (initial, _) = expected_sizes(definition, dataset);
    let steps = |round| batches(definition, training, initial, round).len() * training.epochs;
    (first_round..=definition.rounds).map(|round| steps(round) as u64).sum()
}

/// What the first query of a run keeps in memory, where its strategy has a limit on that
/// ([`Strategy::memory_plan`](tailward_acquisition::Strategy::memory_plan)); later
/// queries have fewer rows.
pub fn query_memory(definition: &RunDefinition, dataset: DatasetSizes) -> Option<bait::MemoryPlan> {
    if definition.replay.is_some() {
        return None;
    }
    let (_, pool) = expected_sizes(definition, dataset);
    definition.strategy.query.strategy.memory_plan(
        pool,
        definition.classes(dataset.classes),
        definition.classifier().embedding(),
        definition.budget,
    )
}

/// Images that training VAAL's networks once takes: each step takes a batch of labelled and one of unlabelled images.
pub fn vaal_images(networks: &VaalNetworks) -> u64 {
    let steps = networks.vae_steps + networks.discriminator_steps;
    (steps * 2 * networks.batch_size * networks.iterations) as u64
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

    fn published(name: &str) -> Vec<RunDefinition> {
        let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let definition = Definition::load(&experiments.join(name).join("definition.toml")).unwrap();
        definition.runs(Scale::Paper, &Selector::default()).unwrap()
    }

    /// CBAL: 20, 30, 40, 49 and 59 steps an epoch, and the pools that cbal's index lists have.
    #[test]
    fn the_published_protocol_has_the_published_sizes() {
        let runs = published("cifar100");
        let dataset =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
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
            assert_eq!(random, Work { train_images: training, score_images: 50_000, vaal_images: 0 });
            let pools = (4 * pool - (1 + 2 + 3) * 2_500) as u64;
            assert_eq!(run_work(run("entropy"), dataset, 0).score_images, 50_000 + pools);
            // K-center also embeds the labelled sets that queries start from.
            let labelled = 5_000 + 7_500 + 10_000 + 12_500;
            for name in ["k-center-greedy", "k-center-greedy-cb"] {
                assert_eq!(run_work(run(name), dataset, 0).score_images, 50_000 + pools + labelled);
            }
            // The discriminator looks at the pool in place of the classifier; balancing needs both.
            assert_eq!(run_work(run("vaal"), dataset, 0).score_images, 50_000);
            assert_eq!(run_work(run("vaal-cb"), dataset, 0).score_images, 50_000 + pools);
            let vaal = 4 * 3 * 2 * 128 * 39_062;
            assert_eq!(run_work(run("vaal"), dataset, 0).vaal_images, vaal);
        }
    }

    /// GALAXY: one trial is Σ 500 r = 637,500 steps of 100 images over 50 rounds; the pool is evaluated in each.
    #[test]
    fn the_protocol_of_direct_has_the_published_steps() {
        let dataset =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        for run in published("direct-cifar100-k2") {
            assert_eq!(training_steps(&run, dataset, 0), 637_500);
            assert_eq!(training_steps(&run, dataset, 49), 25_000);
            assert_eq!(expected_sizes(&run, dataset), (100, 49_900));
            let work = run_work(&run, dataset, 0);
            assert_eq!(work.train_images, 63_750_000);
            assert_eq!(work.score_images, 50 * 60_000, "{}", run.strategy.name);
        }
    }

    /// 99 labels at first and batches of 99: as many steps.
    #[test]
    fn three_classes_take_as_many_steps() {
        let dataset =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        for name in ["direct-cifar100-k3", "direct-cifar100-k3-noise10"] {
            assert!(published(name).iter().all(|run| training_steps(run, dataset, 0) == 637_500), "{name}");
        }
    }

    #[test]
    fn what_bait_keeps_is_known_before() {
        let dataset =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        for run in published("direct-cifar100-k10") {
            let plan = query_memory(&run, dataset);
            let expected = bait::plan(49_900, 10, 512, 100);
            assert_eq!(plan, (run.strategy.name == "bait").then_some(expected), "{}", run.strategy.name);
        }
    }

    #[test]
    fn a_sweep_scores_the_pool_once_and_trains_one_model() {
        let dataset =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        let runs = published("lambda");
        let of = |strategy: &str| {
            let run = runs.iter().find(|run| run.strategy.name == strategy).unwrap();
            assert!(same_factor(run.imbalance_factor, 1.0));
            run_work(run, dataset, 0)
        };
        let entropy = Work { train_images: 500_000, score_images: 10_000 + 45_000, vaal_images: 0 };
        assert_eq!(of("entropy-cb"), entropy);
        assert_eq!(of("k-center-greedy-cb").score_images, entropy.score_images + 5_000);
        assert_eq!(of("vaal-cb").vaal_images, 3 * 2 * 128 * 39_062);
    }

    /// 20 of 100 classes with 500 images each, ten of them cut to a tenth; of 100 labels in a query ten are the audit's.
    #[test]
    fn a_head_describes_what_takes_part_once() {
        let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let path = experiments.join("people-cifar100-20/definition.toml");
        let runs = Definition::load(&path).unwrap().runs(Scale::Quick, &Selector::default()).unwrap();
        let dataset =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        assert_eq!(expected_sizes(&runs[0], dataset), (0, 5_500));
        let fitted: u64 = (0..=10).map(|round| 90 * round).sum();
        let work = Work { train_images: fitted, score_images: 5_500 + 2_000, vaal_images: 0 };
        assert!(runs.iter().all(|run| run_work(run, dataset, 0) == work));
        assert_eq!(training_steps(&runs[0], dataset, 0), 0);
    }

    #[test]
    fn time_is_known_only_with_every_rate_that_it_needs() {
        let mut rates = WorkRates {
            train_images_per_sec: 10.0,
            score_images_per_sec: 100.0,
            vaal_images_per_sec: None,
            describe_images_per_sec: None,
        };
        let mut work = Work { train_images: 50, score_images: 200, vaal_images: 0 };
        assert_eq!(work.secs(&rates), Some(7.0));
        work.vaal_images = 60;
        assert_eq!(work.secs(&rates), None);
        rates.vaal_images_per_sec = Some(20.0);
        assert_eq!(work.secs(&rates), Some(10.0));
    }
}
