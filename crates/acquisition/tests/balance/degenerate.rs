//! Problems with ties, corners and nonsense in them.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::balance::{Options, Solution, Status, instances::Shape, solve};
use tailward_acquisition::{Error, select};

use super::support::{Case, faults, negative_entropy, softmax};

fn checked(case: &Case) -> Solution {
    let solution = solve(&case.problem(), &Options { search_work: 5_000_000, ..Options::default() }).unwrap();
    assert_eq!(faults(case, &solution), [""; 0]);
    assert!(!solution.statistics.fallback, "the simplex method gave up");
    solution
}

fn pool(lambda: f64) -> Case {
    Case::generate(&Shape { rows: 2000, classes: 10, budget: 110, tight: true, seed: 9 }, lambda)
}

fn first(count: usize) -> Vec<usize> {
    (0..count).collect()
}

#[test]
fn without_lambda_it_is_a_sort() {
    let case = pool(0.0);
    let solution = checked(&case);
    let scores: Vec<f64> = case.costs.iter().map(|cost| -cost).collect();
    let mut top: Vec<usize> =
        select::top(&scores, case.budget).unwrap().picks.iter().map(|pick| pick.row).collect();
    top.sort_unstable();
    assert_eq!(solution.picks, top);
    assert_eq!(solution.status, Status::Optimal);
    assert_eq!(solution.statistics.pivots, 0);
}

#[test]
fn extreme_budgets() {
    for budget in [0, 1, 1999, 2000] {
        let mut case = pool(1.0);
        case.budget = budget;
        let solution = checked(&case);
        if budget == 0 || budget == 2000 {
            assert_eq!(solution.picks, first(budget));
            assert_eq!(solution.status, Status::Optimal);
        }
    }
}

#[test]
fn an_empty_pool_yields_nothing() {
    let case = Case {
        probabilities: Array2::zeros((0, 3)),
        costs: vec![],
        requirement: vec![1.0; 3],
        lambda: 1.0,
        budget: 0,
    };
    assert!(checked(&case).picks.is_empty());
}

#[test]
fn nothing_needed() {
    let mut case = pool(1.0);
    case.requirement.fill(0.0);
    // Whatever is picked is too much by its whole mass: the balancing term is a constant.
    let solution = checked(&case);
    assert_eq!(solution.status, Status::Optimal);
}

#[test]
fn a_single_class() {
    let case = Case {
        probabilities: Array2::ones((50, 1)),
        costs: (0..50).map(|row| f64::from(row % 7)).collect(),
        requirement: vec![3.0],
        lambda: 1.0,
        budget: 9,
    };
    let solution = checked(&case);
    assert_eq!(solution.status, Status::Optimal);
    assert_eq!(solution.picks, [0, 1, 7, 14, 21, 28, 35, 42, 49]);
}

#[test]
fn identical_and_uniform_rows() {
    for row in [[0.7_f32, 0.2, 0.1], [1.0 / 3.0; 3]] {
        let probabilities = Array2::from_shape_fn((500, 3), |(_, class)| row[class]);
        let case = Case {
            costs: negative_entropy(&probabilities),
            probabilities,
            requirement: vec![10.0, 20.0, 10.0],
            lambda: 1.0,
            budget: 40,
        };
        let solution = checked(&case);
        assert_eq!(solution.status, Status::Optimal);
        assert_eq!(solution.picks, first(40), "ties go to the lowest rows");
    }
}

#[test]
fn few_distinct_rows() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let kinds = softmax(40, 10, 5.0, &mut rng);
    let probabilities = Array2::from_shape_fn((4000, 10), |(row, class)| kinds[[row % 40, class]]);
    for lambda in [0.1, 1.0, 5.0] {
        let case = Case {
            costs: negative_entropy(&probabilities),
            probabilities: probabilities.clone(),
            requirement: vec![22.0; 10],
            lambda,
            budget: 220,
        };
        checked(&case);
    }
}

