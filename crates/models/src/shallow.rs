//! Two layers on features that something else has computed.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::initializer::linear;
use crate::output::Output;

/// The sizes of a shallow network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShallowConfig {
    /// The number of features, and the width of the hidden layer.
    pub dims: usize,
    /// The number of classes.
    pub classes: usize,
}

/// Linear, ReLU, linear on features (the shallow proxy of LabelBench, Zhang et al., arXiv:2306.09910): an embedding is the
/// features themselves.
#[derive(Module, Debug)]
pub struct Shallow {
    hidden: Linear,
    fc: Linear,
}

impl ShallowConfig {
    /// Builds the network, drawing its weights from `rng` in the order of declaration: PyTorch's defaults.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Shallow {
        let &Self { dims, classes } = self;
        Shallow { hidden: linear(dims, dims, rng, device), fc: linear(dims, classes, rng, device) }
    }
}

impl Shallow {
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
        self.fc.forward(relu(self.hidden.forward(features)))
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.fc.weight.lazy_shape().dims::<2>()[1]
    }

    /// The weights of the last layer, `[classes, dims]`, without its biases. They are applied to the hidden layer, not to the
    /// embedding, which is of the same size.
    pub fn head_weights(&self) -> Tensor<2> {
        self.fc.weight.val().transpose()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::tensor::TensorData;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    fn layer(weights: [[f32; 2]; 2], bias: [f32; 2]) -> Linear {
        Linear { weight: Param::from_data(weights, &device()), bias: Some(Param::from_data(bias, &device())) }
    }

    /// Hidden: (1 − 2, 2 + 2 + 1) = (−1, 5), which becomes (0, 5).
    #[test]
    fn what_is_below_zero_between_the_layers_is_lost() {
        let network = Shallow {
            hidden: layer([[1.0, 2.0], [-1.0, 1.0]], [0.0, 1.0]),
            fc: layer([[100.0, 100.0], [1.0, -2.0]], [0.5, 0.0]),
        };
        let features = Tensor::<2>::from_data(TensorData::new(vec![1.0_f32, 2.0], [1, 2]), &device());
        let output = network.forward(features);
        assert_eq!(values(output.logits), [5.5, -10.0]);
        assert_eq!(values(output.embeddings), [1.0, 2.0]);
        assert_eq!(values(network.head_weights()), [100.0, 1.0, 100.0, -2.0]);
    }

    #[test]
    fn a_network_is_drawn_from_its_stream() {
        let init = |seed| {
            ShallowConfig { dims: 6, classes: 3 }.init(&mut ChaCha8Rng::seed_from_u64(seed), &device())
        };
        let network = init(1);
        assert_eq!((network.classes(), network.num_params()), (3, 6 * 6 + 6 + 6 * 3 + 3));
        assert_eq!(values(network.head_weights()), values(init(1).head_weights()));
        assert_ne!(values(network.head_weights()), values(init(2).head_weights()));
    }
}
