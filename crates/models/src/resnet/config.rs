//! What a residual network is made of, and how it is built.

use burn::nn::PaddingConfig2d;
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::block::{Block, BlockGeometry};
use super::kind::BlockKind;
use super::network::ResNet;
use crate::initializer::{ConvGeometry, batch_norm, conv, linear};

/// A residual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Channels of an image.
    pub channels: usize,
    /// The number of classes.
    pub classes: usize,
    /// The first layers.
    pub stem: Stem,
    /// What the stages are made of.
    pub block: BlockKind,
    /// Blocks in each stage. Every stage but the first halves the resolution.
    pub blocks: Vec<usize>,
    /// Channels of the 3×3 convolutions of each stage, as many as there are stages.
    pub widths: Vec<usize>,
}

/// The first layers of a residual network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stem {
    /// 3×3 convolution of stride 1, no pooling.
    Cifar,
    /// 3×3 convolution of stride 2, no pooling.
    CifarStrided,
    /// 7×7 convolution of stride 2, then 3×3 max-pooling of stride 2.
    ImageNet,
}

impl Stem {
    /// Side of the convolution's kernel, in pixels.
    pub(crate) fn kernel(self) -> usize {
        match self {
            Stem::Cifar | Stem::CifarStrided => 3,
            Stem::ImageNet => 7,
        }
    }

    /// Step of the convolution in both directions, in pixels.
    fn stride(self) -> usize {
        match self {
            Stem::Cifar => 1,
            Stem::CifarStrided | Stem::ImageNet => 2,
        }
    }
}

/// The depths of He et al., Table 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Depth {
    /// Basic blocks, 2, 2, 2 and 2.
    ResNet18,
    /// Basic blocks, 3, 4, 6 and 3.
    ResNet34,
    /// Bottlenecks, 3, 4, 6 and 3.
    ResNet50,
    /// Bottlenecks, 3, 4, 23 and 3.
    ResNet101,
    /// Bottlenecks, 3, 8, 36 and 3.
    ResNet152,
}

impl ResNetConfig {
    /// One of the published networks, with widths of 64, 128, 256 and 512.
    pub fn resnet(depth: Depth, stem: Stem, channels: usize, classes: usize) -> Self {
        let (block, blocks) = match depth {
            Depth::ResNet18 => (BlockKind::Basic, [2, 2, 2, 2]),
            Depth::ResNet34 => (BlockKind::Basic, [3, 4, 6, 3]),
            Depth::ResNet50 => (BlockKind::Bottleneck, [3, 4, 6, 3]),
            Depth::ResNet101 => (BlockKind::Bottleneck, [3, 4, 23, 3]),
            Depth::ResNet152 => (BlockKind::Bottleneck, [3, 8, 36, 3]),
        };
        Self { channels, classes, stem, block, blocks: blocks.to_vec(), widths: vec![64, 128, 256, 512] }
    }

    /// The size of an embedding.
    ///
    /// # Panics
    ///
    /// There is no stage.
    pub fn embedding(&self) -> usize {
        let Some(width) = self.widths.last() else { panic!("a network without stages") };
        width * self.block.expansion()
    }

    /// Builds the network, drawing its weights from `rng` in the order of declaration.
    ///
    /// # Panics
    ///
    /// `blocks` and `widths` differ in length or are empty.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> ResNet {
        assert_eq!(self.blocks.len(), self.widths.len(), "one width for each stage");
        let Some(&first) = self.widths.first() else { panic!("a network without stages") };
        let geometry = ConvGeometry {
            channels_in: self.channels,
            channels_out: first,
            kernel: self.stem.kernel(),
            stride: self.stem.stride(),
            padding: self.stem.kernel() / 2,
        };
        let conv1 = conv(geometry, rng, device);
        let bn1 = batch_norm(first, device);
        let max_pool = (self.stem == Stem::ImageNet).then(|| {
            MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init()
        });
        let layers = self.layers(rng, device);
        let fc = linear(self.embedding(), self.classes, rng, device);
        ResNet { conv1, bn1, max_pool, layers, fc }
    }

    fn layers(&self, rng: &mut ChaCha8Rng, device: &Device) -> Vec<Vec<Block>> {
        let mut channels_in = self.widths[0];
        let mut layers = Vec::with_capacity(self.blocks.len());
        for (stage, (&blocks, &width)) in self.blocks.iter().zip(&self.widths).enumerate() {
            let mut layer = Vec::with_capacity(blocks);
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                layer.push(Block::init(
                    self.block,
                    BlockGeometry { channels_in, width, stride },
                    rng,
                    device,
                ));
                channels_in = width * self.block.expansion();
            }
            layers.push(layer);
        }
        layers
    }
}
