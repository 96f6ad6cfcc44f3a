//! The same network, weights and images on two devices: how far apart are logits, gradients and losses?

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use tailward_engine::device::Backend;
use tailward_engine::inputs::Inputs;
use tailward_models::classifier::ClassifierConfig;
use tailward_models::resnet::{BlockKind, Stem};

use crate::made_up::{Steps, images, labels, model, resnet, trained};

/// Images of the comparison.
const IMAGES: usize = 16;
/// Their height and width.
const SIDE: usize = 12;
/// Steps of training that are compared.
const STEPS: usize = 10;

/// Largest relative differences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Differences {
    /// Of the logits: against the largest of them.
    pub(super) logits: f64,
    /// Of the parameters' gradients: the norm of the difference against the norm, for the parameter where it is largest.
    pub(super) gradients: f64,
    /// Of the losses: against the loss, at the step where it is largest.
    pub(super) losses: f64,
}

/// What rounding explains.
///
/// f32 has 24 bits: sums of some hundred products in another order differ by 1e-6 to 1e-5, and ten steps multiply that. CUDA
/// multiplies matrices and convolves f32 in TF32, whose 11 bits round each factor by up to 5e-4; five layers of it and the
/// division by a batch's standard deviation make 1e-2 of it, and more where gradients cancel.
pub(super) fn allowed(backend: Backend) -> Differences {
    match backend {
        Backend::Cuda => Differences { logits: 1e-2, gradients: 5e-2, losses: 5e-2 },
        Backend::Wgpu | Backend::Vulkan | Backend::Metal | Backend::Flex | Backend::Ndarray => {
            Differences { logits: 1e-4, gradients: 1e-3, losses: 1e-3 }
        }
    }
}

/// Compares a device with a reference.
pub(super) fn compare(reference: &Device, device: &Device) -> Differences {
    // Both kinds of block, with and without a convolution on the way around.
    let config = resnet(Stem::Cifar, BlockKind::Basic, 10, &[1, 1], &[8, 16]);
    let [expected, found] = [reference, device].map(|device| numbers(&config, device));
    let gradients = expected.gradients.iter().zip(&found.gradients);
    let losses = expected.losses.iter().zip(&found.losses);
    Differences {
        logits: largest(&difference(&expected.logits, &found.logits)) / largest(&expected.logits),
        gradients: gradients
            .map(|(expected, found)| norm(&difference(expected, found)) / norm(expected))
            .fold(if expected.gradients.len() == found.gradients.len() { 0.0 } else { f64::NAN }, worse),
        losses: losses
            .map(|(expected, found)| (expected - found).abs() / expected.abs())
            .fold(if found.losses.len() == STEPS { 0.0 } else { f64::NAN }, worse),
    }
}

/// The larger one; what is not a number is worse than any number.
fn worse(one: f64, other: f64) -> f64 {
    if one.is_nan() || one > other { one } else { other }
}

/// What a device computes.
struct Numbers {
    logits: Vec<f64>,
    /// One for each parameter, in the order of the model.
    gradients: Vec<Vec<f64>>,
    losses: Vec<f64>,
}

fn numbers(config: &ClassifierConfig, device: &Device) -> Numbers {
    let inputs = Inputs::Pixels(images(IMAGES, SIDE, device));
    let rows: Vec<usize> = (0..IMAGES).collect();
    let training = model(config, &device.clone().autodiff());
    let logits = values(training.valid().forward(inputs.batch(&rows)).logits);
    let targets: Vec<i32> = labels(IMAGES, config.classes()).into_iter().map(|label| label as i32).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(targets, [IMAGES]), device);
    let output = training.forward(inputs.batch(&rows).for_training());
    let loss_function = CrossEntropyLossConfig::new().init(&device.clone().autodiff());
    let loss = loss_function.forward(output.logits, Tensor::from_inner(targets));
    let mut collector = Collector { gradients: &loss.backward(), values: Vec::new() };
    training.visit(&mut collector);
    let gradients = collector.values;
    let steps = Steps { epochs: STEPS, batch_size: IMAGES, learning_rate: 0.05, augmented: false };
    let start = model(config, &device.clone().autodiff());
    // A loss that is not finite ends the training: there are too few of them then.
    let losses = trained(start, config.classes(), &inputs, IMAGES, steps);
    let losses = losses.map_or(Vec::new(), |trained| trained.epoch_losses);
    Numbers { logits, gradients, losses }
}

/// Reads the gradient of each parameter.
struct Collector<'a> {
    gradients: &'a Gradients,
    values: Vec<Vec<f64>>,
}

impl ModuleVisitor for Collector<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.values.push(values(gradient));
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn difference(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one - other).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).fold(0.0, worse)
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_agrees_with_itself_and_what_is_not_a_number_agrees_with_nothing() {
        let device = Backend::Flex.device().unwrap();
        let Differences { logits, gradients, losses } = compare(&device, &device);
        assert_eq!([logits, gradients, losses].map(f64::to_bits), [0; 3]);
        assert!(largest(&difference(&[1.0, f64::NAN, 2.0], &[1.0, 1.0, 1.0])).is_nan());
        assert!(norm(&[f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn every_parameter_has_a_gradient() {
        let config = resnet(Stem::Cifar, BlockKind::Basic, 10, &[1, 1], &[8, 16]);
        let found = numbers(&config, &Backend::Flex.device().unwrap());
        // Six convolutions with batch normalisation (weight, scale, shift), and the head's weight and bias.
        assert_eq!(found.gradients.len(), 6 * 3 + 2);
        assert!(found.gradients.iter().all(|gradient| norm(gradient) > 0.0));
        assert!(found.losses[STEPS - 1] < found.losses[0], "{:?}", found.losses);
    }
}
