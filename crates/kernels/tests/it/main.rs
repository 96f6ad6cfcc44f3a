//! The kernels against their plain twins, over shapes, lanes and threads, and strong views against Pillow.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod batch_norm;
mod conv;
mod depthwise;
mod max_pool;
mod optimiser;
mod rand_augment;
mod values;
mod views;
