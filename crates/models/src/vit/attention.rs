//! Attention of every token to every token.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::initializer::{linear_with_zero_bias, linear_xavier_uniform};

/// Multi-head self-attention (Vaswani et al., NeurIPS 2017, section 3.2.2), without a mask and without dropout.
#[derive(Module, Debug)]
pub(super) struct Attention {
    /// Queries, keys and values of all heads, in this order.
    in_proj: Linear,
    out_proj: Linear,
    heads: usize,
}

impl Attention {
    /// Draws the weights as PyTorch's `MultiheadAttention` does: the three projections as one matrix.
    pub(super) fn init(width: usize, heads: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self {
            in_proj: linear_xavier_uniform(width, 3 * width, rng, device),
            out_proj: linear_with_zero_bias(width, width, rng, device),
            heads,
        }
    }

    /// `[batch, tokens, width]` to the same.
    pub(super) fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        let [batch, count, width] = tokens.dims();
        let depth = width / self.heads;
        let projected = self.in_proj.forward(tokens); // [batch, tokens, 3 · width]
        let [queries, keys, values] = [0, 1, 2].map(|part| {
            let part = projected.clone().narrow(2, part * width, width);
            part.reshape([batch, count, self.heads, depth]).swap_dims(1, 2) // [batch, heads, tokens, depth]
        });
        let queries = queries * (depth as f64).powf(-0.5);
        let weights = softmax(queries.matmul(keys.transpose()), 3); // [batch, heads, tokens, tokens]
        let mixed = weights.matmul(values).swap_dims(1, 2).reshape([batch, count, width]);
        self.out_proj.forward(mixed)
    }
}
