//! Residual networks of basic blocks (He et al., CVPR 2016).
//!
//! `blocks = [2, 2, 2, 2]` and `widths = [64, 128, 256, 512]` make ResNet-18. With [`Stem::Cifar`] it is the network
//! of CBAL's experiments: 11,173,962 parameters for 10 classes, 11,220,132 for 100.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, Linear, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::initializer::{ConvGeometry, batch_norm, conv, linear};

/// A residual network of basic blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Channels of an image.
    pub channels: usize,
    /// The number of classes.
    pub classes: usize,
    /// The first layers.
    pub stem: Stem,
    /// Blocks in each stage. Every stage but the first halves the resolution.
    pub blocks: Vec<usize>,
    /// Channels of each stage, as many as there are stages. The last is the size of the embeddings.
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

/// A residual network.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    max_pool: Option<MaxPool2d>,
    layers: Vec<Vec<BasicBlock>>,
    fc: Linear,
}

/// What one pass yields.
#[derive(Clone, Debug)]
pub struct ResNetOutput {
    /// `[batch, classes]`, before the softmax.
    pub logits: Tensor<2>,
    /// `[batch, widths.last()]`, the pooled features that the last layer sees.
    pub embeddings: Tensor<2>,
}

/// Two 3×3 convolutions around a shortcut.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<Shortcut>,
}

/// A 1×1 convolution where a block changes the shape.
#[derive(Module, Debug)]
pub struct Shortcut {
    conv: Conv2d,
    bn: BatchNorm,
}

impl ResNetConfig {
    /// Builds the network, drawing its weights from `rng` in the order of declaration.
    ///
    /// # Panics
    ///
    /// `blocks` and `widths` differ in length or are empty.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> ResNet {
        assert_eq!(self.blocks.len(), self.widths.len(), "one width for each stage");
        let (&first, &embedding) = match (self.widths.first(), self.widths.last()) {
            (Some(first), Some(last)) => (first, last),
            _ => panic!("a network without stages"),
        };
        let (kernel, stride) = match self.stem {
            Stem::Cifar => (3, 1),
            Stem::CifarStrided => (3, 2),
            Stem::ImageNet => (7, 2),
        };
        let geometry = ConvGeometry { channels_in: self.channels, channels_out: first, kernel, stride };
        let conv1 = conv(geometry, rng, device);
        let bn1 = batch_norm(first, device);
        let max_pool = (self.stem == Stem::ImageNet).then(|| {
            MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init()
        });
        let mut width_in = first;
        let mut layers = Vec::with_capacity(self.blocks.len());
        for (stage, (&blocks, &width)) in self.blocks.iter().zip(&self.widths).enumerate() {
            let mut layer = Vec::with_capacity(blocks);
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                layer.push(BasicBlock::init(width_in, width, stride, rng, device));
                width_in = width;
            }
            layers.push(layer);
        }
        let fc = linear(embedding, self.classes, rng, device);
        ResNet { conv1, bn1, max_pool, layers, fc }
    }
}

impl ResNet {
    /// The number of trainable parameters; the running statistics of batch normalisation are not among them.
    pub fn trainable_parameters(&self) -> usize {
        let statistics: usize = self.batch_norms().map(|bn| 2 * bn.gamma.lazy_shape().num_elements()).sum();
        self.num_params() - statistics
    }

