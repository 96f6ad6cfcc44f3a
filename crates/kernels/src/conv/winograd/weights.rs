//! The gradient of the weights: for each place of the tiles, the product of the inputs' values with those of the outputs'
//! gradient, over all tiles.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::Geometry;
use super::super::border::Side;
use super::super::outer::Outer;
use super::super::pack::{ChannelBlock, Layout, blocks, unpack};
use super::tiling::Tiling;
use super::windows::fill_inputs;
use super::{PLACES, TILES, places, transform};
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// Floats of transformed values that wait for their product, about: they should stay in the caches.
const WAITING: usize = 1 << 20;

/// As [`conv::gradient_of_weights`](super::super::gradient_of_weights), whose arguments have been checked.
pub(in super::super) fn gradient_of_weights(
    lanes: Lanes,
    geometry: &Geometry,
    input: &[f32],
    gradient: &[f32],
) -> Buffer {
    let &Geometry { batch, height, width, channels_in, channels_out, padding, .. } = geometry;
    let tiling = Tiling {
        input: Side { height, width, channels: channels_in },
        output: Side { height: geometry.height_out(), width: geometry.width_out(), channels: channels_out },
        before: padding,
    };
    let blocks = blocks(channels_out, lanes);
    let sums_len = PLACES * channels_in * channels_out;
    // Without a tile nobody writes them.
    let mut sums = if batch == 0 { Buffer::zeros(sums_len) } else { Buffer::take(sums_len) };
    let total = batch * tiling.tiles();
    let of_chunk = places::places_len(channels_in) + places::places_len(channels_out);
    let chunks = (WAITING / of_chunk).max(rayon::current_num_threads());
    let mut values = Buffer::take(chunks.min(total.div_ceil(TILES)) * of_chunk);
    let zeros = vec![0.0; channels_in.max(channels_out)];
    for first in (0..total).step_by(chunks * TILES) {
        let tiles = (chunks * TILES).min(total - first);
        let values = &mut values[..tiles.div_ceil(TILES) * of_chunk];
        values.par_chunks_exact_mut(of_chunk).enumerate().for_each(|(chunk, values)| {
            let first = first + chunk * TILES;
            let tiles = TILES.min(total - first);
            lanes.dispatch(Transform { tiling, input, gradient, zeros: &zeros, first, tiles, values });
        });
        let values = &*values;
        let mut rest = &mut sums[..];
        let mut tasks = Vec::with_capacity(blocks.len() * PLACES);
        for block in &blocks {
            for place in 0..PLACES {
                let (sums, after) = rest.split_at_mut(channels_in * block.vectors * lanes.width());
                tasks.push(Product {
                    place,
                    tiles,
                    channels_in,
                    channels_out,
                    block: *block,
                    values,
                    fresh: first == 0,
                    sums,
                });
                rest = after;
            }
        }
        tasks.into_par_iter().for_each(|task| lanes.dispatch(task));
    }
    let mut packed = Buffer::take(9 * channels_in * channels_out);
    let (mut from, mut to) = (&sums[..], &mut packed[..]);
    let mut parts = Vec::with_capacity(blocks.len());
    for block in &blocks {
        let len = channels_in * block.vectors * lanes.width();
        let (sums, after) = from.split_at(PLACES * len);
        let (packed, after_it) = to.split_at_mut(9 * len);
        parts.push(Back { sums, packed });
        (from, to) = (after, after_it);
    }
    parts.into_par_iter().for_each(|part| lanes.dispatch(part));
    unpack(&packed, &Layout::of(geometry), &blocks, lanes)
}

/// Transforms of inputs and of the outputs' gradient, for [`TILES`] tiles.
struct Transform<'a> {
    tiling: Tiling,
    input: &'a [f32],
    gradient: &'a [f32],
    zeros: &'a [f32],
    first: usize,
    tiles: usize,
    /// Those of the inputs, then those of the gradient.
    values: &'a mut [f32],
}

impl WithSimd for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tiling, input, gradient, zeros, first, tiles, values } = self;
        let (channels_in, channels_out) = (tiling.input.channels, tiling.output.channels);
        let (inputs, gradients) = values.split_at_mut(places::places_len(channels_in));
        for tile in 0..tiles {
            let (image, of_image) = ((first + tile) / tiling.tiles(), (first + tile) % tiling.tiles());
            let pixels = &input[image * tiling.input.len()..];
            fill_inputs(simd, &tiling, pixels, of_image, &zeros[..channels_in], inputs, tile);
            let pixels = &gradient[image * tiling.output.len()..];
            let vectors = channels_out / S::F32_LANES;
            let mut rows: [&[S::f32s]; 4] = Default::default();
            for (row, pixel) in rows.iter_mut().zip(tiling.outputs(of_image)) {
                let channels = pixel.map_or(zeros, |at| &pixels[at..]);
                *row = places::vectors_of::<S>(&channels[..channels_out], vectors);
            }
            let mut to = places::rows_mut::<S>(gradients, tile, channels_out);
            for vector in 0..vectors {
                let values = places::get(simd, &rows, vector);
                places::set::<S>(&mut to, vector, transform::of_outputs(simd, values));
            }
        }
    }
}

/// For one place and one block, `[channels_in, tiles] · [tiles, channels of the block]`.
struct Product<'a> {
    place: usize,
    tiles: usize,
    channels_in: usize,
    channels_out: usize,
    block: ChannelBlock,
    /// What [`Transform`] wrote, one after the other.
    values: &'a [f32],
    /// Whether these are the first tiles, so that there is nothing to add to.
    fresh: bool,
    /// `[channels_in][output within the block]`
    sums: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { place, tiles, channels_in, channels_out, block, values, fresh, sums } = self;
        let (len_in, len_out) = (places::places_len(channels_in), places::places_len(channels_out));
        // Of these tiles a window is what the inputs' values of a tile are.
        let rows: [usize; TILES] = std::array::from_fn(|tile| tile * channels_in);
        for (chunk, values) in values.chunks_exact(len_in + len_out).enumerate() {
            let tiles = TILES.min(tiles - chunk * TILES);
            let (inputs, gradients) = values.split_at(len_in);
            let chunk = Outer {
                input: &inputs[place * places::place_len(channels_in)..],
                inputs: &rows[..tiles],
                gradient: &gradients[place * places::place_len(channels_out) + block.first..],
                channels: channels_out,
                fresh: fresh && chunk == 0,
            };
            chunk.add(simd, block.vectors, sums);
        }
    }
}

/// The way back to packed weights, for one block.
struct Back<'a> {
    /// `[place][channels_in][output within the block]`
    sums: &'a [f32],
    /// `[tap][channels_in][output within the block]`
    packed: &'a mut [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (sums, _) = S::as_simd_f32s(self.sums);
        let (packed, _) = S::as_mut_simd_f32s(self.packed);
        let vectors = sums.len() / PLACES;
        for vector in 0..vectors {
            let mut places = [simd.splat_f32s(0.0); PLACES];
            for place in 0..PLACES {
                places[place] = sums[place * vectors + vector];
            }
            let taps = transform::of_transformed_weights(simd, places);
            for tap in 0..9 {
                packed[tap * vectors + vector] = taps[tap];
            }
        }
    }
}
