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

/// Adam (Kingma and Ba, ICLR 2015), as in PyTorch's `Adam`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The step.
    pub learning_rate: f32,
    /// The share of the mean gradient that is kept.
    pub beta1: f32,
    /// The share of the mean squared gradient that is kept.
    pub beta2: f32,
    /// Added to the root of the mean squared gradient.
    pub epsilon: f32,
    /// The weight of ½‖θ‖² in the loss.
    pub weight_decay: f32,
    /// Steps including this one, from 1.
    pub step: i32,
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
        let Adam { learning_rate, beta1, beta2, epsilon, weight_decay, step } = self.adam;
        let first = (1.0 - f64::from(beta1).powi(step)) as f32;
        let second = (1.0 - f64::from(beta2).powi(step)).sqrt() as f32;
        let all = self.parameters.iter_mut().zip(self.gradient).zip(self.mean).zip(self.square);
        for (((parameter, &gradient), mean), square) in all {
            let gradient = gradient + weight_decay * *parameter;
            *mean = beta1 * *mean + (1.0 - beta1) * gradient;
            *square = beta2 * *square + (1.0 - beta2) * gradient * gradient;
            *parameter -= learning_rate / first * *mean / (square.sqrt() / second + epsilon);
        }
    }
}
