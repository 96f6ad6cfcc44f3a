//! Euclidean distances between rows: one kernel with one order of summation, and the nearest centre of many rows.

mod nearest_others;

pub(crate) use nearest_others::Neighbour;

use std::borrow::Cow;
use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::Arch;
use rayon::prelude::*;

use crate::Error;

/// Running sums of the kernel. Sixteen `f64` fill four registers of AVX2, so that one addition need not wait for
/// the other.
const LANES: usize = 16;

/// Rows and centres of a tile of products: one mebibyte of `f32`, which stays in the second-level cache.
const TILE: usize = 512;

/// Half the distance from 1 to the next `f32`.
const UNIT_ROUNDOFF: f64 = 1.0 / (1_u32 << 24) as f64;

/// What a dimension may lose where a product or a norm is too small for a normal `f32`, `2⁻¹²⁶`, twice over.
const UNDERFLOW: f64 = 4.0 * f32::MIN_POSITIVE as f64;

/// Sums above this come too close to the largest `f32`.
const LARGEST_SCALE: f64 = f32::MAX as f64 / 16.0;

/// Above this the bound on the error of a product does not hold.
const LARGEST_DIMS: usize = 1 << 23;

/// The squared distance of two rows.
///
/// Differences are taken in `f64`, where they are correctly rounded, and lane `k` sums the columns
/// `k, k + 16, …`, whatever the processor can do: there is no fused multiply-add and no other order, so that the value
/// has the same bits everywhere and is 0 for equal rows alone.
#[inline(always)]
fn squared(left: &[f32], right: &[f32]) -> f64 {
    sum_of(left, right, |left, right| {
        let difference = f64::from(left) - f64::from(right);
        difference * difference
    })
}

/// The inner product of two rows, in the same order of summation.
///
/// A product of two `f32` is exact in `f64`, so that only the sum is rounded. To be called within a dispatch.
#[inline(always)]
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f64 {
    sum_of(left, right, |left, right| f64::from(left) * f64::from(right))
}

/// Sums a term of every column: lane `k` the columns `k, k + 16, …`, then the lanes by halves. To be called within a
/// dispatch.
#[inline(always)]
pub(crate) fn sum_of(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f64) -> f64 {
    let mut sums = [0.0_f64; LANES];
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..LANES {
            sums[lane] += term(left[lane], right[lane]);
        }
    }
    for (lane, (&left, &right)) in left_rest.iter().zip(right_rest).enumerate() {
        sums[lane] += term(left, right);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

/// The distance of two rows.
///
/// # Shapes
///
/// Both: `[dims]`.
pub(crate) fn distance(left: &[f32], right: &[f32]) -> f64 {
    Arch::new().dispatch(|| squared(left, right)).sqrt()
}

/// The squared distance of two rows.
///
/// # Shapes
///
/// Both: `[dims]`.
pub(crate) fn squared_to(left: &[f32], right: &[f32]) -> f64 {
    Arch::new().dispatch(|| squared(left, right))
}

/// The distance of a row to the nearest of some centres; infinite if there is none.
///
/// # Shapes
///
/// `row`: `[dims]`, `centres`: `[centres, dims]`, row after row.
pub(crate) fn nearest_of(row: &[f32], centres: &[f32]) -> f64 {
    let least = Arch::new().dispatch(|| {
        let mut least = f64::INFINITY;
        for centre in centres.chunks_exact(row.len()) {
            least = least.min(squared(row, centre));
        }
        least
    });
    least.sqrt()
}

/// The distances of a row to each of some others.
///
/// # Shapes
///
/// `row`: `[dims]`, `others`: `[others, dims]`, row after row; the distances: `[others]`.
pub(crate) fn to_each(row: &[f32], others: &[f32]) -> Vec<f64> {
    Arch::new().dispatch(|| others.chunks_exact(row.len()).map(|other| squared(row, other).sqrt()).collect())
}

/// Finite rows, one after the other in memory, with their norms.
pub(crate) struct Rows<'a> {
    entries: Cow<'a, [f32]>,
    dims: usize,
    /// Squared norms. `[rows]`
    squared_norms: Vec<f64>,
}

