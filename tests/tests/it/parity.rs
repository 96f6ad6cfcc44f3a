//! The same network, the same weights, the same images: what PyTorch computes and what this project computes.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Deserialize;
use tailward_datasets::{ImageShape, Images};
use tailward_engine::device::Backend;
use tailward_engine::inputs::{Inputs, Pixels};
use tailward_engine::train::classifier::{LabelledSet, Streams, train};
use tailward_engine::train::loss::Weighted;
use tailward_experiment::definition::{
    Adam, ClassWeights, LossDefinition, Normalisation, Optimiser, Schedule, TrainingDefinition,
};
use tailward_models::classifier::Classifier;
use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};

use crate::fixture::project;

#[derive(Deserialize)]
struct Golden {
    reference: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    stem: Stem,
    blocks: Vec<usize>,
    widths: Vec<usize>,
    classes: usize,
    size: usize,
    state: Vec<StateTensor>,
    pixels: Vec<u8>,
    labels: Vec<u32>,
    logits: Vec<f32>,
    embeddings: Vec<f32>,
    losses: Vec<f64>,
}

#[derive(Deserialize)]
struct StateTensor {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn golden() -> Golden {
    let text = std::fs::read_to_string(project("tests/golden/resnet.json")).unwrap();
    let golden: Golden = serde_json::from_str(&text).unwrap();
    assert!(golden.reference.starts_with("torch "));
    golden
}

/// Gives each parameter the values that PyTorch's state has under the same path.
struct FromTorch<'a> {
    state: &'a [StateTensor],
    path: Vec<String>,
    taken: usize,
}

impl ModuleMapper for FromTorch<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self
            .path
            .join(".")
            .replace("downsample.conv", "downsample.0")
            .replace("downsample.bn", "downsample.1")
            .replace("gamma", "weight")
            .replace("beta", "bias");
        let tensor =
            self.state.iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no {name}"));
        self.taken += 1;
        let linear = name == "fc.weight";
        param.map(|old| {
            let data = TensorData::new(tensor.values.clone(), tensor.shape.clone());
            let mut new = Tensor::<D>::from_data(data, &old.device());
            if linear {
                new = new.transpose(); // Burn keeps [features_in, features_out]
            }
            assert_eq!(new.dims(), old.dims(), "{name}");
            if old.is_require_grad() { new.require_grad() } else { new }
        })
    }
}

fn model(case: &Case, device: &Device) -> Classifier {
    let config = ResNetConfig {
        channels: 3,
        classes: case.classes,
        stem: case.stem,
        block: BlockKind::Basic,
        blocks: case.blocks.clone(),
        widths: case.widths.clone(),
    };
    let mut mapper = FromTorch { state: &case.state, path: vec![], taken: 0 };
    let model = config.init(&mut ChaCha8Rng::seed_from_u64(0), device).map(&mut mapper);
    assert_eq!(mapper.taken, case.state.len(), "every tensor of PyTorch's state has its place");
    Classifier::ResNet(model)
}

fn inputs(case: &Case, device: &Device) -> Inputs {
    let shape = ImageShape { channels: 3, height: case.size, width: case.size };
    let images = Images { shape, pixels: case.pixels.clone() };
    let normalisation = Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] };
    Inputs::Pixels(Pixels::upload(images, &normalisation, device))
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{what}[{index}]: {found} is not {expected}");
    }
}

fn logits_agree(backend: Backend) {
    let device = backend.device().unwrap();
    for case in golden().cases {
        // Built for training and then made ready for scoring, as a run does it.
        let model = model(&case, &device.clone().autodiff()).valid();
        let rows: Vec<usize> = (0..case.labels.len()).collect();
        let output = model.forward(inputs(&case, &device).batch(&rows));
        let values = |tensor: Tensor<2>| tensor.into_data().try_into_vec::<f32>().unwrap();
        assert_close(&values(output.logits), &case.logits, 1e-5, "logits");
        assert_close(&values(output.embeddings), &case.embeddings, 1e-5, "embeddings");
    }
}

/// Ten steps of stochastic gradient descent with Nesterov momentum and weight decay, through the engine's own loop.
fn losses_agree(backend: Backend) {
    let device = backend.device().unwrap();
    for case in golden().cases {
        let training = TrainingDefinition {
            epochs: case.losses.len(),
            batch_size: case.labels.len(),
            learning_rate: 0.05,
            schedule: Schedule::Milestones { epochs: vec![], factor: 1.0 },
            optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true },
            incomplete_batch: None,
            loss: None,
            weight_decay: 5e-4,
            clip_norm: None,
            mixup: None,
            flexmatch: None,
            early_stopping: None,
            crop_padding: 0,
            horizontal_flip: false,
            normalisation: Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] },
        };
        let rows: Vec<usize> = (0..case.labels.len()).collect();
        let inputs = inputs(&case, &device);
        let data = LabelledSet { inputs: &inputs, rows: &rows, labels: &case.labels };
        let rng = ChaCha8Rng::seed_from_u64(0);
        let streams = Streams { order: rng.clone(), augment: rng, dropout: None };
        let trained =
            train(&training, model(&case, &device.clone().autodiff()), data, streams, &mut |_| {}).unwrap();
        for (step, (found, expected)) in trained.epoch_losses.iter().zip(&case.losses).enumerate() {
            let relative = (found - expected).abs() / expected.abs();
            assert!(
                relative <= 1e-4,
                "{:?}, step {step}: {found} is not {expected} ({relative:e})",
                case.stem
            );
        }
    }
}

