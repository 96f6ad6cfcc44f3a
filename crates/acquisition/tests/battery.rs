//! What every strategy must satisfy, in one place.
//!
//! A strategy of this crate asks once per query, so nothing here is about conversations.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::balance::Status;
use tailward_acquisition::{
    Balance, BalanceCertificate, BalanceOutcome, Error, Lambda, Selection, SolverMode, Strategy, balance,
    entropy, least_confidence, margin, random, select,
};

/// Every strategy, with and without what it can be combined with.
fn battery() -> Vec<Strategy> {
    let mut strategies = vec![Strategy::Random {}];
    let balances = [
        None,
        Some(Balance { lambda: Lambda::Fixed(0.0), solver: SolverMode::Auto, prediction: None }),
        Some(Balance { lambda: Lambda::Fixed(0.6), solver: SolverMode::Auto, prediction: None }),
        Some(Balance { lambda: Lambda::Fixed(2.0), solver: SolverMode::Exact, prediction: None }),
    ];
    for balance in balances {
        strategies.push(Strategy::Entropy { balance: balance.clone() });
        strategies.push(Strategy::Margin { balance: balance.clone() });
        strategies.push(Strategy::LeastConfidence { balance });
    }
    strategies
}

#[test]
fn every_strategy_is_in_the_battery() {
    // A new variant does not compile until it has a number here, and fails until it is in the battery as well.
    let number = |strategy: &Strategy| match strategy {
        Strategy::Random {} => 0,
        Strategy::Entropy { .. } => 1,
        Strategy::Margin { .. } => 2,
        Strategy::LeastConfidence { .. } => 3,
        _ => panic!("{} has no number", strategy.name()),
    };
    let mut present = [false; 4];
    for strategy in battery() {
        present[number(&strategy)] = true;
        strategy.validate().unwrap();
        let text = serde_json::to_string(&strategy).unwrap();
        assert_eq!(serde_json::from_str::<Strategy>(&text).unwrap(), strategy);
        assert!(strategy.baseline().balance().is_none());
        assert!(strategy.name().starts_with(&strategy.baseline().name()));
    }
    assert_eq!(present, [true; 4]);
}

/// What a strategy is given in a round.
#[derive(Clone, Debug, PartialEq)]
struct Round {
    probabilities: Array2<f32>,
    labelled_counts: Vec<usize>,
    budget: usize,
    seed: u64,
}

/// A query, as an engine makes it.
fn query(strategy: &Strategy, round: &Round) -> Result<Selection, Error> {
    let p = round.probabilities.view();
    let scores = match strategy {
        Strategy::Random {} => {
            let mut rng = ChaCha8Rng::seed_from_u64(round.seed);
            return random::query(p.nrows(), round.budget, &mut rng);
        }
        Strategy::Entropy { .. } => entropy::scores(p)?,
        Strategy::Margin { .. } => margin::scores(p)?,
        Strategy::LeastConfidence { .. } => least_confidence::scores(p)?,
        _ => panic!("{} is not in the battery", strategy.name()),
    };
    match strategy.balance() {
        None => select::top(&scores, round.budget),
        Some(balance) => balance::query(p, &scores, &round.labelled_counts, round.budget, balance),
    }
}

fn rows(selection: &Selection) -> Vec<usize> {
    selection.picks.iter().map(|pick| pick.row).collect()
}

fn sorted(selection: &Selection) -> Vec<usize> {
    let mut rows = rows(selection);
    rows.sort_unstable();
    rows
}

/// Distinct rows of the pool, exactly the budget, in query order, with the scores of their rows.
fn check(strategy: &Strategy, round: &Round) -> Selection {
    let selection = query(strategy, round).unwrap_or_else(|error| panic!("{strategy:?}: {error}"));
    let picked = sorted(&selection);
    assert_eq!(picked.len(), round.budget, "{strategy:?}");
    assert!(picked.windows(2).all(|pair| pair[0] < pair[1]), "{strategy:?} picked a row twice");
    assert!(picked.iter().all(|&row| row < round.probabilities.nrows()), "{strategy:?}");
    if !matches!(strategy, Strategy::Random {}) {
        for pair in selection.picks.windows(2) {
            let ordered = pair[0].score > pair[1].score
                || (pair[0].score >= pair[1].score && pair[0].row < pair[1].row);
            assert!(ordered, "{strategy:?}: {pair:?}");
        }
    }
    assert_eq!(selection.balance.is_some(), strategy.balance().is_some());
    selection
}

