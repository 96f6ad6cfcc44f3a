//! What the device is checked with: networks, made-up images, and training of them as a run does it.

use burn::tensor::Device;
use tailward_datasets::{ImageShape, Images};
use tailward_engine::inputs::{Inputs, Pixels};
use tailward_engine::rng::{Stream, stream};
use tailward_engine::train::supervised::{LabelledSet, Streams, Trained, train};
use tailward_experiment::definition::{Normalisation, Optimiser, Schedule, TrainingDefinition};
use tailward_models::classifier::{Classifier, ClassifierConfig};
use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};

/// A residual network of basic blocks.
pub(super) fn resnet(stem: Stem, classes: usize, blocks: &[usize], widths: &[usize]) -> ClassifierConfig {
    ClassifierConfig::ResNet(ResNetConfig {
        channels: 3,
        classes,
        stem,
        block: BlockKind::Basic,
        blocks: blocks.to_vec(),
        widths: widths.to_vec(),
    })
}

/// The network of a configuration, the same on every device.
pub(super) fn model(config: &ClassifierConfig, device: &Device) -> Classifier {
    config.init(&mut stream(0, Stream::Init, 0), device)
}

/// Images on a device that look like nothing and have no two rows alike.
pub(super) fn images(count: usize, side: usize, device: &Device) -> Inputs {
    let shape = ImageShape { channels: 3, height: side, width: side };
    // Multiplying by 2³² over the golden ratio scatters (Knuth, The Art of Computer Programming, 6.4).
    let scattered = |index: usize| ((index as u32).wrapping_mul(2_654_435_769) >> 24) as u8;
    let pixels = (0..count * shape.len()).map(scattered).collect();
    Inputs::Pixels(Pixels::upload(Images { shape, pixels }, &normalisation(), device))
}

/// The labels of made-up images: every class in turn.
pub(super) fn labels(count: usize, classes: usize) -> Vec<u32> {
    (0..count).map(|row| (row % classes) as u32).collect()
}

fn normalisation() -> Normalisation {
    Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] }
}

/// How a network is trained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub(super) epochs: usize,
    pub(super) batch_size: usize,
    pub(super) learning_rate: f64,
    /// Whether images are cropped and flipped at random.
    pub(super) augmented: bool,
}

/// Trains as a run does, in the engine's own loop. A loss that is not finite is `None`.
pub(super) fn trained(
    config: &ClassifierConfig,
    inputs: &Inputs,
    count: usize,
    steps: Steps,
) -> Option<Trained> {
    let training = TrainingDefinition {
        epochs: steps.epochs,
        batch_size: steps.batch_size,
        learning_rate: steps.learning_rate,
        schedule: Schedule::Constant {},
        optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true },
        incomplete_batch: None,
        loss: None,
        weight_decay: 5e-4,
        crop_padding: if steps.augmented { 4 } else { 0 },
        horizontal_flip: steps.augmented,
        normalisation: normalisation(),
    };
    let rows: Vec<usize> = (0..count).collect();
    let labels = labels(count, config.classes());
    let data = LabelledSet { inputs, rows: &rows, labels: &labels };
    let streams =
        Streams { order: stream(0, Stream::Order, 0), augment: stream(0, Stream::Augment, 0), dropout: None };
    train(&training, model(config, &inputs.device().autodiff()), data, streams, &mut |_| {}).ok()
}
