//! Steps of the optimisers, in place where nobody else holds the parameter.

use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use tailward_kernels::Lanes;
use tailward_kernels::optimiser;

use super::operands::{AdamStep, SgdStep};
use super::storage::{contiguous, from_plain, plain, small, values};

/// One step of stochastic gradient descent: the parameter and its velocity after it. A first step has no velocity yet.
///
/// # Shapes
///
/// All are of the parameter's shape, on a device without automatic differentiation for which
/// [`available`](super::available) says yes.
///
/// # Panics
///
/// The gradient has another number of values.
pub(crate) fn sgd_step<const D: usize>(
    step: SgdStep,
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<Tensor<D>>,
) -> (Tensor<D>, Tensor<D>) {
    let mut parameter = contiguous(plain(parameter));
    let gradient = contiguous(plain(gradient));
    let mut velocity = or_zeros(velocity, &parameter);
    let sgd = optimiser::Sgd {
        learning_rate: step.learning_rate as f32,
        momentum: step.momentum as f32,
        nesterov: step.nesterov,
        weight_decay: step.weight_decay as f32,
    };
    sgd.step(
        Lanes::detect(),
        parameter.storage_mut::<f32>(),
        values(&gradient),
        velocity.storage_mut::<f32>(),
    );
    (from_plain(parameter), from_plain(velocity))
}

/// One step of Adam: the parameter, the mean gradient and the mean squared gradient after it. A first step, step 1, has no means yet.
///
/// # Shapes
///
/// As of [`sgd_step`].
///
/// # Panics
///
/// The gradient has another number of values.
pub(crate) fn adam_step<const D: usize>(
    step: AdamStep,
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    means: Option<[Tensor<D>; 2]>,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let mut parameter = contiguous(plain(parameter));
    let gradient = contiguous(plain(gradient));
    let (mean, square) = match means {
        Some([mean, square]) => (Some(mean), Some(square)),
        None => (None, None),
    };
    let (mut mean, mut square) = (or_zeros(mean, &parameter), or_zeros(square, &parameter));
    let AdamStep { learning_rate, beta_1, beta_2, epsilon, weight_decay, decoupled, steps } = step;
    let adam = optimiser::Adam { learning_rate, beta_1, beta_2, epsilon, weight_decay, decoupled, steps };
    adam.step(
        Lanes::detect(),
        parameter.storage_mut::<f32>(),
        values(&gradient),
        mean.storage_mut::<f32>(),
        square.storage_mut::<f32>(),
    );
    (from_plain(parameter), [from_plain(mean), from_plain(square)])
}

fn or_zeros<const D: usize>(tensor: Option<Tensor<D>>, like: &FlexTensor) -> FlexTensor {
    match tensor {
        Some(tensor) => contiguous(plain(tensor)),
        None => {
            let shape: [usize; D] = like.shape().dims();
            small(vec![0.0; like.shape().num_elements()], shape)
        }
    }
}
