//! The block of a residual network.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;

use super::kind::BlockKind;
use crate::features::{Features, Statistics, Then};
use crate::initializer::{ConvGeometry, batch_norm, conv};

/// Two or three convolutions beside a shortcut.
///
/// Both kinds are one type, so that the paths of a checkpoint are those of PyTorch's networks: an `enum` would put
/// the name of its variant into them.
#[derive(Module, Debug)]
pub struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    /// A bottleneck's widening convolution; a basic block has none, as it has no `bn3`.
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    downsample: Option<Shortcut>,
}

/// A 1×1 convolution where a block changes the shape.
#[derive(Module, Debug)]
pub struct Shortcut {
    conv: Conv2d,
    bn: BatchNorm,
}

/// What a block takes and does to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockGeometry {
    /// Channels that enter.
    pub(super) channels_in: usize,
    /// Channels of the 3×3 convolutions.
    pub(super) width: usize,
    /// Step of the whole block in both directions, in pixels.
    pub(super) stride: usize,
}

impl Block {
    pub(super) fn init(
        kind: BlockKind,
        geometry: BlockGeometry,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let BlockGeometry { channels_in, width, stride } = geometry;
        let channels_out = width * kind.expansion();
        let mut layer = |channels_in, channels_out, kernel, stride| {
            let padding = kernel / 2;
            conv(ConvGeometry { channels_in, channels_out, kernel, stride, padding }, rng, device)
        };
        let (conv1, conv2, conv3) = match kind {
            BlockKind::Basic => (layer(channels_in, width, 3, stride), layer(width, width, 3, 1), None),
            BlockKind::Bottleneck => (
                layer(channels_in, width, 1, 1),
                layer(width, width, 3, stride),
                Some(layer(width, channels_out, 1, 1)),
            ),
        };
        let downsample = (stride != 1 || channels_in != channels_out).then(|| Shortcut {
            conv: layer(channels_in, channels_out, 1, stride),
            bn: batch_norm(channels_out, device),
        });
        let bn3 = conv3.is_some().then(|| batch_norm(channels_out, device));
        let (bn1, bn2) = (batch_norm(width, device), batch_norm(width, device));
        Self { conv1, bn1, conv2, bn2, conv3, bn3, downsample }
    }

    /// Activations of `channels_in` channels to `channels_out`, with a `stride`-th of the sides.
    pub(super) fn forward(&self, input: &Features, by: Statistics) -> Features {
        let shortcut = match &self.downsample {
            Some(shortcut) => input.conv_norm(&shortcut.conv, &shortcut.bn, by, Then::NOTHING),
            None => input.clone(),
        };
        let last = Then { shortcut: Some(shortcut), relu: true };
        let features = input.conv_norm(&self.conv1, &self.bn1, by, Then::RELU);
        match (&self.conv3, &self.bn3) {
            (Some(conv3), Some(bn3)) => {
                features.conv_norm(&self.conv2, &self.bn2, by, Then::RELU).conv_norm(conv3, bn3, by, last)
            }
            _ => features.conv_norm(&self.conv2, &self.bn2, by, last),
        }
    }

    pub(super) fn batch_norms(&self) -> impl Iterator<Item = &BatchNorm> {
        let shortcut = self.downsample.iter().map(|shortcut| &shortcut.bn);
        [&self.bn1, &self.bn2].into_iter().chain(&self.bn3).chain(shortcut)
    }
}
