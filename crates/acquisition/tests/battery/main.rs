//! What every strategy must satisfy, in one place. Every query is held as a conversation that is written down and read back
//! between asks.

mod conversations;
mod strategies;

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use strategies::{asks_again, battery, draws, looks_at_labels, looks_beyond_its_picks, number, query};
use tailward_acquisition::balance::Status;
use tailward_acquisition::{
    BalanceOutcome, Error, Lambda, Selection, Strategy, bald, entropy, lambda, least_confidence, margin, vaal,
};

#[test]
fn every_strategy_is_in_the_battery() {
    let mut present = [false; strategies::COUNT];
    for strategy in battery() {
        present[number(&strategy)] = true;
        strategy.validate().unwrap();
        let text = serde_json::to_string(&strategy).unwrap();
        assert_eq!(serde_json::from_str::<Strategy>(&text).unwrap(), strategy);
        assert!(strategy.baseline().lambda().is_none());
    }
    assert_eq!(present, [true; strategies::COUNT]);
}

/// What a strategy is given in a round.
#[derive(Clone, Debug, PartialEq)]
struct Round {
    probabilities: Array2<f32>,
    logits: Array2<f32>,
    head: Array2<f32>,
    embeddings: Array2<f32>,
    labelled_embeddings: Array2<f32>,
    passes: Array3<f32>,
    estimates: Array1<f32>,
    /// What a simulated person answers.
    truth: Vec<u32>,
    labelled_probabilities: Array2<f32>,
    labels: Vec<u32>,
    labelled_counts: Vec<usize>,
    budget: usize,
    seed: u64,
}

impl Round {
    /// The same round with only these rows of the pool, in this order.
    fn select(&self, rows: &[usize]) -> Self {
        Self {
            probabilities: self.probabilities.select(Axis(0), rows),
            logits: self.logits.select(Axis(0), rows),
            embeddings: self.embeddings.select(Axis(0), rows),
            passes: self.passes.select(Axis(1), rows),
            estimates: self.estimates.select(Axis(0), rows),
            truth: rows.iter().map(|&row| self.truth[row]).collect(),
            ..self.clone()
        }
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

/// Whether picks stand in the order of their scores: not where each is picked in view of the ones before.
fn scores_each_row(strategy: &Strategy) -> bool {
    matches!(
        strategy,
        Strategy::Entropy { .. }
            | Strategy::Margin { .. }
            | Strategy::LeastConfidence { .. }
            | Strategy::Bald { .. }
            | Strategy::Vaal { .. }
    )
}

/// Distinct rows of the pool, exactly the budget, in query order, with the scores of their rows.
fn check(strategy: &Strategy, round: &Round) -> Selection {
    let selection = query(strategy, round).unwrap_or_else(|error| panic!("{strategy:?}: {error}"));
    let picked = sorted(&selection);
    assert_eq!(picked.len(), round.budget, "{strategy:?}");
    assert!(picked.windows(2).all(|pair| pair[0] < pair[1]), "{strategy:?} picked a row twice");
    assert!(picked.iter().all(|&row| row < round.probabilities.nrows()), "{strategy:?}");
    assert!(selection.picks.iter().all(|pick| pick.score.is_finite()), "{strategy:?}");
    if scores_each_row(strategy) {
        for pair in selection.picks.windows(2) {
            let ordered = pair[0].score > pair[1].score
                || (pair[0].score >= pair[1].score && pair[0].row < pair[1].row);
            assert!(ordered, "{strategy:?}: {pair:?}");
        }
    }
    assert_eq!(selection.balance.is_some(), selects_by_counts(strategy), "{strategy:?}");
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

fn gaussian_like(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, columns), || (0..6).map(|_| rng.random_range(-1.0_f32..1.0)).sum())
}

/// So many labels of each class.
fn labels_of(counts: &[usize]) -> Vec<u32> {
    let each = counts.iter().enumerate();
    each.flat_map(|(class, &count)| std::iter::repeat_n(class as u32, count)).collect()
}

fn round(pool: usize, budget: usize) -> Round {
    let mut passes = Array3::zeros((4, pool, 5));
    for pass in 0..4 {
        passes.index_axis_mut(Axis(0), pass).assign(&softmax(pool, 5, 10 + pass as u64));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let estimates = Array1::from_shape_simple_fn(pool, || rng.random::<f32>());
    Round {
        probabilities: softmax(pool, 5, 1),
        logits: softmax(pool, 5, 1).mapv(f32::ln),
        head: gaussian_like(5, 3, 8),
        embeddings: gaussian_like(pool, 3, 5),
        labelled_embeddings: gaussian_like(20, 3, 6),
        passes,
        estimates,
        // Class 4 is never told.
        truth: (0..pool).map(|_| rng.random_range(0_u32..4)).collect(),
        labelled_probabilities: softmax(20, 5, 2),
        labels: labels_of(&[8, 8, 3, 1, 0]),
        labelled_counts: vec![8, 8, 3, 1, 0],
        budget,
        seed: 3,
    }
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
        check(&strategy, &round(1, 0).select(&[]));
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
            if strategy.needs().labelled_probabilities {
                let mut labels = labels_of(&labelled_counts);
                labels.truncate(60);
                let labelled_probabilities = softmax(labels.len(), 5, 2);
                let labelled_embeddings = gaussian_like(labels.len(), 3, 6);
                let given = Round { labels, labelled_probabilities, labelled_embeddings, ..round(60, 10) };
                check(&strategy, &given);
                continue;
            }
            let labelled: &[usize] = if strategy.needs().labelled_embeddings { &[0, 1, 20] } else { &[20] };
            for &labelled in labelled {
                let labelled_embeddings = gaussian_like(labelled, 3, 6);
                let counts = labelled_counts.clone();
                check(&strategy, &Round { labelled_counts: counts, labelled_embeddings, ..round(60, 10) });
            }
        }
        // All but one sample are labelled.
        check(&strategy, &Round { labelled_counts: vec![20, 20, 20, 20, 19], ..round(1, 1) });
    }
}

