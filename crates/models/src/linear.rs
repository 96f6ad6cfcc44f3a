//! A linear head alone, on features that something else has computed.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use crate::initializer::linear;
use crate::output::Output;

/// The sizes of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearHeadConfig {
    /// The number of features.
    pub dims: usize,
    /// The number of classes.
    pub classes: usize,
}

/// A linear head on features: an embedding is the features themselves.
#[derive(Module, Debug)]
pub struct LinearHead {
    fc: Linear,
}

impl LinearHeadConfig {
    /// A head that knows nothing: every class is as probable as any other.
    pub fn init(&self, device: &Device) -> LinearHead {
        let Self { dims, classes } = *self;
        self.with_weights(vec![0.0; dims * classes], vec![0.0; classes], device)
    }

    /// A head that is to be trained by steps: weights and biases are drawn from `rng`, PyTorch's defaults.
    pub fn init_random(&self, rng: &mut ChaCha8Rng, device: &Device) -> LinearHead {
        LinearHead { fc: linear(self.dims, self.classes, rng, device) }
    }

    /// A head of weights that were found elsewhere.
    ///
    /// # Shapes
    ///
    /// - `weights`: `[dims, classes]`
    /// - `bias`: `[classes]`
    ///
    /// # Panics
    ///
    /// There are more or fewer of them.
    pub fn with_weights(&self, weights: Vec<f32>, bias: Vec<f32>, device: &Device) -> LinearHead {
        let Self { dims, classes } = *self;
        assert_eq!(
            (weights.len(), bias.len()),
            (dims * classes, classes),
            "weights of a head of another size"
        );
        let weight = Tensor::<2>::from_data(TensorData::new(weights, [dims, classes]), device);
        let bias = Tensor::<1>::from_data(TensorData::new(bias, [classes]), device);
        LinearHead { fc: Linear { weight: Param::from_tensor(weight), bias: Some(Param::from_tensor(bias)) } }
    }
}

impl LinearHead {
    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// - `features`: `[batch, dims]`
    /// - logits: `[batch, classes]`; embeddings: `[batch, dims]`
    pub fn forward(&self, features: Tensor<2>) -> Output {
        Output { logits: self.head(features.clone()), embeddings: features }
    }

    /// Features `[batch, dims]` to logits `[batch, classes]`.
    pub fn head(&self, features: Tensor<2>) -> Tensor<2> {
        self.fc.forward(features)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.fc.weight.lazy_shape().dims::<2>()[1]
    }

    /// The weights, `[classes, dims]`, without the biases.
    pub fn head_weights(&self) -> Tensor<2> {
        self.fc.weight.val().transpose()
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    #[test]
    fn logits_are_a_product_and_embeddings_the_features() {
        let config = LinearHeadConfig { dims: 3, classes: 2 };
        let head = config.with_weights(vec![1.0, 0.0, 0.0, 1.0, 2.0, -1.0], vec![0.5, 0.0], &device());
        let features = Tensor::<2>::from_data(TensorData::new(vec![1.0_f32, 2.0, 3.0], [1, 3]), &device());
        let output = head.forward(features.clone());
        assert_eq!(values(output.logits), [7.5, -1.0]);
        assert_eq!(values(output.embeddings), values(features.clone()));
        assert_eq!((head.classes(), head.num_params()), (2, 8));
        assert_eq!(values(head.head_weights()), [1.0, 0.0, 2.0, 0.0, 1.0, -1.0]);
        assert_eq!(values(config.init(&device()).forward(features).logits), [0.0, 0.0]);
    }

    #[test]
    fn a_drawn_head_is_that_of_its_stream() {
        let config = LinearHeadConfig { dims: 4, classes: 3 };
        let draw = |seed| config.init_random(&mut ChaCha8Rng::seed_from_u64(seed), &device());
        let weights = values(draw(1).head_weights());
        assert!(weights.iter().all(|weight| weight.abs() <= 0.5), "uniform in ±1/√4: {weights:?}");
        assert_eq!(weights, values(draw(1).head_weights()));
        assert_ne!(weights, values(draw(2).head_weights()));
    }
}
