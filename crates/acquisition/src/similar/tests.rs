//! SIMILAR against gradients that are written out and a greedy choice that computes `f` afresh.

use std::collections::BTreeSet;

use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A pool, labelled rows and labels.
#[derive(Debug)]
pub(super) struct Made {
    p: [Array2<f32>; 2],
    embeddings: [Array2<f32>; 2],
    pub(super) labels: Vec<u32>,
}

impl Made {
    pub(super) fn new(rows: usize, labelled: usize, classes: usize, rectified: bool, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let dims = rng.random_range(1..20);
        let [p, known] = [rows, labelled].map(|rows| {
            let mut p =
                Array2::from_shape_simple_fn((rows, classes), || rng.random_range(0.0_f32..4.0).exp());
            for mut row in p.rows_mut() {
                let sum = row.sum();
                row.mapv_inplace(|value| value / sum);
            }
            p
        });
        let lowest = if rectified { 0.0 } else { -1.0 };
        let embeddings = [rows, labelled]
            .map(|rows| Array2::from_shape_simple_fn((rows, dims), || rng.random_range(lowest..1.0_f32)));
        let labels = (0..labelled).map(|_| rng.random_range(0..classes as u32)).collect();
        Self { p: [p, known], embeddings, labels }
    }

    pub(super) fn side(&self, side: usize) -> Side<'_> {
        Side { probabilities: self.p[side].view(), embeddings: self.embeddings[side].view() }
    }

    fn query(&self, parameters: &Parameters, budget: usize) -> Selection {
        query(self.side(0), self.side(1), &self.labels, parameters, budget).unwrap()
    }

    /// `(p − e_y) ⊗ (1, h)`.
    fn gradient(&self, side: usize, row: usize, label: usize) -> Vec<f64> {
        let p = self.p[side].row(row);
        let h: Vec<f64> = self.embeddings[side].row(row).iter().map(|&h| f64::from(h)).collect();
        let classes = (0..p.len()).map(|class| f64::from(p[class]) - f64::from(u8::from(class == label)));
        classes.flat_map(|d| [1.0].iter().chain(&h).map(move |h| d * h).collect::<Vec<_>>()).collect()
    }

    /// `[rows, queries]`
    fn kernel(&self, negative: usize) -> Vec<Vec<f64>> {
        let queries = (0..self.labels.len()).filter(|&row| self.labels[row] as usize != negative);
        let queries: Vec<Vec<f64>> =
            queries.map(|row| self.gradient(1, row, self.labels[row] as usize)).collect();
        let predicted = probabilities::predicted(self.p[0].view());
        let pool = predicted.enumerate().map(|(row, label)| self.gradient(0, row, label));
        pool.map(|g| queries.iter().map(|q| cosine(&g, q).max(0.0)).collect()).collect()
    }
}