impl<'a> Rows<'a> {
    /// Borrows rows that lie in order and copies others. `array` names them in errors.
    ///
    /// # Errors
    ///
    /// [`Error::NoDimensions`], and [`Error::EmbeddingNotFinite`] for the first entry that is NaN or infinite.
    pub(crate) fn new(array: &'static str, embeddings: ArrayView2<'a, f32>) -> Result<Self, Error> {
        let (rows, dims) = embeddings.dim();
        if rows > 0 && dims == 0 {
            return Err(Error::NoDimensions { array, rows });
        }
        let entries = match embeddings.to_slice() {
            Some(entries) => Cow::Borrowed(entries),
            None => Cow::Owned(embeddings.iter().copied().collect()),
        };
        // The square of a finite `f32` is finite in `f64`, so that NaN and infinities show in the norms.
        let norms = |entries: &[f32]| -> Vec<f64> {
            let origin = vec![0.0; dims];
            Arch::new().dispatch(|| entries.chunks_exact(dims).map(|row| squared(row, &origin)).collect())
        };
        let squared_norms = if rows == 0 { Vec::new() } else { norms(&entries) };
        if let Some(row) = squared_norms.iter().position(|norm| !norm.is_finite()) {
            let faulty = &entries[row * dims..(row + 1) * dims];
            for (column, &value) in faulty.iter().enumerate() {
                if !value.is_finite() {
                    return Err(Error::EmbeddingNotFinite { array, row, column, value });
                }
            }
        }
        Ok(Self { entries, dims, squared_norms })
    }

    /// Rows of finite entries that lie one after the other.
    pub(crate) fn owned(entries: Vec<f32>, dims: usize) -> Self {
        let origin = vec![0.0; dims];
        let norms = || entries.chunks_exact(dims).map(|row| squared(row, &origin)).collect();
        let squared_norms = Arch::new().dispatch(norms);
        Self { entries: Cow::Owned(entries), dims, squared_norms }
    }

    /// Some of them, in this order.
    pub(crate) fn some(&self, rows: &[usize]) -> Rows<'static> {
        let entries: Vec<f32> = rows.iter().flat_map(|&row| self.row(row)).copied().collect();
        let squared_norms = rows.iter().map(|&row| self.squared_norms[row]).collect();
        Rows { entries: Cow::Owned(entries), dims: self.dims, squared_norms }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.squared_norms.len()
    }

    /// The columns.
    pub(crate) fn dims(&self) -> usize {
        self.dims
    }

    /// One of them. `[dims]`
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.entries[row * self.dims..(row + 1) * self.dims]
    }

    /// The squared norm of one of them.
    pub(crate) fn squared_norm(&self, row: usize) -> f64 {
        self.squared_norms[row]
    }

    /// Those before one of them. `[row, dims]`
    pub(crate) fn before(&self, row: usize) -> &[f32] {
        &self.entries[..row * self.dims]
    }

    /// Some of them, as a matrix.
    fn block(&self, rows: Range<usize>) -> ArrayView2<'_, f32> {
        let shape = (rows.len(), self.dims);
        let entries = &self.entries[rows.start * self.dims..rows.end * self.dims];
        ArrayView2::from_shape(shape, entries).expect("rows lie one after the other")
    }
}

/// The distance of every row to its nearest centre; infinite if there is none.
///
/// Dense products in `f32` say which centres could be the nearest, and only those are looked at with the kernel: the
/// answers are those of [`nearest_of`], bit for bit, whatever the tiles and the number of threads. No more than a tile
/// of products per thread is kept.
///
/// # Shapes
///
/// The distances: `[rows]`.
pub(crate) fn nearest(rows: &Rows, centres: &Rows) -> Vec<f64> {
    nearest_in_tiles(rows, centres, TILE).into_iter().map(|nearest| nearest.squared.sqrt()).collect()
}

/// Which centre is the nearest to each row, ties by lowest; found in the same way. There must be a centre.
///
/// # Shapes
///
/// The centres: `[rows]`.
pub(crate) fn nearest_centres(rows: &Rows, centres: &Rows) -> Vec<usize> {
    nearest_in_tiles(rows, centres, TILE).into_iter().map(|nearest| nearest.centre).collect()
}

/// The nearest of the centres so far, the lowest of those that tie.
#[derive(Clone, Copy)]
struct Nearest {
    squared: f64,
    centre: usize,
}