#[test]
fn duplicate_and_identical_rows_are_still_distinct_picks() {
    for strategy in battery() {
        let thrice: Vec<usize> = (0..60).map(|row| row % 20).collect();
        check(&strategy, &Round { budget: 25, ..round(20, 0) }.select(&thrice));
        for row in [[0.2_f32; 5], [1.0, 0.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0, 0.0]] {
            let mut identical = Round { budget: 7, ..round(1, 0) }.select(&[0; 40]);
            identical.probabilities = Array2::from_shape_fn((40, 5), |(_, class)| row[class]);
            let selection = check(&strategy, &identical);
            if !draws(&strategy) {
                assert_eq!(
                    rows(&selection),
                    [0, 1, 2, 3, 4, 5, 6],
                    "{strategy:?}: ties go to the lowest rows"
                );
            }
        }
    }
}

/// Whether the picks are a function of the set of rows: no randomness, and the one best answer. A core-set has many.
fn determined(strategy: &Strategy, selection: &Selection) -> bool {
    let proven = |outcome: &BalanceOutcome| {
        outcome.certificate.as_ref().is_none_or(|certificate| certificate.status == Status::Optimal)
    };
    let one_answer = !draws(strategy) && !matches!(strategy, Strategy::Coreset { .. });
    one_answer && selection.balance.as_ref().is_none_or(proven)
}

#[test]
fn permuting_the_pool_permutes_the_picks() {
    let mut compared = 0;
    for strategy in battery() {
        let given = round(101, 12);
        let order: Vec<usize> = (0..101).map(|row| row * 17 % 101).collect();
        let (before, after) = (check(&strategy, &given), check(&strategy, &given.select(&order)));
        if determined(&strategy, &before) && determined(&strategy, &after) {
            let back: Vec<usize> = rows(&after).iter().map(|&row| order[row]).collect();
            assert_eq!(back, rows(&before), "{strategy:?}");
            compared += 1;
        }
    }
    assert!(compared >= 17, "only {compared} strategies have a determined answer on this pool");
}

