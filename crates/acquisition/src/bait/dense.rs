//! Dense linear algebra in `f64`: products on all threads, the inverse of a large positive definite matrix, and the
//! roots of many small ones.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

/// Rows of a product that one thread computes at a time.
const CHUNK: usize = 128;

/// Rows and columns that are eliminated at a time.
const BLOCK: usize = 64;

/// Some columns of a matrix.
pub(super) fn columns(matrix: ArrayView2<f64>, start: usize, end: usize) -> ArrayView2<f64> {
    matrix.slice_axis_move(Axis(1), Slice::from(start..end))
}

/// `out = alpha · left · right + beta · out`, row chunk by row chunk; the number of threads changes no bit.
pub(super) fn multiply(
    alpha: f64,
    left: ArrayView2<f64>,
    right: ArrayView2<f64>,
    beta: f64,
    out: &mut Array2<f64>,
) {
    let width = out.ncols();
    by_chunks(out, |start, chunk| {
        let left = left.slice_axis(Axis(0), Slice::from(start..start + chunk.len() / width));
        general_mat_mul(alpha, &left, &right, beta, &mut matrix(chunk, width));
    });
}

/// `out = out · right`, in place.
pub(super) fn multiply_in_place(out: &mut Array2<f64>, right: ArrayView2<f64>) {
    let width = out.ncols();
    by_chunks(out, |_, chunk| {
        let left = matrix(chunk, width).to_owned();
        general_mat_mul(1.0, &left, &right, 0.0, &mut matrix(chunk, width));
    });
}

/// Replaces a positive definite matrix by its inverse: Gauss-Jordan elimination of blocks, which needs no pivoting here
/// and is products of matrices for the greatest part. `None` if the matrix is not positive definite to working accuracy.
pub(super) fn invert(out: &mut Array2<f64>) -> Option<()> {
    let size = out.nrows();
    for start in (0..size).step_by(BLOCK) {
        let end = (start + BLOCK).min(size);
        let column = columns(out.view(), start, end).to_owned();
        let rows = Slice::from(start..end);
        let root = inverse_root(column.slice_axis(Axis(0), rows).iter().copied(), end - start)?;
        let root = Array2::from_shape_vec((end - start, end - start), root).expect("a square");
        let pivot = root.t().dot(&root);
        // What the eliminated rows become; their own columns hold the inverse of the pivot.
        let mut row = pivot.dot(&out.slice_axis(Axis(0), rows));
        row.slice_axis_mut(Axis(1), rows).assign(&pivot);
        by_chunks(out, |first, chunk| {
            let mut chunk = matrix(chunk, size);
            chunk.slice_axis_mut(Axis(1), rows).fill(0.0);
            let column = column.slice_axis(Axis(0), Slice::from(first..first + chunk.nrows()));
            general_mat_mul(-1.0, &column, &row, 1.0, &mut chunk);
        });
        out.slice_axis_mut(Axis(0), rows).assign(&row);
    }
    Some(())
}

/// A lower triangular `R` with `R S Rᵀ = I`, that is `S⁻¹ = Rᵀ R`, of a small symmetric `S`; `None` if `S` is not
/// positive definite to working accuracy. `entries`: `S`, row after row; so is the answer.
pub(super) fn inverse_root(entries: impl Iterator<Item = f64>, size: usize) -> Option<Vec<f64>> {
    let mut lower: Vec<f64> = entries.collect();
    for row in 0..size {
        for column in 0..=row {
            let (left, right) = (row * size, column * size);
            let known: f64 = (0..column).map(|k| lower[left + k] * lower[right + k]).sum();
            let rest = lower[left + column] - known;
            if row > column {
                lower[left + column] = rest / lower[right + column];
            } else if rest > 0.0 && rest.is_finite() {
                lower[left + column] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    // Forward substitution for every column of the identity.
    let mut root = vec![0.0; size * size];
    for column in 0..size {
        root[column * size + column] = 1.0 / lower[column * size + column];
        for row in column + 1..size {
            let known: f64 = (column..row).map(|k| lower[row * size + k] * root[k * size + column]).sum();
            root[row * size + column] = -known / lower[row * size + row];
        }
    }
    Some(root)
}

/// `tr(S⁻¹ C)` with `S⁻¹ = Rᵀ R`.
pub(super) fn trace(root: &[f64], c: &[f64], size: usize) -> f64 {
    let rows = root.chunks_exact(size).enumerate().map(|(last, row)| {
        let quadratic = |i: usize| row[i] * (0..=last).map(|j| c[i * size + j] * row[j]).sum::<f64>();
        (0..=last).map(quadratic).sum::<f64>()
    });
    rows.sum()
}

/// Runs something for every chunk of rows, which is told its first row.
fn by_chunks(out: &mut Array2<f64>, run: impl Fn(usize, &mut [f64]) + Sync) {
    let width = out.ncols();
    let entries = out.as_slice_mut().expect("a matrix that lies in order");
    if width > 0 {
        entries
            .par_chunks_mut(CHUNK * width)
            .enumerate()
            .for_each(|(index, chunk)| run(index * CHUNK, chunk));
    }
}

fn matrix(entries: &mut [f64], width: usize) -> ArrayViewMut2<'_, f64> {
    ArrayViewMut2::from_shape((entries.len() / width, width), entries).expect("whole rows")
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, columns), || rng.random_range(-1.0..1.0))
    }

    fn worst(left: &Array2<f64>, right: &Array2<f64>) -> f64 {
        (left - right).iter().fold(0.0, |worst, x| worst.max(x.abs()))
    }

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() {
        for size in [1, 2, 63, 64, 65, 200] {
            let half = random(size, size, size as u64);
            let matrix = half.dot(&half.t()) + Array2::<f64>::eye(size) * 0.5;
            let mut inverse = matrix.clone();
            invert(&mut inverse).unwrap();
            assert!(worst(&inverse.dot(&matrix), &Array2::eye(size)) < 1e-10, "{size}");
        }
        assert!(invert(&mut Array2::from_elem((2, 2), 1.0)).is_none());
        assert!(invert(&mut Array2::from_elem((1, 1), f64::NAN)).is_none());
    }

    #[test]
    fn products_in_chunks_are_products() {
        let (left, right) = (random(300, 40, 1), random(40, 30, 2));
        let mut out = random(300, 30, 3);
        let expected = &out * 0.5 - left.dot(&right) * 2.0;
        multiply(-2.0, left.view(), right.view(), 0.5, &mut out);
        assert!(worst(&out, &expected) < 1e-12);
        let square = random(30, 30, 4);
        let expected = out.dot(&square);
        multiply_in_place(&mut out, square.view());
        assert!(worst(&out, &expected) < 1e-12);
    }

    #[test]
    fn a_root_gives_the_trace() {
        let half = random(5, 5, 7);
        let s = half.dot(&half.t()) + Array2::<f64>::eye(5);
        let other = random(5, 5, 8);
        let c = other.dot(&other.t());
        let root = inverse_root(s.iter().copied(), 5).unwrap();
        let mut inverse = s.clone();
        invert(&mut inverse).unwrap();
        let expected = inverse.dot(&c).diag().sum();
        let found = trace(&root, c.as_slice().unwrap(), 5);
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
}
