//! Margin: query where the two best classes are the closest.

use ndarray::ArrayView2;

use crate::{Error, validate_probabilities};

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
}
