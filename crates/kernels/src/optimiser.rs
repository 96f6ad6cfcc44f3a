//! Steps of the optimisers, each one pass over a parameter.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::lanes::Lanes;

/// Floats that one task handles.
const PART: usize = 1 << 15;

/// Stochastic gradient descent with momentum, as in PyTorch's `SGD` with dampening 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The step.
    pub learning_rate: f32,
    /// The share of the velocity that is kept.
    pub momentum: f32,
    /// Whether the gradient is looked at from where the velocity leads (Nesterov).
    pub nesterov: bool,
    /// The weight of ½‖θ‖² in the loss.
    pub weight_decay: f32,
}

/// Adam (Kingma and Ba, ICLR 2015), as in PyTorch's `Adam` and, decoupled, its `AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The step.
    pub learning_rate: f64,
    /// The share of the mean gradient that is kept.
    pub beta_1: f64,
    /// The share of the mean squared gradient that is kept.
    pub beta_2: f64,
    /// Added to the root of the mean squared gradient.
    pub epsilon: f64,
    /// The weight of ½‖θ‖² in the loss; or, decoupled, the share of a parameter that decays at a learning rate of 1.
    pub weight_decay: f64,
    /// Whether a parameter decays by itself before the step and not through its gradient (Loshchilov and Hutter, ICLR 2019,
    /// Algorithm 2).
    pub decoupled: bool,
    /// Steps including this one, from 1.
    pub steps: usize,
}

impl Sgd {
    /// One step, in place. A velocity of a first step is all zeros: it then becomes the gradient.
    ///
    /// # Panics
    ///
    /// The slices differ in length.
    pub fn step(&self, lanes: Lanes, parameters: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        assert_eq!(parameters.len(), gradient.len(), "a gradient for each parameter");
        assert_eq!(parameters.len(), velocity.len(), "a velocity for each parameter");
        let parts = parameters.par_chunks_mut(PART).zip(gradient.par_chunks(PART));
        parts.zip(velocity.par_chunks_mut(PART)).for_each(|((parameters, gradient), velocity)| {
            lanes.dispatch(SgdPart { sgd: *self, parameters, gradient, velocity });
        });
    }
}

struct SgdPart<'a> {
    sgd: Sgd,
    parameters: &'a mut [f32],
    gradient: &'a [f32],
    velocity: &'a mut [f32],
}

impl WithSimd for SgdPart<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Sgd { learning_rate, momentum, nesterov, weight_decay } = self.sgd;
        let all = self.parameters.iter_mut().zip(self.gradient).zip(self.velocity);
        for ((parameter, &gradient), velocity) in all {
            let gradient = gradient + weight_decay * *parameter;
            *velocity = momentum * *velocity + gradient;
            let direction = if nesterov { gradient + momentum * *velocity } else { *velocity };
            *parameter -= learning_rate * direction;
        }
    }
}

impl Adam {
    /// One step, in place. Before the first both means are zero.
    ///
    /// # Panics
    ///
    /// The slices differ in length.
    pub fn step(
        &self,
        lanes: Lanes,
        parameters: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        square: &mut [f32],
    ) {
        assert_eq!(parameters.len(), gradient.len(), "a gradient for each parameter");
        assert!(
            mean.len() == parameters.len() && square.len() == parameters.len(),
            "means of each parameter"
        );
        let parts = parameters.par_chunks_mut(PART).zip(gradient.par_chunks(PART));
        let means = mean.par_chunks_mut(PART).zip(square.par_chunks_mut(PART));
        parts.zip(means).for_each(|((parameters, gradient), (mean, square))| {
            lanes.dispatch(AdamPart { adam: *self, parameters, gradient, mean, square });
        });
    }
}

struct AdamPart<'a> {
    adam: Adam,
    parameters: &'a mut [f32],
    gradient: &'a [f32],
    mean: &'a mut [f32],
    square: &'a mut [f32],
}

impl WithSimd for AdamPart<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Adam { learning_rate, beta_1, beta_2, epsilon, weight_decay, decoupled, steps } = self.adam;
        let power = i32::try_from(steps).unwrap_or(i32::MAX);
        let factor = (learning_rate / (1.0 - beta_1.powi(power))) as f32;
        let second = (1.0 - beta_2.powi(power)).sqrt() as f32;
        // What is new is weighed by what one minus a share is, not by what is left of it in single precision.
        let (new_1, new_2) = ((1.0 - beta_1) as f32, (1.0 - beta_2) as f32);
        let (beta_1, beta_2) = (beta_1 as f32, beta_2 as f32);
        // A product with 1 is exact, so that a coupled step is not changed by what a decoupled one keeps.
        let (kept, weight_decay) =
            if decoupled { (1.0 - learning_rate * weight_decay, 0.0) } else { (1.0, weight_decay) };
        let (epsilon, kept, weight_decay) = (epsilon as f32, kept as f32, weight_decay as f32);
        let all = self.parameters.iter_mut().zip(self.gradient).zip(self.mean).zip(self.square);
        for (((parameter, &gradient), mean), square) in all {
            let gradient = gradient + weight_decay * *parameter;
            *mean = beta_1 * *mean + new_1 * gradient;
            *square = beta_2 * *square + new_2 * gradient * gradient;
            *parameter = kept * *parameter - factor * *mean / (square.sqrt() / second + epsilon);
        }
    }
}
