//! The truth behind the answers of several annotators.

use ndarray::{Array2, Array3, Axis};

/// The least probability of an answer, so that one slip does not make a class impossible.
const LEAST: f64 = 1e-10;

/// What an annotator said of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The item.
    pub item: usize,
    /// Who.
    pub annotator: usize,
    /// What they said.
    pub label: u32,
}

/// How [`dawid_skene`] goes about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DawidSkene {
    /// Rounds of expectation and maximisation.
    pub rounds: usize,
    /// What is added to each count of an annotator's answers. With few answers an estimate of 0 or 1 says too much.
    pub smoothing: f64,
}

/// The label that most gave each item, or nothing where there is no answer or a tie.
pub fn majority(votes: &[Vote], items: usize, classes: usize) -> Vec<Option<u32>> {
    let counts = shares(votes, items, classes);
    let of = |row: ndarray::ArrayView1<f64>| {
        let most = row.iter().copied().fold(0.0, f64::max);
        let mut best = row.iter().enumerate().filter(|(_, count)| **count >= most && most > 0.0);
        match (best.next(), best.next()) {
            (Some((label, _)), None) => Some(label as u32),
            _ => None,
        }
    };
    counts.rows().into_iter().map(of).collect()
}

/// How probable each class is of each item, when every annotator has error rates of their own (Dawid and Skene, *Maximum
/// Likelihood Estimation of Observer Error-Rates Using the EM Algorithm*, 1979), from shares of the answers as a start. An item
/// without answers has the shares of the classes.
///
/// # Shapes
///
/// The probabilities: `[items, classes]`
///
/// # Panics
///
/// When a vote names no item or no class.
pub fn dawid_skene(votes: &[Vote], items: usize, classes: usize, how: DawidSkene) -> Array2<f64> {
    let annotators = votes.iter().map(|vote| vote.annotator + 1).max().unwrap_or(0);
    let mut truth = shares(votes, items, classes);
    for mut row in truth.rows_mut() {
        let sum = row.sum();
        if sum > 0.0 { row /= sum } else { row.fill(1.0 / classes as f64) }
    }
    for _ in 0..how.rounds {
        let priors = truth.mean_axis(Axis(0)).unwrap_or_default();
        // [annotators, true class, answer]
        let mut errors = Array3::from_elem((annotators, classes, classes), how.smoothing);
        for vote in votes {
            for class in 0..classes {
                errors[[vote.annotator, class, vote.label as usize]] += truth[[vote.item, class]];
            }
        }
        for mut of_annotator in errors.outer_iter_mut() {
            for mut answers in of_annotator.rows_mut() {
                let sum = answers.sum();
                if sum > 0.0 {
                    answers /= sum;
                }
            }
        }
        let mut logarithms =
            Array2::from_shape_fn((items, classes), |(_, class)| priors[class].max(LEAST).ln());
        for vote in votes {
            for class in 0..classes {
                let error = errors[[vote.annotator, class, vote.label as usize]];
                logarithms[[vote.item, class]] += error.max(LEAST).ln();
            }
        }
        for (mut row, logarithms) in truth.rows_mut().into_iter().zip(logarithms.rows()) {
            let highest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.zip_mut_with(&logarithms, |value, logarithm| *value = (logarithm - highest).exp());
            row /= row.sum();
        }
    }
    truth
}

/// How many answers of each class each item has. `[items, classes]`
fn shares(votes: &[Vote], items: usize, classes: usize) -> Array2<f64> {
    let mut counts = Array2::zeros((items, classes));
    for vote in votes {
        counts[[vote.item, vote.label as usize]] += 1.0;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes() -> Vec<Vote> {
        let answers = [[0, 0, 0, 1, 1, 1, 0, 1], [0, 0, 1, 1, 1, 0, 1, 1], [0, 1, 1, 1, 0, 0, 0, 1]];
        let one = |annotator: usize, item: usize| Vote { item, annotator, label: answers[annotator][item] };
        (0..3).flat_map(|annotator| (0..8).map(move |item| one(annotator, item))).collect()
    }

    /// crowd-kit 1.4.2: `MajorityVote` and `DawidSkene(n_iter=100)`, which ends once its likelihood moves by less than 1e-5.
    #[test]
    fn the_answers_are_those_of_crowd_kit() {
        let expected = [0, 0, 1, 1, 1, 0, 0, 1].map(Some);
        assert_eq!(majority(&votes(), 8, 2), expected);
        let truth = dawid_skene(&votes(), 8, 2, DawidSkene { rounds: 100, smoothing: 0.0 });
        let expected = [1.0, 1.0, 0.3986, 0.0997, 0.3986, 1.0, 0.7987, 0.0997];
        for (item, expected) in expected.into_iter().enumerate() {
            assert!(
                (truth[[item, 0]] - expected).abs() < 5e-4,
                "item {item}: {} {expected}",
                truth[[item, 0]]
            );
        }
    }

    #[test]
    fn ties_and_items_without_answers_are_open() {
        let vote = |item, annotator, label| Vote { item, annotator, label };
        let votes = [vote(0, 0, 0), vote(0, 1, 1), vote(1, 0, 1)];
        assert_eq!(majority(&votes, 3, 2), [None, Some(1), None]);
        let truth = dawid_skene(&votes, 3, 2, DawidSkene { rounds: 10, smoothing: 0.1 });
        assert!(truth.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12));
    }

    /// Two annotators who are right nine times in ten outvote nobody alone, but one who always says the same is seen through.
    #[test]
    fn an_annotator_who_always_says_the_same_has_no_say() {
        let mut votes = Vec::new();
        for item in 0..200 {
            let label = u32::from(item % 2 == 1);
            let wrong = |every: usize| item % every == 0;
            let good = |annotator: usize| {
                let label = if wrong(11 + 6 * annotator) { 1 - label } else { label };
                Vote { item, annotator, label }
            };
            votes.extend([
                good(0),
                good(1),
                Vote { item, annotator: 2, label: 0 },
                Vote { item, annotator: 3, label: 0 },
            ]);
        }
        let right = |label: Option<u32>, item: usize| label == Some(u32::from(item % 2 == 1));
        let by_majority = majority(&votes, 200, 2);
        let truth = dawid_skene(&votes, 200, 2, DawidSkene { rounds: 100, smoothing: 0.1 });
        let count = |answers: &dyn Fn(usize) -> Option<u32>| {
            (0..200).filter(|&item| right(answers(item), item)).count()
        };
        let plain = count(&|item| by_majority[item]);
        let estimated = count(&|item| Some(u32::from(truth[[item, 1]] > 0.5)));
        assert!(estimated > 180 && estimated > plain + 50, "{plain} {estimated}");
    }
}
