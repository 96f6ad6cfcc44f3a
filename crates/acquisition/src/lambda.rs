//! The weight of the class-balancing term: a sweep, and the rule that chooses from it.

use ndarray::ArrayView2;

use crate::balance::{Round, Statistics};
use crate::{BalanceOutcome, Error, GreedyBalance, Lambda, LambdaRule, Selection, k_center};

/// The weights of a sweep: from 0 to 3 in steps of 0.2, as the authors of CBAL swept them for CIFAR-100 (their released
/// history; the paper's Figure 4 has the same range).
pub const GRID: [f64; 16] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0];

/// ℓ1 has stopped falling when it is within this share of its whole fall. The paper says "converges and does not
/// diminish further" without a number.
const TOLERANCE: f64 = 0.01;

/// A fall of no more than this share of the first ℓ1 is the rounding error of a sum.
const ROUNDING: f64 = 1e-9;

/// What a weight leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    /// The weight.
    pub lambda: f64,
    /// What [`balance::query`](crate::balance::query) answers with it, or better.
    pub selection: Selection,
    /// What the answer took.
    pub statistics: Statistics,
}

/// The place of the smallest λ after which ℓ1 stops falling (CBAL, Section 4.1).
///
/// Exactly: with `fall = ℓ1(λ₀) − min ℓ1`, from the first λ to the least ℓ1 of all, it is the first λ whose ℓ1 is at
/// most `min ℓ1 + 0.01 fall`. So nothing after it falls further by more than a hundredth of what the whole sweep gains.
/// The curve of a heuristic may rise in between; what counts is the least of all, wherever it is. A curve that does not
/// fall, or by no more than 1e-9 of its first value, gives 0. A curve that still falls where the sweep ends gives a place
/// at or near the end, and the sweep was too short to tell; that is so on [`GRID`] where the pool has far too little of
/// some classes.
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

/// Answers the class-balancing programme for every weight, each from where the last one ended
/// ([`balance::solve_along`](crate::balance::solve_along)).
///
/// ℓ1 never rises along ascending weights and the scores never do either, up to rounding of their sums; a certificate
/// tells for each point how far it can be from the best.
///
/// # Errors
///
/// Those of [`balance::query`](crate::balance::query), for any of the weights.
pub fn sweep(round: &Round, lambdas: &[f64]) -> Result<Vec<SweepPoint>, Error> {
    let answers = round.solve(lambdas)?;
    let points = lambdas.iter().zip(answers);
    Ok(points
        .map(|(&lambda, (selection, statistics))| SweepPoint { lambda, selection, statistics })
        .collect())
}

/// Sweeps [`GRID`] and takes the selection that [`rule`] points to. Its `seconds` are those of the sweep.
pub(crate) fn query(round: &Round) -> Result<Selection, Error> {
    let mut points = sweep(round, &GRID)?;
    let seconds = points.iter().map(|point| point.statistics.seconds.total).sum();
    let l1: Vec<f64> = points.iter().map(|point| balance_term(&point.selection)).collect();
    let mut selection = points.swap_remove(rule(&GRID, &l1)).selection;
    if let Some(outcome) = &mut selection.balance {
        outcome.seconds = seconds;
    }
    Ok(selection)
}

/// Greedy k-center with class balancing ([`k_center::query_balanced`]) for a weight that is given or found by [`rule`]:
/// then [`GRID`] is swept over the effective weight, at the cost of a whole choice for each.
///
/// The outcome's `lambda` is in the units of `balance`, before its scale; its `seconds` are those of the sweep.
///
/// # Shapes
///
/// Those of [`k_center::query_balanced`].
///
/// # Errors
///
/// Those of [`k_center::query_balanced`].
pub fn query_k_center(
    embeddings: k_center::Embeddings,
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    balance: &GreedyBalance,
) -> Result<Selection, Error> {
    let choose =
        |weight| k_center::query_balanced(embeddings, probabilities, labelled_counts, budget, weight);
    // What one unit of the definition's weight is worth.
    let unit = balance.weight(1.0, labelled_counts.len());
    let (lambda, seconds, mut selection) = match balance.lambda {
        Lambda::Fixed(lambda) => {
            let selection = choose(lambda * unit)?;
            (lambda, outcome(&selection).seconds, selection)
        }
        Lambda::Rule(LambdaRule::Auto) => {
            let mut selections = GRID.iter().map(|&weight| choose(weight)).collect::<Result<Vec<_>, _>>()?;
            let l1: Vec<f64> = selections.iter().map(balance_term).collect();
            let seconds = selections.iter().map(|selection| outcome(selection).seconds).sum();
            let place = rule(&GRID, &l1);
            (GRID[place] / unit, seconds, selections.swap_remove(place))
        }
    };
    if let Some(outcome) = &mut selection.balance {
        (outcome.lambda, outcome.seconds) = (Some(lambda), seconds);
    }
    Ok(selection)
}

/// `‖Ω − Pᵀz‖₁` of a selection that balances.
///
/// # Panics
///
/// If it does not.
fn balance_term(selection: &Selection) -> f64 {
    outcome(selection).l1
}

fn outcome(selection: &Selection) -> &BalanceOutcome {
    selection.balance.as_ref().expect("a balanced selection has an outcome")
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::LambdaScale;

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
    fn auto_of_a_greedy_strategy_is_the_rule_on_its_runs_in_its_own_units() {
        // Ten rows far out that are all of class 0, and ten near by of class 1, which is needed.
        let pool =
            Array2::from_shape_fn(
                (20, 1),
                |(row, _)| if row < 10 { 10.0 + row as f32 } else { 8.0 + 0.1 * row as f32 },
            );
        let p =
            Array2::from_shape_fn((20, 2), |(row, class)| if (row < 10) == (class == 0) { 0.9 } else { 0.1 });
        let labelled = array![[0.0_f32]];
        let embeddings = k_center::Embeddings { unlabelled: pool.view(), labelled: labelled.view() };
        let run = |lambda, scale| {
            let balance = GreedyBalance { lambda, scale };
            query_k_center(embeddings, p.view(), &[6, 0], 6, &balance).unwrap()
        };
        let runs: Vec<Selection> =
            GRID.iter().map(|&weight| run(Lambda::Fixed(weight), LambdaScale::Absolute)).collect();
        let l1: Vec<f64> = runs.iter().map(balance_term).collect();
        let place = rule(&GRID, &l1);
        assert!(place > 0, "{l1:?}");
        for (scale, lambda) in
            [(LambdaScale::Absolute, GRID[place]), (LambdaScale::PerClass, 2.0 * GRID[place])]
        {
            let auto = run(Lambda::Rule(LambdaRule::Auto), scale);
            assert_eq!(auto.picks, runs[place].picks);
            assert_eq!(outcome(&auto).lambda, Some(lambda));
            // What was found can be written into a definition.
            assert_eq!(run(Lambda::Fixed(lambda), scale).picks, auto.picks);
        }
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
