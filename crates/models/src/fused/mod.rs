//! Burn operations over the kernels of `tailward-kernels`, on the `flex` backend: convolutions, batch normalisation with
//! what follows it, maximum pooling, views of images, and the steps of the optimisers. Activations are NHWC here.
//!
//! Each is one node of automatic differentiation. Whether a device has them is asked of [`available`]; on every other device
//! the layers use Burn's own operations ([`features`](crate::features)). This is the one file of the crate that looks at the
//! feature.

#[cfg(feature = "flex")]
mod batch_norm;
#[cfg(feature = "flex")]
mod conv;
#[cfg(feature = "flex")]
mod max_pool;
#[cfg_attr(not(feature = "flex"), expect(dead_code, reason = "only the kernels read what they are given"))]
mod operands;
#[cfg(feature = "flex")]
mod optimiser;
#[cfg(feature = "flex")]
mod storage;
#[cfg(feature = "flex")]
mod views;

#[cfg(not(feature = "flex"))]
mod absent;

use burn::tensor::Device;

#[cfg(not(feature = "flex"))]
pub(crate) use absent::{
    adam_step, affine, batch_norm, conv, conv_folded, conv_transpose, max_pool, sgd_step, views,
};
pub(crate) use operands::{AdamStep, Folded, SgdStep, Then, Window};
#[cfg(feature = "flex")]
pub(crate) use {
    batch_norm::{affine, batch_norm},
    conv::{conv, conv_folded, conv_transpose},
    max_pool::max_pool,
    optimiser::{adam_step, sgd_step},
    views::views,
};

/// Whether these operations run on a device: on `flex`, with automatic differentiation or without.
#[cfg(feature = "flex")]
pub(crate) fn available(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), burn::backend::DispatchDevice::Flex(_))
}

/// Whether these operations run on a device: on none, for they were not built.
#[cfg(not(feature = "flex"))]
pub(crate) fn available(_device: &Device) -> bool {
    false
}

/// What computes the layers on a device where Burn's own operations do not: the kernels of `tailward-kernels`, their version
/// and the instructions they use. Results of one name repeat bit for bit on one kind of processor: what is Burn's own beside the
/// layers takes what the processor has.
#[cfg(feature = "flex")]
pub fn kernels(device: &Device) -> Option<String> {
    let lanes = tailward_kernels::Lanes::detect();
    available(device).then(|| format!("tailward-{} {lanes}", tailward_kernels::VERSION))
}

/// What computes the layers on a device where Burn's own operations do not: nothing, for the kernels were not built.
#[cfg(not(feature = "flex"))]
pub fn kernels(_device: &Device) -> Option<String> {
    None
}
