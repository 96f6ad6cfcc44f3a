//! The best rows by score.

use crate::{Error, Pick, Selection};

/// Takes the `budget` highest scores, highest first, ties by lowest row.
///
/// Scores are compared by value: `-0.0` and `0.0` tie. NaN has no place in an order and is an error rather than last.
///
/// # Shapes
///
/// `scores`: `[rows]`.
///
/// # Errors
///
/// [`Error::BudgetAbovePool`] if `budget` exceeds the number of scores, [`Error::ScoreNotFinite`] with the first row
/// whose score is NaN or infinite.
pub fn top(scores: &[f64], budget: usize) -> Result<Selection, Error> {
    validate_scores(scores)?;
    validate_budget(budget, scores.len())?;
    let mut picks: Vec<Pick> = scores.iter().enumerate().map(|(row, &score)| Pick { row, score }).collect();
    if budget > 0 && budget < picks.len() {
        picks.select_nth_unstable_by(budget - 1, query_order);
    }
    picks.truncate(budget);
    picks.sort_unstable_by(query_order);
    Ok(Selection::of(picks))
}

/// Highest score first, ties by lowest row.
pub(crate) fn query_order(left: &Pick, right: &Pick) -> std::cmp::Ordering {
    // Adding 0.0 turns -0.0 into 0.0, so that `total_cmp` orders by value.
    (right.score + 0.0).total_cmp(&(left.score + 0.0)).then(left.row.cmp(&right.row))
}

/// A budget above the pool is an error.
pub(crate) fn validate_budget(budget: usize, pool: usize) -> Result<(), Error> {
    if budget > pool { Err(Error::BudgetAbovePool { budget, pool }) } else { Ok(()) }
}

/// The first score that is NaN or infinite is an error.
pub(crate) fn validate_scores(scores: &[f64]) -> Result<(), Error> {
    match scores.iter().enumerate().find(|(_, score)| !score.is_finite()) {
        Some((row, &value)) => Err(Error::ScoreNotFinite { row, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_top_is_the_front_of_a_sort(values in prop::collection::vec(-3_i8..3, 1..60), share in 0.0..=1.0_f64) {
            let scores: Vec<f64> = values.iter().map(|&value| f64::from(value) / 2.0).collect();
            let budget = (scores.len() as f64 * share) as usize;
            let mut order: Vec<usize> = (0..scores.len()).collect();
            // A stable sort keeps the lowest row first.
            order.sort_by(|&i, &j| scores[j].partial_cmp(&scores[i]).unwrap());
            prop_assert_eq!(rows(&scores, budget), order[..budget].to_vec());
        }
    }

    fn rows(scores: &[f64], budget: usize) -> Vec<usize> {
        top(scores, budget).unwrap().picks.iter().map(|pick| pick.row).collect()
    }

    #[test]
    fn highest_first_and_ties_by_lowest_row() {
        assert_eq!(rows(&[0.1, 0.9, 0.5, 0.9], 3), [1, 3, 2]);
        assert_eq!(rows(&[1.0; 6], 4), [0, 1, 2, 3]);
        assert_eq!(rows(&[-0.0, 0.0, -0.0], 3), [0, 1, 2]);
    }

    #[test]
    fn nothing_and_everything() {
        assert!(rows(&[], 0).is_empty());
        assert!(rows(&[0.3, 0.2], 0).is_empty());
        assert_eq!(rows(&[0.3, 0.7], 2), [1, 0]);
    }

    #[test]
    fn a_score_that_is_not_a_number_is_an_error_with_its_row() {
        assert_eq!(top(&[0.1, f64::NAN], 1).unwrap_err().to_string(), "read scores: row 1 is NaN");
        assert_eq!(top(&[f64::NEG_INFINITY, 0.2], 0).unwrap_err().to_string(), "read scores: row 0 is -inf");
        assert!(matches!(top(&[0.1], 2), Err(Error::BudgetAbovePool { budget: 2, pool: 1 })));
    }
}
