//! Activations between the layers of a network, and the layers: on `flex` NHWC through kernels of our own
//! ([`fused`](crate::fused)), elsewhere NCHW through Burn's operations. A network is written once over both.

use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::batch_norm_train;

use crate::fused::{self, Window};

/// Activations of a batch.
#[derive(Clone, Debug)]
pub(crate) enum Features {
    /// `[batch, channels, height, width]`.
    ChannelsFirst(Tensor<4>),
    /// `[batch, height, width, channels]`, on `flex`.
    ChannelsLast(Tensor<4>),
}

/// What batch normalisation normalises by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statistics {
    /// In training form on an autodiff device the batch's, which also move the running ones; else the running ones.
    ByForm,
    /// The batch's in every form; the running ones are neither used nor changed.
    OfBatch,
}

/// What follows a normalised convolution.
#[derive(Clone, Debug)]
pub(crate) struct Then {
    /// What is added.
    pub(crate) shortcut: Option<Features>,
    /// Whether ReLU is last.
    pub(crate) relu: bool,
}

impl Then {
    pub(crate) const NOTHING: Self = Self { shortcut: None, relu: false };
    pub(crate) const RELU: Self = Self { shortcut: None, relu: true };
}

impl Features {
    /// Takes images or activations `[batch, channels, height, width]`.
    pub(crate) fn new(channels_first: Tensor<4>) -> Self {
        if fused::available(&channels_first.device()) {
            return Self::ChannelsLast(channels_first.permute([0, 2, 3, 1]));
        }
        Self::ChannelsFirst(channels_first)
    }

    /// Gives them back, `[batch, channels, height, width]`.
    pub(crate) fn into_channels_first(self) -> Tensor<4> {
        match self {
            Self::ChannelsFirst(features) => features,
            Self::ChannelsLast(features) => features.permute([0, 3, 1, 2]),
        }
    }

    /// A convolution without bias, batch normalisation, then a shortcut and ReLU where they are wanted.
    pub(crate) fn conv_norm(&self, conv: &Conv2d, norm: &BatchNorm, by: Statistics, then: Then) -> Self {
        match self {
            Self::ChannelsFirst(features) => normalise(conv.forward(features.clone()), norm, by, then),
            Self::ChannelsLast(features) => {
                let weights = conv.weight.val();
                let window = Window::of_conv(conv);
                if by == Statistics::ByForm && !features.device().is_autodiff() {
                    let folded = running(norm, then);
                    return Self::ChannelsLast(fused::conv_folded(features.clone(), weights, window, folded));
                }
                normalise_last(fused::conv(features.clone(), weights, window), norm, by, then)
            }
        }
    }

    /// A transposed convolution without bias, batch normalisation and ReLU.
    pub(crate) fn conv_transpose_norm_relu(&self, conv: &ConvTranspose2d, norm: &BatchNorm) -> Self {
        match self {
            Self::ChannelsFirst(features) => {
                normalise(conv.forward(features.clone()), norm, Statistics::ByForm, Then::RELU)
            }
            Self::ChannelsLast(features) => {
                let wide =
                    fused::conv_transpose(features.clone(), conv.weight.val(), Window::of_transpose(conv));
                normalise_last(wide, norm, Statistics::ByForm, Then::RELU)
            }
        }
    }

    /// A transposed convolution with its bias, if it has one.
    pub(crate) fn conv_transpose(&self, conv: &ConvTranspose2d) -> Self {
        match self {
            Self::ChannelsFirst(features) => Self::ChannelsFirst(conv.forward(features.clone())),
            Self::ChannelsLast(features) => {
                let wide =
                    fused::conv_transpose(features.clone(), conv.weight.val(), Window::of_transpose(conv));
                Self::ChannelsLast(match &conv.bias {
                    None => wide,
                    Some(bias) => {
                        let channels = bias.shape().num_elements();
                        wide + bias.val().reshape([1, 1, 1, channels])
                    }
                })
            }
        }
    }

    /// Maximum pooling.
    pub(crate) fn max_pool(&self, pool: &MaxPool2d) -> Self {
        match self {
            Self::ChannelsFirst(features) => Self::ChannelsFirst(pool.forward(features.clone())),
            Self::ChannelsLast(features) => {
                Self::ChannelsLast(fused::max_pool(features.clone(), Window::of_pool(pool)))
            }
        }
    }

