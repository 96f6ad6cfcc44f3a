//! From a definition and a dataset to what a run starts with: labels that are told, the initial set and the pool.

use std::path::Path;

use tailward_datasets::{
    Dataset, ImageShape, PoolManifest, PoolSource, SampleId, StoredImages, TrainingImages, TrainingTruth,
    construct, construct_replay, noisy_labels,
};
use tailward_experiment::definition::{
    ClassifierDefinition, ModelDefinition, PoolDefinition, RunDefinition, same_factor,
};
use tailward_experiment::plan::imbalance;

use super::study::Study;
use crate::Error;
use crate::rng::{Stream, stream};

/// Checks that the definition is for images of this shape: a network's training normalises as many channels as they have, a
/// head describes images of their side.
///
/// # Errors
///
/// It is not.
pub fn check_shape(definition: &RunDefinition, shape: ImageShape) -> Result<(), Error> {
    let ImageShape { channels, height, width } = shape;
    match definition.classifier() {
        ClassifierDefinition::Network { model, training } => {
            let given = training.normalisation.mean.len();
            if given != channels {
                let reason = format!("it normalises {given} channels, and the images have {channels}");
                return Err(Error::Mismatch(reason));
            }
            let tower = match model {
                ModelDefinition::ResNet(_) => None,
                ModelDefinition::Vit(model) => Some(("model", &model.tower)),
                ModelDefinition::Linear(on) | ModelDefinition::Shallow(on) => {
                    Some(("model.network", &on.network))
                }
            };
            if let Some((key, tower)) = tower
                && (channels, height, width) != (3, tower.image, tower.image)
            {
                let side = tower.image;
                let reason = format!(
                    "`{key}.image` is {side}, for images of 3 channels of {side} × {side} pixels, and the dataset has {channels} of \
                     {height} × {width}"
                );
                return Err(Error::Mismatch(reason));
            }
        }
        ClassifierDefinition::Head(head) => {
            let side = head.side();
            if (height, width) != (side, side) {
                let reason = format!(
                    "`head.features.side` is {side}, and the images have {height} × {width} pixels; give their own side"
                );
                return Err(Error::Mismatch(reason));
            }
        }
    }
    Ok(())
}

/// A dataset as a definition sees it, its classes merged: images, and apart from them the labels of the study.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The dataset's name.
    pub dataset: String,
    /// `[classes]`, by class id.
    pub class_names: Vec<String>,
    /// The training images.
    pub train: StoredImages,
    /// The test images.
    pub test: StoredImages,
    /// The dataset's own validation images with their true labels, where the definition stops early by them.
    pub validation: Option<(StoredImages, Vec<u32>)>,
    /// What the images show, and what annotators say of them.
    pub study: Study,
}

impl Setting {
    /// Merges classes and draws or reads what annotators say.
    ///
    /// # Errors
    ///
    /// The grouping or the noise does not fit the dataset; a file of labels is missing or wrong.
    pub fn new(
        definition: &RunDefinition,
        dataset: impl Into<Dataset<StoredImages>>,
        data_dir: &Path,
    ) -> Result<Self, Error> {
        let dataset = dataset.into();
        let (noise, grouping) = (definition.noise.as_ref(), definition.grouping);
        let (labels, classes) = (&dataset.truth.train, dataset.classes());
        let told = noise
            .map(|noise| noisy_labels(noise, labels, grouping.as_ref(), classes, data_dir))
            .transpose()?;
        let dataset = match grouping {
            Some(grouping) => grouping.apply(dataset)?,
            None => dataset,
        };
        let Dataset { name, class_names, train, test, truth } = dataset;
        Ok(Self { dataset: name, class_names, train, test, validation: None, study: Study { truth, told } })
    }

    /// The same with validation images whose labels are the dataset's own, of so many classes, before any merging.
    ///
    /// # Errors
    ///
    /// A label is none of the dataset's classes.
    pub fn with_validation(
        self,
        definition: &RunDefinition,
        classes: usize,
        (mut images, mut labels): (StoredImages, Vec<u32>),
    ) -> Result<Self, Error> {
        if let Some(grouping) = definition.grouping {
            grouping.merge(classes, &mut images, &mut labels)?;
        }
        Ok(Self { validation: Some((images, labels)), ..self })
    }

    /// What a pool is built from: a simulated study knows its truth.
    fn training_images(&self) -> TrainingImages<'_> {
        let truth = TrainingTruth { labels: &self.study.truth.train, classes: self.class_names.len() };
        TrainingImages { dataset: &self.dataset, images: self.train.len(), truth: Some(truth) }
    }
}

/// Draws or reads the initial set and the pool.
///
/// # Errors
///
/// The dataset has too few images, or an index list is wrong.
pub(super) fn construct_pool(
    definition: &RunDefinition,
    setting: &Setting,
    data_dir: &Path,
) -> Result<PoolManifest, Error> {
    Ok(construct(
        &setting.training_images(),
        &pool_source(definition, data_dir),
        &mut stream(definition.seed, Stream::Split, 0),
        &mut stream(definition.seed, Stream::Imbalance, 0),
    )?)
}

/// The initial set and the pool of a list that is replayed, as far as the rounds go.
///
/// # Errors
///
/// The list has an image twice or one that there is not, is not as long as the definition says, or ends before the last round.
pub(super) fn construct_replayed(
    definition: &RunDefinition,
    setting: &Setting,
    order: &[SampleId],
) -> Result<PoolManifest, Error> {
    let (PoolDefinition::Uniform { initial, .. }, Some(replay)) = (&definition.pool, &definition.replay)
    else {
        return Err(Error::Mismatch("a replay needs a pool of the kind `uniform`".to_owned()));
    };
    let (rounds, budget) = (definition.rounds, definition.budget);
    let (found, stated, wanted) = (order.len(), replay.samples, initial + rounds * budget);
    if found != stated || found < wanted {
        let reason = format!(
            "the list has {found} samples; its definition says {stated}, and {initial} + {rounds} × {budget} = {wanted} are \
             labelled"
        );
        return Err(Error::Mismatch(reason));
    }
    Ok(construct_replay(&setting.training_images(), order, *initial)?)
}

fn pool_source(definition: &RunDefinition, data_dir: &Path) -> PoolSource {
    let factor = definition.imbalance_factor;
    match &definition.pool {
        PoolDefinition::Drawn { initial, profile, per_class_cap } => PoolSource::Drawn {
            initial: *initial,
            imbalance: imbalance(*profile, factor),
            per_class_cap: *per_class_cap,
        },
        PoolDefinition::Uniform { initial, size } => PoolSource::Uniform { initial: *initial, size: *size },
        PoolDefinition::IndexLists { lists } => {
            let pair = lists
                .iter()
                .find(|pair| same_factor(pair.imbalance_factor, factor))
                .expect("a definition that was validated has a pair for each factor");
            PoolSource::IndexLists { initial: data_dir.join(&pair.initial), pool: data_dir.join(&pair.pool) }
        }
    }
}
