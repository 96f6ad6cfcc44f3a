//! The optimisers, as PyTorch defines them: weight decay reaches every parameter and is coupled unless Adam decouples it, momentum
//! is not dampened.
//!
//! On `flex` a step is one pass over a parameter; elsewhere it is written in Burn's operations.

use burn::optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor, TensorData};

use crate::fused::{self, AdamStep, SgdStep};

/// Stochastic gradient descent with momentum (PyTorch's `SGD`, dampening 0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The share of the velocity that is kept, in [0, 1).
    pub momentum: f64,
    /// Whether the gradient is looked at from where the velocity leads.
    pub nesterov: bool,
    /// The weight of ½‖θ‖² in the loss.
    pub weight_decay: f64,
}

/// Adam (Kingma and Ba, ICLR 2015; PyTorch's `Adam`) and, decoupled, AdamW (Loshchilov and Hutter, ICLR 2019, Algorithm 2;
/// PyTorch's `AdamW`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The share of the mean gradient that is kept, in [0, 1).
    pub beta_1: f64,
    /// The share of the mean squared gradient that is kept, in [0, 1).
    pub beta_2: f64,
    /// Added to the root of the mean squared gradient.
    pub epsilon: f64,
    /// The weight of ½‖θ‖² in the loss; decoupled, the share of a parameter that decays in a step, divided by the learning rate.
    pub weight_decay: f64,
    /// Whether no mean sees the decay, which comes before the step then.
    pub decoupled: bool,
}

/// What [`Sgd`] remembers of a parameter.
#[derive(Clone, Debug)]
pub struct SgdState<const D: usize> {
    velocity: Tensor<D>,
}

/// What [`Adam`] remembers of a parameter.
#[derive(Clone, Debug)]
pub struct AdamState<const D: usize> {
    mean: Tensor<D>,
    square: Tensor<D>,
    steps: usize,
}

// Burn's derive names paths of its own crate, so these are written out.
impl<const D: usize> RecordState for SgdState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "velocity", self.velocity.to_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let velocity = source.take_tensor(prefix, "velocity")?;
        Some(Self { velocity: Tensor::from_data(velocity, device) })
    }
}

impl<const D: usize> RecordState for AdamState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "mean", self.mean.to_data());
        out.push_tensor(prefix, "square", self.square.to_data());
        out.push_tensor(prefix, "steps", TensorData::new(vec![self.steps as i64], [1]));
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let steps = source.take_tensor(prefix, "steps")?.try_into_vec::<i64>().ok()?;
        Some(Self {
            mean: Tensor::from_data(source.take_tensor(prefix, "mean")?, device),
            square: Tensor::from_data(source.take_tensor(prefix, "square")?, device),
            steps: usize::try_from(*steps.first()?).ok()?,
        })
    }
}

impl Optimizer for Sgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        let velocity = state.map(|state| state.velocity);
        if fused::available(&parameter.device()) {
            let &Self { momentum, nesterov, weight_decay } = self;
            let step = SgdStep { learning_rate, momentum, nesterov, weight_decay };
            let (parameter, velocity) = fused::sgd_step(step, parameter, gradient, velocity);
            return (parameter, Some(SgdState { velocity }));
        }
        let gradient = decayed(gradient, &parameter, self.weight_decay);
        let velocity = match velocity {
            Some(velocity) => velocity * self.momentum + gradient.clone(),
            None => gradient.clone(),
        };
        let direction =
            if self.nesterov { gradient + velocity.clone() * self.momentum } else { velocity.clone() };
        (parameter - direction * learning_rate, Some(SgdState { velocity }))
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        SgdState { velocity: state.velocity.to_device(device) }
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        let steps = state.as_ref().map_or(0, |state| state.steps) + 1;
        let &Self { beta_1, beta_2, epsilon, weight_decay, decoupled } = self;
        if fused::available(&parameter.device()) {
            let step = AdamStep { learning_rate, beta_1, beta_2, epsilon, weight_decay, decoupled, steps };
            let means = state.map(|state| [state.mean, state.square]);
            let (parameter, [mean, square]) = fused::adam_step(step, parameter, gradient, means);
            return (parameter, Some(AdamState { mean, square, steps }));
        }
        let (parameter, gradient) = if decoupled {
            (parameter * (1.0 - learning_rate * weight_decay), gradient)
        } else {
            let gradient = decayed(gradient, &parameter, weight_decay);
            (parameter, gradient)
        };
        let (mean, square) = match state {
            Some(state) => (state.mean * beta_1, state.square * beta_2),
            None => (gradient.zeros_like(), gradient.zeros_like()),
        };
        let mean = mean + gradient.clone() * (1.0 - beta_1);
        let square = square + gradient.clone() * gradient * (1.0 - beta_2);
        let power = i32::try_from(steps).unwrap_or(i32::MAX);
        let first = 1.0 - beta_1.powi(power);
        let second = (1.0 - beta_2.powi(power)).sqrt();
        let direction = mean.clone() / (square.clone().sqrt() / second + epsilon);
        let parameter = parameter - direction * (learning_rate / first);
        (parameter, Some(AdamState { mean, square, steps }))
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        let AdamState { mean, square, steps } = state;
        AdamState { mean: mean.to_device(device), square: square.to_device(device), steps }
    }
}

