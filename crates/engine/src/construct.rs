//! From a definition to what a run starts with: the pool and the model's configuration.

use std::path::Path;

use tailward_datasets::{Dataset, Imbalance, PoolManifest, PoolSource, construct};
use tailward_experiment::definition::{
    ImbalanceProfile, PoolDefinition, RunDefinition, Stem as DefinedStem, same_factor,
};
use tailward_models::resnet::{ResNetConfig, Stem};

use crate::Error;
use crate::rng::{Stream, stream};

/// Draws or reads the initial set and the pool, and writes them into the run's folder as a manifest.
///
/// # Errors
///
/// The dataset has too few images, an index list is wrong, or the manifest cannot be written.
pub fn construct_pool(
    definition: &RunDefinition,
    dataset: &Dataset,
    data_dir: &Path,
    folder: &Path,
) -> Result<PoolManifest, Error> {
    let source = pool_source(definition, data_dir);
    let pool = construct(
        &dataset.name,
        &dataset.train.labels,
        dataset.class_names.len(),
        &source,
        &mut stream(definition.seed, Stream::Split, 0),
        &mut stream(definition.seed, Stream::Imbalance, 0),
    )?;
    pool.write(folder)?;
    Ok(pool)
}

fn pool_source(definition: &RunDefinition, data_dir: &Path) -> PoolSource {
    let factor = definition.imbalance_factor;
    match &definition.pool {
        PoolDefinition::Drawn { initial, profile, per_class_cap } => PoolSource::Drawn {
            initial: *initial,
            imbalance: match profile {
                _ if same_factor(factor, 1.0) => Imbalance::None {},
                ImbalanceProfile::Step => Imbalance::Step { factor },
                ImbalanceProfile::LongTail => Imbalance::LongTail { factor },
            },
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
