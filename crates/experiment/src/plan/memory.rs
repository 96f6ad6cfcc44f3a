//! What a run keeps in memory, and what is kept on the disk for all runs, before anything is begun.

use tailward_datasets::ImageShape;

use super::network_size::NetworkSize;
use super::{DatasetSizes, run_work};
use crate::definition::{ClassifierDefinition, Optimiser, RunDefinition};

/// Bytes of a number: everything is computed in f32.
const NUMBER: u64 = 4;

/// What training keeps on its device beside images, in bytes, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingMemory {
    /// Weights, gradients, what the optimiser remembers, and the best network so far where training stops early.
    pub network: u64,
    /// What a step leaves behind for its pass backwards, by the outputs of all layers. What a backend keeps beside them is not known.
    pub step: u64,
    /// Images in a step, unlabelled ones in both views.
    pub images: usize,
}

/// What training keeps on its device; nothing where a head is fitted.
pub fn training_memory(
    definition: &RunDefinition,
    dataset: DatasetSizes,
    shape: ImageShape,
) -> Option<TrainingMemory> {
    let ClassifierDefinition::Network { model, training } = definition.classifier() else { return None };
    let size = NetworkSize::of(model, shape, definition.classes(dataset.classes));
    let moments = match training.optimiser {
        Optimiser::Sgd { momentum, .. } => u64::from(momentum > 0.0),
        Optimiser::Adam(_) | Optimiser::AdamW(_) => 2,
    };
    let copies = 2 + moments + u64::from(training.early_stopping.is_some());
    let images = training.batch_size + training.flexmatch.map_or(0, |it| 2 * it.unlabelled_batch);
    Some(TrainingMemory {
        network: copies * size.parameters * NUMBER,
        step: images as u64 * size.activations * NUMBER,
        images,
    })
}

/// What it takes to compute the features of a network that is not trained, once for all runs that want them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeaturesPlan {
    /// Images that pass through the network, strong views among them.
    pub images: u64,
    /// Floating-point operations.
    pub flop: f64,
    /// Their size, on the disk and in the memory of each run.
    pub bytes: u64,
}

/// The features that a run wants; nothing where it is fed with images.
pub fn features_plan(definition: &RunDefinition, dataset: DatasetSizes) -> Option<FeaturesPlan> {
    let ClassifierDefinition::Network { model, training } = definition.classifier() else { return None };
    let features = model.frozen()?;
    let views = training.flexmatch.and(features.strong_views).unwrap_or(0);
    let images = (views * dataset.train_images) as u64 + images_read(definition, dataset);
    let flop = NetworkSize::of_frozen(features).scoring_flop(images);
    Some(FeaturesPlan { images, flop, bytes: images * features.network.features as u64 * NUMBER })
}

/// Floating-point operations of a run in training and in scoring, without those of VAAL's networks and of features that are computed
/// once for all runs; nothing where a head is fitted.
pub fn run_flop(definition: &RunDefinition, dataset: DatasetSizes, shape: ImageShape) -> Option<[f64; 2]> {
    let ClassifierDefinition::Network { model, .. } = definition.classifier() else { return None };
    let size = NetworkSize::of(model, shape, definition.classes(dataset.classes));
    let work = run_work(definition, dataset, 0);
    Some([size.training_flop(work.train_images), size.scoring_flop(work.score_images)])
}

/// Bytes of the pixels of all images that a run reads.
pub fn pixel_bytes(definition: &RunDefinition, dataset: DatasetSizes, shape: ImageShape) -> u64 {
    images_read(definition, dataset) * shape.len() as u64
}

/// Images that a run reads.
fn images_read(definition: &RunDefinition, dataset: DatasetSizes) -> u64 {
    let DatasetSizes { train_images, test_images, validation_images, .. } = dataset;
    let validation = if definition.wants_validation_split() { validation_images } else { 0 };
    (train_images + test_images + validation) as u64
}
