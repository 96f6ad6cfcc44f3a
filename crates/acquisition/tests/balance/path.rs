//! One weight after the other.

use tailward_acquisition::balance::{Options, Round, Solution, Status, instances::Shape, solve, solve_along};
use tailward_acquisition::{
    Balance, Error, Lambda, LambdaRule, Prediction, Selection, SolverMode, balance, lambda,
};

use super::support::{Case, faults, objective};

fn case(tight: bool, seed: u64) -> Case {
    Case::generate(&Shape { rows: 5000, classes: 20, budget: 280, tight, seed }, 0.0)
}

fn options() -> Options {
    // Without branch and bound: what is shown is shown of heuristics.
    Options { search_work: 20_000_000, tree_work: Some(0), ..Options::default() }
}

fn weighted(case: &Case, lambda: f64) -> Case {
    Case { lambda, ..case.clone() }
}

fn terms(case: &Case, solution: &Solution) -> (f64, f64) {
    let alone = objective(&weighted(case, 0.0), &solution.picks);
    (alone, objective(&weighted(case, 1.0), &solution.picks) - alone)
}

#[test]
fn every_answer_is_sound_and_its_relaxation_is_that_of_a_cold_start() {
    for (tight, seed) in [(true, 1), (false, 2)] {
        let case = case(tight, seed);
        let along = solve_along(&case.problem(), &lambda::GRID, &options()).unwrap();
        assert_eq!(along.len(), lambda::GRID.len());
        for (&lambda, solution) in lambda::GRID.iter().zip(&along) {
            let case = weighted(&case, lambda);
            assert_eq!(faults(&case, solution), [""; 0], "lambda {lambda}");
            let cold = solve(&case.problem(), &options()).unwrap();
            assert!(
                (solution.bound - cold.bound).abs() < 1e-8 * cold.bound.abs().max(1.0),
                "lambda {lambda}"
            );
        }
    }
}

#[test]
fn balance_never_worsens_and_scores_never_rise_along_the_path() {
    let mut open = 0;
    for seed in 0..3 {
        let case = case(true, seed);
        let along = solve_along(&case.problem(), &lambda::GRID, &options()).unwrap();
        open += along.iter().filter(|solution| solution.status == Status::Gap).count();
        let terms: Vec<(f64, f64)> = along.iter().map(|solution| terms(&case, solution)).collect();
        for pair in terms.windows(2) {
            assert!(pair[1].1 <= pair[0].1 + 1e-8, "seed {seed}: {terms:?}");
            assert!(pair[1].0 >= pair[0].0 - 1e-8, "seed {seed}: {terms:?}");
        }
        // No selection of the path is better for a weight than that weight's own.
        for (&lambda, solution) in lambda::GRID.iter().zip(&along) {
            for &(cost, l1) in &terms {
                assert!(solution.objective <= cost + lambda * l1 + 1e-8, "seed {seed}, lambda {lambda}");
            }
        }
    }
    assert!(open > 10, "where every answer is optimal, this shows nothing about heuristics");
}

#[test]
fn the_last_duals_are_worth_having() {
    let case = case(true, 4);
    let pivots = |solutions: &[Solution]| -> usize {
        solutions.iter().map(|solution| solution.statistics.pivots).sum()
    };
    let cold: Vec<Solution> = lambda::GRID
        .iter()
        .map(|&lambda| solve(&weighted(&case, lambda).problem(), &options()).unwrap())
        .collect();
    let warm = solve_along(&case.problem(), &lambda::GRID, &options()).unwrap();
    assert!(pivots(&warm) < pivots(&cold) / 2, "{} and {}", pivots(&warm), pivots(&cold));
}

#[test]
fn any_order_and_any_number_of_weights_will_do() {
    let case = case(true, 5);
    assert!(solve_along(&case.problem(), &[], &options()).unwrap().is_empty());
    for lambdas in [&[3.0, 1.0, 0.0, 1.0, 0.5][..], &[0.0, 0.0], &[1e6, 1e-6]] {
        for (&lambda, solution) in
            lambdas.iter().zip(solve_along(&case.problem(), lambdas, &options()).unwrap())
        {
            assert_eq!(
                faults(&weighted(&case, lambda), &solution),
                [""; 0],
                "lambda {lambda} of {lambdas:?}"
            );
        }
    }
    let bad = solve_along(&case.problem(), &[0.5, f64::NAN], &options()).unwrap_err();
    assert!(matches!(bad, Error::InvalidLambda { .. }), "{bad}");
}

