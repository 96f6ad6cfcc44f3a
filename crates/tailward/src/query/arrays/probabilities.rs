//! What rows of probabilities must satisfy, what is put right, and what rows that are none seem to be.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// Whether every row is divided by its sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normalise {
    /// Only rows that rounding has moved away from 1.
    Rounded,
    /// Every row.
    All,
}

/// Sums as far from 1 as this are taken as they are, as the strategies take them.
const EXACT: f64 = 1e-3;

/// Sums up to this far from 1 are rounding and put right. Rounded to bfloat16, a number is off by a share of up to 2⁻⁸ (its
/// significand has 8 bits), and so is a sum: 3.9e-3; rounded to float16, by 2⁻¹¹: 4.9e-4. The rest is room for a softmax
/// whose own sum was taken in such numbers. Percent, logits and sigmoids do not come near.
const ROUNDED: f64 = 1e-2;

/// What to do with the probability of one class of two.
pub(super) const ONE_COLUMN: &str =
    "it has one probability a sample, such as a sigmoid's; give both classes, np.stack([1 - p, p], axis=-1)";

/// Checks finite numbers, and puts right what is rounding. Gives how many rows were divided by their sum.
///
/// # Errors
///
/// The first row that is none, in words, with what the array seems to be.
pub(super) fn check(mut array: ArrayViewMut2<'_, f32>, normalise: Normalise) -> Result<usize, String> {
    if array.ncols() == 0 && array.nrows() > 0 {
        return Err("it has no classes".to_owned());
    }
    if array.ncols() == 1 && array.nrows() > 0 {
        return Err(ONE_COLUMN.to_owned());
    }
    let mut changed = 0;
    for row in 0..array.nrows() {
        let entries = array.row(row);
        if let Some((column, value)) = entries.iter().enumerate().find(|(_, value)| **value < 0.0) {
            return Err(format!("row {row}, column {column} is negative ({value}){}", seems(array.view())));
        }
        let sum: f64 = entries.iter().map(|&value| f64::from(value)).sum();
        let distance = (sum - 1.0).abs();
        if normalise == Normalise::Rounded && distance > ROUNDED {
            return Err(format!(
                "row {row} sums to {sum:.6}, not to 1 within {ROUNDED}{}",
                seems(array.view())
            ));
        }
        if sum <= 0.0 {
            return Err(format!("row {row} sums to 0 and cannot be normalised"));
        }
        if normalise == Normalise::All || distance > EXACT {
            array.row_mut(row).mapv_inplace(|value| (f64::from(value) / sum) as f32);
            changed += 1;
        }
    }
    Ok(changed)
}

/// What an array seems to be that does not hold probabilities, and what to do.
fn seems(array: ArrayView2<'_, f32>) -> &'static str {
    let near = |sum: f64, whole: f64| (sum - whole).abs() <= ROUNDED * whole;
    let sums = |axis: usize, whole: f64| {
        let mut lanes = array.lanes(Axis(axis)).into_iter();
        lanes.all(|lane| near(lane.iter().map(|&value| f64::from(value)).sum(), whole))
    };
    let lowest = array.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = array.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if lowest < 0.0 {
        "; these look like logits: give them with --logits, or take their softmax"
    } else if sums(1, 100.0) {
        "; these look like percent: divide them by 100"
    } else if sums(0, 1.0) {
        "; its columns sum to 1: is it [classes, samples]? Transpose it"
    } else if f64::from(highest) > 1.0 + ROUNDED {
        "; these look like logits or counts: give logits with --logits or take their softmax, and give --normalise to divide \
         counts by their sum"
    } else {
        "; give --normalise to divide each row by its sum"
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn exact_rows_stay_as_they_are_and_rounded_rows_are_put_right() {
        let mut array = array![[0.2_f32, 0.8], [0.2, 0.8005], [0.2, 0.805]];
        let before = array.clone();
        assert_eq!(check(array.view_mut(), Normalise::Rounded), Ok(1));
        for row in 0..2 {
            assert_eq!(array.row(row), before.row(row));
        }
        assert!((array.row(2).sum() - 1.0).abs() < 1e-6);
        let mut counts = array![[1.0_f32, 3.0], [0.0, 7.0]];
        assert_eq!(check(counts.view_mut(), Normalise::All), Ok(2));
        assert_eq!(counts, array![[0.25, 0.75], [0.0, 1.0]]);
        assert!(check(array![[0.0_f32, 0.0]].view_mut(), Normalise::All).unwrap_err().contains("sums to 0"));
    }

    #[test]
    fn a_softmax_in_any_precision_is_within_the_tolerance() {
        for classes in [10, 100, 1_000, 10_000] {
            let logits = Array2::from_shape_fn((4, classes), |(row, class)| {
                ((class * 7 + row * 13) % 101) as f32 / 20.0
            });
            let exact = logits.map(|&logit| f64::from(logit).exp());
            for (name, round) in [
                ("float16", (|value| half::f16::from_f64(value).to_f32()) as fn(f64) -> f32),
                ("bfloat16", |value| half::bf16::from_f64(value).to_f32()),
                ("float32", |value| value as f32),
            ] {
                let mut rounded = exact.clone();
                for mut row in rounded.rows_mut() {
                    let sum = row.sum();
                    row /= sum;
                }
                let mut rounded = rounded.mapv(round);
                assert!(check(rounded.view_mut(), Normalise::Rounded).is_ok(), "{name}, {classes} classes");
                for row in rounded.rows() {
                    let sum: f64 = row.iter().map(|&value| f64::from(value)).sum();
                    assert!((sum - 1.0).abs() <= EXACT, "{name}, {classes} classes: {sum}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_probability_is_named_with_a_cure() {
        let message = |mut array: Array2<f32>| check(array.view_mut(), Normalise::Rounded).unwrap_err();
        assert!(
            message(array![[0.5, 0.5], [2.0, -1.0]])
                .contains("row 1, column 1 is negative (-1); these look like logits")
        );
        assert!(message(array![[30.0, 70.0], [99.0, 1.0]]).contains("divide them by 100"));
        assert!(message(array![[4.0, 1.0], [2.0, 0.5]]).contains("logits or counts"));
        assert!(message(array![[0.9, 0.8], [0.1, 0.2]]).contains("Transpose"));
        assert!(message(array![[0.9], [0.1]]).contains("np.stack([1 - p, p], axis=-1)"));
        let sigmoids = message(array![[0.9, 0.8], [0.1, 0.3]]);
        assert!(sigmoids.contains("row 0 sums to 1.7") && sigmoids.contains("within 0.01; give --normalise"));
    }
}
