//! Networks that turn images into features.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{ImageShape, Images};
use tailward_experiment::definition::Normalisation;
use tailward_features::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig, Tensor};
use tailward_labelling::project::Project;
use tailward_models::classifier::Classifier;
use tailward_models::pretrained::{self, RawTensor};
use tailward_models::resnet::{Depth, ResNetConfig, Stem};

use super::weights_file::{checked, format};
use crate::Error;
use crate::device::Backend;
use crate::failure::Work;
use crate::guard::guarded;
use crate::score::embeddings;

/// Rows and columns of an image of ImageNet's networks.
pub(super) const IMAGENET_SIDE: usize = 224;

/// Classes of ImageNet. A file for others is read as well: what comes before the classifier is used.
const IMAGENET_CLASSES: usize = 1_000;

/// Images that go through a residual network at a time: at 224 pixels its first layer has 200 MB of them.
const BATCH: usize = 64;

/// The networks that others have trained and that are read from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// EfficientNet-Lite0, on kernels of our own.
    EfficientNetLite0,
    /// torchvision's ResNet-18.
    ResNet18,
    /// torchvision's ResNet-50.
    ResNet50,
}

impl Architecture {
    /// The size of its features.
    pub(super) fn dims(self) -> usize {
        match self {
            Self::EfficientNetLite0 => EfficientNetLiteConfig::lite0().head,
            Self::ResNet18 => resnet(Depth::ResNet18, IMAGENET_CLASSES).embedding(),
            Self::ResNet50 => resnet(Depth::ResNet50, IMAGENET_CLASSES).embedding(),
        }
    }
}

/// torchvision's residual network.
pub(super) fn resnet(depth: Depth, classes: usize) -> ResNetConfig {
    ResNetConfig::resnet(depth, Stem::ImageNet, 3, classes)
}

/// What a residual network is made of, its weights by their keys, and what its images are normalised with.
pub(in crate::project) type ResidualParts<'a> =
    (&'a ResNetConfig, BTreeMap<String, RawTensor>, &'a Normalisation);

/// A network from pixels to features.
#[derive(Debug)]
pub enum Network {
    /// EfficientNet-Lite0, on kernels of our own.
    EfficientNetLite(Box<EfficientNetLite>),
    /// A residual network, on the device of the backend.
    Residual(Box<Residual>),
}

/// A residual network in evaluation form, with what it is fed with.
#[derive(Debug)]
pub struct Residual {
    pub(super) model: Classifier,
    pub(super) backend: Backend,
    pub(super) device: Device,
    pub(super) side: usize,
    pub(super) config: ResNetConfig,
    pub(super) normalisation: Normalisation,
}

/// The mean and the deviation of ImageNet's pixels, for the weights that torchvision publishes.
pub(super) fn imagenet_normalisation() -> Normalisation {
    Normalisation { mean: vec![0.485, 0.456, 0.406], std: vec![0.229, 0.224, 0.225] }
}

impl Network {
    /// Reads a network from a file of PyTorch or safetensors, by the file's ending.
    ///
    /// # Errors
    ///
    /// The file is missing, damaged, or of another network.
    pub fn read(architecture: Architecture, path: &Path) -> Result<Self, Error> {
        let depth = match architecture {
            Architecture::EfficientNetLite0 => return lite0(path),
            Architecture::ResNet18 => Depth::ResNet18,
            Architecture::ResNet50 => Depth::ResNet50,
        };
        let config = resnet(depth, IMAGENET_CLASSES);
        let backend = Backend::preferred()?;
        let device = backend.device()?;
        // The file has every weight that is used; what is drawn is replaced, or is a classifier for other classes that nobody asks.
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let model = pretrained::load(&config, path, format(path), &mut rng, &device)?;
        Ok(Self::Residual(Box::new(Residual {
            model: Classifier::ResNet(model),
            backend,
            device,
            side: IMAGENET_SIDE,
            config,
            normalisation: imagenet_normalisation(),
        })))
    }

    /// Reads the network of a project from its file.
    ///
    /// # Errors
    ///
    /// The file is missing, another than it was, damaged, or of another network.
    pub(super) fn of_project(
        project: &Project,
        architecture: Architecture,
        (weights, known): (&Path, &str),
    ) -> Result<Self, Error> {
        Self::read(architecture, &checked(project, weights, known)?)
    }

    /// The shape of the images that it takes.
    pub fn shape(&self) -> ImageShape {
        let side = match self {
            Self::EfficientNetLite(network) => network.side(),
            Self::Residual(network) => network.side,
        };
        ImageShape { channels: 3, height: side, width: side }
    }

    /// What a residual network is made of, its weights by torchvision's keys, and what it is fed with; nothing of another network.
    pub(in crate::project) fn residual(&self) -> Option<ResidualParts<'_>> {
        match self {
            Self::EfficientNetLite(_) => None,
            Self::Residual(network) => {
                let Classifier::ResNet(model) = &network.model else { return None };
                Some((&network.config, pretrained::to_tensors(model), &network.normalisation))
            }
        }
    }

    /// The size of its features.
    pub fn dims(&self) -> usize {
        match self {
            Self::EfficientNetLite(network) => network.dims(),
            Self::Residual(network) => network.config.embedding(),
        }
    }

    /// The features of images: `[images, 3, side, side]` to `[images, dims]`.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn features(&self, pixels: Vec<u8>) -> Result<Array2<f32>, Error> {
        match self {
            Self::EfficientNetLite(network) => Ok(network.features(&pixels)),
            Self::Residual(network) => network.features(Images { shape: self.shape(), pixels }),
        }
    }
}

impl Residual {
    fn features(&self, images: Images) -> Result<Array2<f32>, Error> {
        let count = images.len();
        if count == 0 {
            return Ok(Array2::zeros((0, self.config.embedding())));
        }
        let work = Work {
            device: self.backend.device_words(),
            doing: format!("describing {BATCH} images of {0} × {0} pixels at a time", self.side),
            afterwards: "What was described is kept; the same command goes on.",
        };
        guarded(&work, || Ok(embeddings(&self.model, images, &self.normalisation, BATCH, &self.device)))
    }
}

fn lite0(path: &Path) -> Result<Network, Error> {
    let tensors = pretrained::tensors(path, format(path))?;
    let tensors =
        tensors.into_iter().map(|(name, RawTensor { shape, values })| (name, Tensor { shape, values }));
    match EfficientNetLite::new(EfficientNetLiteConfig::lite0(), tensors.collect()) {
        Ok(network) => Ok(Network::EfficientNetLite(Box::new(network))),
        Err(reason) => Err(tailward_labelling::Error::Input { path: path.to_owned(), reason }.into()),
    }
}
