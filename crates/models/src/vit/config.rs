//! What a vision transformer is made of, and how it is built.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;

use super::block::Block;
use super::head::{Head, VitHead};
use super::network::Vit;
use crate::initializer::{layer_norm, linear_without_bias, normal};

/// The image tower of CLIP with a head.
#[derive(Clone, Debug, PartialEq)]
pub struct VitConfig {
    /// Side of an image, in pixels; it has three channels.
    pub image: usize,
    /// Side of a patch, in pixels.
    pub patch: usize,
    /// The size of a token.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Heads of each block's attention.
    pub heads: usize,
    /// The size of what a token is projected to: of an embedding.
    pub features: usize,
    /// The number of classes.
    pub classes: usize,
    /// What classifies the features.
    pub head: VitHead,
}

/// Channels of an image.
pub(super) const CHANNELS: usize = 3;

impl VitConfig {
    /// CLIP's ViT-B/32 (Radford et al., Table 20), with a linear head.
    pub fn clip_vit_b_32(classes: usize) -> Self {
        let head = VitHead::Linear;
        Self { image: 224, patch: 32, width: 768, layers: 12, heads: 12, features: 512, classes, head }
    }

    /// The size of an embedding: the features, before any normalisation.
    pub fn embedding(&self) -> usize {
        self.features
    }

    /// Values of a patch.
    pub(super) fn patch_values(&self) -> usize {
        CHANNELS * self.patch * self.patch
    }

    /// One for each patch, and one for the class.
    fn tokens(&self) -> usize {
        (self.image / self.patch).pow(2) + 1
    }

    /// Builds the network, drawing its weights from `rng` in the order of declaration. They are distributed as in CLIP before
    /// its training: PyTorch's defaults, with a deviation of 1/√width for the class token, the positions and the projection.
    ///
    /// # Panics
    ///
    /// - `image` is no multiple of `patch`, or `width` none of `heads`
    /// - a zero-shot head has more or fewer rows than classes
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Vit {
        let &Self { image, patch, width, layers, heads, features, classes, ref head } = self;
        assert!(patch > 0 && image.is_multiple_of(patch), "patches of {patch} pixels in {image}");
        assert!(heads > 0 && width.is_multiple_of(heads), "{heads} heads of a width of {width}");
        let deviation = (width as f32).powf(-0.5);
        // Fields of a literal are evaluated as they are written, which is in the order of declaration.
        Vit {
            patch,
            conv1: linear_without_bias(self.patch_values(), width, rng, device),
            class_embedding: normal([width], deviation, rng, device),
            positional_embedding: normal([self.tokens(), width], deviation, rng, device),
            ln_pre: layer_norm(width, device),
            blocks: (0..layers).map(|_| Block::init(width, heads, rng, device)).collect(),
            ln_post: layer_norm(width, device),
            proj: normal([width, features], deviation, rng, device),
            head: Head::init(head, [features, classes], rng, device),
        }
    }
}
