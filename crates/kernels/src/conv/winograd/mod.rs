//! Winograd's minimal filtering, F(2 × 2, 3 × 3): 3 × 3 convolutions of stride 1 and their gradients with 16 products for
//! each tile of four outputs, where a direct sum has 36.
//!
//! Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, §4.1, Eq. 7 and 8 and Algorithm 1. A
//! tile's 4 × 4 inputs, a pair's 3 × 3 weights and a tile's 2 × 2 outputs are transformed (`Bᵀ d B`, `G g Gᵀ`, `Aᵀ m A`); in
//! between are 16 products of matrices, `[tiles, channels_in] · [channels_in, channels_out]`, one for each place of the 4 × 4.
//! The gradient of the inputs is a convolution too; that of the weights is the transpose of the same steps.
//!
//! Its constants are 1 and ½, so that the rounding is about that of the direct sum.

mod places;
mod tiling;
mod transform;
mod weights;
mod windows;

pub(super) use weights::gradient_of_weights;
pub(super) use windows::{Convolution, convolve};

use super::Geometry;

/// Inputs of a tile, which are as many products for each pair of channels.
const PLACES: usize = 16;

/// Tiles that are transformed together, so that they are in the second-level cache when they are multiplied.
const TILES: usize = 96;

/// Whole vectors of any width, so that the same algorithm is used whatever a processor has.
const CHANNELS: usize = 16;

/// Whether a convolution is computed this way: 3 × 3, stride 1, channels that fill vectors, and outputs enough that tiles over
/// their edge do not eat the gain.
pub(super) fn fits(geometry: &Geometry) -> bool {
    let &Geometry { channels_in, channels_out, kernel, stride, padding, .. } = geometry;
    let outputs = geometry.height_out() * geometry.width_out();
    let tiles = geometry.height_out().div_ceil(2) * geometry.width_out().div_ceil(2);
    kernel == 3
        && stride == 1
        && padding < kernel
        && channels_in % CHANNELS == 0
        && channels_out % CHANNELS == 0
        && channels_in.min(channels_out) >= 32
        && 2 * PLACES * tiles <= 9 * outputs
}
