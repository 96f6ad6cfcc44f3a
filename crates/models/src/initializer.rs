//! Layers with initial weights drawn on the host.
//!
//! Burn initialises lazily: weights are drawn when a parameter is first read, so the order of a forward pass decides
//! what each layer gets, and each backend has its own generator. Drawing on the host in the order of declaration
//! takes both away. The distributions are PyTorch's defaults.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, PaddingConfig2d};
use burn::tensor::{Device, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// The geometry of a square convolution without bias.
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

/// A convolution without bias; weights `[channels_out, channels_in, kernel, kernel]` are uniform in ±1/√fan_in
/// (`kaiming_uniform_(a = √5)`, PyTorch's default).
pub fn conv(geometry: ConvGeometry, rng: &mut ChaCha8Rng, device: &Device) -> Conv2d {
    let ConvGeometry { channels_in, channels_out, kernel, stride, padding } = geometry;
    let mut layer = Conv2dConfig::new([channels_in, channels_out], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(false)
        .init(device);
    let fan_in = channels_in * kernel * kernel;
    layer.weight =
        Param::from_data(uniform(vec![channels_out, channels_in, kernel, kernel], fan_in, rng), device);
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
    let bound = 1.0 / (fan_in as f32).sqrt();
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (2.0 * rng.random::<f32>() - 1.0) * bound).collect();
    TensorData::new(values, shape)
}
