//! The network: one pass over images.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::Tensor;

use super::block::Block;
use super::head::Head;
use crate::output::Output;

/// The image tower of CLIP with a head. Training and evaluation form are the same function: it has neither dropout nor
/// statistics of batches.
#[derive(Module, Debug)]
pub struct Vit {
    pub(super) patch: usize,
    /// The convolution of the patches: kernel and stride are a patch, so that it is a product with each.
    pub(super) conv1: Linear,
    pub(super) class_embedding: Param<Tensor<1>>,
    pub(super) positional_embedding: Param<Tensor<2>>,
    pub(super) ln_pre: LayerNorm,
    pub(super) blocks: Vec<Block>,
    pub(super) ln_post: LayerNorm,
    pub(super) proj: Param<Tensor<2>>,
    pub(super) head: Head,
}

impl Vit {
    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, 3, image, image]`, normalised
    /// - logits: `[batch, classes]`; embeddings: `[batch, features]`, not normalised
    ///
    /// # Panics
    ///
    /// The images are of another size than the network's.
    pub fn forward(&self, images: Tensor<4>) -> Output {
        let embeddings = self.embed(images);
        Output { logits: self.head(embeddings.clone()), embeddings }
    }

    /// One pass over a batch with dropout before the head; the mask is the caller's
    /// ([`dropout::mask`](crate::dropout::mask)).
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, 3, image, image]`, normalised
    /// - `mask`: `[batch, features]`
    /// - logits: `[batch, classes]`; embeddings: `[batch, features]`, before the mask
    ///
    /// # Panics
    ///
    /// The mask has another shape than the embeddings, or as [`forward`](Self::forward).
    pub fn forward_with_dropout(&self, images: Tensor<4>, mask: Tensor<2>) -> Output {
        let embeddings = self.embed(images);
        // A mask of one row would otherwise be the same for every image.
        assert_eq!(mask.dims(), embeddings.dims(), "one entry of the mask for each entry of the embeddings");
        Output { logits: self.head(embeddings.clone() * mask), embeddings }
    }

    /// The head alone: embeddings `[batch, features]` to logits `[batch, classes]`.
    pub fn head(&self, embeddings: Tensor<2>) -> Tensor<2> {
        self.head.forward(embeddings)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.head.fc.weight.lazy_shape().dims::<2>()[1]
    }

    /// The weights of the head, `[classes, features]`, without its biases. A zero-shot head applies them to normalised features.
    pub fn head_weights(&self) -> Tensor<2> {
        self.head.fc.weight.val().transpose()
    }

    /// Images `[batch, 3, image, image]` to features `[batch, features]`.
    fn embed(&self, images: Tensor<4>) -> Tensor<2> {
        let patches = self.conv1.forward(self.patches(images)); // [batch, patches, width]
        let [batch, count, width] = patches.dims();
        let class = self.class_embedding.val().reshape([1, 1, width]).expand([batch, 1, width]);
        let positions = self.positional_embedding.val().reshape([1, count + 1, width]);
        let tokens = Tensor::cat(vec![class, patches], 1) + positions; // [batch, tokens, width]
        let tokens =
            self.blocks.iter().fold(self.ln_pre.forward(tokens), |tokens, block| block.forward(tokens));
        // Only the token of the class is looked at.
        let class = tokens.narrow(1, 0, 1).reshape([batch, width]);
        self.ln_post.forward(class).matmul(self.proj.val())
    }

    /// Images `[batch, channels, height, width]` to patches row by row, `[batch, patches, channels · patch · patch]`.
    fn patches(&self, images: Tensor<4>) -> Tensor<3> {
        let side = self.patch;
        let [batch, channels, height, width] = images.dims();
        let (down, across) = (height / side, width / side);
        assert_eq!((down * side, across * side), (height, width), "images of whole patches");
        images.reshape([batch, channels, down, side, across, side]).permute([0, 2, 4, 1, 3, 5]).reshape([
            batch,
            down * across,
            channels * side * side,
        ])
    }
}
