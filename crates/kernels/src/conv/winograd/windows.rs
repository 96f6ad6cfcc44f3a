//! Convolutions: of the inputs with the weights, and of the outputs' gradient with the weights turned round.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::border::Side;
use super::super::epilogue::Epilogue;
use super::super::pack::{ChannelBlock, Layout, blocks};
use super::tiling::Tiling;
use super::{CHANNELS, PLACES, TILES, places, transform};
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// A convolution with 3 × 3 weights and a stride of 1.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Convolution<'a> {
    pub(in super::super) lanes: Lanes,
    pub(in super::super) input: Side,
    pub(in super::super) output: Side,
    /// Zeros before the first pixel of the input, in both directions.
    pub(in super::super) before: usize,
    /// Which weight is met where.
    pub(in super::super) layout: Layout,
    pub(in super::super) epilogue: Epilogue<'a>,
}

/// Convolves images `[batch, height, width, channels]`.
pub(in super::super) fn convolve(convolution: &Convolution<'_>, input: &[f32], weights: &[f32]) -> Buffer {
    let &Convolution { lanes, layout, epilogue, before, .. } = convolution;
    let tiling = Tiling { input: convolution.input, output: convolution.output, before };
    let blocks = blocks(layout.computed, lanes);
    let weights = transformed(weights, &layout, &blocks, lanes);
    let batch = input.len() / tiling.input.len();
    let mut output = Buffer::take(batch * tiling.output.len());
    let images = images_of_a_task(batch, tiling.tiles());
    let zeros = vec![0.0; layout.summed];
    let chunks = output.par_chunks_mut(images * tiling.output.len()).enumerate();
    chunks.for_each(|(chunk, output)| {
        let first_image = chunk * images;
        let (blocks, zeros) = (&blocks[..], &zeros[..]);
        lanes.dispatch(Task {
            tiling,
            input,
            weights: &weights,
            blocks,
            zeros,
            epilogue,
            first_image,
            output,
        });
    });
    output
}

/// Images enough to fill [`TILES`] tiles, and tasks that all threads have equally many of.
fn images_of_a_task(batch: usize, tiles: usize) -> usize {
    let tasks = batch.div_ceil(TILES.div_ceil(tiles));
    batch.div_ceil(tasks.next_multiple_of(rayon::current_num_threads())).max(1)
}

/// Weights as `[block][place][summed][output within the block]`.
fn transformed(weights: &[f32], layout: &Layout, blocks: &[ChannelBlock], lanes: Lanes) -> Buffer {
    let mut transformed = Buffer::take(PLACES * layout.summed * layout.computed);
    let mut rest = &mut transformed[..];
    let mut parts = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (part, after) = rest.split_at_mut(PLACES * layout.summed * block.channels);
        parts.push(Weights { weights, layout, block, transformed: part });
        rest = after;
    }
    parts.into_par_iter().for_each(|part| lanes.dispatch(part));
    transformed
}

/// The weights of a block.
struct Weights<'a> {
    weights: &'a [f32],
    layout: &'a Layout,
    block: &'a ChannelBlock,
    /// `[place][summed][output within the block]`
    transformed: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weights, layout, block, transformed } = self;
        let (transformed, _) = S::as_mut_simd_f32s(transformed);
        let summed = layout.summed;
        let mut lines = [0.0; 9 * CHANNELS];
        // A vector of outputs at a time, so that the lines that are read are read to their end.
        for vector in 0..block.vectors {
            let first = block.first + vector * S::F32_LANES;
            for channel in 0..summed {
                for lane in 0..S::F32_LANES {
                    let taps = layout.taps_of(weights, channel, first + lane);
                    for (tap, &weight) in taps.iter().enumerate() {
                        let place = if layout.rows.reversed { 8 - tap } else { tap };
                        lines[place * S::F32_LANES + lane] = weight;
                    }
                }
                let (vectors, _) = S::as_simd_f32s(&lines);
                let mut taps = [simd.splat_f32s(0.0); 9];
                taps.copy_from_slice(&vectors[..9]);
                let values = transform::of_weights(simd, taps);
                for place in 0..PLACES {
                    transformed[(place * summed + channel) * block.vectors + vector] = values[place];
                }
            }
        }
    }
}

/// Some images of the output.
struct Task<'a> {
    tiling: Tiling,
    /// All images of the input.
    input: &'a [f32],
    weights: &'a [f32],
    blocks: &'a [ChannelBlock],
    zeros: &'a [f32],
    epilogue: Epilogue<'a>,
    first_image: usize,
    output: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Self { tiling, .. } = self;
        let (summed, computed) = (tiling.input.channels, tiling.output.channels);
        let (mut inputs, mut products) = (places::take(summed), places::take(computed));
        let total = self.output.len() / tiling.output.len() * tiling.tiles();
        for first in (0..total).step_by(TILES) {
            let tiles = TILES.min(total - first);
            for tile in 0..tiles {
                let at = first + tile;
                let image = &self.input[(self.first_image + at / tiling.tiles()) * tiling.input.len()..];
                fill_inputs(simd, &tiling, image, at % tiling.tiles(), self.zeros, &mut inputs, tile);
            }
            let mut start = 0;
            for block in self.blocks {
                let len = summed * block.vectors * S::F32_LANES;
                for place in 0..PLACES {
                    let product = Product {
                        tiles,
                        summed,
                        computed,
                        block,
                        inputs: &inputs[place * places::place_len(summed)..],
                        weights: &self.weights[start..start + len],
                    };
                    product.write(simd, &mut products[place * places::place_len(computed)..]);
                    start += len;
                }
            }
            for tile in 0..tiles {
                self.write(simd, first + tile, &places::rows::<S>(&products, tile, computed));
            }
        }
    }
}