fn decayed<const D: usize>(gradient: Tensor<D>, parameter: &Tensor<D>, weight_decay: f64) -> Tensor<D> {
    if weight_decay > 0.0 { gradient + parameter.clone() * weight_decay } else { gradient }
}

#[cfg(test)]
mod tests {
    use burn::optim::Optimizer;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn tensor(values: [f32; 3], device: &Device) -> Tensor<1> {
        Tensor::from_data(values, device)
    }

    /// Three steps of Algorithm 2 in double precision.
    fn naive(weight_decay: f64) -> [f64; 3] {
        let mut parameters = PARAMETERS.map(f64::from);
        let (mut mean, mut square) = ([0.0; 3], [0.0; 3]);
        for (step, gradient) in (1..).zip(GRADIENTS) {
            for at in 0..3 {
                let gradient = f64::from(gradient[at]);
                parameters[at] *= 1.0 - 0.1 * weight_decay;
                mean[at] = 0.9 * mean[at] + 0.1 * gradient;
                square[at] = 0.98 * square[at] + 0.02 * gradient * gradient;
                let unbiased: f64 = square[at] / (1.0 - 0.98_f64.powi(step));
                parameters[at] -= 0.1 * mean[at] / (1.0 - 0.9_f64.powi(step)) / (unbiased.sqrt() + 1e-6);
            }
        }
        parameters
    }

    const PARAMETERS: [f32; 3] = [1.0, -2.0, 0.5];
    const GRADIENTS: [[f32; 3]; 3] = [[0.5, -0.25, 1e-4], [-0.5, 1.0, 2e-4], [0.125, 0.0, -1e-4]];

    #[test]
    fn a_decoupled_decay_reaches_the_parameter_and_no_mean() {
        let adam_w = Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-6, weight_decay: 0.5, decoupled: true };
        let (mut parameter, mut state) = (tensor(PARAMETERS, &device()), None);
        for gradient in GRADIENTS {
            (parameter, state) = adam_w.step(0.1, parameter, tensor(gradient, &device()), state);
        }
        let found: Vec<f32> = parameter.into_data().try_into_vec().unwrap();
        for (found, expected) in found.into_iter().zip(naive(0.5)) {
            assert!((f64::from(found) - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    /// Without decay the two are one.
    #[test]
    fn without_decay_both_forms_of_adam_agree() {
        let &[gradient, ..] = &GRADIENTS;
        let adam = Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-6, weight_decay: 0.0, decoupled: false };
        let adam_w = Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-6, weight_decay: 0.0, decoupled: true };
        let (coupled, _) = adam.step(0.1, tensor(PARAMETERS, &device()), tensor(gradient, &device()), None);
        let (decoupled, _) =
            adam_w.step(0.1, tensor(PARAMETERS, &device()), tensor(gradient, &device()), None);
        assert_eq!(coupled.into_data(), decoupled.into_data());
    }
}
