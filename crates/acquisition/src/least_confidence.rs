//! Least confidence: query where the best class is the least probable.

use ndarray::ArrayView2;

use crate::{Error, validate_probabilities};

/// One minus the highest probability of every row (Lewis and Gale, 1994).
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`; the scores: `[rows]`.
///
/// # Errors
///
/// Those of [`validate_probabilities`].
pub fn scores(probabilities: ArrayView2<f32>) -> Result<Vec<f64>, Error> {
    validate_probabilities(probabilities)?;
    Ok(probabilities
        .rows()
        .into_iter()
        .map(|row| 1.0 - f64::from(row.iter().fold(0.0_f32, |highest, &p| highest.max(p))))
        .collect())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn closed_forms() {
        let scores = scores(array![[0.2_f32, 0.5, 0.3], [0.1, 0.7, 0.2], [0.0, 1.0, 0.0]].view()).unwrap();
        for (score, expected) in scores.iter().zip([0.5, 0.3, 0.0]) {
            assert!((score - expected).abs() < 1e-7, "{score} is not {expected}");
        }
    }
}
