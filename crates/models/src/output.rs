//! What one pass of a classifier yields.

use burn::tensor::Tensor;

/// What one pass of a classifier yields.
#[derive(Clone, Debug)]
pub struct Output {
    /// `[batch, classes]`, before the softmax.
    pub logits: Tensor<2>,
    /// `[batch, embedding]`, what the head sees, before any dropout.
    pub embeddings: Tensor<2>,
}
