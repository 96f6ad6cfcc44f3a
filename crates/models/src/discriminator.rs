//! The discriminator of VAAL (Sinha et al., ICCV 2019), as in its official code: it tells the latent codes of labelled
//! images from those of unlabelled ones.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::initializer::linear_kaiming_normal;

/// A perceptron with two hidden layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscriminatorConfig {
    /// The size of a latent code; 32 in the official code.
    pub latent: usize,
    /// The size of both hidden layers; 512 in the official code.
    pub hidden: usize,
}

/// A perceptron with two hidden layers and ReLU.
#[derive(Module, Debug)]
pub struct Discriminator {
    first: Linear,
    second: Linear,
    last: Linear,
}

impl DiscriminatorConfig {
    /// Builds the network, drawing Kaiming's normal weights from `rng` in the order of declaration; biases are zero.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Discriminator {
        Discriminator {
            first: linear_kaiming_normal(self.latent, self.hidden, rng, device),
            second: linear_kaiming_normal(self.hidden, self.hidden, rng, device),
            last: linear_kaiming_normal(self.hidden, 1, rng, device),
        }
    }
}

impl Discriminator {
    /// The logit of each code's being of a labelled image, for a binary cross-entropy that takes logits.
    ///
    /// # Shapes
    ///
    /// - `latent`: `[batch, latent]`
    /// - logits: `[batch]`
    pub fn forward(&self, latent: Tensor<2>) -> Tensor<1> {
        let hidden = relu(self.first.forward(latent)); // [batch, hidden]
        let hidden = relu(self.second.forward(hidden));
        self.last.forward(hidden).flatten(0, 1)
    }

    /// The probability of each code's being of a labelled image: the logistic function of
    /// [`forward`](Self::forward), `[batch]`. VAAL queries where it is lowest.
    pub fn probability(&self, latent: Tensor<2>) -> Tensor<1> {
        sigmoid(self.forward(latent))
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::loss::BinaryCrossEntropyLossConfig;
    use burn::optim::{AdamConfig, GradientsParams};
    use burn::tensor::{Int, TensorData};
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::vae::noise;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    /// torch 2.15: the sum of `numel()` over the parameters of the network in `tests/golden/vae.py`.
    #[test]
    fn the_official_network_has_as_many_parameters_as_in_pytorch() {
        let model = DiscriminatorConfig { latent: 32, hidden: 512 }.init(&mut rng(0), &device());
        assert_eq!(model.num_params(), 280_065);
    }

    #[test]
    fn a_probability_is_the_logistic_function_of_the_logit() {
        let model = DiscriminatorConfig { latent: 4, hidden: 8 }.init(&mut rng(0), &device());
        let codes = noise([6, 4], &mut rng(1), &device());
        let logits: Vec<f32> = model.forward(codes.clone()).into_data().try_to_vec().unwrap();
        let probabilities: Vec<f32> = model.probability(codes).into_data().try_to_vec().unwrap();
        assert_eq!(logits.len(), 6);
        for (logit, probability) in logits.into_iter().zip(probabilities) {
            assert!((probability - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-6, "{logit} gave {probability}");
        }
    }

    #[test]
    fn the_stream_decides_the_weights() {
        let logits = |seed| {
            let model = DiscriminatorConfig { latent: 4, hidden: 8 }.init(&mut rng(seed), &device());
            model.forward(noise([2, 4], &mut rng(9), &device())).into_data()
        };
        assert_eq!(logits(1), logits(1));
        assert_ne!(logits(1), logits(2));
    }

    #[test]
    fn it_learns_to_tell_eight_codes_apart() {
        let training_device = device().autodiff();
        let mut model = DiscriminatorConfig { latent: 4, hidden: 16 }.init(&mut rng(3), &training_device);
        let labels = TensorData::from([1, 0, 1, 0, 0, 1, 1, 0]);
        let labels = Tensor::<1, Int>::from_data(labels, &training_device);
        let loss_function = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&training_device);
        let mut optimizer = AdamConfig::new().init();
        let codes = Tensor::from_inner(noise([8, 4], &mut rng(4), &device()));
        let mut last = f32::INFINITY;
        for _ in 0..200 {
            let loss = loss_function.forward(model.forward(codes.clone()), labels.clone());
            last = loss.clone().into_scalar::<f32>();
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(0.01, model, gradients);
        }
        assert!(last < 0.05, "the loss is still {last}");
    }
}
