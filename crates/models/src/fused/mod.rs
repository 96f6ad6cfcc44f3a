//! Burn operations over the kernels of `tailward-kernels`, on the `flex` backend: convolutions, batch normalisation with
//! what follows it, maximum pooling, and the steps of the optimisers. Activations are NHWC here.
//!
//! Each is one node of automatic differentiation. Whether a device has them is asked of [`available`]; on every other device
//! the layers use Burn's own operations ([`features`](crate::features)).

mod batch_norm;
mod conv;
mod conv_transpose;
mod max_pool;
mod optimiser;
mod storage;
mod views;

pub(crate) use batch_norm::{Then, affine, batch_norm};
pub(crate) use conv::{Folded, conv, conv_folded};
pub(crate) use conv_transpose::conv_transpose;
pub(crate) use max_pool::max_pool;
pub use optimiser::{adam_step, sgd_step};
pub(crate) use views::views;

use burn::backend::DispatchDevice;
use burn::tensor::Device;

/// Whether these operations run on a device: on `flex`, with automatic differentiation or without.
pub fn available(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// The instructions that the kernels use here, for whoever wants to repeat a result.
pub fn lanes() -> tailward_kernels::Lanes {
    tailward_kernels::Lanes::detect()
}

/// A square convolution's kernel side, stride and padding, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}
