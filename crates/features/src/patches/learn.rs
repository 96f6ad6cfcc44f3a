//! Centres from patches that are drawn, brought to mean 0 and deviation 1, and whitened.

use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tailward_kernels::patches::{Dictionary, Grid};

use super::config::PatchesConfig;
use crate::cholesky::{factor, solve_lower, solve_upper};

/// What is added to the variance of a patch of pixels from 0 to 255 (Coates et al., Section 3.1.1).
const NOISE: f32 = 10.0;

/// What is added to the variance of each whitened direction, for the same reason.
const FLOOR: f64 = 0.1;

/// Learns the centres, and the filters that compare with them.
pub(super) fn dictionary(
    config: &PatchesConfig,
    grid: &Grid,
    images: &[u8],
    rng: &mut ChaCha8Rng,
) -> Dictionary {
    let patches = drawn(grid, images, config.sample, rng);
    let mean = patches.mean_axis(Axis(0)).expect("patches were drawn");
    let around = &patches - &mean;
    let mut lower = around.t().dot(&around) / (around.nrows() as f64);
    lower.diag_mut().mapv_inplace(|variance| variance + FLOOR);
    factor(&mut lower).expect("a covariance with a floor is positive definite");
    // L⁻¹ x has the covariance I, as any whitening: distances are the same in all of them.
    let mut whitened = around.t().as_standard_layout().into_owned();
    solve_lower(lower.view(), &mut whitened);
    let centres = k_means(&whitened.t().as_standard_layout().into_owned(), config, rng);
    filters(&lower, &mean, &centres)
}

/// Patches from random places of random images, each of mean 0 and deviation 1, or a little less. `[sample, values]`
fn drawn(grid: &Grid, images: &[u8], sample: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let image = grid.channels * grid.height * grid.width;
    let count = images.len() / image;
    assert!(count > 0, "there are no images to learn from");
    let mut patches = Array2::zeros((sample, grid.values()));
    for mut patch in patches.rows_mut() {
        let image = &images[rng.random_range(0..count) * image..][..image];
        let row = rng.random_range(0..=grid.height - grid.patch);
        let column = rng.random_range(0..=grid.width - grid.patch);
        for (place, value) in patch.iter_mut().enumerate() {
            let (channel, rest) = (place / (grid.patch * grid.patch), place % (grid.patch * grid.patch));
            let (down, across) = (rest / grid.patch, rest % grid.patch);
            *value = f64::from(image[(channel * grid.height + row + down) * grid.width + column + across]);
        }
        let mean = patch.mean().unwrap_or_default();
        patch -= mean;
        let variance = patch.iter().map(|value| value * value).sum::<f64>() / patch.len() as f64;
        patch /= (variance + f64::from(NOISE)).sqrt();
    }
    patches
}

/// Centres of points by Lloyd's rounds from distinct points; a centre that loses its points stays where it was.
/// `[centres, values]`
fn k_means(points: &Array2<f64>, config: &PatchesConfig, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let first = index::sample(rng, points.nrows(), config.centres).into_vec();
    let mut centres = points.select(Axis(0), &first);
    for _ in 0..config.rounds {
        let nearest = nearest(points, &centres);
        let mut sums = Array2::<f64>::zeros(centres.raw_dim());
        let mut counts = vec![0_usize; centres.nrows()];
        for (point, &centre) in points.rows().into_iter().zip(&nearest) {
            let mut sum = sums.row_mut(centre);
            sum += &point;
            counts[centre] += 1;
        }
        for (centre, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            centres.row_mut(centre).assign(&(&sums.row(centre) / count as f64));
        }
    }
    centres
}

/// The nearest centre of each point, ties by lowest.
fn nearest(points: &Array2<f64>, centres: &Array2<f64>) -> Vec<usize> {
    /// Points of a product that one thread computes at a time.
    const CHUNK: usize = 512;
    let norms = centres.mapv(|value| value * value).sum_axis(Axis(1));
    let chunks: Vec<Vec<usize>> = points
        .axis_chunks_iter(Axis(0), CHUNK)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|points| {
            let products = points.dot(&centres.t());
            let of = |row: ndarray::ArrayView1<f64>| {
                let distance = |centre: usize| norms[centre] - 2.0 * row[centre];
                (1..row.len())
                    .fold(0, |best, centre| if distance(centre) < distance(best) { centre } else { best })
            };
            products.rows().into_iter().map(of).collect()
        })
        .collect();
    chunks.concat()
}

/// Filters over pixels in place of whitening. With `y = L⁻¹ (x − m)` of a patch `x` of mean 0, `y·c = x·(L⁻ᵀ c) − m·(L⁻ᵀ c)`,
/// and a value of `y` is the same with a row of `L⁻¹`. What is constant in a filter meets a patch of mean 0 and is left out.
fn filters(lower: &Array2<f64>, mean: &Array1<f64>, centres: &Array2<f64>) -> Dictionary {
    let values = lower.nrows();
    // [values, centres + values]: of the centres, then of the unit vectors.
    let mut columns =
        ndarray::concatenate(Axis(1), &[centres.t(), Array2::eye(values).view()]).expect("as many values");
    solve_upper(lower.view(), &mut columns);
    let mut dictionary = Dictionary {
        filters: Vec::with_capacity(columns.len()),
        offsets: Vec::with_capacity(columns.ncols()),
        squared_norms: centres.rows().into_iter().map(|centre| centre.dot(&centre) as f32).collect(),
        noise: NOISE,
    };
    for filter in columns.columns() {
        let constant = filter.mean().unwrap_or_default();
        dictionary.offsets.push(filter.dot(mean) as f32);
        dictionary.filters.extend(filter.iter().map(|weight| (weight - constant) as f32));
    }
    dictionary
}
