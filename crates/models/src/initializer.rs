//! Layers with initial weights drawn on the host.
//!
//! Burn initialises lazily: weights are drawn when a parameter is first read, so the order of a forward pass decides
//! what each layer gets, and each backend has its own generator. Drawing on the host in the order of declaration
//! takes both away. The distributions are PyTorch's defaults, or Kaiming's normal one where a function says so.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Linear, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// The geometry of a square convolution, direct or transposed.
#[derive(Clone, Copy, Debug)]
pub struct ConvGeometry {
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Side of the kernel, in pixels.
    pub kernel: usize,
    /// Step in both directions, in pixels.
    pub stride: usize,
    /// Padding on each side, in pixels.
    pub padding: usize,
}

impl ConvGeometry {
    /// What one entry of a convolution's output is made of.
    fn fan_in(&self) -> usize {
        self.channels_in * self.kernel * self.kernel
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.channels_out, self.channels_in, self.kernel, self.kernel]
    }

    fn without_weights(&self, device: &Device) -> Conv2d {
        let padding = self.padding;
        Conv2dConfig::new([self.channels_in, self.channels_out], [self.kernel, self.kernel])
            .with_stride([self.stride, self.stride])
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
            .with_bias(false)
            .init(device)
    }
}

/// A convolution without bias; weights `[channels_out, channels_in, kernel, kernel]` are uniform in ±1/√fan_in
/// (`kaiming_uniform_(a = √5)`, PyTorch's default).
pub fn conv(geometry: ConvGeometry, rng: &mut ChaCha8Rng, device: &Device) -> Conv2d {
    let mut layer = geometry.without_weights(device);
    layer.weight = Param::from_data(uniform(geometry.shape(), geometry.fan_in(), rng), device);
    layer
}

/// A convolution without bias; weights `[channels_out, channels_in, kernel, kernel]` are normal with the variance
/// 2/fan_in (He et al., ICCV 2015, eq. 10; PyTorch's `kaiming_normal_`).
pub fn conv_kaiming_normal(geometry: ConvGeometry, rng: &mut ChaCha8Rng, device: &Device) -> Conv2d {
    let mut layer = geometry.without_weights(device);
    layer.weight = Param::from_data(kaiming_normal(geometry.shape(), geometry.fan_in(), rng), device);
    layer
}

