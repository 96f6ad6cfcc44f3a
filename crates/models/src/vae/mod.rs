//! The variational autoencoder of VAAL (Sinha et al., ICCV 2019), as in its official code.
//!
//! The encoder halves the image four times; two heads give the mean and the logarithm of the variance of the latent
//! code. The decoder widens the code to an eighth of the image's side and doubles it three times. The official network
//! is `channels: 3, image_size: 32, latent: 32, width: 128`.

mod loss;

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::{BatchNorm, Linear};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

pub use self::loss::{kl_mean, kl_sum, reconstruction_error};
use crate::features::{Features, Statistics, Then};
use crate::initializer::{
    ConvGeometry, batch_norm, conv_kaiming_normal, conv_transpose, conv_transpose_with_bias, linear,
    linear_kaiming_normal,
};

/// A variational autoencoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaeConfig {
    /// Channels of an image.
    pub channels: usize,
    /// Side of an image, in pixels: a power of two, at least 16.
    pub image_size: usize,
    /// The size of a latent code.
    pub latent: usize,
    /// Channels after the first convolution; the following ones have 2, 4 and 8 times as many.
    pub width: usize,
}

/// A variational autoencoder.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Vec<EncoderStep>,
    mean: Linear,
    log_variance: Linear,
    expand: Linear,
    decoder: Vec<DecoderStep>,
    image: ConvTranspose2d,
}

/// Halves the resolution: 4×4 convolution of stride 2, batch normalisation, ReLU.
#[derive(Module, Debug)]
pub struct EncoderStep {
    conv: Conv2d,
    bn: BatchNorm,
}

/// Doubles the resolution: 4×4 transposed convolution of stride 2, batch normalisation, ReLU.
#[derive(Module, Debug)]
pub struct DecoderStep {
    conv: ConvTranspose2d,
    bn: BatchNorm,
}

/// What one pass yields.
#[derive(Clone, Debug)]
pub struct VaeOutput {
    /// `[batch, channels, image_size, image_size]`, without an activation.
    pub reconstruction: Tensor<4>,
    /// `[batch, latent]`, the mean of the latent code.
    pub mean: Tensor<2>,
    /// `[batch, latent]`, the natural logarithm of the latent code's variance.
    pub log_variance: Tensor<2>,
}

impl VaeConfig {
    /// Builds the network, drawing its weights from `rng` in the order of declaration.
    ///
    /// As in the official code, the encoder's convolutions and the decoder's first layer get Kaiming's normal weights,
    /// and the two heads and the transposed convolutions PyTorch's default.
    ///
    /// # Panics
    ///
    /// `image_size` is no power of two or is below 16.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Vae {
        let &Self { channels, image_size, latent, width } = self;
        assert!(
            image_size.is_power_of_two() && image_size >= 16,
            "an image of {image_size} pixels a side: a power of two of at least 16 is needed"
        );
        let steps = [(channels, width), (width, 2 * width), (2 * width, 4 * width), (4 * width, 8 * width)];
        let encoder = steps.map(|(from, to)| EncoderStep::init(from, to, rng, device)).into();
        let features = 8 * width * (image_size / 16).pow(2);
        let mean = linear(features, latent, rng, device);
        let log_variance = linear(features, latent, rng, device);
        let expand = linear_kaiming_normal(latent, 8 * width * (image_size / 8).pow(2), rng, device);
        let steps = [(8 * width, 4 * width), (4 * width, 2 * width), (2 * width, width)];
        let decoder = steps.map(|(from, to)| DecoderStep::init(from, to, rng, device)).into();
        let last =
            ConvGeometry { channels_in: width, channels_out: channels, kernel: 1, stride: 1, padding: 0 };
        let image = conv_transpose_with_bias(last, rng, device);
        Vae { encoder, mean, log_variance, expand, decoder, image }
    }
}