fn nearest_in_tiles(rows: &Rows, centres: &Rows, tile: usize) -> Vec<Nearest> {
    let mut least = vec![Nearest { squared: f64::INFINITY, centre: 0 }; rows.len()];
    let blocks: Vec<Block> = (0..centres.len())
        .step_by(tile)
        .map(|start| Block::new(centres, start..(start + tile).min(centres.len())))
        .collect();
    let buffer = || vec![0.0_f32; tile.min(rows.len()) * tile.min(centres.len())];
    least.par_chunks_mut(tile).enumerate().for_each_init(buffer, |buffer, (index, least)| {
        let start = index * tile;
        let left = rows.block(start..start + least.len());
        for block in &blocks {
            let right = centres.block(block.centres.clone());
            let products = &mut buffer[..left.nrows() * right.nrows()];
            multiply(left, right, products);
            Arch::new().dispatch(|| {
                for (offset, products) in products.chunks_exact(right.nrows()).enumerate() {
                    block.screen(rows, start + offset, centres, products, &mut least[offset]);
                }
            });
        }
    });
    least
}

/// The products of rows with rows. `[left, right]`
fn multiply(left: ArrayView2<f32>, right: ArrayView2<f32>, products: &mut [f32]) {
    let shape = (left.nrows(), right.nrows());
    let mut products = ArrayViewMut2::from_shape(shape, products).expect("a place for every product");
    general_mat_mul(1.0, &left, &right.t(), 0.0, &mut products);
}

/// Centres of a tile.
struct Block {
    centres: Range<usize>,
    /// Squared norms, rounded. `[centres]`
    squared_norms: Vec<f32>,
    largest_norm: f64,
}

impl Block {
    fn new(centres: &Rows, range: Range<usize>) -> Self {
        let norms = &centres.squared_norms[range.clone()];
        let largest = norms.iter().copied().fold(0.0, f64::max);
        Self {
            centres: range,
            squared_norms: norms.iter().map(|&norm| norm as f32).collect(),
            largest_norm: largest.sqrt(),
        }
    }

    /// Lowers `least`, the nearest centre of a row so far, given the row's products with the
    /// centres of this block.
    ///
    /// A centre farther than the [margin] above the least distance cannot be nearer.
    #[inline(always)]
    fn screen(&self, rows: &Rows, row: usize, centres: &Rows, products: &[f32], least: &mut Nearest) {
        if least.squared <= 0.0 {
            return;
        }
        let entries = rows.row(row);
        let squared_norm = rows.squared_norms[row];
        // Comparisons in `f32` are with limits rounded upwards, so that they forget nothing.
        let upwards = |limit: f64| (limit as f32).next_up();
        let limit = if let Some(margin) = margin(squared_norm, self.largest_norm, rows.dims) {
            let lowest = lowest(&self.squared_norms, products);
            let limit = upwards(least.squared - squared_norm + margin);
            if lowest > limit {
                return;
            }
            limit.min(upwards(f64::from(lowest) + 2.0 * margin))
        } else {
            f32::INFINITY
        };
        for (offset, (&norm, &product)) in self.squared_norms.iter().zip(products).enumerate() {
            // A product that overflowed is not a number, and its centre is looked at.
            let farther = norm - 2.0 * product > limit;
            if !farther && least.squared > 0.0 {
                let centre = self.centres.start + offset;
                let found = squared(entries, centres.row(centre));
                if found < least.squared {
                    *least = Nearest { squared: found, centre };
                }
            }
        }
    }
}

/// How far a squared distance can be from what products in `f32` say of it; nothing where it can be anything.
///
/// `‖x − c‖² = ‖x‖² + ‖c‖² − 2x·c`. Whatever the order of its sum, a product in `f32` is off by at most
/// `dims · u/(1 − dims · u) · ‖x‖‖c‖`, with `u = 2⁻²⁴`; the norm of the centre and the difference are rounded
/// to `u` of themselves. All of that, and the rounding of the kernel, stays within `(dims + 8) · u · (‖x‖ + ‖c‖)²`
/// as long as `dims < 2²³`.
#[inline(always)]
fn margin(squared_norm: f64, largest_norm: f64, dims: usize) -> Option<f64> {
    let scale = (squared_norm.sqrt() + largest_norm).powi(2);
    if scale > LARGEST_SCALE || dims >= LARGEST_DIMS {
        return None;
    }
    Some((dims as f64 + 8.0) * UNIT_ROUNDOFF * scale + dims as f64 * UNDERFLOW)
}

