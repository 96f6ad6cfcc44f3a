//! From a definition to the classifier that training of a round starts from.

use std::path::PathBuf;

use burn::tensor::Device;
use tailward_experiment::definition::{
    Block, ClassifierDefinition, ModelDefinition, RunDefinition, Stem as DefinedStem, VitTower,
};
use tailward_models::classifier::{Classifier, ClassifierConfig};
use tailward_models::linear::LinearHeadConfig;
use tailward_models::pretrained::{self, WeightsFormat};
use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};
use tailward_models::shallow::ShallowConfig;
use tailward_models::vit::{VitConfig, VitHead};

use crate::Error;
use crate::rng::{Stream, stream};
use crate::train::classifier::{Dropout, Streams};

/// The classifier of a definition, for images of so many channels.
///
/// # Panics
///
/// As [`RunDefinition::classifier`].
pub fn classifier(definition: &RunDefinition, channels: usize, classes: usize) -> ClassifierConfig {
    match definition.classifier() {
        ClassifierDefinition::Network { model, .. } => network(model, channels, classes),
        ClassifierDefinition::Head(head) => {
            ClassifierConfig::Head(LinearHeadConfig { dims: head.embedding(), classes })
        }
    }
}

/// The network of a definition, for images of so many channels; where its head begins with what classes' names say, that is left to
/// whoever has the file.
pub fn network(model: &ModelDefinition, channels: usize, classes: usize) -> ClassifierConfig {
    match model {
        ModelDefinition::ResNet(model) => ClassifierConfig::ResNet(ResNetConfig {
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
        }),
        ModelDefinition::Vit(model) => ClassifierConfig::Vit(vit(&model.tower, VitHead::Linear, classes)),
        ModelDefinition::Linear(on) => {
            ClassifierConfig::Linear(LinearHeadConfig { dims: on.network.features, classes })
        }
        ModelDefinition::Shallow(on) => {
            ClassifierConfig::Shallow(ShallowConfig { dims: on.network.features, classes })
        }
    }
}

/// A tower with a head.
pub(super) fn vit(tower: &VitTower, head: VitHead, classes: usize) -> VitConfig {
    let &VitTower { image, patch, width, layers, heads, features, .. } = tower;
    VitConfig { image, patch, width, layers, heads, features, classes, head }
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
pub(super) fn initial_model(
    definition: &RunDefinition,
    config: &ClassifierConfig,
    weights: Option<&Weights>,
    round: usize,
    device: &Device,
) -> Result<Classifier, Error> {
    let mut rng = stream(definition.seed, Stream::Init, round);
    if definition.classifier().pretrained().is_none() {
        return Ok(config.init(&mut rng, device));
    }
    let Weights { path, format } = weights.expect("a definition that names weights is given them");
    match config {
        // The weights are those of the network that computes the features.
        ClassifierConfig::Linear(_) | ClassifierConfig::Shallow(_) => Ok(config.init(&mut rng, device)),
        ClassifierConfig::ResNet(config) => {
            Ok(Classifier::ResNet(pretrained::load(config, path, *format, &mut rng, device)?))
        }
        ClassifierConfig::Vit(config) => {
            Ok(Classifier::Vit(pretrained::load_clip(config, path, *format, &mut rng, device)?))
        }
        ClassifierConfig::Head(_) => panic!("a head that is fitted has no pretrained weights"),
    }
}

/// The streams of random numbers that training of a round draws from.
pub fn streams(definition: &RunDefinition, config: &ClassifierConfig, round: usize) -> Streams {
    let seed = definition.seed;
    Streams {
        order: stream(seed, Stream::Order, round),
        augment: stream(seed, Stream::Augment, round),
        dropout: definition.classifier().dropout().map(|rate| Dropout {
            rate,
            width: config.embedding(),
            rng: stream(seed, Stream::Dropout, round),
        }),
    }
}

#[cfg(test)]
mod tests {
    use tailward_experiment::definition::{
        FrozenFeatures, ResNetDefinition, VitDefinition, VitHeadDefinition,
    };

    use super::*;

    /// A plan knows the size of an embedding without the networks.
    #[test]
    fn a_definition_knows_its_networks_embedding() {
        for block in [None, Some(Block::Basic), Some(Block::Bottleneck)] {
            let model = ModelDefinition::ResNet(ResNetDefinition {
                stem: DefinedStem::Cifar,
                block,
                blocks: vec![1, 1],
                widths: vec![16, 32],
                dropout: None,
                pretrained: None,
            });
            assert_eq!(model.embedding(), network(&model, 3, 10).embedding(), "{block:?}");
        }
        let tower =
            VitTower { image: 32, patch: 8, width: 16, layers: 1, heads: 2, features: 12, pretrained: None };
        let on = FrozenFeatures { strong_views: None, network: tower.clone() };
        for model in [
            ModelDefinition::Vit(VitDefinition { tower, head: VitHeadDefinition::Linear {} }),
            ModelDefinition::Linear(on.clone()),
            ModelDefinition::Shallow(on),
        ] {
            assert_eq!((model.embedding(), network(&model, 3, 10).embedding()), (12, 12));
        }
    }
}