#[derive(Deserialize)]
struct GoldenTraining {
    reference: String,
    adam_losses: Vec<Vec<f64>>,
    losses: Vec<GoldenLoss>,
}

#[derive(Deserialize)]
struct GoldenLoss {
    logits: Vec<f32>,
    targets: Vec<i32>,
    weights: Vec<f32>,
    smoothing: f64,
    loss: f32,
    gradient: Vec<f32>,
}

fn golden_training() -> GoldenTraining {
    let text = std::fs::read_to_string(project("tests/golden/training.json")).unwrap();
    let golden: GoldenTraining = serde_json::from_str(&text).unwrap();
    assert!(golden.reference.starts_with("torch "));
    golden
}

/// Ten steps of Adam on the loss with inverse-frequency weights and smoothing, through the engine's own loop.
fn adam_agrees(backend: Backend) {
    let device = backend.device().unwrap();
    for (case, losses) in golden().cases.iter().zip(golden_training().adam_losses) {
        let loss = LossDefinition { class_weights: ClassWeights::InverseFrequency, label_smoothing: 0.1 };
        let training = TrainingDefinition {
            epochs: losses.len(),
            batch_size: case.labels.len(),
            learning_rate: 1e-3,
            schedule: Schedule::Constant {},
            optimiser: Optimiser::Adam(Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }),
            incomplete_batch: None,
            loss: Some(loss),
            weight_decay: 5e-5,
            clip_norm: None,
            mixup: None,
            flexmatch: None,
            early_stopping: None,
            crop_padding: 0,
            horizontal_flip: false,
            normalisation: Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] },
        };
        let rows: Vec<usize> = (0..case.labels.len()).collect();
        let inputs = inputs(case, &device);
        let data = LabelledSet { inputs: &inputs, rows: &rows, labels: &case.labels };
        let rng = ChaCha8Rng::seed_from_u64(0);
        let streams = Streams { order: rng.clone(), augment: rng, dropout: None };
        let trained =
            train(&training, model(case, &device.clone().autodiff()), data, streams, &mut |_| {}).unwrap();
        for (step, (found, expected)) in trained.epoch_losses.iter().zip(&losses).enumerate() {
            let relative = (found - expected).abs() / expected.abs();
            // A gradient near 0 is divided by its own size: its last bits decide on the direction of a step.
            assert!(
                relative <= 1e-3,
                "{:?}, step {step}: {found} is not {expected} ({relative:e})",
                case.stem
            );
        }
    }
}

/// The weighted and smoothed cross-entropy and its gradient.
fn weighted_losses_agree(backend: Backend) {
    let device = backend.device().unwrap();
    let golden = golden_training();
    assert_eq!(golden.losses.len(), 6);
    for case in golden.losses {
        let shape = [case.targets.len(), case.weights.len()];
        let data = TensorData::new(case.logits.clone(), shape);
        let logits = Tensor::<2>::from_data(data, &device.clone().autodiff()).require_grad();
        let targets = Tensor::<1, Int>::from_data(TensorData::new(case.targets, [shape[0]]), &device);
        let loss = Weighted::new(&case.weights, case.smoothing, &device).forward(logits.clone(), targets);
        let gradient = logits.grad(&loss.clone().backward()).unwrap();
        assert_close(&[loss.into_scalar::<f32>()], &[case.loss], 1e-6, "loss");
        assert_close(&gradient.into_data().try_into_vec::<f32>().unwrap(), &case.gradient, 1e-6, "gradient");
    }
}

#[test]
fn adam_agrees_with_pytorch_on_ndarray() {
    adam_agrees(Backend::Ndarray);
}

#[test]
fn adam_agrees_with_pytorch_on_flex() {
    adam_agrees(Backend::Flex);
}

#[test]
fn weighted_losses_agree_with_pytorch() {
    weighted_losses_agree(Backend::Ndarray);
    weighted_losses_agree(Backend::Flex);
}

#[test]
fn logits_agree_with_pytorch_on_ndarray() {
    logits_agree(Backend::Ndarray);
}

#[test]
fn logits_agree_with_pytorch_on_flex() {
    logits_agree(Backend::Flex);
}

#[test]
fn losses_agree_with_pytorch_on_ndarray() {
    losses_agree(Backend::Ndarray);
}

#[test]
fn losses_agree_with_pytorch_on_flex() {
    losses_agree(Backend::Flex);
}
