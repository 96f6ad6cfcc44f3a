//! What every array of logits must satisfy.

use ndarray::ArrayView2;

use crate::Error;

/// Checks that `logits` are finite and that there is at least one class.
///
/// An array without rows is valid: an empty pool is not an error until somebody queries it.
///
/// # Shapes
///
/// `logits`: `[rows, classes]`.
///
/// # Errors
///
/// [`Error::NoLogits`], or [`Error::LogitNotFinite`] for the first entry that is NaN or infinite.
pub fn validate_logits(logits: ArrayView2<f32>) -> Result<(), Error> {
    let (rows, classes) = logits.dim();
    if rows > 0 && classes == 0 {
        return Err(Error::NoLogits { rows });
    }
    // In `f64` no sum of finite `f32` overflows, so that NaN and infinities show in the sum of a row.
    for (row, entries) in logits.rows().into_iter().enumerate() {
        if entries.iter().map(|&z| f64::from(z)).sum::<f64>().is_finite() {
            continue;
        }
        for (column, &value) in entries.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::LogitNotFinite { row, column, value });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn any_finite_numbers_pass_and_so_does_an_empty_pool() {
        validate_logits(array![[f32::MAX, f32::MAX], [f32::MIN, -0.0]].view()).unwrap();
        validate_logits(Array2::zeros((0, 3)).view()).unwrap();
        validate_logits(Array2::zeros((0, 0)).view()).unwrap();
    }

    #[test]
    fn faults_name_their_row_and_column() {
        let fault = |logits: Array2<f32>| validate_logits(logits.view()).unwrap_err().to_string();
        assert_eq!(fault(array![[0.0, 1.0], [2.0, f32::NAN]]), "read logits: row 1, column 1 is NaN");
        assert_eq!(
            fault(array![[0.0, f32::NEG_INFINITY, f32::INFINITY]]),
            "read logits: row 0, column 1 is -inf"
        );
        assert_eq!(fault(Array2::zeros((2, 0))), "read logits: there are 2 rows and no class");
    }
}
