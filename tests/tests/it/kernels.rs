//! The kernels of our own inside the networks, on `flex`, against Burn's operations on `ndarray`: outputs, running statistics,
//! and the gradient of every parameter.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tailward_engine::device::Backend;
use tailward_models::classifier::{Batch, Classifier};
use tailward_models::clip_norm::clip_global_norm;
use tailward_models::optimiser::Adam;
use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};
use tailward_models::vae::{VaeConfig, kl_mean, noise, reconstruction_error};
use tailward_models::vit::{VitConfig, VitHead};

/// Named values, in the order in which a module visits them.
type Named = Vec<(String, Vec<f32>)>;

/// Collects a value of each parameter: its gradient, or itself.
struct Collect<'a> {
    gradients: Option<&'a GradientsParams>,
    path: Vec<String>,
    found: Named,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.gradients {
            None => Some(param.val().inner()),
            Some(gradients) => gradients.get::<D>(param.id),
        };
        if let Some(tensor) = tensor {
            self.found.push((self.path.join("."), values(tensor)));
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn gradients(model: &impl Module, loss: Tensor<1>) -> Named {
    named(model, &GradientsParams::from_grads(loss.backward(), model))
}

fn named(model: &impl Module, gradients: &GradientsParams) -> Named {
    let mut collect = Collect { gradients: Some(gradients), path: vec![], found: vec![] };
    model.visit(&mut collect);
    collect.found
}

/// Parameters and running statistics, once training is over.
fn state(model: &impl Module) -> Named {
    let mut collect = Collect { gradients: None, path: vec![], found: vec![] };
    model.visit(&mut collect);
    collect.found
}

fn images(batch: usize, channels: usize, side: usize, device: &Device) -> Tensor<4> {
    let count = batch * channels * side * side;
    let values: Vec<f32> =
        (0..count).map(|index| ((index * 37 + index / 11) % 101) as f32 / 50.0 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, [batch, channels, side, side]), device)
}

/// The norm of the difference is at most 1e-4 of the norm: rounding in another order, through every layer.
fn assert_near(found: &Named, expected: &Named, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    assert!(!found.is_empty(), "{what}: nothing to compare");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    for ((name, found), (expected_name, expected)) in found.iter().zip(expected) {
        assert_eq!(name, expected_name);
        assert_eq!(found.len(), expected.len(), "{what}, {name}");
        let pairs = found.iter().zip(expected);
        let far = norm(&mut pairs.map(|(found, expected)| f64::from(*found) - f64::from(*expected)));
        let size = norm(&mut expected.iter().map(|&value| f64::from(value)));
        assert!(far <= 1e-4 * size + 1e-7, "{what}, {name}: {far:e} away from a norm of {size:e}");
    }
}

/// Logits and embeddings in evaluation form, gradients, and running statistics after one pass.
fn resnet(config: &ResNetConfig, batch: usize, side: usize, device: &Device) -> [Named; 3] {
    let training = device.clone().autodiff();
    let model = config.init(&mut ChaCha8Rng::seed_from_u64(3), &training);
    let output = model.forward(Tensor::from_inner(images(batch, config.channels, side, device)));
    let labels: Vec<i32> = (0..batch).map(|row| (row % config.classes) as i32).collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch]), &training);
    let loss = CrossEntropyLossConfig::new().init(&training).forward(output.logits, labels);
    let found = gradients(&model, loss);
    let scoring = model.valid();
    let output = scoring.forward(images(batch, config.channels, side, device));
    let shown = Batch::Images(images(batch, config.channels, side, device));
    let by_batch = Classifier::ResNet(scoring.clone()).forward_with_batch_statistics(shown);
    let outputs = vec![
        ("logits".to_owned(), values(output.logits)),
        ("embeddings".to_owned(), values(output.embeddings)),
        ("logits by the batch's statistics".to_owned(), values(by_batch.logits)),
    ];
    [found, outputs, state(&scoring)]
}

fn flex() -> Device {
    Backend::Flex.device().unwrap()
}

fn ndarray() -> Device {
    Backend::Ndarray.device().unwrap()
}

