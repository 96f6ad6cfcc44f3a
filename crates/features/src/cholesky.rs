//! Positive definite systems in `f64`, by blocks: nearly all of the work is products of matrices.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};

/// Rows and columns that are eliminated at a time.
const BLOCK: usize = 64;

/// Some rows and columns of a matrix.
fn part<'a>(matrix: ArrayView2<'a, f64>, rows: Range<usize>, columns: Range<usize>) -> ArrayView2<'a, f64> {
    matrix.slice_axis_move(Axis(0), Slice::from(rows)).slice_axis_move(Axis(1), Slice::from(columns))
}

/// The same, to be written.
fn part_mut<'a>(
    matrix: ArrayViewMut2<'a, f64>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> ArrayViewMut2<'a, f64> {
    matrix.slice_axis_move(Axis(0), Slice::from(rows)).slice_axis_move(Axis(1), Slice::from(columns))
}

/// Replaces a symmetric positive definite matrix, of which the lower half is read, by the `L` of `L Lᵀ`; what is above the
/// diagonal is set to 0. `None` if it is not positive definite to working accuracy.
pub(crate) fn factor(matrix: &mut Array2<f64>) -> Option<()> {
    let size = matrix.nrows();
    for start in (0..size).step_by(BLOCK) {
        let end = (start + BLOCK).min(size);
        factor_block(matrix, start, end)?;
        let diagonal = part(matrix.view(), start..end, start..end).to_owned();
        // The rows below: X Lᵀ = A, column by column of L.
        for row in end..size {
            for column in 0..end - start {
                let mut rest = matrix[[row, start + column]];
                for k in 0..column {
                    rest -= matrix[[row, start + k]] * diagonal[[column, k]];
                }
                matrix[[row, start + column]] = rest / diagonal[[column, column]];
            }
        }
        let below = part(matrix.view(), end..size, start..end).to_owned();
        // The rest of the lower half, in strips of columns.
        for strip in (end..size).step_by(BLOCK) {
            let stop = (strip + BLOCK).min(size);
            let left = part(below.view(), strip - end..size - end, 0..end - start);
            let right = part(below.view(), strip - end..stop - end, 0..end - start);
            let mut rest = part_mut(matrix.view_mut(), strip..size, strip..stop);
            general_mat_mul(-1.0, &left, &right.t(), 1.0, &mut rest);
        }
    }
    for row in 0..size {
        part_mut(matrix.view_mut(), row..row + 1, row + 1..size).fill(0.0);
    }
    Some(())
}

fn factor_block(matrix: &mut Array2<f64>, start: usize, end: usize) -> Option<()> {
    for row in start..end {
        for column in start..=row {
            let known: f64 = (start..column).map(|k| matrix[[row, k]] * matrix[[column, k]]).sum();
            let rest = matrix[[row, column]] - known;
            if row > column {
                matrix[[row, column]] = rest / matrix[[column, column]];
            } else if rest > 0.0 && rest.is_finite() {
                matrix[[row, row]] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(())
}

/// `B` becomes `L⁻¹ B`.
pub(crate) fn solve_lower(lower: ArrayView2<f64>, b: &mut Array2<f64>) {
    let size = lower.nrows();
    for start in (0..size).step_by(BLOCK) {
        let end = (start + BLOCK).min(size);
        let (known, mut rest) = b.view_mut().split_at(Axis(0), start);
        let mut block = rest.slice_axis_mut(Axis(0), Slice::from(0..end - start));
        general_mat_mul(-1.0, &part(lower, start..end, 0..start), &known, 1.0, &mut block);
        for row in 0..end - start {
            let (above, mut here) = block.view_mut().split_at(Axis(0), row);
            let mut here = here.row_mut(0);
            for (k, above) in above.rows().into_iter().enumerate() {
                here.scaled_add(-lower[[start + row, start + k]], &above);
            }
            here /= lower[[start + row, start + row]];
        }
    }
}

/// `B` becomes `L⁻ᵀ B`.
pub(crate) fn solve_upper(lower: ArrayView2<f64>, b: &mut Array2<f64>) {
    let size = lower.nrows();
    for start in (0..size).step_by(BLOCK).rev() {
        let end = (start + BLOCK).min(size);
        let (mut rest, known) = b.view_mut().split_at(Axis(0), end);
        let mut block = rest.slice_axis_mut(Axis(0), Slice::from(start..end));
        general_mat_mul(-1.0, &part(lower, end..size, start..end).t(), &known, 1.0, &mut block);
        for row in (0..end - start).rev() {
            let (mut here, below) = block.view_mut().split_at(Axis(0), row + 1);
            let mut here = here.row_mut(row);
            for (k, below) in below.rows().into_iter().enumerate() {
                here.scaled_add(-lower[[start + row + 1 + k, start + row]], &below);
            }
            here /= lower[[start + row, start + row]];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, columns), || rng.random_range(-1.0..1.0))
    }

    fn largest(matrix: &Array2<f64>) -> f64 {
        matrix.iter().fold(0.0, |largest, value| largest.max(value.abs()))
    }

    proptest! {
        #[test]
        fn systems_are_solved(size in 1_usize..200, columns in 1_usize..5, seed in 0_u64..100) {
            let root = random(size, size, seed);
            let matrix = root.dot(&root.t()) + Array2::<f64>::eye(size);
            let right = random(size, columns, seed + 1);
            let mut lower = matrix.clone();
            factor(&mut lower).unwrap();
            prop_assert!(largest(&(lower.dot(&lower.t()) - &matrix)) < 1e-10 * size as f64);
            let mut solved = right.clone();
            solve_lower(lower.view(), &mut solved);
            solve_upper(lower.view(), &mut solved);
            prop_assert!(largest(&(matrix.dot(&solved) - right)) < 1e-9 * size as f64);
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert_eq!(factor(&mut ndarray::array![[1.0, 2.0], [2.0, 1.0]]), None);
        assert_eq!(factor(&mut ndarray::array![[f64::NAN]]), None);
    }
}