impl EncoderStep {
    fn init(channels_in: usize, channels_out: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let geometry = ConvGeometry { channels_in, channels_out, kernel: 4, stride: 2, padding: 1 };
        Self { conv: conv_kaiming_normal(geometry, rng, device), bn: batch_norm(channels_out, device) }
    }
}

impl DecoderStep {
    fn init(channels_in: usize, channels_out: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let geometry = ConvGeometry { channels_in, channels_out, kernel: 4, stride: 2, padding: 1 };
        Self { conv: conv_transpose(geometry, rng, device), bn: batch_norm(channels_out, device) }
    }
}

impl Vae {
    /// The number of trainable parameters; the running statistics of batch normalisation are not among them.
    pub fn trainable_parameters(&self) -> usize {
        let encoder = self.encoder.iter().map(|step| &step.bn);
        let norms = encoder.chain(self.decoder.iter().map(|step| &step.bn));
        self.num_params() - norms.map(|bn| 2 * bn.gamma.lazy_shape().num_elements()).sum::<usize>()
    }

    /// The mean and the logarithm of the variance of each image's latent code. Batch normalisation is as everywhere in
    /// Burn: batch statistics in training form on an autodiff device, running ones after [`valid`](Module::valid).
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, channels, image_size, image_size]`, normalised
    /// - mean and log-variance: `[batch, latent]`
    pub fn encode(&self, images: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
        self.encode_normalised_by(images, Statistics::ByForm)
    }

    /// As [`encode`](Self::encode), with the statistics of this batch in every form and on every device. The running
    /// ones are neither used nor changed, and nothing is kept for a backward pass unless the tensors ask for it.
    ///
    /// VAAL's official code leaves its networks in training form when it scores the pool; this is how to score as it
    /// does. A code then depends on the other images of its batch.
    pub fn encode_with_batch_statistics(&self, images: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
        self.encode_normalised_by(images, Statistics::OfBatch)
    }

    fn encode_normalised_by(&self, images: Tensor<4>, by: Statistics) -> (Tensor<2>, Tensor<2>) {
        let mut features = Features::new(images);
        for step in &self.encoder {
            features = features.conv_norm(&step.conv, &step.bn, by, Then::RELU); // half the side
        }
        // [batch, 8 width · (image_size / 16)²]
        let features: Tensor<2> = features.into_channels_first().flatten(1, 3);
        (self.mean.forward(features.clone()), self.log_variance.forward(features))
    }

    /// Latent codes to images.
    ///
    /// # Shapes
    ///
    /// - `latent`: `[batch, latent]`
    /// - the images: `[batch, channels, image_size, image_size]`
    pub fn decode(&self, latent: Tensor<2>) -> Tensor<4> {
        let [batch, _] = latent.dims();
        let expanded = self.expand.forward(latent); // [batch, 8 width · (image_size / 8)²]
        let [widest, _, _, _] = self.decoder[0].conv.weight.dims();
        let side = (expanded.dims()[1] / widest).isqrt();
        let mut features = Features::new(expanded.reshape([batch, widest, side, side]));
        for step in &self.decoder {
            features = features.conv_transpose_norm_relu(&step.conv, &step.bn); // twice the side
        }
        features.conv_transpose(&self.image).into_channels_first()
    }

    /// One pass over a batch, with the caller's noise ([`noise`]).
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, channels, image_size, image_size]`, normalised
    /// - `noise`: `[batch, latent]`, standard normal
    pub fn forward(&self, images: Tensor<4>, noise: Tensor<2>) -> VaeOutput {
        let (mean, log_variance) = self.encode(images);
        let latent = reparameterise(mean.clone(), log_variance.clone(), noise);
        VaeOutput { reconstruction: self.decode(latent), mean, log_variance }
    }
}

/// A sample of the latent code, differentiable in both of its parameters: `mean + noise · exp(log_variance / 2)`
/// (Kingma and Welling, ICLR 2014, section 2.4). All are `[batch, latent]`.
pub fn reparameterise(mean: Tensor<2>, log_variance: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
    mean + noise * (log_variance * 0.5).exp()
}

