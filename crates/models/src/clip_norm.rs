//! Gradients of a bounded norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales the gradients of a module so that their norm over all of its parameters is `max_norm` at most, as PyTorch's
/// `clip_grad_norm_` does: each is multiplied by min(1, max_norm / (‖g‖₂ + 1e-6)).
///
/// The norm stays on the device, so nothing waits for it.
pub fn clip_global_norm<M: Module>(
    mut gradients: GradientsParams,
    model: &M,
    max_norm: f64,
) -> GradientsParams {
    let mut squares = Squares { gradients: &gradients, sum: None };
    model.visit(&mut squares);
    // A module without gradients has nothing to clip.
    if let Some(sum) = squares.sum {
        let coefficient = (sum.sqrt() + 1e-6).recip().mul_scalar(max_norm).clamp_max(1.0);
        model.visit(&mut Scaled { gradients: &mut gradients, coefficient });
    }
    gradients
}

/// Sums the squares of all gradients.
struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = (gradient.clone() * gradient).sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

/// Multiplies all gradients by one number.
struct Scaled<'a> {
    gradients: &'a mut GradientsParams,
    coefficient: Tensor<1>,
}

impl ModuleVisitor for Scaled<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let coefficient = self.coefficient.clone().reshape([1; D]);
            self.gradients.register(param.id, gradient * coefficient);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::linear::{LinearHead, LinearHeadConfig};

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    /// The gradients of the sum of a head's logits: the features for each class, and 1 for each bias.
    fn clipped(features: [f32; 2], max_norm: f64) -> [Vec<f32>; 2] {
        let device = device().autodiff();
        let head = LinearHeadConfig { dims: 2, classes: 2 }.init(&device);
        let features = Tensor::<2>::from_data(TensorData::new(features.to_vec(), [1, 2]), &device);
        let gradients = head.forward(features).logits.sum().backward();
        let gradients = clip_global_norm(GradientsParams::from_grads(gradients, &head), &head, max_norm);
        all(&head, &gradients)
    }

    /// The gradients in the order of declaration: of the weights and of the biases.
    fn all(head: &LinearHead, gradients: &GradientsParams) -> [Vec<f32>; 2] {
        struct All<'a>(&'a GradientsParams, Vec<Vec<f32>>);
        impl ModuleVisitor for All<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.1.push(self.0.get::<D>(param.id).unwrap().into_data().try_into_vec().unwrap());
            }
        }
        let mut all = All(gradients, Vec::new());
        head.visit(&mut all);
        all.1.try_into().unwrap()
    }

    /// The squares are 2·(2² + √3²) + 2·1² = 16: the norm is 4 over weights and biases together, and 3.7 over the weights.
    #[test]
    fn gradients_are_scaled_by_the_norm_over_all_parameters() {
        let features = [2.0, 3.0_f32.sqrt()];
        let [weights, biases] = clipped(features, 1.0);
        let expected = [0.5, 0.5, 3.0_f32.sqrt() / 4.0, 3.0_f32.sqrt() / 4.0];
        for (found, expected) in weights.iter().zip(expected).chain(biases.iter().zip([0.25, 0.25])) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn gradients_below_the_norm_stay_as_they_are() {
        let features = [2.0, 3.0_f32.sqrt()];
        assert_eq!(clipped(features, 5.0), [vec![2.0, 2.0, features[1], features[1]], vec![1.0, 1.0]]);
    }
}