fn cosine(left: &[f64], right: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// `f(A)` as it is printed.
fn value(kernel: &[Vec<f64>], chosen: &[usize], eta: f64) -> f64 {
    let queries = kernel.first().map_or(0, Vec::len);
    let covered = |query: usize| chosen.iter().map(|&row| kernel[row][query]).fold(0.0, f64::max);
    let likeness = |row: usize| kernel[row].iter().copied().fold(0.0, f64::max);
    let likenesses: f64 = chosen.iter().map(|&row| likeness(row)).sum();
    (0..queries).map(covered).sum::<f64>() + eta * likenesses
}

proptest! {
    #[test]
    fn every_pick_has_the_highest_gain(
        (rows, labelled, classes, share, seed) in (1_usize..25, 0_usize..12, 2_usize..5, 0.0..=1.0_f64, any::<u64>()),
        (eta, rectified) in (prop::sample::select(vec![0.0, 0.5, 1.0, 10.0]), any::<bool>()),
    ) {
        let made = Made::new(rows, labelled, classes, rectified, seed);
        let negative = (seed % 2 == 0).then_some(0);
        let budget = (rows as f64 * share) as usize;
        let picks = made.query(&Parameters { eta, negative }, budget).picks;
        let kernel = made.kernel(negative.unwrap_or(classes - 1));
        let mut chosen = Vec::new();
        let mut last = f64::INFINITY;
        for pick in &picks {
            let before = value(&kernel, &chosen, eta);
            let gain = |row| value(&kernel, &[&chosen[..], &[row]].concat(), eta) - before;
            let best = (0..rows).filter(|row| !chosen.contains(row)).map(gain).fold(0.0, f64::max);
            prop_assert!((pick.score - gain(pick.row)).abs() < 1e-5, "{} is not {}", pick.score, gain(pick.row));
            prop_assert!(pick.score > best - 1e-5, "{} is less than {}", pick.score, best);
            prop_assert!(pick.score <= last, "{} comes after {}", pick.score, last);
            last = pick.score;
            chosen.push(pick.row);
        }
        let distinct: BTreeSet<usize> = chosen.into_iter().collect();
        prop_assert_eq!(distinct.len(), budget);
    }

    #[test]
    fn similarities_are_cosines(
        (rows, labelled, seed, rectified) in (1_usize..12, 1_usize..12, any::<u64>(), any::<bool>()),
    ) {
        let made = Made::new(rows, labelled, 3, rectified, seed);
        let kernel = super::kernel(made.side(0), made.side(1), &made.labels, 2).unwrap();
        for (row, expected) in made.kernel(2).iter().enumerate() {
            for (found, expected) in kernel.similar(row).into_iter().map(f64::from).zip(expected) {
                prop_assert!((found - expected).abs() < 1e-6, "{} is not {}", found, expected);
            }
        }
    }
}

#[test]
fn by_hand() {
    // Two classes: d is ±(1, −1) times what is missing, so that rows differ in their embeddings alone.
    let made = Made {
        p: [
            array![[0.75, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.25], [1.0, 0.0]],
            array![[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]],
        ],
        embeddings: [array![[0.0], [1.0], [1.0], [7.0], [0.0]], array![[0.0], [1.0], [5.0]]],
        labels: vec![0, 0, 1],
    };
    // s: row 0 to the queries at 0 and 1: 1, 1/√2; row 1: 1/√2, 1; row 3: 1/√50, 8/10. Rows 2 and 4: nothing.
    let half = 0.5_f64.sqrt();
    let picks = made.query(&Parameters { eta: 1.0, negative: None }, 5).picks;
    let found: Vec<usize> = picks.iter().map(|pick| pick.row).collect();
    // Rows 0 and 1 tie, and the lower comes first. Row 2 has a probability of 1/4, row 4 of 1 for the rare class.
    assert_eq!(found, [0, 1, 3, 4, 2]);
    for (pick, gain) in picks.iter().zip([2.0 + half, 1.0 - half + 1.0, 0.8, 0.0, 0.0]) {
        assert!((pick.score - gain).abs() < 1e-6, "{pick:?} does not gain {gain}");
    }
}

#[test]
fn without_query_rows_it_is_most_likely_positive() {
    let made = Made::new(30, 6, 3, true, 4);
    let labels = [2; 6];
    let parameters = Parameters { eta: 1.0, negative: None };
    let picks = query(made.side(0), made.side(1), &labels, &parameters, 12).unwrap().picks;
    let likely: Vec<f64> = made.p[0].rows().into_iter().map(|row| f64::from(row[0].max(row[1]))).collect();
    let expected = crate::select::top(&likely, 12).unwrap().picks;
    assert!(picks.iter().zip(&expected).all(|(pick, expected)| pick.row == expected.row));
    assert!(picks.iter().all(|pick| pick.score == 0.0));
    let nothing = Array2::zeros((0, 0));
    let none = Side { probabilities: nothing.view(), embeddings: nothing.view() };
    assert_eq!(query(made.side(0), none, &[], &parameters, 12).unwrap().picks, picks);
    assert!(query(none, none, &[], &parameters, 0).unwrap().picks.is_empty());
}

#[test]
fn the_number_of_threads_changes_no_pick() {
    let made = Made::new(300, 60, 4, false, 9);
    let with = |threads: usize| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        threads.install(|| made.query(&Parameters { eta: 1.0, negative: None }, 100))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn faults_are_named() {
    let made = Made::new(3, 2, 2, true, 1);
    let good = Parameters { eta: 1.0, negative: None };
    let fault = |made: &Made, parameters: Parameters, budget: usize| {
        let found = query(made.side(0), made.side(1), &made.labels, &parameters, budget);
        found.unwrap_err().to_string()
    };
    assert_eq!(fault(&made, good, 4), "query 4 rows: the pool holds only 3");
    let parameters = Parameters { eta: -1.0, ..good };
    assert_eq!(fault(&made, parameters, 1), "use eta = -1: it must be finite and not negative");
    let parameters = Parameters { negative: Some(2), ..good };
    assert!(fault(&made, parameters, 1).starts_with("use negative = 2"));
    let mut wrong = Made::new(3, 2, 2, true, 1);
    wrong.labels = vec![0];
    assert_eq!(fault(&wrong, good, 1), "match the labels: expected 2, found 1");
    wrong.labels = vec![0, 2];
    assert_eq!(fault(&wrong, good, 1), "read labels: labelled row 1 is 2, and there are 2 classes");
    wrong.labels = vec![0, 1];
    wrong.p[1][[1, 0]] = f32::NAN;
    assert_eq!(fault(&wrong, good, 1), "read the labelled rows: read probabilities: row 1, column 0 is NaN");
    wrong.embeddings[1][[0, 0]] = f32::INFINITY;
    wrong.p[1].fill(0.5);
    assert_eq!(fault(&wrong, good, 1), "read labelled embeddings: row 0, column 0 is inf");
    let dims = made.embeddings[0].ncols();
    wrong.embeddings[1] = Array2::zeros((2, dims + 1));
    assert!(fault(&wrong, good, 1).starts_with("match the dimensions of the labelled embeddings"));
}
