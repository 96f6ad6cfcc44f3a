//! Greedy k-center with class balancing (CBAL Algorithm 2), for a weight that is given or found.

use std::time::Instant;

use ndarray::ArrayView2;
use rand_chacha::ChaCha8Rng;

use super::cover::{cover, traversal};
use super::over_quota::OverQuota;
use super::term::GreedyBalance;
use crate::balance::requirement;
use crate::lambda::{GRID, Lambda, LambdaRule, rule};
use crate::{BalanceOutcome, Embeddings, Error, Selection, validate_probabilities};

/// Picks `budget` rows, each the one with the least `−d + λ‖Ω − q − Pᵀz‖₁` (CBAL Algorithm 2), ties by lowest row.
///
/// `d` is the distance to the nearest labelled row or pick before, `q` the probabilities of the row, `Pᵀz` those of
/// the picks before, and `Ω` the [`requirement`], computed once. `weight` is `λ` as it multiplies the norm
/// ([`GreedyBalance::weight`]). `labelled_counts` are the true classes of the samples labelled so far. As the rows of
/// `P` sum to one, the norm is a constant of the step plus twice the share of `q` that falls on classes that have
/// enough, `2 Σ_c max(q_c − max(u_c, 0), 0)` with `u = Ω − Pᵀz`; it is evaluated in this form, so that rows that do not
/// differ in it are not told apart by the rounding of their sums. While every class lacks more than any row can bring,
/// the picks are therefore those of [`query`](super::query).
///
/// Picks come in the order in which they were taken; their score is `d` at that time, which need not fall from pick to
/// pick. Where no row is labelled, the first pick is drawn, as that of [`query`](super::query) is.
///
/// # Shapes
///
/// Those of [`Embeddings`]; `probabilities`: `[rows, classes]`, `labelled_counts`: `[classes]`.
///
/// # Errors
///
/// [`Error::BudgetAbovePool`], [`Error::InvalidLambda`], [`Error::LengthMismatch`], and those of
/// [`Embeddings::validate`] and [`validate_probabilities`].
pub fn query_balanced(
    embeddings: &Embeddings<'_>,
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    weight: f64,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let start = Instant::now();
    let (rows, classes) = (embeddings.unlabelled.nrows(), labelled_counts.len());
    for (what, expected, found) in [
        ("rows of the probabilities", rows, probabilities.nrows()),
        ("labelled counts", probabilities.ncols(), classes),
    ] {
        if expected != found {
            return Err(Error::LengthMismatch { what, expected, found });
        }
    }
    if !(weight.is_finite() && weight >= 0.0) {
        return Err(Error::InvalidLambda { lambda: weight });
    }
    validate_probabilities(probabilities)?;
    let mut traversal = traversal(embeddings, budget, rng)?;
    let centred = traversal.is_centred();
    let requirement = requirement(labelled_counts, budget);
    let mut over_quota = OverQuota::new(probabilities, &requirement);
    traversal.penalise(2.0 * weight, over_quota.masses());
    let mut picks = Vec::with_capacity(budget);
    for _ in 0..budget {
        let pick = traversal.farthest().expect("the pool holds the budget");
        traversal.accept(pick.row);
        if over_quota.take(pick.row) {
            traversal.penalise(2.0 * weight, over_quota.masses());
        }
        picks.push(pick);
    }
    traversal.pardon();
    let cover = cover(&mut traversal, &picks, centred);
    let norm = |values: &[f64]| values.iter().map(|value| value.abs()).sum();
    let outcome = BalanceOutcome {
        lambda: Some(weight),
        l1_before: norm(&requirement),
        l1_baseline: None,
        l1: norm(over_quota.missing()),
        certificate: None,
        seconds: start.elapsed().as_secs_f64(),
        requirement,
    };
    Ok(Selection { picks, balance: Some(outcome), cover })
}

/// Greedy k-center with class balancing ([`query_balanced`]) for a weight that is given or found by [`rule`]:
/// then [`GRID`] is swept over the effective weight, at the cost of a whole choice for each.
///
/// The outcome's `lambda` is in the units of `balance`, before its scale; its `seconds` are those of the sweep.
///
/// # Shapes
///
/// Those of [`query_balanced`].
///
/// # Errors
///
/// Those of [`query_balanced`].
pub fn query_with(
    embeddings: &Embeddings<'_>,
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    balance: &GreedyBalance,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    // Every weight begins with the same draw, so that one found by the rule gives its picks again where it is fixed.
    let drawn = rng.clone();
    let choose = |weight, rng: &mut ChaCha8Rng| {
        query_balanced(embeddings, probabilities, labelled_counts, budget, weight, rng)
    };
    // What one unit of the definition's weight is worth.
    let unit = balance.weight(1.0, labelled_counts.len());
    let (lambda, seconds, mut selection) = match balance.lambda {
        Lambda::Fixed(lambda) => {
            let selection = choose(lambda * unit, rng)?;
            (lambda, outcome(&selection).seconds, selection)
        }
        Lambda::Rule(LambdaRule::Auto) => {
            let mut selections = Vec::with_capacity(GRID.len());
            for weight in GRID {
                *rng = drawn.clone();
                selections.push(choose(weight, rng)?);
            }
            let l1: Vec<f64> = selections.iter().map(|selection| outcome(selection).l1).collect();
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

fn outcome(selection: &Selection) -> &BalanceOutcome {
    selection.balance.as_ref().expect("a balanced selection has an outcome")
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use rand::SeedableRng;

    use super::*;
    use crate::LambdaScale;

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
        let embeddings = &Embeddings { unlabelled: pool.into(), labelled: labelled.into() };
        let run = |lambda, scale| {
            let balance = GreedyBalance { lambda, scale };
            query_with(embeddings, p.view(), &[6, 0], 6, &balance, &mut ChaCha8Rng::seed_from_u64(0)).unwrap()
        };
        let runs: Vec<Selection> =
            GRID.iter().map(|&weight| run(Lambda::Fixed(weight), LambdaScale::Absolute)).collect();
        let l1: Vec<f64> = runs.iter().map(|selection| outcome(selection).l1).collect();
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
}
