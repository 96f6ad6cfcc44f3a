//! The networks of VAAL: the same weights, the same images, what PyTorch computes and what this crate computes.

use burn::module::Module;
use burn::tensor::{Shape, Tensor, TensorData};
use burn_store::{ModuleSnapshot, PyTorchToBurnAdapter, bridge};
use serde::Deserialize;
use tailward_models::discriminator::{Discriminator, DiscriminatorConfig};
use tailward_models::vae::{Vae, VaeConfig, kl_mean, kl_sum, reconstruction_error};

use crate::{assert_near, device, golden, rng};

const TOLERANCE: f32 = 1e-5;

#[derive(Deserialize)]
struct Golden {
    reference: String,
    channels: usize,
    image_size: usize,
    latent: usize,
    width: usize,
    hidden: usize,
    vae: Vec<StateTensor>,
    discriminator: Vec<StateTensor>,
    images: Vec<f32>,
    noise: Vec<f32>,
    evaluation: Results,
    training: Results,
}

#[derive(Deserialize)]
struct StateTensor {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Results {
    reconstruction: Vec<f32>,
    mean: Vec<f32>,
    log_variance: Vec<f32>,
    reconstruction_error: f32,
    kl_sum: f32,
    kl_mean: f32,
    logits: Vec<f32>,
    probabilities: Vec<f32>,
}

/// Gives each parameter the values that PyTorch's state has under the same path.
fn fill(module: &mut impl Module, state: &[StateTensor]) {
    let tensors = state.iter().map(|tensor| {
        let data = TensorData::new(tensor.values.clone(), Shape::from(tensor.shape.clone()));
        bridge::from_data(data, tensor.name.clone(), None)
    });
    let result = module.apply(tensors.collect(), None, Some(Box::new(PyTorchToBurnAdapter)), false);
    assert!(result.is_success() && result.missing.is_empty() && result.unused.is_empty(), "{result}");
}

fn load() -> (Golden, Vae, Discriminator) {
    let golden: Golden = golden("vae.json");
    assert!(golden.reference.starts_with("torch "));
    let Golden { channels, image_size, latent, width, hidden, .. } = golden;
    let training_device = device().autodiff();
    let mut vae = VaeConfig { channels, image_size, latent, width }.init(&mut rng(0), &training_device);
    fill(&mut vae, &golden.vae);
    let mut discriminator = DiscriminatorConfig { latent, hidden }.init(&mut rng(0), &training_device);
    fill(&mut discriminator, &golden.discriminator);
    (golden, vae, discriminator)
}

fn images(golden: &Golden) -> Tensor<4> {
    let Golden { channels, image_size, .. } = *golden;
    let batch = golden.noise.len() / golden.latent;
    Tensor::from_data(
        TensorData::new(golden.images.clone(), [batch, channels, image_size, image_size]),
        &device(),
    )
}

fn noise(golden: &Golden) -> Tensor<2> {
    let batch = golden.noise.len() / golden.latent;
    Tensor::from_data(TensorData::new(golden.noise.clone(), [batch, golden.latent]), &device())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// One pass on the device of `images`.
fn check(vae: &Vae, discriminator: &Discriminator, images: Tensor<4>, noise: Tensor<2>, expected: &Results) {
    let output = vae.forward(images.clone(), noise);
    let error = reconstruction_error(output.reconstruction.clone(), images);
    let (mean, log_variance) = (output.mean, output.log_variance);
    assert_near(&values(mean.clone()), &expected.mean, TOLERANCE);
    assert_near(&values(log_variance.clone()), &expected.log_variance, TOLERANCE);
    assert_near(&values(output.reconstruction), &expected.reconstruction, TOLERANCE);
    assert_near(&values(error), &[expected.reconstruction_error], TOLERANCE);
    assert_near(&values(kl_sum(mean.clone(), log_variance.clone())), &[expected.kl_sum], TOLERANCE);
    assert_near(&values(kl_mean(mean.clone(), log_variance)), &[expected.kl_mean], TOLERANCE);
    assert_near(&values(discriminator.forward(mean.clone())), &expected.logits, TOLERANCE);
    assert_near(&values(discriminator.probability(mean)), &expected.probabilities, TOLERANCE);
}

#[test]
fn evaluation_form_computes_what_pytorch_computes() {
    let (golden, vae, discriminator) = load();
    check(&vae.valid(), &discriminator.valid(), images(&golden), noise(&golden), &golden.evaluation);
}

#[test]
fn training_form_computes_what_pytorch_computes() {
    let (golden, vae, discriminator) = load();
    let (images, noise) = (Tensor::from_inner(images(&golden)), Tensor::from_inner(noise(&golden)));
    check(&vae, &discriminator, images, noise, &golden.training);
}

/// VAAL's official code scores in training form.
#[test]
fn batch_statistics_in_evaluation_form_are_pytorchs_training_form() {
    let (golden, vae, discriminator) = load();
    let (mean, log_variance) = vae.valid().encode_with_batch_statistics(images(&golden));
    assert_near(&values(mean.clone()), &golden.training.mean, TOLERANCE);
    assert_near(&values(log_variance), &golden.training.log_variance, TOLERANCE);
    assert_near(&values(discriminator.valid().probability(mean)), &golden.training.probabilities, TOLERANCE);
}
