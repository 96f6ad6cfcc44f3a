//! From a definition to what a run starts with: the pool and the model's configuration.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tailward_datasets::{
    Dataset, ImageShape, PoolManifest, PoolSource, SampleId, construct, construct_replay, noisy_labels,
};
use tailward_experiment::definition::{
    Block, ModelDefinition, PoolDefinition, RunDefinition, Stem as DefinedStem, same_factor,
};
use tailward_experiment::plan::imbalance;
use tailward_models::pretrained::{self, WeightsFormat};
use tailward_models::resnet::{BlockKind, ResNet, ResNetConfig, Stem};

use crate::Error;
use crate::rng::{Stream, stream};
use crate::train::{Dropout, Streams};

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

/// The dataset as a definition sees it: its classes merged, and what annotators say of each training image.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The dataset, its labels true and clean.
    pub dataset: Dataset,
    /// What annotators say of each training image, where it is not the truth. Test labels stay clean.
    pub told: Option<Vec<u32>>,
}

impl Setting {
    /// Merges classes and draws or reads what annotators say.
    ///
    /// # Errors
    ///
    /// The grouping or the noise does not fit the dataset; a file of labels is missing or wrong.
    pub fn new(definition: &RunDefinition, dataset: Dataset, data_dir: &Path) -> Result<Self, Error> {
        let classes = dataset.class_names.len();
        let (noise, grouping) = (definition.noise.as_ref(), definition.grouping);
        let told = noise
            .map(|noise| noisy_labels(noise, &dataset.train.labels, grouping.as_ref(), classes, data_dir))
            .transpose()?;
        let dataset = match grouping {
            Some(grouping) => grouping.apply(dataset)?,
            None => dataset,
        };
        Ok(Self { dataset, told })
    }
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

/// The initial set and the pool of a list that is replayed.
///
/// # Errors
///
/// The list has an image twice or one that there is not, or is not as long as the definition says.
pub fn construct_replayed(
    definition: &RunDefinition,
    dataset: &Dataset,
    order: &[SampleId],
) -> Result<PoolManifest, Error> {
    let PoolDefinition::Uniform { initial, .. } = definition.pool else {
        return Err(Error::Mismatch("a replay needs a pool of the kind `uniform`".to_owned()));
    };
    let wanted = initial + definition.rounds * definition.budget;
    if order.len() != wanted {
        let (rounds, budget) = (definition.rounds, definition.budget);
        let reason =
            format!("the list has {} samples, not {initial} + {rounds} × {budget} = {wanted}", order.len());
        return Err(Error::Mismatch(reason));
    }
    let classes = dataset.class_names.len();
    Ok(construct_replay(&dataset.name, &dataset.train.labels, classes, order, initial)?)
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

/// The configuration of the model for a dataset.
pub fn model_config(definition: &RunDefinition, dataset: &Dataset) -> ResNetConfig {
    network(&definition.model, dataset.train.shape.channels, dataset.class_names.len())
}

fn network(model: &ModelDefinition, channels: usize, classes: usize) -> ResNetConfig {
    ResNetConfig {
        channels,
        classes,
        stem: match model.stem {
            DefinedStem::Cifar => Stem::Cifar,
            DefinedStem::CifarStrided => Stem::CifarStrided,
            DefinedStem::Imagenet => Stem::ImageNet,
        },
        block: match model.block {
            None | Some(Block::Basic) => BlockKind::Basic,
            Some(Block::Bottleneck) => BlockKind::Bottleneck,
        },
        blocks: model.blocks.clone(),
        widths: model.widths.clone(),
    }
}

/// A verified file of weights to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The file.
    pub path: PathBuf,
    /// Its form.
    pub format: WeightsFormat,
}

/// The model that training of a round starts from: drawn from the seed, or the pretrained one with a head drawn from the
/// seed.
///
/// # Errors
///
/// The file of weights is damaged or is of another network.
///
/// # Panics
///
/// The definition names weights and `weights` is `None`.
pub fn initial_model(
    definition: &RunDefinition,
    dataset: &Dataset,
    weights: Option<&Weights>,
    round: usize,
    device: &Device,
) -> Result<ResNet, Error> {
    let config = model_config(definition, dataset);
    let mut rng = stream(definition.seed, Stream::Init, round);
    if definition.model.pretrained.is_none() {
        return Ok(config.init(&mut rng, device));
    }
    let Weights { path, format } = weights.expect("a definition that names weights is given them");
    Ok(pretrained::load(&config, path, *format, &mut rng, device)?)
}

/// The streams of random numbers that training of a round draws from.
pub fn streams(definition: &RunDefinition, config: &ResNetConfig, round: usize) -> Streams {
    let seed = definition.seed;
    Streams {
        order: stream(seed, Stream::Order, round),
        augment: stream(seed, Stream::Augment, round),
        dropout: definition.model.dropout.map(|rate| Dropout {
            rate,
            width: config.embedding(),
            rng: stream(seed, Stream::Dropout, round),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan knows the size of an embedding without the networks.
    #[test]
    fn a_definition_knows_its_networks_embedding() {
        for block in [None, Some(Block::Basic), Some(Block::Bottleneck)] {
            let model = ModelDefinition {
                stem: DefinedStem::Cifar,
                block,
                blocks: vec![1, 1],
                widths: vec![16, 32],
                dropout: None,
                pretrained: None,
            };
            assert_eq!(model.embedding(), network(&model, 3, 10).embedding(), "{block:?}");
        }
    }
}