#[test]
fn residual_networks_agree_in_every_gradient() {
    let config = |stem, block, blocks: &[usize], widths: &[usize]| ResNetConfig {
        channels: 3,
        classes: 10,
        stem,
        block,
        blocks: blocks.to_vec(),
        widths: widths.to_vec(),
    };
    let cases = [
        // What the quick scale trains.
        (config(Stem::CifarStrided, BlockKind::Basic, &[1, 1, 1], &[32, 64, 128]), 3, 32),
        // The build of ResNet-18, at a quarter of its width.
        (config(Stem::Cifar, BlockKind::Basic, &[2, 2, 2, 2], &[16, 32, 64, 128]), 2, 16),
        // The build of torchvision's ResNet-50, with widths that fill no vector.
        (config(Stem::ImageNet, BlockKind::Bottleneck, &[2, 1, 1], &[4, 9, 20]), 3, 48),
        // What the tests train.
        (config(Stem::CifarStrided, BlockKind::Basic, &[1, 1], &[4, 8]), 5, 9),
    ];
    for (config, batch, side) in cases {
        let found = resnet(&config, batch, side, &flex());
        let expected = resnet(&config, batch, side, &ndarray());
        for ((found, expected), what) in found.iter().zip(&expected).zip(["gradients", "outputs", "state"]) {
            assert_near(found, expected, &format!("{what} of {config:?}"));
        }
    }
}

/// Gradients, and the latent code in evaluation form after one pass.
fn vae(config: &VaeConfig, device: &Device) -> [Named; 2] {
    let training = device.clone().autodiff();
    let model = config.init(&mut ChaCha8Rng::seed_from_u64(3), &training);
    let inputs = Tensor::from_inner(images(3, config.channels, config.image_size, device));
    let noise = noise([3, config.latent], &mut ChaCha8Rng::seed_from_u64(4), device);
    let output = model.forward(inputs.clone(), Tensor::from_inner(noise));
    let loss =
        reconstruction_error(output.reconstruction, inputs) + kl_mean(output.mean, output.log_variance);
    let found = gradients(&model, loss);
    let scoring = model.valid();
    let (mean, log_variance) = scoring.encode(images(3, config.channels, config.image_size, device));
    let decoded = scoring.decode(mean.clone());
    let mut outputs = state(&scoring);
    outputs.push(("mean".to_owned(), values(mean)));
    outputs.push(("log variance".to_owned(), values(log_variance)));
    outputs.push(("decoded".to_owned(), values(decoded)));
    [found, outputs]
}

#[test]
fn the_autoencoder_agrees_in_every_gradient() {
    for config in [
        VaeConfig { channels: 3, image_size: 32, latent: 8, width: 16 },
        VaeConfig { channels: 1, image_size: 16, latent: 5, width: 3 },
    ] {
        let (found, expected) = (vae(&config, &flex()), vae(&config, &ndarray()));
        assert_near(&found[0], &expected[0], &format!("gradients of {config:?}"));
        assert_near(&found[1], &expected[1], &format!("state and outputs of {config:?}"));
    }
}

/// Gradients and outputs of the tower, then its parameters after three steps of AdamW, whose kernel is on `flex` alone.
fn tower(device: &Device) -> [Named; 3] {
    let head = VitHead::Linear;
    let config =
        VitConfig { image: 16, patch: 8, width: 16, layers: 2, heads: 2, features: 8, classes: 3, head };
    let mut model = config.init(&mut ChaCha8Rng::seed_from_u64(2), device);
    // The bias of a key has a gradient of nothing but rounding, which a smaller ε would make large.
    let adam_w = Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-4, weight_decay: 0.1, decoupled: true };
    let mut optimizer = ModuleOptimizer::from(adam_w);
    let targets = Tensor::<1, Int>::from_data([0, 1, 2, 0], device);
    let (mut outputs, mut first) = (vec![], vec![]);
    for step in 0..3 {
        let logits = model.forward(images(4, 3, 16, device)).logits;
        outputs.push((format!("logits {step}"), values(logits.clone().inner())));
        let loss = CrossEntropyLossConfig::new().init(device).forward(logits, targets.clone());
        let all = GradientsParams::from_grads(loss.backward(), &model);
        if step == 0 {
            first = named(&model, &all);
        }
        let clipped = clip_global_norm(all, &model, 1.0);
        model = optimizer.step(0.01, model, clipped);
    }
    [outputs, first, state(&model)]
}

#[test]
fn the_image_tower_agrees_in_every_gradient_and_after_steps_of_adam_w() {
    let [found, expected] = [flex(), ndarray()].map(|device| tower(&device.autodiff()));
    for (what, (found, expected)) in ["outputs", "gradients", "state"].iter().zip(found.iter().zip(&expected))
    {
        assert_near(found, expected, what);
    }
}
