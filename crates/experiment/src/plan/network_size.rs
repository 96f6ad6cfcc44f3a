//! What a network has and does, by its definition alone: parameters, multiply-adds, activations.

use tailward_datasets::ImageShape;

use crate::definition::{Block, FrozenFeatures, ModelDefinition, ResNetDefinition, Stem, VitTower};

/// What a network has, and what it does with one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkSize {
    /// Numbers that are trained, or would be.
    pub parameters: u64,
    /// Multiplications with an addition each in one pass forwards. Only products of matrices and convolutions count, as usual.
    pub multiply_adds: u64,
    /// Numbers that one image leaves behind for the pass backwards, about: the outputs of all layers.
    pub activations: u64,
}

/// Floating-point operations of a multiplication and an addition.
const FLOP: u64 = 2;

impl NetworkSize {
    /// The size of what is trained, for images of a shape and so many classes.
    pub fn of(model: &ModelDefinition, shape: ImageShape, classes: usize) -> Self {
        let mut size = Self::default();
        match model {
            ModelDefinition::ResNet(model) => {
                size.residual(model, shape);
                size.dense(1, model.embedding(), classes);
            }
            ModelDefinition::Vit(model) => {
                size.tower(&model.tower);
                size.dense(1, model.tower.features, classes);
            }
            ModelDefinition::Linear(on) => size.dense(1, on.network.features, classes),
            ModelDefinition::Shallow(on) => {
                size.dense(1, on.network.features, on.network.features);
                size.activations += on.network.features as u64;
                size.dense(1, on.network.features, classes);
            }
        }
        size
    }

    /// The size of the network that features are computed with.
    pub fn of_frozen(features: &FrozenFeatures) -> Self {
        let mut size = Self::default();
        size.tower(&features.network);
        size
    }

    /// Floating-point operations of so many passes forwards.
    pub fn scoring_flop(&self, images: u64) -> f64 {
        (FLOP * self.multiply_adds) as f64 * images as f64
    }

    /// Those of so many passes forwards and backwards: the latter are two products for each one of the former.
    pub fn training_flop(&self, images: u64) -> f64 {
        3.0 * self.scoring_flop(images)
    }

    /// A linear layer with biases on so many rows.
    fn dense(&mut self, rows: usize, from: usize, to: usize) {
        self.parameters += ((from + 1) * to) as u64;
        self.multiply_adds += (rows * from * to) as u64;
        self.activations += (rows * to) as u64;
    }

    /// A convolution without biases and the batch normalisation behind it: the side afterwards.
    fn conv_norm(&mut self, [height, width]: [usize; 2], layer: ConvLayer) -> [usize; 2] {
        let ConvLayer { from, to, kernel, stride } = layer;
        let sides = [height.div_ceil(stride), width.div_ceil(stride)];
        let (area, weights) = (sides[0] * sides[1], kernel * kernel * from * to);
        self.parameters += (weights + 2 * to) as u64;
        self.multiply_adds += (area * weights) as u64;
        self.activations += (2 * area * to) as u64;
        sides
    }

    fn residual(&mut self, model: &ResNetDefinition, shape: ImageShape) {
        let Some(&first) = model.widths.first() else { return };
        let (kernel, stride) = match model.stem {
            Stem::Cifar => (3, 1),
            Stem::CifarStrided => (3, 2),
            Stem::Imagenet => (7, 2),
        };
        let stem = ConvLayer { from: shape.channels, to: first, kernel, stride };
        let mut sides = self.conv_norm([shape.height, shape.width], stem);
        if model.stem == Stem::Imagenet {
            sides = sides.map(|side| side.div_ceil(2));
            self.activations += (sides[0] * sides[1] * first) as u64;
        }
        let mut from = first;
        for (stage, (&blocks, &width)) in model.blocks.iter().zip(&model.widths).enumerate() {
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let (layers, to) = match model.block {
                    None | Some(Block::Basic) => (vec![(3, width, stride), (3, width, 1)], width),
                    Some(Block::Bottleneck) => {
                        (vec![(1, width, 1), (3, width, stride), (1, 4 * width, 1)], 4 * width)
                    }
                };
                if stride != 1 || from != to {
                    self.conv_norm(sides, ConvLayer { from, to, kernel: 1, stride });
                }
                for (kernel, to, stride) in layers {
                    sides = self.conv_norm(sides, ConvLayer { from, to, kernel, stride });
                    from = to;
                }
            }
        }
    }

    fn tower(&mut self, tower: &VitTower) {
        let &VitTower { image, patch, width, layers, heads, features, .. } = tower;
        let patches = (image / patch).pow(2);
        let tokens = patches + 1;
        let norm = 2 * width;
        let of_patch = 3 * patch * patch;
        self.parameters += (of_patch * width + width + tokens * width + 2 * norm + width * features) as u64;
        self.multiply_adds += (patches * of_patch * width + width * features) as u64;
        self.activations += (3 * tokens * width + features) as u64;
        for _ in 0..layers {
            self.parameters += (2 * norm) as u64;
            // Queries, keys and values, then their projection; scores and what they weigh.
            self.dense(tokens, width, 3 * width);
            self.dense(tokens, width, width);
            self.multiply_adds += (2 * tokens * tokens * width) as u64;
            self.activations += (2 * heads * tokens * tokens + tokens * width) as u64;
            self.dense(tokens, width, 4 * width);
            self.dense(tokens, 4 * width, width);
            // Two normalisations and two sums with the shortcut; QuickGELU keeps a sigmoid and a product.
            self.activations += (tokens * (4 * width + 2 * 4 * width)) as u64;
        }
    }
}

