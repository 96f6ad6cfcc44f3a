//! What must not change, or must change in a known way, when the problem is rewritten.

use ndarray::{Axis, concatenate};
use tailward_acquisition::balance::{Options, instances::Shape, solve};

use super::support::Case;

fn pool(classes: usize, tight: bool, lambda: f64, seed: u64) -> Case {
    Case::generate(&Shape { rows: 1500, classes, budget: 90, tight, seed }, lambda)
}

fn quick() -> Options {
    Options { search_work: 1_000_000, tree_work: Some(1_000_000), ..Options::default() }
}

/// The value of the relaxation.
fn relaxation(case: &Case) -> f64 {
    let solution = solve(&case.problem(), &quick()).unwrap();
    assert!(!solution.statistics.fallback);
    solution.dual_bound
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * (1.0 + left.abs())
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    for tight in [false, true] {
        let case = pool(10, tight, 1.0, 1);
        let rows = case.costs.len();
        // 7 and 1500 have no common divisor.
        let order: Vec<usize> = (0..rows).map(|row| row * 7 % rows).collect();
        let mut permuted = case.clone();
        permuted.probabilities = case.probabilities.select(Axis(0), &order);
        permuted.costs = order.iter().map(|&row| case.costs[row]).collect();
        assert!(close(relaxation(&case), relaxation(&permuted)));
        if !tight {
            let picks = solve(&case.problem(), &quick()).unwrap().picks;
            let mut back: Vec<usize> =
                solve(&permuted.problem(), &quick()).unwrap().picks.iter().map(|&row| order[row]).collect();
            back.sort_unstable();
            assert_eq!(back, picks, "a certified optimum without ties is the same set");
        }
    }
}

#[test]
fn the_order_of_the_classes_does_not_matter() {
    for tight in [false, true] {
        let case = pool(10, tight, 1.0, 2);
        let order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7];
        let mut permuted = case.clone();
        permuted.probabilities = case.probabilities.select(Axis(1), &order);
        permuted.requirement = order.iter().map(|&class| case.requirement[class]).collect();
        let before = solve(&case.problem(), &quick()).unwrap();
        let after = solve(&permuted.problem(), &quick()).unwrap();
        assert!(close(before.dual_bound, after.dual_bound));
        assert!(after.objective >= before.bound - 1e-9);
    }
}

#[test]
fn everything_twice_costs_twice() {
    for (classes, tight) in [(10, false), (10, true), (40, true)] {
        let case = pool(classes, tight, 2.0, 3);
        let twice = Case {
            probabilities: concatenate![Axis(0), case.probabilities, case.probabilities],
            costs: case.costs.repeat(2),
            requirement: case.requirement.iter().map(|need| 2.0 * need).collect(),
            lambda: case.lambda,
            budget: 2 * case.budget,
        };
        let (once, double) = (relaxation(&case), relaxation(&twice));
        assert!(close(2.0 * once, double), "{once} {double}");
    }
}

#[test]
fn the_relaxation_rises_with_lambda_and_is_concave_in_it() {
    let values: Vec<f64> =
        (0..13).map(|step| relaxation(&pool(10, true, 0.25 * f64::from(step), 4))).collect();
    for pair in values.windows(2) {
        assert!(pair[1] >= pair[0] - 1e-9, "{values:?}");
    }
    for triple in values.windows(3) {
        assert!(triple[1] >= (triple[0] + triple[2]) / 2.0 - 1e-9, "{values:?}");
    }
}

#[test]
fn more_rows_never_cost_more() {
    let case = pool(10, true, 1.0, 5);
    let mut last = f64::INFINITY;
    for rows in [300, 700, 1100, 1500] {
        let mut part = case.clone();
        part.probabilities = case.probabilities.slice_axis(Axis(0), (..rows).into()).to_owned();
        part.costs.truncate(rows);
        let value = relaxation(&part);
        assert!(value <= last + 1e-9, "{value} {last}");
        last = value;
    }
}

#[test]
fn probabilities_in_column_order_are_the_same_problem() {
    let case = pool(10, true, 1.0, 6);
    let mut columns = case.clone();
    columns.probabilities = case.probabilities.t().as_standard_layout().to_owned().reversed_axes();
    assert!(columns.probabilities.as_slice().is_none());
    let left = solve(&case.problem(), &quick()).unwrap();
    let right = solve(&columns.problem(), &quick()).unwrap();
    assert_eq!(left.picks, right.picks);
}

#[test]
fn the_same_inputs_give_the_same_answer() {
    let case = pool(20, true, 2.0, 7);
    let left = solve(&case.problem(), &Options::default()).unwrap();
    let right = solve(&case.problem(), &Options::default()).unwrap();
    assert_eq!(left.picks, right.picks);
    assert_eq!(left.duals, right.duals);
}
