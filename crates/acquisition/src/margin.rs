//! Margin: query where the two best classes are the closest.

use ndarray::ArrayView2;

use crate::{Error, validate_logits, validate_probabilities};

/// One minus the margin of every row: `1 − (p₍₁₎ − p₍₂₎)` with `p₍₁₎ ≥ p₍₂₎` the two highest probabilities.
///
/// With a single class the second probability is taken as 0 (Scheffer et al., 2001, do not say).
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
        .map(|row| {
            let (first, second) = row.iter().fold((0.0_f32, 0.0_f32), |(first, second), &p| {
                if p > first { (p, first) } else { (first, second.max(p)) }
            });
            1.0 - (f64::from(first) - f64::from(second))
        })
        .collect())
}

/// Minus the margin of the logits of every row: `−(z₍₁₎ − z₍₂₎)` with `z₍₁₎ ≥ z₍₂₎` the two largest logits.
///
/// The margin of logits is the logarithm of `p₍₁₎ / p₍₂₎`, so that the order differs from that of [`scores`]. With a
/// single class there is nothing to be told apart; every score is 0, as it is with [`scores`].
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
    if logits.ncols() == 1 {
        return Ok(vec![0.0; logits.nrows()]);
    }
    let lowest = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    Ok(logits
        .rows()
        .into_iter()
        .map(|row| {
            let (first, second) =
                row.iter().fold(
                    lowest,
                    |(first, second), &z| {
                        if z > first { (z, first) } else { (first, second.max(z)) }
                    },
                );
            f64::from(second) - f64::from(first)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::select;

    #[test]
    fn closed_forms_and_their_picks() {
        let two = scores(array![[0.2_f32, 0.5, 0.3], [0.1, 0.7, 0.2]].view()).unwrap();
        assert!((two[0] - 0.8).abs() < 1e-7 && (two[1] - 0.5).abs() < 1e-7);

        let p = array![[0.1_f32, 0.75, 0.15], [0.45, 0.5, 0.05], [0.1, 0.8, 0.1], [0.7, 0.15, 0.15]];
        let scores = scores(p.view()).unwrap();
        for (score, margin) in scores.iter().zip([0.6, 0.05, 0.7, 0.55]) {
            assert!((1.0 - score - margin).abs() < 1e-7, "the margin is {}, not {margin}", 1.0 - score);
        }
        let picks = select::top(&scores, 2).unwrap().picks;
        assert_eq!(picks.iter().map(|pick| pick.row).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn equal_leaders_have_no_margin_and_a_single_class_has_a_full_one() {
        assert_eq!(scores(array![[0.5_f32, 0.0, 0.5]].view()).unwrap(), [1.0]);
        assert_eq!(scores(array![[1.0_f32]].view()).unwrap(), [0.0]);
    }

    #[test]
    fn the_margin_of_logits() {
        let z = array![[-3.0_f32, -1.0, -2.0], [5.0, 4.75, 0.0], [-4.0, -4.0, -4.0]];
        assert_eq!(scores_of_logits(z.view()).unwrap(), [-1.0, -0.25, 0.0]);
        assert_eq!(scores_of_logits(array![[3.0], [-2.0]].view()).unwrap(), [0.0, 0.0]);
        let error = scores_of_logits(array![[0.0, f32::NAN]].view()).unwrap_err();
        assert_eq!(error.to_string(), "read logits: row 0, column 1 is NaN");
    }
}
