//! Transformed values of some tiles: `[place][tile][channel]`, for at most [`TILES`] of them.
//!
//! Between places lies a cache line that nobody uses: without it the sixteen of a tile would fall on the same lines of the
//! first-level cache, which has fewer.

use pulp::Simd;

use super::{PLACES, TILES};
use crate::buffers::Buffer;

/// Floats between two places' values.
pub(super) const fn place_len(channels: usize) -> usize {
    TILES * channels + 16
}

/// Floats of all places.
pub(super) const fn places_len(channels: usize) -> usize {
    PLACES * place_len(channels)
}

/// Memory for [`TILES`] tiles.
pub(super) fn take(channels: usize) -> Buffer {
    Buffer::take(places_len(channels))
}

/// Where each place of a tile is written.
#[inline(always)]
pub(super) fn rows_mut<S: Simd>(to: &mut [f32], tile: usize, channels: usize) -> [&mut [S::f32s]; PLACES] {
    let vectors = channels / S::F32_LANES;
    let mut rows: [&mut [S::f32s]; PLACES] = Default::default();
    for (row, place) in rows.iter_mut().zip(to.chunks_exact_mut(place_len(channels))) {
        let (place, _) = S::as_mut_simd_f32s(&mut place[tile * channels..][..channels]);
        *row = &mut place[..vectors];
    }
    rows
}

/// What each place of a tile is.
#[inline(always)]
pub(super) fn rows<S: Simd>(from: &[f32], tile: usize, channels: usize) -> [&[S::f32s]; PLACES] {
    let vectors = channels / S::F32_LANES;
    let mut rows: [&[S::f32s]; PLACES] = Default::default();
    for (row, place) in rows.iter_mut().zip(from.chunks_exact(place_len(channels))) {
        *row = vectors_of::<S>(&place[tile * channels..][..channels], vectors);
    }
    rows
}

/// Channels as whole vectors, as many as there are of them.
#[inline(always)]
pub(super) fn vectors_of<S: Simd>(channels: &[f32], vectors: usize) -> &[S::f32s] {
    &S::as_simd_f32s(channels).0[..vectors]
}

/// One vector of each row.
#[inline(always)]
pub(super) fn get<S: Simd, const N: usize>(simd: S, rows: &[&[S::f32s]; N], vector: usize) -> [S::f32s; N] {
    let mut values = [simd.splat_f32s(0.0); N];
    for place in 0..N {
        values[place] = rows[place][vector];
    }
    values
}

/// Sets one vector of each row.
#[inline(always)]
pub(super) fn set<S: Simd>(rows: &mut [&mut [S::f32s]; PLACES], vector: usize, values: [S::f32s; PLACES]) {
    for place in 0..PLACES {
        rows[place][vector] = values[place];
    }
}
