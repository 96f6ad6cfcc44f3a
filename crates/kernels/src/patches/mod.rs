//! Features of small patches by their distances to centres, pooled over the cells of an image (Coates, Lee & Ng, *An Analysis
//! of Single-Layer Networks in Unsupervised Feature Learning*, AISTATS 2011, Sections 3.1.3 and 3.2).
//!
//! A patch `x` is brought to mean 0 and deviation 1, then whitened. Both is affine, so that a convolution of the image with
//! filters computes what is needed of it, up to the patch's deviation: its products with the whitened centres, and its own
//! whitened values, whose squares sum to its norm.

mod dictionary;
mod responses;
mod winograd;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::lanes::Lanes;

pub use dictionary::{Dictionary, Grid};

/// Sums side by side, so that one addition need not wait for the other.
const SUMS: usize = 16;

/// The features of images: for each cell, summed over its patches, how much nearer than on the mean of all centres each centre
/// is (the "triangle" activation, Eq. 2).
///
/// # Shapes
///
/// - `images`: `[batch, channels, height, width]`, 0 to 255
/// - `features`: `[batch, cells · cells · centres]`, cell after cell
///
/// # Panics
///
/// A slice has another length than the grid and the dictionary say.
pub fn features(lanes: Lanes, grid: &Grid, dictionary: &Dictionary, images: &[u8], features: &mut [f32]) {
    let image = grid.channels * grid.height * grid.width;
    let batch = images.len() / image;
    let (centres, filters) = (dictionary.centres(), dictionary.offsets.len());
    let wide = grid.cells * grid.cells * centres;
    assert_eq!(images.len(), batch * image, "whole images of {grid:?}");
    assert_eq!(features.len(), batch * wide, "features of {batch} images, {wide} each");
    assert_eq!(filters, centres + grid.values(), "an offset for each centre and value");
    if batch == 0 {
        return;
    }
    let filters = responses::Filters::of(grid, dictionary, lanes);
    features.par_chunks_mut(wide).zip(images.par_chunks(image)).for_each(|(features, image)| {
        let pixels = interleaved(grid, image);
        let scales = inverse_deviations(grid, dictionary.noise, &pixels);
        let responses = filters.respond(&pixels);
        lanes.dispatch(Triangle {
            grid,
            dictionary,
            responses: &responses,
            stride: filters.stride(),
            scales: &scales,
            features,
        });
    });
}

/// `[batch, height, width, channels]`
fn interleaved(grid: &Grid, images: &[u8]) -> Vec<f32> {
    let pixels = grid.height * grid.width;
    let mut input = vec![0.0; images.len()];
    for (input, image) in
        input.chunks_exact_mut(pixels * grid.channels).zip(images.chunks_exact(pixels * grid.channels))
    {
        for (channel, plane) in image.chunks_exact(pixels).enumerate() {
            for (pixel, &value) in plane.iter().enumerate() {
                input[pixel * grid.channels + channel] = f32::from(value);
            }
        }
    }
    input
}

/// One over the root of each patch's variance and the noise. Pixels are whole numbers, so that their sums are exact.
fn inverse_deviations(grid: &Grid, noise: f32, pixels: &[f32]) -> Vec<f32> {
    let (line, run) = (grid.width * grid.channels, grid.patch * grid.channels);
    let (rows, columns) = (grid.rows(), grid.columns());
    // Of each row of pixels, the sum and the sum of squares of what lies within a patch: patches below each other share them.
    let mut runs = Vec::with_capacity(grid.height * columns);
    for row in pixels.chunks_exact(line) {
        for column in 0..columns {
            let values = &row[column * grid.stride * grid.channels..][..run];
            let sums = |(sum, squares): (f32, f32), value: &f32| (sum + value, squares + value * value);
            runs.push(values.iter().fold((0.0, 0.0), sums));
        }
    }
    let count = grid.values() as f32;
    let mut scales = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let of_row = |down: usize| runs[(row * grid.stride + down) * columns + column];
            let sums =
                |(sum, squares): (f32, f32), (more, squared): (f32, f32)| (sum + more, squares + squared);
            let (sum, squares) = (0..grid.patch).map(of_row).fold((0.0, 0.0), sums);
            let mean = sum / count;
            let variance = (squares / count - mean * mean).max(0.0);
            scales.push((variance + noise).sqrt().recip());
        }
    }
    scales
}

/// The activation of an image's patches, and their sums.
struct Triangle<'a> {
    grid: &'a Grid,
    dictionary: &'a Dictionary,
    /// `[patches, stride]`, of which the first are `[centres + values]`
    responses: &'a [f32],
    stride: usize,
    /// `[patches]`
    scales: &'a [f32],
    /// `[cells · cells, centres]`
    features: &'a mut [f32],
}

