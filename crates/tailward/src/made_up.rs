//! What is measured and checked without data: networks, made-up images and labels, and training of them as a run does it.

use burn::tensor::Device;
use tailward_datasets::{ImageShape, Images};
use tailward_engine::inputs::{Inputs, Pixels};
use tailward_engine::rng::{Stream, stream};
use tailward_engine::train::classifier::{LabelledSet, NotFinite, Streams, Trained, train};
use tailward_experiment::definition::{Normalisation, Optimiser, Schedule, TrainingDefinition};
use tailward_models::classifier::{Classifier, ClassifierConfig};
use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};
use tailward_models::vit::{VitConfig, VitHead};

/// A residual network for images of three channels.
pub(crate) fn resnet(
    stem: Stem,
    block: BlockKind,
    classes: usize,
    blocks: &[usize],
    widths: &[usize],
) -> ClassifierConfig {
    let (blocks, widths) = (blocks.to_vec(), widths.to_vec());
    ClassifierConfig::ResNet(ResNetConfig { channels: 3, classes, stem, block, blocks, widths })
}

/// The network of `--scale quick`, for 100 classes.
pub(crate) fn quick_resnet() -> ClassifierConfig {
    resnet(Stem::CifarStrided, BlockKind::Basic, 100, &[1, 1, 1], &[32, 64, 128])
}

/// ResNet-18 for 32 × 32, for 100 classes.
pub(crate) fn resnet_18() -> ClassifierConfig {
    resnet(Stem::Cifar, BlockKind::Basic, 100, &[2, 2, 2, 2], &[64, 128, 256, 512])
}

/// CLIP's image tower, ViT-B/32, for 224 × 224, with a linear head for 100 classes.
pub(crate) fn clip_vit_b_32() -> ClassifierConfig {
    let head = VitHead::Linear;
    let (width, layers, heads, features) = (768, 12, 12, 512);
    ClassifierConfig::Vit(VitConfig {
        image: 224,
        patch: 32,
        width,
        layers,
        heads,
        features,
        classes: 100,
        head,
    })
}

/// The network of a configuration, the same on every device.
pub(crate) fn model(config: &ClassifierConfig, device: &Device) -> Classifier {
    config.init(&mut stream(0, Stream::Init, 0), device)
}

/// Square images on a device that look like nothing and have no two rows alike.
pub(crate) fn images(count: usize, side: usize, device: &Device) -> Pixels {
    let shape = ImageShape { channels: 3, height: side, width: side };
    // Multiplying by 2³² over the golden ratio scatters (Knuth, The Art of Computer Programming, 6.4).
    let scattered = |index: usize| ((index as u32).wrapping_mul(2_654_435_769) >> 24) as u8;
    let pixels = (0..count * shape.len()).map(scattered).collect();
    Pixels::upload(Images { shape, pixels }, &normalisation(), device)
}

/// The labels of made-up images: every class in turn.
pub(crate) fn labels(count: usize, classes: usize) -> Vec<u32> {
    (0..count).map(|row| (row % classes) as u32).collect()
}

fn normalisation() -> Normalisation {
    Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] }
}

/// How a network is trained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) epochs: usize,
    pub(crate) batch_size: usize,
    pub(crate) learning_rate: f64,
    /// Whether images are cropped and flipped at random.
    pub(crate) augmented: bool,
}

/// SGD with what the published protocols have beside the rate.
pub(crate) fn training(steps: Steps) -> TrainingDefinition {
    TrainingDefinition {
        epochs: steps.epochs,
        batch_size: steps.batch_size,
        learning_rate: steps.learning_rate,
        schedule: Schedule::Constant {},
        optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true },
        incomplete_batch: None,
        loss: None,
        weight_decay: 5e-4,
        clip_norm: None,
        mixup: None,
        flexmatch: None,
        early_stopping: None,
        crop_padding: if steps.augmented { 4 } else { 0 },
        horizontal_flip: steps.augmented,
        normalisation: normalisation(),
    }
}

/// Trains a network on the first `count` images as a run does, in the engine's own loop.
///
/// # Errors
///
/// The loss of an epoch is not finite.
pub(crate) fn trained(
    model: Classifier,
    classes: usize,
    inputs: &Inputs,
    count: usize,
    steps: Steps,
) -> Result<Trained, NotFinite> {
    let rows: Vec<usize> = (0..count).collect();
    let data = LabelledSet { inputs, rows: &rows, labels: &labels(count, classes) };
    let streams =
        Streams { order: stream(0, Stream::Order, 0), augment: stream(0, Stream::Augment, 0), dropout: None };
    train(&training(steps), model, data, streams, &mut |_| {})
}