#[test]
fn one_weight_is_a_cold_start() {
    let case = weighted(&case(true, 6), 0.8);
    let mut along = solve_along(&case.problem(), &[0.8], &options()).unwrap();
    let mut alone = solve(&case.problem(), &options()).unwrap();
    alone.statistics.seconds = along[0].statistics.seconds;
    assert_eq!(along.pop().unwrap(), alone);
}

struct Pool {
    case: Case,
    scores: Vec<f64>,
    counts: Vec<usize>,
}

fn pool() -> Pool {
    let case = Case::generate(&Shape { rows: 1500, classes: 10, budget: 80, tight: false, seed: 7 }, 0.0);
    let scores = case.costs.iter().map(|cost| -cost).collect();
    Pool { case, scores, counts: vec![60, 40, 50, 30, 20, 10, 5, 0, 3, 2] }
}

impl Pool {
    fn query(&self, lambda: Lambda, prediction: Option<Prediction>) -> Selection {
        let balance = Balance { lambda, solver: SolverMode::Auto, prediction };
        balance::query(self.case.probabilities.view(), &self.scores, &self.counts, 80, &balance).unwrap()
    }
}

#[test]
fn auto_is_the_rule_on_a_sweep() {
    let pool = pool();
    for prediction in [None, Some(Prediction::OneHot)] {
        let round = Round {
            probabilities: pool.case.probabilities.view(),
            scores: &pool.scores,
            labelled_counts: &pool.counts,
            budget: 80,
            solver: SolverMode::Auto,
            prediction,
        };
        let points = balance::sweep(&round, &lambda::GRID).unwrap();
        let l1: Vec<f64> = points.iter().map(|point| point.selection.balance.as_ref().unwrap().l1).collect();
        let place = lambda::rule(&lambda::GRID, &l1);
        assert!(0 < place && place < 15, "{l1:?}");
        let auto = pool.query(Lambda::Rule(LambdaRule::Auto), prediction);
        let outcome = auto.balance.unwrap();
        assert_eq!(outcome.lambda, Some(lambda::GRID[place]));
        assert_eq!(auto.picks, points[place].selection.picks);
        assert!((outcome.l1 - l1[place]).abs() < 1e-12);
        // The first point is the baseline, and the chosen one all but closes what can be closed.
        assert!((l1[0] - outcome.l1_baseline.unwrap()).abs() < 1e-9);
        assert!(outcome.l1 - l1[15] <= 0.01 * (l1[0] - l1[15]) + 1e-9, "{l1:?}");
    }
}

#[test]
fn one_hot_balances_the_most_probable_classes_and_leaves_the_scores() {
    let pool = pool();
    let p = &pool.case.probabilities;
    let predicted = |row: usize| {
        (0..10).fold(0, |best, class| if p[[row, class]] > p[[row, best]] { class } else { best })
    };
    let selection = pool.query(Lambda::Fixed(2.0), Some(Prediction::OneHot));
    let mut counts = [0.0; 10];
    for pick in &selection.picks {
        assert!((pick.score - pool.scores[pick.row]).abs() < 1e-15);
        counts[predicted(pick.row)] += 1.0;
    }
    let outcome = selection.balance.unwrap();
    let l1: f64 =
        outcome.requirement.iter().zip(counts).map(|(need, have): (&f64, f64)| (need - have).abs()).sum();
    assert!((outcome.l1 - l1).abs() < 1e-9, "{} is not {l1}", outcome.l1);
    let soft = pool.query(Lambda::Fixed(2.0), None);
    assert_ne!(soft.picks, selection.picks);
}

#[test]
fn one_hot_hides_no_bad_probability() {
    let mut pool = pool();
    pool.case.probabilities[[3, 4]] = f32::NAN;
    let balance = Balance {
        lambda: Lambda::Fixed(1.0),
        solver: SolverMode::Auto,
        prediction: Some(Prediction::OneHot),
    };
    let error =
        balance::query(pool.case.probabilities.view(), &pool.scores, &pool.counts, 80, &balance).unwrap_err();
    assert_eq!(error.to_string(), "read probabilities: row 3, column 4 is NaN");
}
