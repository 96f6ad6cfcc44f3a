//! A convolution.

use super::Geometry;
use super::border::{Border, Side, with_border};
use super::epilogue::Epilogue;
use super::gather::{Gather, Phase, Pixel};
use super::pack::{Layout, blocks, pack};
use super::winograd::{self, Convolution, convolve};
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// A convolution (as in deep learning: the kernel is not turned round).
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels_in]`
/// - `weights`: `[channels_out, channels_in, kernel, kernel]`
/// - the result: `[batch, height_out, width_out, channels_out]`
///
/// # Panics
///
/// A slice has another length than the geometry says.
pub fn forward(
    lanes: Lanes,
    geometry: &Geometry,
    input: &[f32],
    weights: &[f32],
    epilogue: Epilogue<'_>,
) -> Buffer {
    geometry.check();
    assert_eq!(input.len(), geometry.input_len(), "the input of {geometry:?}");
    assert_eq!(weights.len(), geometry.weights_len(), "the weights of {geometry:?}");
    epilogue.check(geometry.channels_out, geometry.output_len());
    if winograd::fits(geometry) {
        let &Geometry { height, width, channels_in, channels_out, padding, .. } = geometry;
        let convolution = Convolution {
            lanes,
            input: Side { height, width, channels: channels_in },
            output: Side {
                height: geometry.height_out(),
                width: geometry.width_out(),
                channels: channels_out,
            },
            before: padding,
            layout: Layout::of(geometry),
            epilogue,
        };
        return convolve(&convolution, input, weights);
    }
    let &Geometry { channels_out, kernel, .. } = geometry;
    let window = Windows::of(geometry);
    let bordered = with_border(input, window.side, window.border);
    let wide = window.side.within(window.border);
    let blocks = blocks(channels_out, lanes);
    let layout = Layout::of(geometry);
    let phase = Phase {
        pixels: window.pixels(geometry),
        rows: window.rows(kernel),
        run: layout.run(),
        weights: pack(weights, &layout, &blocks, lanes),
    };
    let mut output = Buffer::take(geometry.output_len());
    let gather = Gather {
        lanes,
        phases: &[phase],
        blocks: &blocks,
        input: bordered.as_slice(),
        image_in: wide.len(),
        image_out: geometry.height_out() * geometry.width_out() * channels_out,
        epilogue,
    };
    if !output.is_empty() {
        gather.write(&mut output);
    }
    output
}

/// Where the windows of a convolution lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    /// An image of the input.
    pub(super) side: Side,
    /// The zeros around it that windows reach.
    pub(super) border: Border,
}

impl Windows {
    pub(super) fn of(geometry: &Geometry) -> Self {
        let &Geometry { height, width, channels_in, kernel, stride, padding, .. } = geometry;
        let beyond = |out: usize, size: usize| ((out - 1) * stride + kernel).saturating_sub(padding + size);
        let border = Border {
            before: padding,
            below: beyond(geometry.height_out(), height),
            right: beyond(geometry.width_out(), width),
        };
        Self { side: Side { height, width, channels: channels_in }, border }
    }

    /// The windows of an image's output pixels.
    pub(super) fn pixels(&self, geometry: &Geometry) -> Vec<Pixel> {
        let wide = self.side.within(self.border);
        let (width_out, stride) = (geometry.width_out(), geometry.stride);
        let pixel = |index: usize| Pixel {
            input: index / width_out * stride * wide.row() + index % width_out * stride * wide.channels,
            output: index * geometry.channels_out,
        };
        (0..geometry.height_out() * width_out).map(pixel).collect()
    }

    /// Where each row of taps begins.
    pub(super) fn rows(&self, kernel: usize) -> Vec<usize> {
        let row = self.side.within(self.border).row();
        (0..kernel).map(|tap| tap * row).collect()
    }
}