#[test]
fn leaving_out_what_was_not_picked_changes_nothing() {
    for strategy in battery().into_iter().filter(|strategy| !looks_beyond_its_picks(strategy)) {
        let given = round(101, 12);
        let before = check(&strategy, &given);
        let picked = sorted(&before);
        let kept: Vec<usize> =
            (0..101).filter(|row| row % 3 != 0 || picked.binary_search(row).is_ok()).collect();
        let after = check(&strategy, &given.select(&kept));
        if determined(&strategy, &before) && determined(&strategy, &after) {
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
fn scores_of_other_inputs_in_chunks_are_those_of_the_whole() {
    let given = round(100, 5);
    let whole = bald::scores(given.passes.view()).unwrap();
    let estimates = given.estimates.to_vec();
    let told = vaal::scores(&estimates).unwrap();
    for size in [1, 7, 64] {
        let chunks: Vec<f64> = given
            .passes
            .axis_chunks_iter(Axis(1), size)
            .flat_map(|chunk| bald::scores(chunk).unwrap())
            .collect();
        assert_eq!(chunks, whole);
        let chunks: Vec<f64> =
            estimates.chunks(size).flat_map(|chunk| vaal::scores(chunk).unwrap()).collect();
        assert_eq!(chunks, told);
    }
}

#[test]
fn what_is_not_a_number_is_refused_by_row_and_column() {
    for strategy in battery() {
        let needs = strategy.needs();
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = |change: &dyn Fn(&mut Round), words: &[&str]| {
                let mut given = round(30, 5);
                change(&mut given);
                let error = query(&strategy, &given).unwrap_err().to_string();
                for word in words {
                    assert!(error.contains(word), "{strategy:?}: `{word}` is not in: {error}");
                }
            };
            if needs.probabilities {
                refused(&|round| round.probabilities[[17, 3]] = value, &["row 17", "column 3"]);
            }
            if needs.logits {
                refused(&|round| round.logits[[17, 3]] = value, &["row 17", "column 3"]);
            }
            if needs.head {
                refused(&|round| round.head[[4, 2]] = value, &["head", "4", "column 2"]);
            }
            if needs.embeddings {
                refused(&|round| round.embeddings[[17, 2]] = value, &["unlabelled", "row 17", "column 2"]);
            }
            if needs.labelled_embeddings {
                refused(
                    &|round| round.labelled_embeddings[[4, 1]] = value,
                    &["labelled", "row 4", "column 1"],
                );
            }
            if needs.labelled_probabilities {
                refused(
                    &|round| round.labelled_probabilities[[4, 1]] = value,
                    &["labelled", "row 4", "column 1"],
                );
            }
            if needs.dropout_passes > 0 {
                refused(&|round| round.passes[[2, 17, 3]] = value, &["pass 2", "row 17", "column 3"]);
            }
            if needs.discriminator {
                refused(&|round| round.estimates[17] = value, &["row 17"]);
            }
        }
        if needs.probabilities {
            let mut given = round(30, 5);
            given.probabilities.row_mut(4).fill(0.9);
            let error = query(&strategy, &given).unwrap_err();
            assert!(matches!(error, Error::ProbabilityRowSum { row: 4, .. }), "{strategy:?}: {error}");
        }
    }
}

#[test]
fn a_weight_that_is_none_is_refused() {
    for strategy in battery().into_iter().filter(|strategy| strategy.lambda().is_some()) {
        for lambda in [-0.5, f64::NAN, f64::INFINITY] {
            let error = query(&strategy.with_lambda(lambda), &round(30, 5)).unwrap_err();
            assert!(matches!(error, Error::InvalidLambda { .. }), "{strategy:?}: {error}");
        }
    }
}

#[test]
fn arrays_that_do_not_belong_together_are_refused() {
    for strategy in battery() {
        let needs = strategy.needs();
        let refused = |change: &dyn Fn(&mut Round)| {
            let mut given = round(30, 5);
            change(&mut given);
            let error = query(&strategy, &given).unwrap_err();
            assert!(matches!(error, Error::LengthMismatch { .. }), "{strategy:?}: {error}");
        };
        if needs.probabilities && selects_by_counts(&strategy) {
            refused(&|round| round.labelled_counts.push(1));
        }
        if needs.labelled_embeddings {
            refused(&|round| round.labelled_embeddings = gaussian_like(20, 4, 6));
        }
        if needs.head {
            refused(&|round| round.head = gaussian_like(4, 3, 6));
        }
        if needs.labelled_probabilities {
            refused(&|round| round.labelled_probabilities = softmax(20, 4, 6));
            if looks_at_labels(&strategy) {
                refused(&|round| round.labels.push(1));
            }
            if asks_again(&strategy) {
                refused(&|round| round.labelled_counts.push(1));
            }
            if looks_at_labels(&strategy) {
                let given = Round { labels: vec![5; 20], ..round(30, 5) };
                let error = query(&strategy, &given).unwrap_err();
                assert!(
                    matches!(error, Error::LabelOutOfRange { row: 0, label: 5, classes: 5 }),
                    "{strategy:?}: {error}"
                );
            }
        }
        if needs.embeddings && needs.probabilities {
            refused(&|round| round.embeddings = gaussian_like(29, 3, 5));
        }
        if needs.discriminator && needs.probabilities {
            refused(&|round| round.estimates = Array1::zeros(29));
        }
        if needs.dropout_passes > 0 && needs.probabilities {
            refused(&|round| round.passes = Array3::from_elem((4, 29, 5), 0.2));
        }
        if needs.dropout_passes > 0 {
            let one = Round { passes: Array3::from_elem((1, 30, 5), 0.2), ..round(30, 5) };
            let error = query(&strategy, &one).unwrap_err().to_string();
            assert_eq!(error, "use passes = 1: it must be at least 2", "{strategy:?}");
        }
    }
}

/// Whether what is labelled, class by class, is looked at.
fn selects_by_counts(strategy: &Strategy) -> bool {
    strategy.lambda().is_some() || matches!(strategy, Strategy::PseudoLabel { .. })
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
        assert!(
            outcome.l1 <= outcome.l1_baseline.unwrap_or(f64::INFINITY) + 1e-9,
            "{strategy:?}: {outcome:?}"
        );
        if let Some(certificate) = &outcome.certificate {
            assert!(certificate.bound <= certificate.objective + 1e-9, "{strategy:?}: {outcome:?}");
        }
        if strategy.lambda() == Some(Lambda::Fixed(2.0)) {
            assert!(outcome.l1 < 0.2 * outcome.l1_baseline.unwrap_or(30.0), "{strategy:?}: {outcome:?}");
        }
        if matches!(strategy.lambda(), Some(Lambda::Rule(_))) {
            let weight = outcome.lambda.unwrap() * strategies::unit(&strategy, 5);
            assert!(lambda::GRID.iter().any(|at| (at - weight).abs() < 1e-12), "{strategy:?}: {weight}");
        }
    }
}

/// A pool that has nothing of what is needed is no error: the budget is spent on what there is.
#[test]
fn a_pool_that_cannot_be_balanced_is_queried_all_the_same() {
    for strategy in battery() {
        let mut given = round(40, 12);
        for probabilities in
            std::iter::once(given.probabilities.view_mut()).chain(given.passes.outer_iter_mut())
        {
            let mut probabilities = probabilities;
            probabilities.fill(0.0);
            probabilities.column_mut(0).fill(1.0);
        }
        let selection = check(&strategy, &given);
        if let Some(outcome) = selection.balance {
            // Ω is (20 + 12) / 5 less what there is: 0, 0, 3.4, 5.4, 6.4; twelve of class 0 are twelve too many.
            assert!((outcome.l1_before - 15.2).abs() < 1e-9, "{strategy:?}");
            assert!((outcome.l1 - 27.2).abs() < 1e-6, "{strategy:?}: {}", outcome.l1);
        }
    }
}