    fn batch_norms(&self) -> impl Iterator<Item = &BatchNorm> {
        let inner = self.layers.iter().flatten().flat_map(|block| {
            let shortcut = block.downsample.iter().map(|shortcut| &shortcut.bn);
            [&block.bn1, &block.bn2].into_iter().chain(shortcut)
        });
        std::iter::once(&self.bn1).chain(inner)
    }

    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, channels, height, width]`, normalised
    /// - logits: `[batch, classes]`; embeddings: `[batch, widths.last()]`
    pub fn forward(&self, images: Tensor<4>) -> ResNetOutput {
        let mut features = relu(self.bn1.forward(self.conv1.forward(images))); // [batch, width, height, width]
        if let Some(max_pool) = &self.max_pool {
            features = max_pool.forward(features);
        }
        for block in self.layers.iter().flatten() {
            features = block.forward(features);
        }
        let embeddings = features.mean_dim(3).mean_dim(2).flatten(1, 3); // [batch, widths.last()]
        let logits = self.fc.forward(embeddings.clone()); // [batch, classes]
        ResNetOutput { logits, embeddings }
    }
}

impl BasicBlock {
    fn init(
        channels_in: usize,
        channels_out: usize,
        stride: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let conv1 = conv(ConvGeometry { channels_in, channels_out, kernel: 3, stride }, rng, device);
        let bn1 = batch_norm(channels_out, device);
        let inner = ConvGeometry { channels_in: channels_out, channels_out, kernel: 3, stride: 1 };
        let conv2 = conv(inner, rng, device);
        let bn2 = batch_norm(channels_out, device);
        let downsample = (stride != 1 || channels_in != channels_out).then(|| Shortcut {
            conv: conv(ConvGeometry { channels_in, channels_out, kernel: 1, stride }, rng, device),
            bn: batch_norm(channels_out, device),
        });
        Self { conv1, bn1, conv2, bn2, downsample }
    }

    /// `[batch, channels_in, height, width]` to `[batch, channels_out, height / stride, width / stride]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let features = relu(self.bn1.forward(self.conv1.forward(input.clone())));
        let features = self.bn2.forward(self.conv2.forward(features));
        let shortcut = match &self.downsample {
            Some(shortcut) => shortcut.bn.forward(shortcut.conv.forward(input)),
            None => input,
        };
        relu(features + shortcut)
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::loss::CrossEntropyLossConfig;
    use burn::optim::{GradientsParams, SgdConfig};
    use burn::tensor::{Int, TensorData};
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn tiny(stem: Stem) -> ResNetConfig {
        ResNetConfig { channels: 3, classes: 4, stem, blocks: vec![1, 1], widths: vec![4, 8] }
    }

    fn images(count: usize, size: usize) -> Tensor<4> {
        let values: Vec<f32> = (0..count * 3 * size * size)
            .map(|index| ((index * 37 + index / 11) % 101) as f32 / 50.0 - 1.0)
            .collect();
        Tensor::from_data(TensorData::new(values, [count, 3, size, size]), &device())
    }

    /// CBAL facts, from PyTorch: 11,173,962 for 10 classes and 11,220,132 for 100; torchvision's ResNet-18 has
    /// 11,689,512 for 1,000.
    #[test]
    fn resnet_18_has_the_published_number_of_parameters() {
        let resnet_18 = |classes, stem| ResNetConfig {
            channels: 3,
            classes,
            stem,
            blocks: vec![2, 2, 2, 2],
            widths: vec![64, 128, 256, 512],
        };
        let count = |config: ResNetConfig| {
            config.init(&mut ChaCha8Rng::seed_from_u64(0), &device()).trainable_parameters()
        };
        assert_eq!(count(resnet_18(10, Stem::Cifar)), 11_173_962);
        assert_eq!(count(resnet_18(100, Stem::Cifar)), 11_220_132);
        assert_eq!(count(resnet_18(1000, Stem::ImageNet)), 11_689_512);
    }

    #[test]
    fn one_pass_yields_logits_and_embeddings_of_the_documented_shapes() {
        for stem in [Stem::Cifar, Stem::CifarStrided, Stem::ImageNet] {
            let model = tiny(stem).init(&mut ChaCha8Rng::seed_from_u64(0), &device());
            let output = model.forward(images(2, 16));
            assert_eq!(output.logits.dims(), [2, 4], "{stem:?}");
            assert_eq!(output.embeddings.dims(), [2, 8], "{stem:?}");
        }
    }

    #[test]
    fn the_stream_decides_the_weights() {
        let logits = |seed| {
            let model = tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(seed), &device());
            model.forward(images(1, 8)).logits.into_data()
        };
        assert_eq!(logits(1), logits(1));
        assert_ne!(logits(1), logits(2));
    }

    #[test]
    fn it_learns_eight_images_by_heart() {
        let training_device = device().autodiff();
        let mut model = tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(3), &training_device);
        let labels = [0, 1, 2, 3, 0, 1, 2, 3];
        let targets = Tensor::<1, Int>::from_data(TensorData::from(labels), &device());
        let loss_function = CrossEntropyLossConfig::new().init(&training_device);
        let mut optimizer = SgdConfig::new().init();
        let mut last = f32::INFINITY;
        for _ in 0..120 {
            let output = model.forward(Tensor::from_inner(images(8, 8)));
            let loss = loss_function.forward(output.logits, Tensor::from_inner(targets.clone()));
            last = loss.clone().into_scalar::<f32>();
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(0.2, model, gradients);
        }
        assert!(last < 0.05, "the loss is still {last}");
    }

    #[test]
    fn scoring_leaves_batch_normalisation_alone() {
        let model = tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(3), &device().autodiff());
        let statistics = |model: &ResNet| model.bn1.running_mean.value_sync().into_data();
        let before = statistics(&model);
        let first = model.valid().forward(images(4, 8)).logits.into_data();
        let second = model.valid().forward(images(4, 8)).logits.into_data();
        assert_eq!(first, second);
        assert_eq!(before, statistics(&model));
        // Training does change them, so the check above can fail.
        model.forward(Tensor::from_inner(images(4, 8)));
        assert_ne!(before, statistics(&model));
    }

    /// Running statistics are shared by `clone()`; two models that were built apart share nothing.
    #[test]
    fn models_that_were_built_apart_share_no_statistics() {
        let build = || tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(3), &device().autodiff());
        let (first, second) = (build(), build());
        let before = second.bn1.running_mean.value_sync().into_data();
        first.forward(Tensor::from_inner(images(4, 8)));
        assert_eq!(before, second.bn1.running_mean.value_sync().into_data());
        assert_ne!(before, first.bn1.running_mean.value_sync().into_data());
    }
}