#[test]
fn coarse_probabilities() {
    // Multiples of 1/8: many exact ties, and exact arithmetic.
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut probabilities = Array2::<f32>::zeros((4000, 8));
    for mut row in probabilities.rows_mut() {
        for _ in 0..8 {
            row[rng.random_range(0..8)] += 0.125;
        }
    }
    for lambda in [0.1, 1.0, 5.0] {
        let case = Case {
            costs: negative_entropy(&probabilities),
            probabilities: probabilities.clone(),
            requirement: (0..8).map(|class| 10.0 + 5.0 * f64::from(class)).collect(),
            lambda,
            budget: 220,
        };
        checked(&case);
    }
}

#[test]
fn one_hot_rows() {
    let probabilities = Array2::from_shape_fn((600, 6), |(row, class)| f32::from(row % 6 == class));
    let case = |requirement: Vec<f64>| Case {
        costs: vec![0.0; 600],
        probabilities: probabilities.clone(),
        requirement,
        lambda: 1.0,
        budget: 60,
    };
    let whole = checked(&case(vec![5.0, 15.0, 10.0, 10.0, 12.0, 8.0]));
    assert_eq!(whole.status, Status::Optimal);
    assert!(whole.objective.abs() < 1e-9);
    // The relaxation meets a fractional requirement exactly; whole rows cannot, which branching on the number of a class's rows shows.
    let fractional = checked(&case(vec![5.4, 14.6, 10.4, 9.6, 12.4, 7.6]));
    assert!(fractional.dual_bound.abs() < 1e-9);
    assert!((fractional.objective - 2.4).abs() < 1e-9, "{}", fractional.objective);
    assert_eq!(fractional.status, Status::Optimal);
}

#[test]
fn an_enormous_lambda() {
    let solution = checked(&pool(1e6));
    // What rounding can cost: λ (C + 1) / 2.
    assert!(solution.gap <= 1e6 * 11.0 / 2.0, "{}", solution.gap);
    assert!(
        (solution.statistics.relaxation.unwrap() - solution.dual_bound).abs()
            < 1e-6 * solution.dual_bound.abs().max(1e3)
    );
}

#[test]
fn nonsense_is_refused_by_name() {
    let refuse = |change: &dyn Fn(&mut Case)| {
        let mut case = pool(1.0);
        change(&mut case);
        solve(&case.problem(), &Options::default()).unwrap_err()
    };
    assert!(matches!(
        refuse(&|case| case.probabilities[[7, 3]] = f32::NAN),
        Error::ProbabilityNotFinite { row: 7, column: 3, .. }
    ));
    assert!(matches!(
        refuse(&|case| case.probabilities[[8, 2]] = f32::INFINITY),
        Error::ProbabilityNotFinite { row: 8, column: 2, .. }
    ));
    assert!(matches!(
        refuse(&|case| case.probabilities[[9, 1]] = -0.25),
        Error::ProbabilityNegative { row: 9, column: 1, .. }
    ));
    assert!(matches!(
        refuse(&|case| case.probabilities[[5, 0]] += 0.01),
        Error::ProbabilityRowSum { row: 5, .. }
    ));
    assert!(matches!(refuse(&|case| case.costs[11] = f64::NAN), Error::ScoreNotFinite { row: 11, .. }));
    assert!(matches!(
        refuse(&|case| case.requirement[4] = f64::INFINITY),
        Error::RequirementNotFinite { class: 4, .. }
    ));
    assert!(matches!(refuse(&|case| case.lambda = -1.0), Error::InvalidLambda { .. }));
    assert!(matches!(refuse(&|case| case.lambda = f64::NAN), Error::InvalidLambda { .. }));
    assert!(matches!(
        refuse(&|case| case.budget = 2001),
        Error::BudgetAbovePool { budget: 2001, pool: 2000 }
    ));
    assert!(matches!(
        refuse(&|case| case.requirement.truncate(9)),
        Error::LengthMismatch { what: "requirement", expected: 10, found: 9 }
    ));
}