/// The least of `norm − 2 · product`.
#[inline(always)]
fn lowest(norms: &[f32], products: &[f32]) -> f32 {
    let mut lows = [f32::INFINITY; LANES];
    let (norm_chunks, norm_rest) = norms.as_chunks::<LANES>();
    let (product_chunks, product_rest) = products.as_chunks::<LANES>();
    for (norms, products) in norm_chunks.iter().zip(product_chunks) {
        for lane in 0..LANES {
            let value = norms[lane] - 2.0 * products[lane];
            lows[lane] = if value < lows[lane] { value } else { lows[lane] };
        }
    }
    let rest = norm_rest.iter().zip(product_rest).map(|(norm, product)| norm - 2.0 * product);
    lows.into_iter().chain(rest).fold(f32::INFINITY, f32::min)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rows: usize, dims: usize, seed: u64) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, dims), || rng.random_range(-1.0_f32..1.0))
    }

    /// What [`nearest`] must give, without products.
    fn plainly(rows: &Rows, centres: &Rows) -> Vec<(u64, usize)> {
        let nearest = |row: usize| {
            let distances = to_each(rows.row(row), &centres.entries);
            let least = nearest_of(rows.row(row), &centres.entries);
            // The first of those that tie.
            let centre = distances.iter().position(|distance| distance.to_bits() == least.to_bits());
            (least.to_bits(), centre.unwrap_or(0))
        };
        (0..rows.len()).map(nearest).collect()
    }

    fn in_tiles(rows: &Rows, centres: &Rows, tile: usize) -> Vec<(u64, usize)> {
        let nearest = nearest_in_tiles(rows, centres, tile).into_iter();
        nearest.map(|nearest| (nearest.squared.sqrt().to_bits(), nearest.centre)).collect()
    }

    fn check(left: &Array2<f32>, right: &Array2<f32>) {
        let (rows, centres) = (Rows::new("a", left.view()).unwrap(), Rows::new("b", right.view()).unwrap());
        let expected = plainly(&rows, &centres);
        for tile in [1, 7, 64, 512] {
            assert_eq!(in_tiles(&rows, &centres, tile), expected, "tiles of {tile}");
        }
    }

    proptest! {
        #[test]
        fn products_change_no_bit(
            (rows, centres, dims, seed) in (1_usize..40, 0_usize..40, 1_usize..40, any::<u64>()),
            (scale, shift) in (-60_i32..60, prop::sample::select(vec![0.0_f32, 1.0, 1000.0])),
            quantised in any::<bool>(),
        ) {
            let transform = |value: f32| {
                let value = if quantised { (value * 2.0).round() } else { value };
                (value + shift) * 2.0_f32.powi(scale)
            };
            check(&random(rows, dims, seed).mapv(transform), &random(centres, dims, seed ^ 1).mapv(transform));
        }
    }

    #[test]
    fn what_is_too_large_or_too_small_for_products_is_still_right() {
        for scale in [1e38_f32, 3e18, 1e-18, 1e-30, 1e-44] {
            let mut left = random(30, 9, 3) * scale;
            let right = random(20, 9, 4) * scale;
            check(&left, &right);
            left.row_mut(3).fill(f32::MAX);
            left.row_mut(4).fill(f32::MIN_POSITIVE);
            check(&left, &right);
            check(&right, &left);
        }
    }

    #[test]
    fn near_duplicates_far_from_the_origin_are_told_apart() {
        // Products in `f32` know these distances to ±30 only; they are 0.5 to 2.
        let base = random(1, 64, 5) + 1000.0;
        let left = Array2::from_shape_fn((40, 64), |(i, j)| base[[0, j]] + if j == i { 0.5 } else { 0.0 });
        let right = Array2::from_shape_fn((50, 64), |(i, j)| base[[0, j]] - if j == i { 0.5 } else { 0.0 });
        check(&left, &right);
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let (left, right) = (random(300, 33, 6), random(200, 33, 7));
        let (rows, centres) = (Rows::new("a", left.view()).unwrap(), Rows::new("b", right.view()).unwrap());
        let with = |threads: usize| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| in_tiles(&rows, &centres, 16))
        };
        let one = with(1);
        for threads in [2, 3, 7] {
            assert_eq!(with(threads), one);
        }
    }

    #[test]
    fn closed_forms() {
        assert_eq!(distance(&[0.0, 3.0], &[4.0, 0.0]).to_bits(), 5.0_f64.to_bits());
        let (ones, zeros) = ([1.0_f32; 49], [0.0_f32; 49]);
        assert_eq!(distance(&ones, &zeros).to_bits(), 7.0_f64.to_bits());
        assert_eq!(nearest_of(&ones, &[zeros, ones].concat()).to_bits(), 0.0_f64.to_bits());
        assert_eq!(nearest_of(&ones, &[]).to_bits(), f64::INFINITY.to_bits());
    }
}
