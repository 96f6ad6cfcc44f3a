//! Least confidence: query where the best class is the least probable.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::{Error, validate_logits, validate_probabilities};

/// Of what the highest is lowest where confidence is least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfidenceOf {
    /// The outputs before the softmax, as the released code of GALAXY has it.
    Logits,
}

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

/// Minus the largest logit of every row.
///
/// This is what the code beside GALAXY (Zhang et al., ICML 2022) calls confidence. Unlike the probability it is not
/// normalised: a row all of whose logits are small is queried before one on which two large logits disagree.
///
/// # Shapes
///
/// `logits`: `[rows, classes]`; the scores: `[rows]`.
///
/// # Errors
///
/// Those of [`validate_logits`].
pub fn scores_of_logits(logits: ArrayView2<f32>) -> Result<Vec<f64>, Error> {
    validate_logits(logits)?;
    let largest = |row: ArrayView1<f32>| row.iter().fold(f32::NEG_INFINITY, |largest, &z| largest.max(z));
    Ok(logits.rows().into_iter().map(|row| -f64::from(largest(row))).collect())
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

    #[test]
    fn logits_are_not_normalised() {
        let z = array![[-3.0_f32, -1.0, -2.0], [5.0, 4.75, 0.0], [-4.0, -4.0, -4.0]];
        assert_eq!(scores_of_logits(z.view()).unwrap(), [1.0, -5.0, 4.0]);
        let error = scores_of_logits(array![[0.0, f32::NAN]].view()).unwrap_err();
        assert_eq!(error.to_string(), "read logits: row 0, column 1 is NaN");
    }
}