/// A transposed convolution without bias; weights `[channels_in, channels_out, kernel, kernel]` are uniform in
/// ±1/√fan_in (PyTorch's default). PyTorch takes fan_in from the second axis of the weights, which here is
/// `channels_out`, so that fan_in is `channels_out · kernel²`.
pub fn conv_transpose(geometry: ConvGeometry, rng: &mut ChaCha8Rng, device: &Device) -> ConvTranspose2d {
    let ConvGeometry { channels_in, channels_out, kernel, stride, padding } = geometry;
    let mut layer = ConvTranspose2dConfig::new([channels_in, channels_out], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding([padding, padding])
        .with_bias(false)
        .init(device);
    let shape = vec![channels_in, channels_out, kernel, kernel];
    layer.weight = Param::from_data(uniform(shape, channels_out * kernel * kernel, rng), device);
    layer
}

/// As [`conv_transpose`], with a bias `[channels_out]` from the same distribution.
pub fn conv_transpose_with_bias(
    geometry: ConvGeometry,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> ConvTranspose2d {
    let ConvGeometry { channels_out, kernel, .. } = geometry;
    let mut layer = conv_transpose(geometry, rng, device);
    let bias = uniform(vec![channels_out], channels_out * kernel * kernel, rng);
    layer.bias = Some(Param::from_data(bias, device));
    layer
}

/// A fully connected layer; weights `[features_in, features_out]` and bias `[features_out]` are uniform in ±1/√fan_in
/// (PyTorch's default).
pub fn linear(features_in: usize, features_out: usize, rng: &mut ChaCha8Rng, device: &Device) -> Linear {
    Linear {
        weight: Param::from_data(uniform(vec![features_in, features_out], features_in, rng), device),
        bias: Some(Param::from_data(uniform(vec![features_out], features_in, rng), device)),
    }
}

/// A fully connected layer; weights `[features_in, features_out]` are normal with the variance 2/features_in, the
/// bias `[features_out]` is zero (He et al., ICCV 2015, eq. 10; PyTorch's `kaiming_normal_`).
pub fn linear_kaiming_normal(
    features_in: usize,
    features_out: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    let bias = TensorData::zeros::<f32, _>([features_out]);
    Linear {
        weight: Param::from_data(kaiming_normal(vec![features_in, features_out], features_in, rng), device),
        bias: Some(Param::from_data(bias, device)),
    }
}

/// As [`linear`], without a bias.
pub fn linear_without_bias(
    features_in: usize,
    features_out: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    let weights = uniform(vec![features_in, features_out], features_in, rng);
    Linear { weight: Param::from_data(weights, device), bias: None }
}

/// As [`linear`], with a bias of zeros.
pub fn linear_with_zero_bias(
    features_in: usize,
    features_out: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    let bias = TensorData::zeros::<f32, _>([features_out]);
    Linear {
        bias: Some(Param::from_data(bias, device)),
        ..linear_without_bias(features_in, features_out, rng, device)
    }
}

/// A fully connected layer; weights `[features_in, features_out]` are uniform in ±√(6 / (features_in + features_out)), the bias
/// `[features_out]` is zero (Glorot and Bengio, AISTATS 2010, eq. 16; PyTorch's `xavier_uniform_`).
pub fn linear_xavier_uniform(
    features_in: usize,
    features_out: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    let bound = (6.0 / (features_in + features_out) as f32).sqrt();
    let bias = TensorData::zeros::<f32, _>([features_out]);
    Linear {
        weight: Param::from_data(uniform_within(bound, vec![features_in, features_out], rng), device),
        bias: Some(Param::from_data(bias, device)),
    }
}

/// A parameter of any shape; values are normal with a mean of 0.
pub fn normal<const D: usize>(
    shape: [usize; D],
    deviation: f32,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_data(normal_with(deviation, shape.to_vec(), rng), device)
}

/// Layer normalisation with weight 1, bias 0 and ε = 1e-5 (PyTorch's defaults).
pub fn layer_norm(width: usize, device: &Device) -> LayerNorm {
    let mut layer = LayerNormConfig::new(width).with_epsilon(1e-5).init(device);
    // Burn would set these when they are first read.
    layer.gamma = Param::from_data(TensorData::ones::<f32, _>([width]), device);
    layer.beta = Some(Param::from_data(TensorData::zeros::<f32, _>([width]), device));
    layer
}

/// Batch normalisation with weight 1, bias 0, momentum 0.1 and ε = 1e-5 (PyTorch's defaults). Its running variance
/// is the biased one, where PyTorch's is unbiased (METHODOLOGY.md).
pub fn batch_norm(channels: usize, device: &Device) -> BatchNorm {
    let mut layer = BatchNormConfig::new(channels).init(device);
    // Burn would set these when they are first read.
    layer.gamma = Param::from_data(TensorData::ones::<f32, _>([channels]), device);
    layer.beta = Param::from_data(TensorData::zeros::<f32, _>([channels]), device);
    layer
}

fn uniform(shape: Vec<usize>, fan_in: usize, rng: &mut ChaCha8Rng) -> TensorData {
    uniform_within(1.0 / (fan_in as f32).sqrt(), shape, rng)
}

fn uniform_within(bound: f32, shape: Vec<usize>, rng: &mut ChaCha8Rng) -> TensorData {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (2.0 * rng.random::<f32>() - 1.0) * bound).collect();
    TensorData::new(values, shape)
}

fn kaiming_normal(shape: Vec<usize>, fan_in: usize, rng: &mut ChaCha8Rng) -> TensorData {
    normal_with((2.0 / fan_in as f32).sqrt(), shape, rng)
}

fn normal_with(deviation: f32, shape: Vec<usize>, rng: &mut ChaCha8Rng) -> TensorData {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| rng.sample::<f32, _>(StandardNormal) * deviation).collect();
    TensorData::new(values, shape)
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(4)
    }

    /// Mean, standard deviation and largest magnitude.
    fn moments<const D: usize>(weights: &Param<Tensor<D>>) -> [f64; 3] {
        let values: Vec<f32> = weights.val().into_data().try_to_vec().unwrap();
        let count = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        let largest = values.iter().map(|value| f64::from(value.abs())).fold(0.0, f64::max);
        [mean, variance.sqrt(), largest]
    }

    const GEOMETRY: ConvGeometry =
        ConvGeometry { channels_in: 40, channels_out: 10, kernel: 4, stride: 2, padding: 1 };

    /// 6,400 values: a standard error is 1.25 % of the deviation for the mean and 0.9 % for the deviation itself.
    fn assert_normal([mean, deviation, largest]: [f64; 3], fan_in: usize) {
        let expected = (2.0 / fan_in as f64).sqrt();
        assert!(mean.abs() < 0.05 * expected, "mean {mean}");
        assert!((deviation / expected - 1.0).abs() < 0.04, "deviation {deviation}, expected {expected}");
        assert!(largest > 3.0 * expected, "normal weights have tails, these end at {largest}");
    }

    fn assert_uniform([mean, deviation, largest]: [f64; 3], fan_in: usize) {
        let bound = 1.0 / (fan_in as f64).sqrt();
        assert!(mean.abs() < 0.04 * bound, "mean {mean}");
        assert!((deviation / bound - 1.0 / 3.0_f64.sqrt()).abs() < 0.02, "deviation {deviation}");
        assert!(largest <= bound * 1.000_001 && largest > 0.99 * bound, "largest {largest}, bound {bound}");
    }

    #[test]
    fn kaimings_weights_have_the_variance_two_over_fan_in() {
        assert_normal(moments(&conv_kaiming_normal(GEOMETRY, &mut rng(), &device()).weight), 40 * 16);
        let layer = linear_kaiming_normal(64, 100, &mut rng(), &device());
        assert_normal(moments(&layer.weight), 64);
        assert_eq!(layer.bias.unwrap().val().into_data(), TensorData::zeros::<f32, _>([100]));
    }

    #[test]
    fn default_weights_are_uniform_up_to_one_over_the_root_of_fan_in() {
        assert_uniform(moments(&conv(GEOMETRY, &mut rng(), &device()).weight), 40 * 16);
        assert_uniform(moments(&linear(64, 100, &mut rng(), &device()).weight), 64);
    }

    /// torch 2.15: `ConvTranspose2d(40, 10, 4)` has weights up to 0.07906 = 1/√160.
    #[test]
    fn a_transposed_convolution_counts_its_output_channels_as_pytorch_does() {
        let layer = conv_transpose_with_bias(GEOMETRY, &mut rng(), &device());
        assert_eq!(layer.weight.dims(), [40, 10, 4, 4]);
        assert_uniform(moments(&layer.weight), 10 * 16);
        let [_, _, largest] = moments(&layer.bias.unwrap());
        assert!(largest > 0.0 && largest <= 0.07906, "{largest}");
    }
}
