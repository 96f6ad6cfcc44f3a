//! The classifier on projected features.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use crate::initializer::linear;

/// What classifies the features. Its weights and biases train in either form.
#[derive(Clone, Debug, PartialEq)]
pub enum VitHead {
    /// A linear layer on the features as they are, with PyTorch's default weights.
    Linear,
    /// A linear layer on features that were divided by their L2 norm, which begins with what the classes' names say (Radford
    /// et al., section 3.1.2). Its biases begin at 0.
    ZeroShot {
        /// A direction for each class, `[classes, features]`.
        rows: Vec<f32>,
        /// What the directions are multiplied by: the exponential of CLIP's `logit_scale`.
        scale: f64,
    },
}

/// A linear layer, on features as they are or at a norm of 1.
#[derive(Module, Debug)]
pub(super) struct Head {
    pub(super) fc: Linear,
    normalised: bool,
}

/// A norm below this counts as this (PyTorch's `normalize`), so that features of zeros stay zeros.
const LEAST_NORM: f64 = 1e-12;

impl Head {
    pub(super) fn init(
        head: &VitHead,
        [features, classes]: [usize; 2],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        match head {
            VitHead::Linear => Self { fc: linear(features, classes, rng, device), normalised: false },
            VitHead::ZeroShot { rows, scale } => {
                assert_eq!(rows.len(), features * classes, "a row of features for each class");
                // Burn keeps [features_in, features_out].
                let weights = (0..features * classes).map(|place| {
                    let (feature, class) = (place / classes, place % classes);
                    (scale * f64::from(rows[class * features + feature])) as f32
                });
                let weights = TensorData::new(weights.collect::<Vec<f32>>(), [features, classes]);
                let bias = Param::from_data(TensorData::zeros::<f32, _>([classes]), device);
                let fc = Linear { weight: Param::from_data(weights, device), bias: Some(bias) };
                Self { fc, normalised: true }
            }
        }
    }

    /// Features `[batch, features]` to logits `[batch, classes]`.
    pub(super) fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        if !self.normalised {
            return self.fc.forward(features);
        }
        let squares = (features.clone() * features.clone()).sum_dim(1);
        // Below the root, whose gradient at zero is infinite.
        let norm = squares.clamp_min(LEAST_NORM * LEAST_NORM).sqrt(); // [batch, 1]
        self.fc.forward(features / norm)
    }
}
