//! Responses by Winograd's minimal filtering, F(4 × 4, 3 × 3): 36 products for each tile of sixteen outputs, where a direct sum
//! has 144.
//!
//! Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, §4.2. A filter of more than three rows and
//! columns is a sum of filters that have three, each over an image of its own: the same image from another pixel on, or every
//! second pixel of it where patches are two pixels apart. Filters of six pixels are four of them a channel in either case.
//!
//! Its constants reach 8, so that it rounds about ten times as much as a direct sum. Filters sum to 0: what is constant in the
//! pixels of a tile is taken off before, and what is rounded is their contrast, not their brightness.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::dictionary::{Dictionary, Grid};
use crate::both_sides::both_sides;
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// Outputs of a tile in each direction.
const TILE: usize = 4;

/// Taps of a filter in each direction.
const TAPS: usize = 3;

/// Inputs of a tile in each direction.
const WINDOW: usize = TILE + TAPS - 1;

/// Inputs of a tile, which are as many products for each filter and image that it is summed over.
const PLACES: usize = WINDOW * WINDOW;

/// Tiles that are multiplied together: with the vectors of a block their sums stay in registers, and five times whole are nearly
/// the 49 and 64 tiles that images of 32 and 64 pixels have.
const TILES: usize = 5;

/// Vectors of filters in a block: 32 registers with AVX-512, else 16.
fn vectors(lanes: Lanes) -> usize {
    match lanes {
        Lanes::Avx512 => 4,
        Lanes::Avx2 | Lanes::Plain => 2,
    }
}

/// Floats of a line of the processor's cache.
const LINE: usize = 16;

/// Whether responses are computed this way: filters are of three taps in each direction, or several of these, and at least half of
/// what tiles compute is of patches.
pub(super) fn fits(grid: &Grid) -> bool {
    let tiles = grid.rows().div_ceil(TILE) * grid.columns().div_ceil(TILE);
    grid.patch.is_multiple_of(TAPS * grid.stride) && TILE * TILE * tiles <= 2 * grid.rows() * grid.columns()
}

/// The filters of a dictionary, transformed.
#[derive(Debug)]
pub(super) struct Filters {
    grid: Grid,
    lanes: Lanes,
    /// How many there are.
    count: usize,
    /// `[block][place][term][filter within the block]`; lanes beyond the last filter are zero.
    transformed: Buffer,
}

impl Filters {
    pub(super) fn of(grid: &Grid, dictionary: &Dictionary, lanes: Lanes) -> Self {
        let count = dictionary.offsets.len();
        let wide = count.next_multiple_of(lanes.width());
        let mut transformed = Buffer::zeros(PLACES * terms(grid) * wide);
        let block = PLACES * terms(grid) * vectors(lanes) * lanes.width();
        transformed.par_chunks_mut(block).enumerate().for_each(|(block, transformed)| {
            let first = block * vectors(lanes) * lanes.width();
            transform_filters(grid, &dictionary.filters, first..count, transformed);
        });
        Self { grid: *grid, lanes, count, transformed }
    }

    /// Floats of a patch's responses: the filters, and what brings the next patch to another place of the cache.
    pub(super) fn stride(&self) -> usize {
        let lines = self.count.div_ceil(LINE);
        LINE * (lines + 1 - lines % 2)
    }

    /// The responses of an image's patches. `pixels`: `[height, width, channels]`; the result: `[patches, stride]`
    pub(super) fn respond(&self, pixels: &[f32]) -> Buffer {
        let grid = &self.grid;
        let (rows, columns) = (grid.rows(), grid.columns());
        let (down, across) = (rows.div_ceil(TILE), columns.div_ceil(TILE));
        let (terms, wide) = (terms(grid), terms(grid).next_multiple_of(LINE));
        let places = (down * across).next_multiple_of(TILES);
        let mut responses = Buffer::take(rows * columns * self.stride());
        let task = Task {
            filters: self,
            image: &Bordered::of(grid, down, across, pixels),
            tiles: down * across,
            places,
            terms,
            wide,
            window: &mut Buffer::zeros(PLACES * wide),
            inputs: &mut Buffer::zeros(PLACES * places * wide),
            outputs: Outputs { rows, columns, across, stride: self.stride(), responses: &mut responses },
        };
        self.lanes.dispatch(task);
        responses
    }
}

/// Images that a filter is summed over: each is a channel of every `stride`-th pixel from another pixel on.
fn terms(grid: &Grid) -> usize {
    grid.channels * (grid.patch / TAPS).pow(2)
}