/// A convolution.
struct ConvLayer {
    from: usize,
    to: usize,
    kernel: usize,
    stride: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{VitDefinition, VitHeadDefinition};

    fn shape(side: usize) -> ImageShape {
        ImageShape { channels: 3, height: side, width: side }
    }

    fn resnet(stem: Stem, block: Option<Block>, blocks: &[usize]) -> ModelDefinition {
        ModelDefinition::ResNet(ResNetDefinition {
            stem,
            block,
            blocks: blocks.to_vec(),
            widths: vec![64, 128, 256, 512],
            dropout: None,
            pretrained: None,
        })
    }

    fn clip() -> VitTower {
        VitTower { image: 224, patch: 32, width: 768, layers: 12, heads: 12, features: 512, pretrained: None }
    }

    /// torchvision's documentation has 11,689,512 parameters and 1.81 GFLOPS (of multiply-adds) for ResNet-18, 25,557,032 and 4.09 for
    /// ResNet-50.
    #[test]
    fn the_published_networks_have_their_published_sizes() {
        for (block, blocks, parameters, giga) in [
            (None, [2, 2, 2, 2], 11_689_512, 1.81),
            (Some(Block::Bottleneck), [3, 4, 6, 3], 25_557_032, 4.09),
        ] {
            let size = NetworkSize::of(&resnet(Stem::Imagenet, block, &blocks), shape(224), 1000);
            assert_eq!(size.parameters, parameters);
            assert!((size.multiply_adds as f64 / 1e9 - giga).abs() < 0.01, "{size:?}");
        }
        // ResNet-18 with the stem for CIFAR, of ten classes: 0.56 billion multiply-adds, 11,173,962 parameters.
        let size = NetworkSize::of(&resnet(Stem::Cifar, None, &[2, 2, 2, 2]), shape(32), 10);
        assert_eq!(size.parameters, 11_173_962);
        assert!((size.multiply_adds as f64 / 1e9 - 0.556).abs() < 0.001, "{size:?}");
    }

    /// CLIP's paper does not say it; 87,849,216 are the parameters of the published tower, and LabelBench's 33,000 steps of 450 images
    /// on FMoW are 393 PFLOP with it.
    #[test]
    fn clips_tower_has_its_size() {
        let on = FrozenFeatures { strong_views: None, network: clip() };
        let frozen = NetworkSize::of_frozen(&on);
        assert_eq!(frozen.parameters, 87_849_216);
        assert!((frozen.multiply_adds as f64 / 1e9 - 4.41).abs() < 0.01, "{frozen:?}");
        let head = VitHeadDefinition::Linear {};
        let whole =
            NetworkSize::of(&ModelDefinition::Vit(VitDefinition { tower: clip(), head }), shape(224), 62);
        assert_eq!(whole.parameters, frozen.parameters + 513 * 62);
        assert!((whole.training_flop(33_000 * 450) / 1e15 - 393.0).abs() < 1.0, "{whole:?}");
        // Of features computed once: all splits of FMoW.
        assert!((frozen.scoring_flop(76_863 + 11_483 + 11_327) / 1e15 - 0.88).abs() < 0.005);
        let linear = NetworkSize::of(&ModelDefinition::Linear(on.clone()), shape(224), 62);
        assert_eq!((linear.parameters, linear.multiply_adds), (513 * 62, 512 * 62));
        let shallow = NetworkSize::of(&ModelDefinition::Shallow(on), shape(224), 62);
        assert_eq!((shallow.parameters, shallow.multiply_adds), (513 * (512 + 62), 512 * (512 + 62)));
    }
}
