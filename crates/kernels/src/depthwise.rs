//! Depthwise convolutions: each channel has weights of its own and meets no other.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::lanes::Lanes;

/// A square depthwise convolution over NHWC activations, with TensorFlow's padding: as many outputs as steps fit into the image, and of
/// the zeros that this takes one more behind than before where their number is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depthwise {
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// Side of the kernel, in pixels.
    pub kernel: usize,
    /// Step in both directions, in pixels.
    pub stride: usize,
}

impl Depthwise {
    /// Rows of an output image.
    pub fn height_out(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Columns of an output image.
    pub fn width_out(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Zeros before the first row.
    pub fn rows_before(&self) -> usize {
        same_padding(self.height, self.kernel, self.stride)
    }

    /// Zeros before the first column.
    pub fn columns_before(&self) -> usize {
        same_padding(self.width, self.kernel, self.stride)
    }
}

/// The zeros before an axis of `size` pixels with TensorFlow's "same" padding.
pub fn same_padding(size: usize, kernel: usize, stride: usize) -> usize {
    ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size) / 2
}

/// The convolution of images, with a bias and cut at zero and `ceiling`.
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels]`
/// - `weights`: `[kernel, kernel, channels]`; `bias`: `[channels]`
/// - the result: `[batch, height_out, width_out, channels]`
///
/// # Panics
///
/// A slice has another length than the geometry says.
pub fn forward(
    lanes: Lanes,
    geometry: &Depthwise,
    input: &[f32],
    weights: &[f32],
    bias: &[f32],
    ceiling: f32,
) -> Vec<f32> {
    let &Depthwise { height, width, channels, kernel, .. } = geometry;
    let image = height * width * channels;
    assert_eq!(input.len() % image, 0, "whole images of {geometry:?}");
    assert_eq!(weights.len(), kernel * kernel * channels, "the weights of {geometry:?}");
    assert_eq!(bias.len(), channels, "a bias for each channel");
    let row_out = geometry.width_out() * channels;
    let mut output = vec![0.0; input.len() / image * geometry.height_out() * row_out];
    output.par_chunks_mut(row_out).enumerate().for_each(|(place, output)| {
        let (batch, row) = (place / geometry.height_out(), place % geometry.height_out());
        let input = &input[batch * image..(batch + 1) * image];
        lanes.dispatch(Row { geometry, input, weights, bias, ceiling, row, output });
    });
    output
}

/// A row of an output image.
struct Row<'a> {
    geometry: &'a Depthwise,
    input: &'a [f32],
    weights: &'a [f32],
    bias: &'a [f32],
    ceiling: f32,
    row: usize,
    output: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { geometry, input, weights, bias, ceiling, row, output } = self;
        let &Depthwise { height, width, channels, kernel, stride } = geometry;
        let (above, left) = (geometry.rows_before(), geometry.columns_before());
        // Taps outside of the image are zeros.
        let first_down = above.saturating_sub(row * stride);
        let last_down = kernel.min(height + above - row * stride);
        let (zero, ceiling) = (simd.splat_f32s(0.0), simd.splat_f32s(ceiling));
        for (column, output) in output.chunks_exact_mut(channels).enumerate() {
            let first_across = left.saturating_sub(column * stride);
            let last_across = kernel.min(width + left - column * stride);
            for (part, output) in output.chunks_mut(S::F32_LANES).enumerate() {
                let from = part * S::F32_LANES;
                let to = from + output.len();
                let mut sum = simd.partial_load_f32s(&bias[from..to]);
                for down in first_down..last_down {
                    let line = (row * stride + down - above) * width;
                    for across in first_across..last_across {
                        let pixel = (line + column * stride + across - left) * channels;
                        let tap = (down * kernel + across) * channels;
                        let value = simd.partial_load_f32s(&input[pixel + from..pixel + to]);
                        let weight = simd.partial_load_f32s(&weights[tap + from..tap + to]);
                        sum = simd.mul_add_e_f32s(value, weight, sum);
                    }
                }
                let sum = simd.min_f32s(simd.max_f32s(sum, zero), ceiling);
                simd.partial_store_f32s(output, sum);
            }
        }
    }
}
