//! What every array of class probabilities must satisfy.

use ndarray::ArrayView2;

use crate::Error;

/// How far the sum of a row may be from one. A softmax in `f32` over a thousand classes stays within 1e-4; a row of
/// logits does not come near.
const ROW_SUM_TOLERANCE: f64 = 1e-3;

/// Checks that `probabilities` are finite, non-negative, and that every row sums to 1 within 1e-3.
///
/// An array without rows is valid: an empty pool is not an error until somebody queries it.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`.
///
/// # Errors
///
/// [`Error::NoClasses`], [`Error::ProbabilityNotFinite`], [`Error::ProbabilityNegative`] or
/// [`Error::ProbabilityRowSum`], for the first offending row.
pub fn validate_probabilities(probabilities: ArrayView2<f32>) -> Result<(), Error> {
    let (rows, classes) = probabilities.dim();
    if rows > 0 && classes == 0 {
        return Err(Error::NoClasses { rows });
    }
    for (row, entries) in probabilities.rows().into_iter().enumerate() {
        let (sum, lowest) = match entries.as_slice() {
            Some(entries) => sum_and_lowest(entries),
            None => entries
                .iter()
                .fold((0.0, f32::INFINITY), |(sum, lowest), &p| (sum + f64::from(p), p.min(lowest))),
        };
        // A NaN or an infinity shows in the sum; `f32::min` ignores NaN, which the sum does not.
        let valid = lowest >= 0.0 && (sum - 1.0).abs() <= ROW_SUM_TOLERANCE;
        if !valid {
            return Err(first_fault(row, entries.iter().copied(), sum));
        }
    }
    Ok(())
}

/// [`validate_probabilities`] of labelled rows: a fault says that it is theirs.
pub(crate) fn validate_labelled_probabilities(probabilities: ArrayView2<f32>) -> Result<(), Error> {
    validate_probabilities(probabilities).map_err(|fault| Error::Labelled { fault: Box::new(fault) })
}

/// The most probable class of every row, ties by lowest class. `[rows]`
pub(crate) fn predicted(probabilities: ArrayView2<f32>) -> impl Iterator<Item = usize> {
    probabilities.into_outer_iter().map(|row| {
        let mut best = 0;
        for (class, p) in row.iter().enumerate() {
            if *p > row[best] {
                best = class;
            }
        }
        best
    })
}

fn sum_and_lowest(entries: &[f32]) -> (f64, f32) {
    let mut sums = [0.0_f64; 4];
    let mut lows = [f32::INFINITY; 4];
    let mut chunks = entries.chunks_exact(4);
    for chunk in &mut chunks {
        for lane in 0..4 {
            sums[lane] += f64::from(chunk[lane]);
            lows[lane] = if chunk[lane] < lows[lane] { chunk[lane] } else { lows[lane] };
        }
    }
    let mut sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    let mut lowest = lows[0].min(lows[1]).min(lows[2].min(lows[3]));
    for &p in chunks.remainder() {
        sum += f64::from(p);
        lowest = lowest.min(p);
    }
    (sum, lowest)
}

fn first_fault(row: usize, entries: impl Iterator<Item = f32>, sum: f64) -> Error {
    for (column, value) in entries.enumerate() {
        if !value.is_finite() {
            return Error::ProbabilityNotFinite { row, column, value };
        }
        if value < 0.0 {
            return Error::ProbabilityNegative { row, column, value };
        }
    }
    Error::ProbabilityRowSum { row, sum }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn a_softmax_passes_and_so_does_an_empty_pool() {
        validate_probabilities(array![[0.2_f32, 0.5, 0.3], [0.1, 0.7, 0.2]].view()).unwrap();
        validate_probabilities(Array2::zeros((0, 3)).view()).unwrap();
        validate_probabilities(Array2::zeros((0, 0)).view()).unwrap();
    }

    #[test]
    fn the_most_probable_class_is_the_lowest_of_those_that_tie() {
        let p = array![[0.2_f32, 0.5, 0.3], [0.25, 0.375, 0.375], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]];
        assert_eq!(predicted(p.view()).collect::<Vec<_>>(), [1, 1, 0, 2]);
    }

    #[test]
    fn faults_name_their_row_and_column() {
        let fault = |bad: [f32; 5]| {
            let good = [0.2_f32; 5];
            let rows = Array2::from_shape_fn((3, 5), |(i, j)| if i == 1 { bad[j] } else { good[j] });
            let by_row = validate_probabilities(rows.view()).unwrap_err().to_string();
            // The same array, column-major: another path to the same words.
            let transposed = rows.t().as_standard_layout().to_owned();
            assert_eq!(validate_probabilities(transposed.t()).unwrap_err().to_string(), by_row);
            by_row
        };
        assert_eq!(fault([0.2, 0.2, 0.2, f32::NAN, 0.2]), "read probabilities: row 1, column 3 is NaN");
        assert_eq!(fault([0.2, f32::INFINITY, 0.2, 0.2, 0.2]), "read probabilities: row 1, column 1 is inf");
        assert_eq!(
            fault([f32::NEG_INFINITY, f32::INFINITY, 0.2, 0.2, 0.2]),
            "read probabilities: row 1, column 0 is -inf"
        );
        assert_eq!(
            fault([0.4, 0.4, 0.4, 0.0, -0.2]),
            "read probabilities: row 1, column 4 is negative (-0.2)"
        );
        assert!(fault([0.2, 0.2, 0.2, 0.2, 0.25]).starts_with("read probabilities: row 1 sums to 1.05"));
    }

    #[test]
    fn rows_without_classes_are_refused() {
        let error = validate_probabilities(Array2::zeros((2, 0)).view()).unwrap_err();
        assert!(matches!(error, Error::NoClasses { rows: 2 }));
    }
}
