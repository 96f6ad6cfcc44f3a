//! A block: attention, then two layers for each token alone.

use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::attention::Attention;
use crate::initializer::{layer_norm, linear};

/// How much wider the hidden layer of a block is than its tokens (Dosovitskiy et al., Table 1; CLIP's `mlp.c_fc`).
const EXPANSION: usize = 4;

/// x + attention(norm x), then x + layers(norm x).
#[derive(Module, Debug)]
pub(super) struct Block {
    ln_1: LayerNorm,
    attn: Attention,
    ln_2: LayerNorm,
    c_fc: Linear,
    c_proj: Linear,
}

impl Block {
    pub(super) fn init(width: usize, heads: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self {
            ln_1: layer_norm(width, device),
            attn: Attention::init(width, heads, rng, device),
            ln_2: layer_norm(width, device),
            c_fc: linear(width, EXPANSION * width, rng, device),
            c_proj: linear(EXPANSION * width, width, rng, device),
        }
    }

    /// `[batch, tokens, width]` to the same.
    pub(super) fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        let tokens = tokens.clone() + self.attn.forward(self.ln_1.forward(tokens));
        let hidden = quick_gelu(self.c_fc.forward(self.ln_2.forward(tokens.clone())));
        tokens + self.c_proj.forward(hidden)
    }
}

/// x·σ(1.702 x), the approximation of Hendrycks and Gimpel (arXiv:1606.08415, section 2) that CLIP was trained with; neither
/// GELU nor its form with a hyperbolic tangent.
fn quick_gelu(input: Tensor<3>) -> Tensor<3> {
    input.clone() * sigmoid(input * 1.702)
}
