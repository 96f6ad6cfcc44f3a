//! From a definition to what a run starts with: the pool and the model's configuration.

use std::path::Path;

use tailward_datasets::{Dataset, ImageShape, PoolManifest, PoolSource, construct};
use tailward_experiment::definition::{PoolDefinition, RunDefinition, Stem as DefinedStem, same_factor};
use tailward_experiment::plan::imbalance;
use tailward_models::resnet::{ResNetConfig, Stem};

use crate::Error;
use crate::rng::{Stream, stream};

/// Checks that the definition normalises as many channels as the images have.
///
/// # Errors
///
/// It does not.
pub fn check_channels(definition: &RunDefinition, shape: ImageShape) -> Result<(), Error> {
    let given = definition.training.normalisation.mean.len();
    if given != shape.channels {
        let reason = format!("it normalises {given} channels, and the images have {}", shape.channels);
        return Err(Error::Mismatch(reason));
    }
    Ok(())
}

/// Draws or reads the initial set and the pool.
///
/// # Errors
///
/// The dataset has too few images, or an index list is wrong.
pub fn construct_pool(
    definition: &RunDefinition,
    dataset: &Dataset,
    data_dir: &Path,
) -> Result<PoolManifest, Error> {
    let source = pool_source(definition, data_dir);
    Ok(construct(
        &dataset.name,
        &dataset.train.labels,
        dataset.class_names.len(),
        &source,
        &mut stream(definition.seed, Stream::Split, 0),
        &mut stream(definition.seed, Stream::Imbalance, 0),
    )?)
}

fn pool_source(definition: &RunDefinition, data_dir: &Path) -> PoolSource {
    let factor = definition.imbalance_factor;
    match &definition.pool {
        PoolDefinition::Drawn { initial, profile, per_class_cap } => PoolSource::Drawn {
            initial: *initial,
            imbalance: imbalance(*profile, factor),
            per_class_cap: *per_class_cap,
        },
        PoolDefinition::IndexLists { lists } => {
            let pair = lists
                .iter()
                .find(|pair| same_factor(pair.imbalance_factor, factor))
                .expect("a definition that was validated has a pair for each factor");
            PoolSource::IndexLists { initial: data_dir.join(&pair.initial), pool: data_dir.join(&pair.pool) }
        }
    }
}

/// The configuration of the model for a dataset.
pub fn model_config(definition: &RunDefinition, dataset: &Dataset) -> ResNetConfig {
    ResNetConfig {
        channels: dataset.train.shape.channels,
        classes: dataset.class_names.len(),
        stem: match definition.model.stem {
            DefinedStem::Cifar => Stem::Cifar,
            DefinedStem::CifarStrided => Stem::CifarStrided,
            DefinedStem::Imagenet => Stem::ImageNet,
        },
        blocks: definition.model.blocks.clone(),
        widths: definition.model.widths.clone(),
    }
}