/// Standard normal noise of a shape, `[batch, latent]`, drawn on the host.
pub fn noise(shape: [usize; 2], rng: &mut ChaCha8Rng, device: &Device) -> Tensor<2> {
    let count = shape[0] * shape[1];
    let values: Vec<f32> = (0..count).map(|_| rng.sample(StandardNormal)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::optim::{AdamConfig, GradientsParams};
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    fn tiny(image_size: usize) -> VaeConfig {
        VaeConfig { channels: 3, image_size, latent: 5, width: 2 }
    }

    fn images(count: usize, size: usize) -> Tensor<4> {
        let values: Vec<f32> = (0..count * 3 * size * size)
            .map(|index| ((index * 37 + index / 11) % 101) as f32 / 50.0 - 1.0)
            .collect();
        Tensor::from_data(TensorData::new(values, [count, 3, size, size]), &device())
    }

    /// torch 2.15: the sum of `numel()` over the parameters of the network in `tests/golden/vae.py`.
    #[test]
    fn the_official_network_has_as_many_parameters_as_in_pytorch() {
        let official = VaeConfig { channels: 3, image_size: 32, latent: 32, width: 128 };
        assert_eq!(official.init(&mut rng(0), &device()).trainable_parameters(), 22_835_139);
        let larger = VaeConfig { image_size: 64, ..official };
        assert_eq!(larger.init(&mut rng(0), &device()).trainable_parameters(), 25_243_587);
    }

    #[test]
    fn a_reconstruction_is_as_large_as_the_image() {
        for size in [16, 32, 64] {
            let model = tiny(size).init(&mut rng(0), &device());
            let output = model.forward(images(2, size), noise([2, 5], &mut rng(1), &device()));
            assert_eq!(output.reconstruction.dims(), [2, 3, size, size]);
            assert_eq!(output.mean.dims(), [2, 5]);
            assert_eq!(output.log_variance.dims(), [2, 5]);
        }
    }

    #[test]
    #[should_panic(expected = "an image of 48 pixels a side")]
    fn a_size_that_cannot_be_halved_evenly_is_refused() {
        tiny(48).init(&mut rng(0), &device());
    }

    fn largest<const D: usize>(weights: &Param<Tensor<D>>) -> f64 {
        f64::from(weights.val().abs().max().into_scalar::<f32>())
    }

    /// Uniform weights end at their bound; among 768 and more normal ones some are beyond 2.5 deviations.
    #[test]
    fn each_layer_has_the_weights_of_the_official_code() {
        let config = VaeConfig { channels: 3, image_size: 16, latent: 32, width: 16 };
        let model = config.init(&mut rng(2), &device());
        let normal = |weights: f64, fan_in: usize| {
            let deviations = weights / (2.0 / fan_in as f64).sqrt();
            assert!((2.5..6.0).contains(&deviations), "the largest is {deviations} deviations of {fan_in}");
        };
        let uniform = |weights: f64, fan_in: usize| {
            let share = weights * (fan_in as f64).sqrt();
            assert!((0.95..1.000_001).contains(&share), "the largest is {share} of the bound of {fan_in}");
        };
        for (step, channels_in) in model.encoder.iter().zip([3, 16, 32, 64]) {
            normal(largest(&step.conv.weight), channels_in * 16);
        }
        for head in [&model.mean, &model.log_variance] {
            uniform(largest(&head.weight), 128);
            assert!(largest(head.bias.as_ref().unwrap()) > 0.0);
        }
        normal(largest(&model.expand.weight), 32);
        assert!(largest(model.expand.bias.as_ref().unwrap()) <= 0.0);
        for (step, channels_out) in model.decoder.iter().zip([64, 32, 16]) {
            uniform(largest(&step.conv.weight), channels_out * 16);
        }
        // PyTorch counts the three output channels of a transposed convolution.
        uniform(largest(&model.image.weight), 3);
        assert!(largest(model.image.bias.as_ref().unwrap()) > 0.0);
    }

    #[test]
    fn the_stream_decides_the_weights() {
        let decoded = |seed| {
            let model = tiny(16).init(&mut rng(seed), &device());
            let (mean, log_variance) = model.encode(images(1, 16));
            (model.decode(mean.clone()).into_data(), mean.into_data(), log_variance.into_data())
        };
        assert_eq!(decoded(1), decoded(1));
        assert_ne!(decoded(1), decoded(2));
    }

    #[test]
    fn noise_is_standard_normal_and_the_streams() {
        let draw = |seed| -> Vec<f32> {
            noise([100, 100], &mut rng(seed), &device()).into_data().try_to_vec().unwrap()
        };
        let values = draw(1);
        let mean = values.iter().sum::<f32>() / 1e4;
        let square = values.iter().map(|value| value * value).sum::<f32>() / 1e4;
        // Four standard errors of 10,000 draws: 1/√n and √(2/n).
        assert!(mean.abs() < 0.04 && (square - 1.0).abs() < 0.057, "mean {mean}, mean square {square}");
        assert_eq!(values, draw(1));
        assert_ne!(values, draw(2));
    }

    #[test]
    fn without_variance_the_sample_is_the_mean() {
        let tensor = |values: [f32; 2]| Tensor::<2>::from_data([values], &device());
        let sample = reparameterise(tensor([3.0, 3.0]), tensor([-200.0, 4.0_f32.ln()]), tensor([9.0, 0.5]));
        let values: Vec<f32> = sample.into_data().try_to_vec().unwrap();
        assert!((values[0] - 3.0).abs() < 1e-6 && (values[1] - 4.0).abs() < 1e-6, "{values:?}");
    }

    #[test]
    fn it_learns_eight_images_by_heart() {
        let training_device = device().autodiff();
        let config = VaeConfig { channels: 3, image_size: 16, latent: 8, width: 8 };
        let mut model = config.init(&mut rng(3), &training_device);
        let mut optimizer = AdamConfig::new().init();
        let mut errors = Vec::new();
        for _ in 0..150 {
            let images = Tensor::from_inner(images(8, 16));
            let (mean, _) = model.encode(images.clone());
            let error = reconstruction_error(model.decode(mean), images);
            errors.push(error.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(error.backward(), &model);
            model = optimizer.step(0.01, model, gradients);
        }
        let (first, last) = (errors[0], errors[149]);
        assert!(last < 0.1 * first, "the reconstruction error went from {first} to {last}");
    }

    fn running_means(model: &Vae) -> Vec<TensorData> {
        model.encoder.iter().map(|step| step.bn.running_mean.value_sync().into_data()).collect()
    }

    #[test]
    fn batch_statistics_are_those_of_training_form_and_leave_the_running_ones_alone() {
        let training_device = device().autodiff();
        let model = tiny(16).init(&mut rng(3), &training_device);
        // Running statistics that are neither the initial ones nor a batch's.
        model.encode(Tensor::from_inner(images(4, 16)) * 2.0);
        let evaluated = model.valid();
        let before = running_means(&evaluated);
        let (mean, log_variance) = evaluated.encode_with_batch_statistics(images(6, 16));
        assert_eq!(before, running_means(&evaluated));
        // Deep copies share no running statistics, and training form uses the batch's.
        let (expected_mean, expected_log_variance) =
            evaluated.clone().train().encode(Tensor::from_inner(images(6, 16)));
        assert_eq!(before, running_means(&evaluated));
        assert_eq!(mean.into_data(), expected_mean.inner().into_data());
        assert_eq!(log_variance.clone().into_data(), expected_log_variance.inner().into_data());
        assert_ne!(evaluated.encode(images(6, 16)).1.into_data(), log_variance.into_data());
    }
}
