//! How the network of a project learns.

use std::path::PathBuf;

use tailward_experiment::definition::{
    Adam, ClassWeights, LossDefinition, Normalisation, Optimiser, Schedule, TrainingDefinition,
};
use tailward_labelling::project::{Features, NetworkFeatures, ResNetFeatures};
use tailward_models::classifier::{Classifier, ClassifierConfig};
use tailward_models::resnet::{BlockKind, Depth, ResNetConfig, Stem};

use super::network::{IMAGENET_SIDE, Network, Residual, imagenet_normalisation, resnet};
use crate::Error;
use crate::device::Backend;
use crate::rng::{Stream, stream};

/// How a network learns.
#[derive(Clone, Debug)]
pub(in crate::project) struct Learning {
    pub(super) start: Start,
    pub(super) config: ResNetConfig,
    pub(super) side: usize,
    pub(super) training: TrainingDefinition,
}

/// What learning begins with.
#[derive(Clone, Debug)]
pub(super) enum Start {
    /// Weights that are drawn.
    Nothing,
    /// Weights of a file, by their SHA-256.
    File { weights: PathBuf, sha256: String },
}

impl Learning {
    /// How the network of a project learns; nothing where its features know no label.
    pub(in crate::project) fn of(features: &Features, classes: usize) -> Option<Self> {
        match features {
            _ if !features.learn() => None,
            Features::ResNet18(network) => Some(Self::fine_tuning(network, Depth::ResNet18, classes)),
            Features::ResNet50(network) => Some(Self::fine_tuning(network, Depth::ResNet50, classes)),
            Features::Network(network) => Some(Self::from_nothing(*network, classes)),
            Features::Patches(_) | Features::EfficientNetLite0(_) => None,
        }
    }

    /// As the runs of DIRECT at desk scale, which were chosen for some hundred labels.
    fn from_nothing(network: NetworkFeatures, classes: usize) -> Self {
        let NetworkFeatures { side, epochs, mirror } = network;
        let config = ResNetConfig {
            channels: 3,
            classes,
            stem: Stem::CifarStrided,
            block: BlockKind::Basic,
            blocks: vec![1, 1, 1],
            widths: vec![32, 64, 128],
        };
        let normalisation = Normalisation { mean: vec![0.5; 3], std: vec![0.5; 3] };
        let training = TrainingDefinition {
            learning_rate: 3e-3,
            horizontal_flip: mirror,
            crop_padding: side / 8,
            ..training(epochs, normalisation)
        };
        Self { start: Start::Nothing, config, side, training }
    }

    /// All weights go on learning, at a rate that does not make the first steps forget what they are for.
    fn fine_tuning(network: &ResNetFeatures, depth: Depth, classes: usize) -> Self {
        let ResNetFeatures { weights, sha256, fine_tune_epochs } = network;
        let training = TrainingDefinition {
            learning_rate: 2e-4,
            ..training(*fine_tune_epochs, imagenet_normalisation())
        };
        Self {
            start: Start::File { weights: weights.clone(), sha256: sha256.clone() },
            config: resnet(depth, classes),
            side: IMAGENET_SIDE,
            training,
        }
    }

    /// The size of the features.
    pub(super) fn dims(&self) -> usize {
        self.config.embedding()
    }

    /// What is trained, on images of how many rows and columns, and how.
    pub(in crate::project) fn parts(&self) -> (&ResNetConfig, usize, &TrainingDefinition) {
        (&self.config, self.side, &self.training)
    }

    /// The network before it has learned anything, with drawn weights.
    pub(in crate::project) fn untrained(&self) -> Result<Network, Error> {
        let backend = Backend::preferred()?;
        let rng = &mut stream(0, Stream::Init, 0);
        self.network(ClassifierConfig::ResNet(self.config.clone()).init(rng, &backend.device()?), backend)
    }

    pub(super) fn network(&self, model: Classifier, backend: Backend) -> Result<Network, Error> {
        Ok(Network::Residual(Box::new(Residual {
            model,
            backend,
            device: backend.device()?,
            side: self.side,
            config: self.config.clone(),
            normalisation: self.training.normalisation.clone(),
        })))
    }
}

/// What all of them have in common: Adam, a rate that rises and falls to 0, and classes that count alike however rare they are.
fn training(epochs: usize, normalisation: Normalisation) -> TrainingDefinition {
    TrainingDefinition {
        epochs,
        batch_size: 32,
        incomplete_batch: None,
        learning_rate: 0.0,
        schedule: Schedule::Triangular { warmup: 0.2 },
        optimiser: Optimiser::Adam(Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }),
        weight_decay: 5e-5,
        clip_norm: None,
        mixup: None,
        flexmatch: None,
        early_stopping: None,
        loss: Some(LossDefinition { class_weights: ClassWeights::InverseFrequency, label_smoothing: 0.0 }),
        crop_padding: 0,
        horizontal_flip: true,
        normalisation,
    }
}