fn softmax(rows: usize, classes: usize, seed: u64) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut p = Array2::from_shape_simple_fn((rows, classes), || rng.random_range(0.0_f32..4.0).exp());
    for mut row in p.rows_mut() {
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
    p
}

fn round(pool: usize, budget: usize) -> Round {
    Round { probabilities: softmax(pool, 5, 1), labelled_counts: vec![8, 8, 3, 1, 0], budget, seed: 3 }
}

#[test]
fn the_same_round_gives_the_same_picks_and_changes_nothing() {
    for strategy in battery() {
        let given = round(120, 15);
        let kept = given.clone();
        let first = check(&strategy, &given);
        let second = check(&strategy, &given);
        assert_eq!(first.picks, second.picks, "{strategy:?}");
        assert_eq!(given, kept);
    }
}

#[test]
fn every_budget_is_kept_exactly() {
    for strategy in battery() {
        for budget in [0, 1, 2, 29, 30] {
            let selection = check(&strategy, &round(30, budget));
            if budget == 30 {
                assert_eq!(sorted(&selection), (0..30).collect::<Vec<_>>(), "{strategy:?}");
            }
        }
        let error = query(&strategy, &round(30, 31)).unwrap_err();
        assert!(matches!(error, Error::BudgetAbovePool { budget: 31, pool: 30 }), "{strategy:?}: {error}");
        check(&strategy, &Round { probabilities: Array2::zeros((0, 5)), ..round(1, 0) });
    }
}

#[test]
fn any_labelled_set_will_do() {
    for strategy in battery() {
        for labelled_counts in [
            vec![0, 0, 0, 0, 0],
            vec![1, 0, 0, 0, 0],
            vec![50, 0, 0, 0, 0],
            vec![9, 9, 9, 9, 0],
            vec![0, 0, 0, 0, 100_000],
        ] {
            check(&strategy, &Round { labelled_counts, ..round(60, 10) });
        }
        // All but one sample are labelled.
        check(&strategy, &Round { labelled_counts: vec![20, 20, 20, 20, 19], ..round(1, 1) });
    }
}

#[test]
fn duplicate_and_identical_rows_are_still_distinct_picks() {
    let some = softmax(20, 5, 2);
    for strategy in battery() {
        let duplicates = concatenate![Axis(0), some, some, some];
        check(&strategy, &Round { probabilities: duplicates, ..round(60, 25) });
        for row in [[0.2_f32; 5], [1.0, 0.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0, 0.0]] {
            let identical = Array2::from_shape_fn((40, 5), |(_, class)| row[class]);
            let selection = check(&strategy, &Round { probabilities: identical, ..round(40, 7) });
            if !matches!(strategy, Strategy::Random {}) {
                assert_eq!(
                    rows(&selection),
                    [0, 1, 2, 3, 4, 5, 6],
                    "{strategy:?}: ties go to the lowest rows"
                );
            }
        }
    }
}

fn certificate(outcome: &BalanceOutcome) -> &BalanceCertificate {
    outcome.certificate.as_ref().expect("the programme certifies its answers")
}

/// Whether the picks are a function of the set of rows: no randomness, and the one best answer.
fn determined(selection: &Selection) -> bool {
    selection.balance.as_ref().is_none_or(|outcome| certificate(outcome).status == Status::Optimal)
}