/// Transforms the inputs of a tile to row `row` of each place.
#[inline(always)]
pub(super) fn fill_inputs<S: Simd>(
    simd: S,
    tiling: &Tiling,
    image: &[f32],
    tile: usize,
    zeros: &[f32],
    to: &mut [f32],
    row: usize,
) {
    let vectors = zeros.len() / S::F32_LANES;
    let channels = tiling.inputs(image, tile, zeros);
    let mut pixels: [&[S::f32s]; PLACES] = Default::default();
    for (pixel, channels) in pixels.iter_mut().zip(channels) {
        *pixel = places::vectors_of::<S>(channels, vectors);
    }
    let mut rows = places::rows_mut::<S>(to, row, zeros.len());
    for vector in 0..vectors {
        let values = places::get(simd, &pixels, vector);
        places::set::<S>(&mut rows, vector, transform::of_inputs(simd, values));
    }
}

impl Task<'_> {
    /// Writes the outputs of a tile.
    #[inline(always)]
    fn write<S: Simd>(&mut self, simd: S, tile: usize, products: &[&[S::f32s]; PLACES]) {
        let Self { tiling, epilogue, first_image, .. } = *self;
        let image = tile / tiling.tiles();
        let pixels = tiling.outputs(tile % tiling.tiles());
        let before = first_image * tiling.output.len();
        let lanes = S::F32_LANES;
        for vector in 0..tiling.output.channels / lanes {
            let block = ChannelBlock { first: vector * lanes, channels: lanes, vectors: 1 };
            let [bias] = epilogue.start::<S, 1>(simd, &block);
            let sums = transform::of_products(simd, places::get(simd, products, vector));
            for place in 0..4 {
                let Some(pixel) = pixels[place] else { continue };
                let at = image * tiling.output.len() + pixel + block.first;
                let shortcut = epilogue.shortcut_at(before + at, lanes);
                let output = &mut self.output[at..at + lanes];
                epilogue.store::<S, 1>(simd, [simd.add_f32s(sums[place], bias)], shortcut, output);
            }
        }
    }
}

/// For one place, `[tiles, summed] · [summed, channels of a block]`.
struct Product<'a> {
    tiles: usize,
    summed: usize,
    computed: usize,
    block: &'a ChannelBlock,
    /// `[tile][summed]`
    inputs: &'a [f32],
    /// `[summed][output within the block]`
    weights: &'a [f32],
}

impl Product<'_> {
    /// Writes the block's channels of `[tile][computed]`.
    #[inline(always)]
    fn write<S: Simd>(&self, simd: S, products: &mut [f32]) {
        // Tiles × vectors fill the registers. Two vectors rather than four, unlike in a direct sum: the weights of a place are
        // read from the second-level cache once for twelve tiles then, and not for six.
        let vectors = self.block.vectors;
        for first in (0..vectors).step_by(2) {
            match (S::F32_LANES, vectors - first) {
                (16, 1) => self.rows::<S, 14, 1>(simd, first, products),
                (16, _) => self.rows::<S, 12, 2>(simd, first, products),
                (_, 1) => self.rows::<S, 8, 1>(simd, first, products),
                (_, _) => self.rows::<S, 6, 2>(simd, first, products),
            }
        }
    }

    /// `V` of the block's vectors, the first of them `vector`.
    #[inline(always)]
    fn rows<S: Simd, const P: usize, const V: usize>(&self, simd: S, vector: usize, products: &mut [f32]) {
        let (weights, _) = S::as_simd_f32s(self.weights);
        for first in (0..self.tiles).step_by(P) {
            let real = P.min(self.tiles - first);
            // A group without enough tiles computes one of them again and drops it.
            let mut rows = [&self.inputs[..0]; P];
            for (row, channels) in rows.iter_mut().enumerate() {
                let tile = first + if row < real { row } else { 0 };
                *channels = &self.inputs[tile * self.summed..][..self.summed];
            }
            let mut sums = [[simd.splat_f32s(0.0); V]; P];
            for (at, weights) in weights.chunks_exact(self.block.vectors).enumerate().take(self.summed) {
                let weights = &weights[vector..][..V];
                for row in 0..P {
                    let value = simd.splat_f32s(rows[row][at]);
                    for vector in 0..V {
                        sums[row][vector] = simd.mul_add_e_f32s(value, weights[vector], sums[row][vector]);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate().take(real) {
                let at = (first + row) * self.computed + self.block.first + vector * S::F32_LANES;
                let (to, _) = S::as_mut_simd_f32s(&mut products[at..at + V * S::F32_LANES]);
                to.copy_from_slice(sums);
            }
        }
    }
}
