//! What the operations take and give besides tensors.

use burn::tensor::Tensor;

/// A square convolution's kernel side, stride and padding, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

/// What follows a convolution in evaluation form, folded into it.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    /// By what each output channel is multiplied, `[channels_out]`.
    pub(crate) scale: Tensor<1>,
    /// What is added to it then, `[channels_out]`.
    pub(crate) offset: Tensor<1>,
    /// What is added to it after that, as the output.
    pub(crate) shortcut: Option<Tensor<4>>,
    /// Whether what is below zero becomes zero at the end.
    pub(crate) relu: bool,
}

/// What is done besides normalising.
#[derive(Clone, Debug)]
pub(crate) struct Then {
    /// What is added, as the output.
    pub(crate) shortcut: Option<Tensor<4>>,
    /// Whether what is below zero becomes zero at the end.
    pub(crate) relu: bool,
}

/// What comes out of normalising by the statistics of the batch.
#[derive(Clone, Debug)]
pub(crate) struct BatchNormalised {
    /// As the input.
    pub(crate) output: Tensor<4>,
    /// The batch's mean, `[channels]`, a constant.
    pub(crate) mean: Tensor<1>,
    /// Its biased variance, `[channels]`, a constant.
    pub(crate) variance: Tensor<1>,
}

/// A step of stochastic gradient descent with momentum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SgdStep {
    pub(crate) learning_rate: f64,
    pub(crate) momentum: f64,
    pub(crate) nesterov: bool,
    pub(crate) weight_decay: f64,
}

/// A step of Adam, or of AdamW.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamStep {
    pub(crate) learning_rate: f64,
    pub(crate) beta_1: f64,
    pub(crate) beta_2: f64,
    pub(crate) epsilon: f64,
    pub(crate) weight_decay: f64,
    /// Whether a parameter decays by itself and not through its gradient.
    pub(crate) decoupled: bool,
    /// Steps including this one, from 1.
    pub(crate) steps: usize,
}