#[test]
fn permuting_the_pool_permutes_the_picks() {
    let mut compared = 0;
    for strategy in battery().iter().filter(|strategy| !matches!(strategy, Strategy::Random {})) {
        let given = round(101, 12);
        let order: Vec<usize> = (0..101).map(|row| row * 17 % 101).collect();
        let permuted = Round { probabilities: given.probabilities.select(Axis(0), &order), ..given.clone() };
        let (before, after) = (check(strategy, &given), check(strategy, &permuted));
        if determined(&before) && determined(&after) {
            let back: Vec<usize> = rows(&after).iter().map(|&row| order[row]).collect();
            assert_eq!(back, rows(&before), "{strategy:?}");
            compared += 1;
        }
    }
    assert!(compared >= 9, "only {compared} strategies have a determined answer on this pool");
}

#[test]
fn leaving_out_what_was_not_picked_changes_nothing() {
    for strategy in battery().iter().filter(|strategy| !matches!(strategy, Strategy::Random {})) {
        let given = round(101, 12);
        let before = check(strategy, &given);
        let picked = sorted(&before);
        let kept: Vec<usize> =
            (0..101).filter(|row| row % 3 != 0 || picked.binary_search(row).is_ok()).collect();
        let restricted = Round { probabilities: given.probabilities.select(Axis(0), &kept), ..given.clone() };
        let after = check(strategy, &restricted);
        if determined(&before) && determined(&after) {
            let back: Vec<usize> = rows(&after).iter().map(|&row| kept[row]).collect();
            assert_eq!(back, rows(&before), "{strategy:?}");
        }
    }
}

type Scores = fn(ArrayView2<f32>) -> Result<Vec<f64>, Error>;

#[test]
fn scores_in_chunks_are_the_scores_of_the_whole() {
    let p = softmax(100, 7, 4);
    for scores in [entropy::scores as Scores, margin::scores, least_confidence::scores] {
        let whole: Vec<u64> = scores(p.view()).unwrap().into_iter().map(f64::to_bits).collect();
        for size in [1, 7, 64] {
            let chunks: Vec<u64> = p
                .axis_chunks_iter(Axis(0), size)
                .flat_map(|chunk| scores(chunk).unwrap())
                .map(f64::to_bits)
                .collect();
            assert_eq!(chunks, whole);
        }
    }
}

#[test]
fn what_is_not_a_number_is_refused_by_row_and_column() {
    for strategy in battery().iter().filter(|strategy| strategy.needs().probabilities) {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut given = round(30, 5);
            given.probabilities[[17, 3]] = value;
            let error = query(strategy, &given).unwrap_err();
            assert!(
                matches!(error, Error::ProbabilityNotFinite { row: 17, column: 3, .. }),
                "{strategy:?}: {error}"
            );
        }
        let mut given = round(30, 5);
        given.probabilities.row_mut(4).fill(0.9);
        assert!(
            matches!(query(strategy, &given), Err(Error::ProbabilityRowSum { row: 4, .. })),
            "{strategy:?}"
        );
    }
}

#[test]
fn without_lambda_the_baseline_is_left() {
    for strategy in battery() {
        if strategy.lambda() == Some(Lambda::Fixed(0.0)) {
            let balanced = check(&strategy, &round(101, 12));
            let baseline = check(&strategy.baseline(), &round(101, 12));
            assert_eq!(balanced.picks, baseline.picks, "{strategy:?}");
        }
    }
}

#[test]
fn balancing_balances() {
    for strategy in battery() {
        let selection = check(&strategy, &round(300, 30));
        let Some(outcome) = selection.balance else {
            continue;
        };
        // (20 + 30) / 5 = 10 per class.
        assert_eq!(outcome.requirement, [2.0, 2.0, 7.0, 9.0, 10.0]);
        assert!((outcome.l1_before - 30.0).abs() < 1e-12);
        assert!(outcome.l1 <= outcome.l1_baseline.unwrap() + 1e-9, "{strategy:?}: {outcome:?}");
        let certificate = certificate(&outcome);
        assert!(certificate.bound <= certificate.objective + 1e-9);
        if strategy.lambda() == Some(Lambda::Fixed(2.0)) {
            assert!(outcome.l1 < 0.2 * outcome.l1_baseline.unwrap(), "{strategy:?}: {outcome:?}");
        }
    }
}