    /// The mean over the pixels: `[batch, channels]`.
    pub(crate) fn mean(self) -> Tensor<2> {
        match self {
            Self::ChannelsFirst(features) => features.mean_dim(3).mean_dim(2).flatten(1, 3),
            Self::ChannelsLast(features) => {
                let [batch, height, width, channels] = features.dims();
                let pixels: Tensor<3> = features.reshape([batch, height * width, channels]);
                pixels.mean_dim(1).reshape([batch, channels])
            }
        }
    }
}

/// Burn's operations after a convolution.
fn normalise(features: Tensor<4>, norm: &BatchNorm, by: Statistics, then: Then) -> Features {
    let mut features = match by {
        Statistics::ByForm => norm.forward(features),
        Statistics::OfBatch => {
            batch_norm_train(features, norm.gamma.val(), norm.beta.val(), norm.epsilon).output
        }
    };
    if let Some(shortcut) = then.shortcut {
        features = features + shortcut.into_channels_first();
    }
    Features::ChannelsFirst(if then.relu { relu(features) } else { features })
}

/// Our operation after a convolution.
fn normalise_last(features: Tensor<4>, norm: &BatchNorm, by: Statistics, then: Then) -> Features {
    let training = features.device().is_autodiff();
    let shortcut = then.shortcut.map(Features::into_channels_last);
    let then = fused::Then { shortcut, relu: then.relu };
    if by == Statistics::ByForm && !training {
        let fused::Folded { scale, offset, .. } = running(norm, Then::NOTHING);
        return Features::ChannelsLast(fused::affine(features, scale, offset, then));
    }
    let found = fused::batch_norm(features, norm.gamma.val(), norm.beta.val(), norm.epsilon, then);
    if by == Statistics::ByForm {
        // As Burn's layer does: momentum is the share of what is new.
        let moved = |running: Tensor<1>, new: Tensor<1>| {
            (running * (1.0 - norm.momentum)).detach() + Tensor::from_inner(new) * norm.momentum
        };
        norm.running_mean.update(moved(norm.running_mean.value_sync(), found.mean));
        norm.running_var.update(moved(norm.running_var.value_sync(), found.variance));
    }
    Features::ChannelsLast(found.output)
}

/// Normalisation by the running statistics as a factor and an offset of each channel.
fn running(norm: &BatchNorm, then: Then) -> fused::Folded {
    let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
    let offset = norm.beta.val() - norm.running_mean.value() * scale.clone();
    fused::Folded {
        scale,
        offset,
        shortcut: then.shortcut.map(Features::into_channels_last),
        relu: then.relu,
    }
}

impl Features {
    /// `[batch, height, width, channels]`.
    fn into_channels_last(self) -> Tensor<4> {
        match self {
            Self::ChannelsFirst(features) => features.permute([0, 2, 3, 1]),
            Self::ChannelsLast(features) => features,
        }
    }
}

impl Window {
    /// # Panics
    ///
    /// The convolution is of a kind that our networks do not have.
    fn of_conv(conv: &Conv2d) -> Self {
        let (kernel, stride) = (square(conv.kernel_size), square(conv.stride));
        assert!(conv.bias.is_none() && conv.groups == 1 && conv.dilation == [1, 1], "a plain convolution");
        Self { kernel, stride, padding: same_on_each_side(&conv.padding) }
    }

    /// # Panics
    ///
    /// As of [`of_conv`](Self::of_conv).
    fn of_transpose(conv: &ConvTranspose2d) -> Self {
        let (kernel, stride, padding) = (square(conv.kernel_size), square(conv.stride), square(conv.padding));
        let plain = conv.groups == 1 && conv.dilation == [1, 1] && conv.padding_out == [0, 0];
        assert!(plain, "a plain transposed convolution");
        Self { kernel, stride, padding }
    }

    /// # Panics
    ///
    /// As of [`of_conv`](Self::of_conv).
    fn of_pool(pool: &MaxPool2d) -> Self {
        let (kernel, stride) = (square(pool.kernel_size), square(pool.stride));
        assert!(pool.dilation == [1, 1] && !pool.ceil_mode, "plain pooling");
        Self { kernel, stride, padding: same_on_each_side(&pool.padding) }
    }
}

fn square([height, width]: [usize; 2]) -> usize {
    assert_eq!(height, width, "the same in both directions");
    height
}

fn same_on_each_side(padding: &burn::nn::PaddingConfig2d) -> usize {
    use burn::nn::PaddingConfig2d::{Explicit, Same, Valid};
    match *padding {
        Valid => 0,
        Explicit(top, left, bottom, right) if top == left && left == bottom && bottom == right => top,
        Same | Explicit(..) => panic!("padding that differs from side to side: {padding:?}"),
    }
}