impl WithSimd for Triangle<'_> {
    type Output = ();

    /// Plain loops: the compiler makes vectors of them, with the instructions that this is called for.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { grid, dictionary, responses, stride, scales, features } = self;
        features.fill(0.0);
        let columns = grid.columns();
        let centres = dictionary.centres();
        let (centre_offsets, value_offsets) = dictionary.offsets.split_at(centres);
        let mut distances = vec![0.0_f32; centres];
        // Of a patch's whitened values.
        let mut squares = vec![0.0_f32; grid.values()];
        let patches = responses.chunks_exact(stride).zip(scales);
        for (patch, (responses, &scale)) in patches.enumerate() {
            let (products, values) = responses[..dictionary.offsets.len()].split_at(centres);
            for ((square, &value), &offset) in squares.iter_mut().zip(values).zip(value_offsets) {
                let value = value * scale - offset;
                *square = value * value;
            }
            let norm = total(&squares);
            for (((distance, &product), &offset), &centre) in
                distances.iter_mut().zip(products).zip(centre_offsets).zip(&dictionary.squared_norms)
            {
                let squared = norm + centre - 2.0 * (product * scale - offset);
                *distance = if squared > 0.0 { squared.sqrt() } else { 0.0 };
            }
            let mean = total(&distances) / centres as f32;
            let cell = grid.cell(patch / columns, patch % columns);
            let sums = &mut features[cell * centres..(cell + 1) * centres];
            for (sum, &distance) in sums.iter_mut().zip(&distances) {
                let nearer = mean - distance;
                *sum += if nearer > 0.0 { nearer } else { 0.0 };
            }
        }
    }
}

#[inline(always)]
fn total(values: &[f32]) -> f32 {
    let mut sums = [0.0_f32; SUMS];
    let (values, rest) = values.as_chunks::<SUMS>();
    for values in values {
        for lane in 0..SUMS {
            sums[lane] += values[lane];
        }
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::naive;

    /// Numbers that look random, from -1 to 1.
    fn noise(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    fn dictionary(grid: &Grid, centres: usize, seed: u64) -> Dictionary {
        let values = grid.values();
        let mut filters = noise(seed, (centres + values) * values);
        for filter in filters.chunks_exact_mut(values) {
            let mean = filter.iter().sum::<f32>() / values as f32;
            filter.iter_mut().for_each(|weight| *weight -= mean);
        }
        Dictionary {
            filters,
            offsets: noise(seed + 1, centres + values),
            squared_norms: noise(seed + 2, centres).iter().map(|norm| 40.0 + norm).collect(),
            noise: 10.0,
        }
    }

    /// Bright images of little contrast, at the sizes that images have; a direct sum errs by 1e-4 here.
    #[test]
    fn brightness_costs_few_digits() {
        for (side, stride) in [(32, 1), (64, 2)] {
            let grid = Grid { height: side, width: side, channels: 3, patch: 6, stride, cells: 2 };
            let dictionary = dictionary(&grid, 50, 7);
            let images: Vec<u8> =
                noise(8, 3 * side * side).iter().map(|value| (250.5 + 2.0 * value) as u8).collect();
            let expected = naive::patch_features(&grid, &dictionary, &images);
            let largest = expected.iter().copied().fold(0.0, f64::max);
            for lanes in Lanes::ALL.into_iter().filter(|lanes| lanes.is_available()) {
                let mut found = vec![0.0; expected.len()];
                features(lanes, &grid, &dictionary, &images, &mut found);
                for (found, expected) in found.iter().zip(&expected) {
                    let error = (f64::from(*found) - expected).abs();
                    assert!(error < 3e-5 * largest, "{lanes} {side}: {found} {expected}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn features_are_those_of_the_plain_sum(
            (height, width, channels) in (6_usize..20, 6_usize..20, 1_usize..4),
            (patch, stride, cells) in (1_usize..7, 1_usize..3, 1_usize..4),
            (centres, batch, seed) in (1_usize..40, 0_usize..4, 0_u64..1000),
        ) {
            let grid = Grid { height, width, channels, patch, stride, cells };
            let dictionary = dictionary(&grid, centres, seed);
            let images: Vec<u8> = noise(seed + 9, batch * channels * height * width)
                .iter().map(|value| (127.5 + 127.0 * value) as u8).collect();
            let wide = cells * cells * centres;
            let expected = naive::patch_features(&grid, &dictionary, &images);
            for lanes in Lanes::ALL.into_iter().filter(|lanes| lanes.is_available()) {
                let mut found = vec![0.0; batch * wide];
                features(lanes, &grid, &dictionary, &images, &mut found);
                for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let tolerance = 1e-3 * (1.0 + expected.abs());
                    prop_assert!((f64::from(*found) - expected).abs() < tolerance, "{lanes} {place}: {found} {expected}");
                }
            }
        }
    }
}
