//! Entropy: query where the predicted distribution is the most spread out.

use ndarray::ArrayView2;

use crate::{Error, validate_probabilities};

/// The entropy of every row, in nats: `−Σ_c p_c ln p_c`, with `p ln p = 0` at `p = 0`.
///
/// This is `−u` of CBAL (Bengar et al., WACV 2022, Eq. 5). The authors' code takes `p ln p` as it stands, so that an
/// exact zero gives NaN and sends the row to the end of the order; here a one-hot row has entropy 0.
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
    Ok(probabilities.rows().into_iter().map(|row| of(row.iter().map(|&p| f64::from(p)))).collect())
}

/// The entropy of one distribution, in nats.
pub(crate) fn of(distribution: impl Iterator<Item = f64>) -> f64 {
    distribution.map(|p| if p > 0.0 { -p * p.ln() } else { 0.0 }).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::select;

    #[test]
    fn closed_forms() {
        let scores = scores(array![[0.2_f32, 0.5, 0.3], [0.1, 0.7, 0.2]].view()).unwrap();
        for (score, expected) in scores.iter().zip([1.029_653_014, 0.801_818_552_5]) {
            assert!((score - expected).abs() < 1e-7, "{score} is not {expected}");
        }
    }

    #[test]
    fn closed_forms_and_their_picks() {
        let p = array![[0.1_f32, 0.8, 0.1], [0.45, 0.25, 0.3], [0.33, 0.33, 0.34], [0.7, 0.3, 0.0]];
        let scores = scores(p.view()).unwrap();
        for (score, expected) in scores.iter().zip([0.639_032, 1.067_094, 1.098_513, 0.610_864]) {
            assert!((score - expected).abs() < 1e-6, "{score} is not {expected}");
        }
        let picks = select::top(&scores, 2).unwrap().picks;
        assert_eq!(picks.iter().map(|pick| pick.row).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "zero is exact, whatever its sign")]
    fn a_one_hot_row_has_no_entropy_and_the_uniform_row_has_the_most() {
        let scores = scores(
            array![[0.0_f32, 1.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.25, 0.26, 0.24, 0.25]].view(),
        )
        .unwrap();
        assert_eq!(scores[0], 0.0);
        assert!((scores[1] - 4.0_f64.ln()).abs() < 1e-12);
        assert!(scores[1] > scores[2]);
    }
}
