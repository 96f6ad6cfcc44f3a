//! The gradient of a convolution's weights: over all pixels, the sum of the outer products of what a window sees with the
//! gradient of its output.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Geometry;
use super::border::with_border;
use super::forward::Windows;
use super::gather::Pixel;
use super::outer::Outer;
use super::pack::{ChannelBlock, Layout, blocks, unpack};
use super::winograd;
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// Pixels whose products are summed in registers before they are added to the result: their gradients, for one block of
/// channels, stay in the first-level cache while every row of taps passes.
const PIXELS: usize = 64;

/// What the outputs' gradient is of the weights. For a transposed convolution `input` is the gradient of its output, and
/// `gradient` its input.
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels_in]`
/// - `gradient`: `[batch, height_out, width_out, channels_out]`
/// - the result: `[channels_out, channels_in, kernel, kernel]`
///
/// # Panics
///
/// A slice has another length than the geometry says.
pub fn gradient_of_weights(lanes: Lanes, geometry: &Geometry, input: &[f32], gradient: &[f32]) -> Buffer {
    geometry.check();
    assert_eq!(input.len(), geometry.input_len(), "the input of {geometry:?}");
    assert_eq!(gradient.len(), geometry.output_len(), "the gradient of the output of {geometry:?}");
    if winograd::fits(geometry) {
        return winograd::gradient_of_weights(lanes, geometry, input, gradient);
    }
    let &Geometry { channels_out, kernel, .. } = geometry;
    let window = Windows::of(geometry);
    let bordered = with_border(input, window.side, window.border);
    let (gradient, channels) = whole_vectors(gradient, channels_out, lanes);
    let blocks = blocks(channels_out, lanes);
    let layout = Layout::of(geometry);
    let sum = Sum {
        lanes,
        pixels: &window.pixels(geometry),
        image_in: window.side.within(window.border).len(),
        input: bordered.as_slice(),
        gradient: gradient.as_slice(),
        channels,
    };
    let mut packed =
        Buffer::take(blocks.iter().map(|block| kernel * layout.run() * block.vectors * lanes.width()).sum());
    sum.write(&layout, &blocks, &window.rows(kernel), &mut packed);
    unpack(&packed, &layout, &blocks, lanes)
}

/// The gradient, with as many channels as fill whole vectors.
enum Widened<'a> {
    Copied(Buffer),
    AsItIs(&'a [f32]),
}

impl Widened<'_> {
    fn as_slice(&self) -> &[f32] {
        match self {
            Self::Copied(buffer) => buffer,
            Self::AsItIs(gradient) => gradient,
        }
    }
}

fn whole_vectors(gradient: &[f32], channels: usize, lanes: Lanes) -> (Widened<'_>, usize) {
    let wide = channels.next_multiple_of(lanes.width());
    if wide == channels {
        return (Widened::AsItIs(gradient), channels);
    }
    let mut copied = Buffer::take(gradient.len() / channels * wide);
    let pixels = gradient.par_chunks_exact(channels).zip(copied.par_chunks_exact_mut(wide));
    pixels.with_min_len(1024).for_each(|(from, to)| {
        to[..channels].copy_from_slice(from);
        to[channels..].fill(0.0);
    });
    (Widened::Copied(copied), wide)
}

/// What is summed.
struct Sum<'a> {
    lanes: Lanes,
    /// The windows of an image's output pixels.
    pixels: &'a [Pixel],
    /// Floats of an image of the input.
    image_in: usize,
    /// `[batch, …]`, bordered.
    input: &'a [f32],
    /// `[batch, height_out, width_out, channels]`.
    gradient: &'a [f32],
    /// Channels of the gradient as it is here.
    channels: usize,
}

/// Some rows of the result: `[rows][output within the block]`.
struct Task<'a> {
    sum: &'a Sum<'a>,
    block: ChannelBlock,
    /// Where the first of these rows lies in a window.
    from: usize,
    rows: &'a mut [f32],
}

impl Sum<'_> {
    fn write(&self, layout: &Layout, blocks: &[ChannelBlock], taps: &[usize], packed: &mut [f32]) {
        let run = layout.run();
        // As few parts as keep all threads busy: each reads the whole gradient of its block.
        let whole = blocks.len() * taps.len();
        let threads = rayon::current_num_threads();
        let parts = if threads == 1 { 1 } else { (2 * threads).div_ceil(whole) };
        let rows = run.div_ceil(parts).next_multiple_of(12).min(run);
        let mut rest = packed;
        let mut tasks = Vec::new();
        for block in blocks {
            for &tap in taps {
                for first in (0..run).step_by(rows) {
                    let count = rows.min(run - first) * block.vectors * self.lanes.width();
                    let (part, after) = rest.split_at_mut(count);
                    tasks.push(Task { sum: self, block: *block, from: tap + first, rows: part });
                    rest = after;
                }
            }
        }
        tasks.into_par_iter().for_each(|task| self.lanes.dispatch(task));
    }
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Sum { pixels, image_in, input, gradient, channels, .. } = *self.sum;
        let first = self.block.first;
        let total = gradient.len() / channels;
        let mut inputs = [0; PIXELS];
        let (mut image, mut pixel) = (0, 0);
        for start in (0..total).step_by(PIXELS) {
            let count = PIXELS.min(total - start);
            for input in &mut inputs[..count] {
                *input = image * image_in + pixels[pixel].input + self.from;
                pixel += 1;
                if pixel == pixels.len() {
                    (image, pixel) = (image + 1, 0);
                }
            }
            let chunk = Outer {
                input,
                inputs: &inputs[..count],
                gradient: &gradient[start * channels + first..],
                channels,
                fresh: start == 0,
            };
            chunk.add(simd, self.block.vectors, self.rows);
        }
    }
}