/// Transforms the filters of a block, `G g Gᵀ` for each image that a filter is summed over.
fn transform_filters(grid: &Grid, filters: &[f32], block: std::ops::Range<usize>, transformed: &mut [f32]) {
    let (terms, wide) = (terms(grid), transformed.len() / PLACES / terms(grid));
    let (parts, stride) = (grid.patch / TAPS, grid.stride);
    // The first tap of a part; a term is [part of rows][part of columns][channel], as `Bordered` has them.
    let start = |part: usize| TAPS * stride * (part / stride) + part % stride;
    for (lane, filter) in block.take(wide).enumerate() {
        for term in 0..terms {
            let (part, channel) = (term / grid.channels, term % grid.channels);
            let (row, column) = (start(part / parts), start(part % parts));
            let mut taps = [[0.0; TAPS]; TAPS];
            for (down, taps) in taps.iter_mut().enumerate() {
                for (across, tap) in taps.iter_mut().enumerate() {
                    let (row, column) = (row + stride * down, column + stride * across);
                    *tap = filters
                        [((filter * grid.channels + channel) * grid.patch + row) * grid.patch + column];
                }
            }
            let columns = [0, 1, 2].map(|across| g([taps[0][across], taps[1][across], taps[2][across]]));
            for row in 0..WINDOW {
                let values = g([columns[0][row], columns[1][row], columns[2][row]]);
                for (column, value) in values.into_iter().enumerate() {
                    transformed[((row * WINDOW + column) * terms + term) * wide + lane] = value;
                }
            }
        }
    }
}

/// `G` times a column.
fn g([a, b, c]: [f32; TAPS]) -> [f32; WINDOW] {
    let (outer, quarters) = (-(a + c) / 6.0, a / 24.0 + c / 6.0);
    [a / 4.0, outer - b / 6.0, outer + b / 6.0, quarters + b / 12.0, quarters - b / 12.0, c]
}

/// An image with zeros after its last row and column, as many as the last tiles reach.
struct Bordered {
    /// Floats of a row.
    line: usize,
    values: Buffer,
}

impl Bordered {
    fn of(grid: &Grid, down: usize, across: usize, pixels: &[f32]) -> Self {
        let reach = |tiles: usize| grid.stride * (TILE * tiles - 1) + grid.patch;
        let line = reach(across).max(grid.width) * grid.channels;
        let mut values = Buffer::zeros(reach(down).max(grid.height) * line);
        let of_image = grid.width * grid.channels;
        for (to, from) in values.chunks_exact_mut(line).zip(pixels.chunks_exact(of_image)) {
            to[..of_image].copy_from_slice(from);
        }
        Self { line, values }
    }

    /// The inputs of a tile, `[place][term]`, a term being `[part of rows][part of columns][channel]`.
    fn gather(&self, grid: &Grid, row: usize, column: usize, inputs: &mut [f32]) {
        let (stride, parts, wide) = (grid.stride, grid.patch / TAPS, inputs.len() / PLACES);
        // The columns of a stride lie side by side.
        let run = stride * grid.channels;
        for (place, inputs) in inputs.chunks_exact_mut(wide).enumerate() {
            let (down, across) = (place / WINDOW, place % WINDOW);
            for part in 0..parts {
                let row = stride * (TILE * row + down + TAPS * (part / stride)) + part % stride;
                for group in 0..parts / stride {
                    let column = stride * (TILE * column + across + TAPS * group);
                    let from = &self.values[row * self.line + column * grid.channels..][..run];
                    let at = part * parts * grid.channels + group * run;
                    inputs[at..at + run].copy_from_slice(from);
                }
            }
        }
    }
}

/// An image.
struct Task<'a> {
    filters: &'a Filters,
    image: &'a Bordered,
    tiles: usize,
    /// Tiles that there is memory for, whole groups of [`TILES`].
    places: usize,
    terms: usize,
    /// Terms that there is memory for, whole lines; those beyond the last are zero.
    wide: usize,
    /// `[place][wide]`, of a tile
    window: &'a mut [f32],
    /// `[place][tile][wide]`
    inputs: &'a mut [f32],
    outputs: Outputs<'a>,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors = vectors(self.filters.lanes);
        for tile in 0..self.tiles {
            self.fill_inputs(simd, tile);
        }
        let block = PLACES * self.terms * vectors * S::F32_LANES;
        for (block, weights) in self.filters.transformed.chunks(block).enumerate() {
            let filter = block * vectors * S::F32_LANES;
            match weights.len() / (PLACES * self.terms * S::F32_LANES) {
                1 => self.block::<S, 1>(simd, filter, weights),
                2 => self.block::<S, 2>(simd, filter, weights),
                3 => self.block::<S, 3>(simd, filter, weights),
                _ => self.block::<S, 4>(simd, filter, weights),
            }
        }
    }
}

