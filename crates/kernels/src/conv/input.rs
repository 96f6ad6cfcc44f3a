//! The gradient of a convolution's input, which is also the transposed convolution.

use super::Geometry;
use super::border::{Border, Side, with_border};
use super::epilogue::Epilogue;
use super::gather::{Gather, Phase, Pixel};
use super::pack::{ChannelBlock, Layout, Taps, blocks, pack};
use super::winograd::{self, Convolution, convolve};
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// What the outputs' gradient is of the input. With `gradient` as the input it is the transposed convolution of PyTorch, whose
/// weights are `[channels_in, channels_out, kernel, kernel]`: its input has this geometry's `channels_out`.
///
/// # Shapes
///
/// - `gradient`: `[batch, height_out, width_out, channels_out]`
/// - `weights`: `[channels_out, channels_in, kernel, kernel]`
/// - the result: `[batch, height, width, channels_in]`
///
/// # Panics
///
/// A slice has another length than the geometry says.
pub fn gradient_of_input(lanes: Lanes, geometry: &Geometry, gradient: &[f32], weights: &[f32]) -> Buffer {
    geometry.check();
    assert_eq!(gradient.len(), geometry.output_len(), "the gradient of the output of {geometry:?}");
    assert_eq!(weights.len(), geometry.weights_len(), "the weights of {geometry:?}");
    if winograd::fits(geometry) {
        let &Geometry { height, width, channels_in, channels_out, kernel, padding, .. } = geometry;
        let taps = Taps { first: 0, step: 1, count: kernel, reversed: true };
        let convolution = Convolution {
            lanes,
            input: Side {
                height: geometry.height_out(),
                width: geometry.width_out(),
                channels: channels_out,
            },
            output: Side { height, width, channels: channels_in },
            before: kernel - 1 - padding,
            layout: Layout {
                summed: channels_out,
                computed: channels_in,
                kernel,
                transposed: true,
                rows: taps,
                columns: taps,
            },
            epilogue: Epilogue::default(),
        };
        return convolve(&convolution, gradient, weights);
    }
    let &Geometry { channels_in, channels_out, .. } = geometry;
    let side = Side { height: geometry.height_out(), width: geometry.width_out(), channels: channels_out };
    let rows = directions(geometry, geometry.height);
    let columns = directions(geometry, geometry.width);
    let before = rows.iter().chain(&columns).map(|it| it.before).max().unwrap_or(0);
    let beyond = |along: &[Direction], size: usize| {
        along.iter().map(|it| (it.last + 1).saturating_sub(size)).max().unwrap_or(0)
    };
    let border = Border { before, below: beyond(&rows, side.height), right: beyond(&columns, side.width) };
    let bordered = with_border(gradient, side, border);
    let blocks = blocks(channels_in, lanes);
    let mut phases = Vec::with_capacity(rows.len() * columns.len());
    for row in &rows {
        for column in &columns {
            let place = Place { geometry, side: side.within(border), before, row, column };
            phases.push(place.phase(weights, &blocks, lanes));
        }
    }
    let pixels: usize = phases.iter().map(|phase| phase.pixels.len()).sum();
    // Pixels that meet no tap have no gradient, and nobody writes them.
    let all = pixels == geometry.height * geometry.width;
    let mut input =
        if all { Buffer::take(geometry.input_len()) } else { Buffer::zeros(geometry.input_len()) };
    let gather = Gather {
        lanes,
        phases: &phases,
        blocks: &blocks,
        input: bordered.as_slice(),
        image_in: side.within(border).len(),
        image_out: geometry.height * geometry.width * channels_in,
        epilogue: Epilogue::default(),
    };
    if !input.is_empty() {
        gather.write(&mut input);
    }
    input
}

/// One phase in one direction: the input pixels `first, first + stride, …` and the taps that they meet.
#[derive(Clone, Copy, Debug)]
struct Direction {
    /// The first input pixel.
    first: usize,
    /// How many there are.
    count: usize,
    taps: Taps,
    /// The output pixel that the first of them meets first, less `before`.
    start: usize,
    /// Zeros that are needed before the outputs.
    before: usize,
    /// The last output pixel that is met.
    last: usize,
}

/// The phases of a direction of `size` input pixels: input pixel `i` meets tap `k` of output pixel `o` where
/// `i + padding = o · stride + k`. A phase that meets no tap has none.
fn directions(geometry: &Geometry, size: usize) -> Vec<Direction> {
    let &Geometry { kernel, stride, padding, .. } = geometry;
    let mut found = Vec::with_capacity(stride);
    for first in 0..stride.min(size) {
        let count = (size - first).div_ceil(stride);
        let (quotient, tap) = ((first + padding) / stride, (first + padding) % stride);
        if tap >= kernel {
            continue;
        }
        let met = (kernel - tap).div_ceil(stride);
        // The taps fall as the outputs rise.
        let taps = Taps { first: tap, step: stride, count: met, reversed: true };
        let before = (met - 1).saturating_sub(quotient);
        let start = quotient.saturating_sub(met - 1);
        found.push(Direction { first, count, taps, start, before, last: quotient + count - 1 });
    }
    found
}

/// A phase in both directions.
struct Place<'a> {
    geometry: &'a Geometry,
    /// An image of the gradient, with its border.
    side: Side,
    /// The border before it.
    before: usize,
    row: &'a Direction,
    column: &'a Direction,
}

impl Place<'_> {
    fn phase(&self, weights: &[f32], blocks: &[ChannelBlock], lanes: Lanes) -> Phase {
        let &Geometry { width, channels_in, channels_out, kernel, stride, .. } = self.geometry;
        let (row, column) = (self.row, self.column);
        let layout = Layout {
            summed: channels_out,
            computed: channels_in,
            kernel,
            transposed: true,
            rows: row.taps,
            columns: column.taps,
        };
        // The first window begins `before` pixels into the border, less what this direction reaches before the outputs.
        let from = |it: &Direction| self.before - it.before + it.start;
        let pixel = |index: usize| {
            let (down, across) = (index / column.count, index % column.count);
            Pixel {
                input: (from(row) + down) * self.side.row() + (from(column) + across) * self.side.channels,
                output: ((row.first + down * stride) * width + column.first + across * stride) * channels_in,
            }
        };
        Phase {
            pixels: (0..row.count * column.count).map(pixel).collect(),
            rows: (0..row.taps.count).map(|tap| tap * self.side.row()).collect(),
            run: layout.run(),
            weights: pack(weights, &layout, blocks, lanes),
        }
    }
}
