//! The weight of the class-balancing term: what it may be, the grid of a sweep, and the rule that chooses from it.

use serde::{Deserialize, Serialize};

/// The weight of a class-balancing term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or \"auto\"")]
pub enum Lambda {
    /// A number, finite and not negative.
    Fixed(f64),
    /// Found by a rule.
    Rule(LambdaRule),
}

/// How the weight of a class-balancing term is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaRule {
    /// The smallest λ of a sweep after which ℓ1 stops falling, with the first round's model, kept for all rounds
    /// (CBAL, Section 4.1).
    Auto,
}

/// The weights of a sweep: from 0 to 3 in steps of 0.2, as the authors of CBAL swept them for CIFAR-100 (their released
/// history; the paper's Figure 4 has the same range).
pub const GRID: [f64; 16] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0];

/// ℓ1 has stopped falling when it is within this share of its whole fall. The paper says "converges and does not
/// diminish further" without a number.
const TOLERANCE: f64 = 0.01;

/// A fall of no more than this share of the first ℓ1 is the rounding error of a sum.
const ROUNDING: f64 = 1e-9;

/// The place of the smallest λ after which ℓ1 stops falling (CBAL, Section 4.1).
///
/// Exactly: with `fall = ℓ1(λ₀) − min ℓ1`, from the first λ to the least ℓ1 of all, it is the first λ whose ℓ1 is at
/// most `min ℓ1 + 0.01 fall`. So nothing after it falls further by more than a hundredth of what the whole sweep gains.
/// The curve of a heuristic may rise in between; what counts is the least of all, wherever it is. A curve that does not
/// fall, or by no more than 1e-9 of its first value, gives 0. A curve that still falls where the sweep ends gives a place
/// at or near the end, and the sweep was too short to tell; that is so on [`GRID`] where the pool has far too little of
/// some classes.
///
/// ```
/// use tailward_acquisition::lambda;
///
/// // It falls by 100 in all; at 41 it has stopped, at 60 it has not.
/// assert_eq!(lambda::rule(&[0.0, 1.0, 2.0, 3.0], &[140.0, 60.0, 41.0, 40.0]), 2);
/// ```
///
/// # Shapes
///
/// `lambdas`: `[points]`, ascending; `l1`: `[points]`.
///
/// # Panics
///
/// If there is no point, if the lengths differ, if `lambdas` do not ascend, or if an `l1` is NaN.
pub fn rule(lambdas: &[f64], l1: &[f64]) -> usize {
    assert_eq!(lambdas.len(), l1.len(), "one l1 for each lambda");
    assert!(!lambdas.is_empty(), "a sweep has points");
    assert!(lambdas.windows(2).all(|pair| pair[0] < pair[1]), "lambdas ascend: {lambdas:?}");
    assert!(l1.iter().all(|value| !value.is_nan()), "an l1 is NaN: {l1:?}");
    let least = l1.iter().copied().fold(f64::INFINITY, f64::min);
    let fall = l1[0] - least;
    if fall <= ROUNDING * l1[0].abs() {
        return 0;
    }
    l1.iter().position(|&value| value - least <= TOLERANCE * fall).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(l1: &[f64]) -> usize {
        rule(&GRID[..l1.len()], l1)
    }

    #[test]
    fn the_smallest_lambda_after_which_l1_stops_falling() {
        // It falls by 100 in all, so that 41 is where it has stopped and 42 is where it has not.
        assert_eq!(chosen(&[140.0, 90.0, 60.0, 42.0, 41.0, 40.5, 40.0, 40.0]), 4);
        assert_eq!(chosen(&[140.0, 40.0, 40.0]), 1);
        // It never stops: the last.
        assert_eq!(chosen(&[5.0, 4.0, 3.0, 2.0, 1.0]), 4);
        // A step, a plateau and another step: the plateau was not the end.
        assert_eq!(chosen(&[100.0, 50.0, 50.0, 50.0, 10.0, 10.0]), 4);
        // To nothing at all.
        assert_eq!(chosen(&[7.0, 0.05, 0.0]), 1);
    }

    #[test]
    fn noise_and_rising_tails_do_not_mislead() {
        // A tail that trembles by less than a hundredth of the fall.
        assert_eq!(chosen(&[200.0, 120.0, 100.5, 100.9, 100.1, 100.6, 100.0]), 2);
        // A tail that rises: the end of the fall is where it was the lowest, or nearly.
        assert_eq!(chosen(&[200.0, 120.0, 100.0, 110.0, 115.0]), 2);
        // A rise in between.
        assert_eq!(chosen(&[200.0, 120.0, 150.0, 100.0, 100.0]), 3);
    }

    #[test]
    fn what_does_not_fall_needs_no_weight() {
        assert_eq!(chosen(&[3.0]), 0);
        assert_eq!(chosen(&[0.0, 0.0, 0.0]), 0);
        assert_eq!(chosen(&[80.0, 80.0 - 1e-12, 80.0 - 3e-12]), 0);
        assert_eq!(chosen(&[80.0, 81.0, 90.0]), 0);
    }

    #[test]
    #[should_panic(expected = "one l1 for each lambda")]
    fn a_curve_has_as_many_values_as_weights() {
        rule(&GRID, &[1.0]);
    }

    #[test]
    #[should_panic(expected = "lambdas ascend")]
    fn weights_ascend() {
        rule(&[0.0, 2.0, 1.0], &[3.0, 2.0, 1.0]);
    }
}