impl Task<'_> {
    /// Transforms the inputs of a tile.
    #[inline(always)]
    fn fill_inputs<S: Simd>(&mut self, simd: S, tile: usize) {
        let across = self.outputs.across;
        self.image.gather(&self.filters.grid, tile / across, tile % across, self.window);
        let (window, _) = S::as_simd_f32s(self.window);
        let (inputs, _) = S::as_mut_simd_f32s(self.inputs);
        // Pixels are whole numbers, so that their sum is exact in any order.
        let mut sums = [simd.splat_f32s(0.0); 4];
        for values in window.as_chunks::<4>().0 {
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum = simd.add_f32s(*sum, value);
            }
        }
        let sum = simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]));
        let mean = simd.splat_f32s(simd.reduce_sum_f32s(sum) / (PLACES * self.terms) as f32);
        let vectors = self.wide / S::F32_LANES;
        for vector in 0..vectors {
            let value = |place: usize| window[place * vectors + vector];
            let values = both_sides!(simd, |place| simd.sub_f32s(value(place), mean), 6 to 6, b_t);
            for place in 0..PLACES {
                inputs[(place * self.places + tile) * vectors + vector] = values[place];
            }
        }
    }

    /// The responses of all tiles to a block of filters.
    #[inline(always)]
    fn block<S: Simd, const V: usize>(&mut self, simd: S, filter: usize, weights: &[f32]) {
        let (weights, _) = S::as_simd_f32s(weights);
        let (weights, _) = weights.as_chunks::<V>();
        let mut products = [[[simd.splat_f32s(0.0); PLACES]; V]; TILES];
        for first in (0..self.tiles).step_by(TILES) {
            let inputs = self.inputs.chunks_exact(self.places * self.wide);
            for (place, (weights, inputs)) in weights.chunks_exact(self.terms).zip(inputs).enumerate() {
                let mut rows = [&inputs[..0]; TILES];
                for tile in 0..TILES {
                    rows[tile] = &inputs[(first + tile) * self.wide..][..self.terms];
                }
                let mut sums = [[simd.splat_f32s(0.0); V]; TILES];
                let weights = &weights[..self.terms];
                for term in 0..self.terms {
                    for tile in 0..TILES {
                        let value = simd.splat_f32s(rows[tile][term]);
                        for vector in 0..V {
                            sums[tile][vector] =
                                simd.mul_add_e_f32s(value, weights[term][vector], sums[tile][vector]);
                        }
                    }
                }
                for (products, sums) in products.iter_mut().zip(sums) {
                    for (products, sum) in products.iter_mut().zip(sums) {
                        products[place] = sum;
                    }
                }
            }
            for (tile, products) in products.iter().enumerate().take(self.tiles - first) {
                for (vector, products) in products.iter().enumerate() {
                    let values = both_sides!(simd, |place| products[place], 6 to 4, a_t);
                    self.outputs.write::<S>(first + tile, filter + vector * S::F32_LANES, &values);
                }
            }
        }
    }
}

/// Where responses go.
struct Outputs<'a> {
    /// Rows of patches.
    rows: usize,
    /// Columns of patches.
    columns: usize,
    /// Tiles of a row.
    across: usize,
    /// Floats from a patch to the next.
    stride: usize,
    /// `[patches, stride]`
    responses: &'a mut [f32],
}

impl Outputs<'_> {
    /// Writes a tile's responses to a vector of filters, those of patches that there are.
    #[inline(always)]
    fn write<S: Simd>(&mut self, tile: usize, filter: usize, values: &[S::f32s; TILE * TILE]) {
        let (top, left) = (TILE * (tile / self.across), TILE * (tile % self.across));
        let (down, across) = (TILE.min(self.rows - top), TILE.min(self.columns - left));
        for (row, values) in values.chunks_exact(TILE).enumerate().take(down) {
            let patch = (top + row) * self.columns + left;
            for (column, &value) in values.iter().enumerate().take(across) {
                let response = &mut self.responses[(patch + column) * self.stride + filter..][..S::F32_LANES];
                S::as_mut_simd_f32s(response).0[0] = value;
            }
        }
    }
}

/// `Bᵀ` times a column.
#[inline(always)]
fn b_t<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; WINDOW]) -> [S::f32s; WINDOW] {
    let (two, four, five) = (simd.splat_f32s(2.0), simd.splat_f32s(4.0), simd.splat_f32s(5.0));
    let (ends, middle) = (simd.sub_f32s(e, c), simd.sub_f32s(d, b));
    [
        simd.negate_mul_add_e_f32s(five, c, simd.mul_add_e_f32s(four, a, e)),
        simd.negate_mul_add_e_f32s(four, simd.add_f32s(b, c), simd.add_f32s(d, e)),
        simd.mul_add_e_f32s(four, simd.sub_f32s(b, c), simd.sub_f32s(e, d)),
        simd.mul_add_e_f32s(two, middle, ends),
        simd.negate_mul_add_e_f32s(two, middle, ends),
        simd.negate_mul_add_e_f32s(five, d, simd.mul_add_e_f32s(four, b, f)),
    ]
}

/// `Aᵀ` times a column.
#[inline(always)]
fn a_t<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; WINDOW]) -> [S::f32s; TILE] {
    let (two, four, eight) = (simd.splat_f32s(2.0), simd.splat_f32s(4.0), simd.splat_f32s(8.0));
    let (even, odd) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
    let (even_twos, odd_twos) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
    [
        simd.add_f32s(simd.add_f32s(a, even), even_twos),
        simd.mul_add_e_f32s(two, odd_twos, odd),
        simd.mul_add_e_f32s(four, even_twos, even),
        simd.add_f32s(simd.mul_add_e_f32s(eight, odd_twos, odd), f),
    ]
}
