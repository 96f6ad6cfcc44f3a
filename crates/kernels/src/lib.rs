//! What a CPU must do fast in training, on slices and without Burn: convolutions, batch normalisation, pooling and the
//! steps of the optimisers; and what describes images without training: features of patches, depthwise convolutions.
//!
//! Activations are NHWC (`[batch, height, width, channels]`), so that the channels of a pixel are contiguous and fill
//! vectors of any width. Weights are as in PyTorch (`[channels_out, channels_in, kernel, kernel]`); the convolutions pack
//! them for each call. Work is split over the threads of Rayon's pool by outputs, never by terms of a sum: a result does not
//! depend on the number of threads. Each kernel has a plain twin in [`naive`].

pub mod batch_norm;
mod both_sides;
mod buffers;
pub mod conv;
pub mod depthwise;
pub mod lanes;
pub mod max_pool;
pub mod naive;
pub mod optimiser;
pub mod patches;
pub mod rand_augment;
pub mod views;

/// Rises when a kernel sums in another order than before, so that results differ in their last digits.
pub const VERSION: u32 = 3;

pub use buffers::Buffer;
pub use lanes::Lanes;
