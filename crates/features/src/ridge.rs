//! A linear classifier by ridge regression on one-hot labels, its strength and its temperature found by leaving out one label
//! at a time, which takes no further fit.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::cholesky::{factor, solve_lower, solve_upper};

/// Strengths that are tried, as multiples of the number of features: half powers of ten.
const STRENGTHS: [f64; 8] = [0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0, 31.6];

/// The temperatures among which the best is looked for. A regression on 0 and 1 gives differences of at most about 1.
const TEMPERATURES: [f64; 2] = [0.003, 3.0];

/// A linear classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// `[dims, classes]`
    weights: Array2<f32>,
    /// `[classes]`
    intercept: Array1<f32>,
}

/// A classifier, and what is known of it from the labelled rows alone.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The classifier.
    pub ridge: Ridge,
    /// The strength of the penalty that was chosen: the one of the highest accuracy on the rows that are left out, then of
    /// the lowest squared error, ties by the strongest.
    pub strength: f64,
    /// What the outputs of the regression were divided by to be logits: the number for which the labels that are left out
    /// are the most likely.
    pub temperature: f64,
    /// The share of labelled rows that a fit without their own label gets right.
    pub accuracy: f64,
    /// The logits of each labelled row by a fit without its own label. `[labelled, classes]`
    pub left_out: Array2<f32>,
}

impl Ridge {
    /// Fits a classifier to labelled rows. A class without a label gets the output 0 everywhere.
    ///
    /// # Shapes
    ///
    /// `features`: `[labelled, dims]`; `labels`: `[labelled]`, each below `classes`
    ///
    /// # Panics
    ///
    /// When there is no row, a feature is not finite, or the labels do not belong to the rows.
    pub fn fit(features: ArrayView2<f32>, labels: &[u32], classes: usize) -> Fitted {
        assert!(!labels.is_empty() && features.ncols() > 0, "nothing to fit");
        assert_eq!(features.nrows(), labels.len(), "a label for each row");
        let problem = Problem::new(features, labels, classes);
        let strengths: Vec<f64> =
            STRENGTHS.iter().map(|strength| strength * features.ncols() as f64).collect();
        let solved: Vec<Solved> = strengths.par_iter().map(|&strength| problem.solve(strength)).collect();
        let best = solved.into_iter().zip(strengths).reduce(|best, next| {
            let order = next.0.right.cmp(&best.0.right).then(best.0.error.total_cmp(&next.0.error));
            if order.is_ge() { next } else { best }
        });
        let Some((solved, strength)) = best else { panic!("there are strengths to try") };
        let temperature = temperature(&solved.left_out, labels);
        let scale = (1.0 / temperature) as f32;
        let weights = solved.weights.mapv(|weight| weight as f32);
        let intercept = &problem.label_means - &problem.feature_means.dot(&solved.weights);
        Fitted {
            ridge: Self { weights: weights * scale, intercept: intercept.mapv(|value| value as f32) * scale },
            strength,
            temperature,
            accuracy: solved.right as f64 / labels.len() as f64,
            left_out: solved.left_out.mapv(|value| (value / temperature) as f32),
        }
    }

    /// The logits of rows: the outputs of the regression, divided by the temperature.
    ///
    /// # Shapes
    ///
    /// `features`: `[rows, dims]`; the logits: `[rows, classes]`
    pub fn logits(&self, features: ArrayView2<f32>) -> Array2<f32> {
        /// Rows of a product that one thread computes at a time.
        const CHUNK: usize = 512;
        let classes = self.intercept.len();
        let mut logits = Array2::zeros((features.nrows(), classes));
        let chunks =
            logits.axis_chunks_iter_mut(Axis(0), CHUNK).zip(features.axis_chunks_iter(Axis(0), CHUNK));
        let chunks: Vec<(ArrayViewMut2<f32>, ArrayView2<f32>)> = chunks.collect();
        chunks.into_par_iter().for_each(|(mut logits, rows)| {
            general_mat_mul(1.0, &rows, &self.weights, 0.0, &mut logits);
            logits += &self.intercept;
        });
        logits
    }

    /// What features are multiplied by. `[dims, classes]`
    pub fn weights(&self) -> ArrayView2<'_, f32> {
        self.weights.view()
    }

    /// What is added to the logit of each class. `[classes]`
    pub fn intercept(&self) -> ArrayView1<'_, f32> {
        self.intercept.view()
    }

    /// The weights of the classes. `[classes, dims]`
    pub fn head(&self) -> Array2<f32> {
        self.weights.t().as_standard_layout().into_owned()
    }
}

/// Rows and labels around their means.
struct Problem<'a> {
    /// `[labelled, dims]`
    rows: Array2<f64>,
    feature_means: Array1<f64>,
    /// `[labelled, classes]`
    targets: Array2<f64>,
    label_means: Array1<f64>,
    labels: &'a [u32],
    /// `X Xᵀ` where there are fewer rows than features, and `Xᵀ X` otherwise.
    gram: Array2<f64>,
}

/// What came of one strength.
struct Solved {
    /// `[dims, classes]`
    weights: Array2<f64>,
    /// The output for each row by a fit without it. `[labelled, classes]`
    left_out: Array2<f64>,
    /// How many of these have their own label's output as the highest.
    right: usize,
    /// The squared error of these, summed.
    error: f64,
}

impl<'a> Problem<'a> {
    fn new(features: ArrayView2<f32>, labels: &'a [u32], classes: usize) -> Self {
        let mut rows = features.mapv(f64::from);
        let feature_means = rows.mean_axis(Axis(0)).expect("there is a row");
        rows -= &feature_means;
        let mut targets = Array2::zeros((labels.len(), classes));
        for (row, &label) in labels.iter().enumerate() {
            targets[[row, label as usize]] = 1.0;
        }
        let label_means = targets.mean_axis(Axis(0)).expect("there is a row");
        targets -= &label_means;
        let gram = if rows.nrows() <= rows.ncols() { rows.dot(&rows.t()) } else { rows.t().dot(&rows) };
        Self { rows, feature_means, targets, label_means, labels, gram }
    }

    /// Both forms come to the same: `W = (XᵀX + λ)⁻¹ Xᵀ Y = Xᵀ (XXᵀ + λ)⁻¹ Y`. The residual of a row by a fit without it is
    /// its own residual over `1 − h`, where `h` is its place on the diagonal of the hat matrix, which the intercept adds
    /// `1/n` to.
    fn solve(&self, strength: f64) -> Solved {
        let count = self.rows.nrows() as f64;
        let mut lower = self.gram.clone();
        lower.diag_mut().mapv_inplace(|value| value + strength);
        factor(&mut lower).expect("a positive diagonal was added to a matrix of finite products");
        let (weights, leverage) = if self.rows.nrows() <= self.rows.ncols() {
            let mut alpha = self.targets.clone();
            solve_lower(lower.view(), &mut alpha);
            solve_upper(lower.view(), &mut alpha);
            let mut inverse = Array2::eye(lower.nrows());
            solve_lower(lower.view(), &mut inverse);
            let of_inverse = inverse.mapv(|value| value * value).sum_axis(Axis(0));
            (self.rows.t().dot(&alpha), of_inverse.mapv(|value| 1.0 - strength * value))
        } else {
            let mut weights = self.rows.t().dot(&self.targets);
            solve_lower(lower.view(), &mut weights);
            solve_upper(lower.view(), &mut weights);
            let mut roots = self.rows.t().as_standard_layout().into_owned();
            solve_lower(lower.view(), &mut roots);
            (weights, roots.mapv(|value| value * value).sum_axis(Axis(0)))
        };
        let outputs = self.rows.dot(&weights);
        let mut left_out = outputs.clone();
        let (mut right, mut error) = (0, 0.0);
        for (row, mut outputs) in left_out.rows_mut().into_iter().enumerate() {
            // Rounding must not turn the sign; a row alone decides about itself.
            let rest = (1.0 - leverage[row] - 1.0 / count).max(1e-9);
            for (class, output) in outputs.iter_mut().enumerate() {
                let residual = (self.targets[[row, class]] - *output) / rest;
                error += residual * residual;
                *output = self.targets[[row, class]] - residual + self.label_means[class];
            }
            let highest = (0..outputs.len())
                .reduce(|best, class| if outputs[class] > outputs[best] { class } else { best });
            right += usize::from(highest == Some(self.labels[row] as usize));
        }
        Solved { weights, left_out, right, error }
    }
}

/// The temperature for which the labels are the most likely, by golden sections of its logarithm. The likelihood has one
/// highest point: its logarithm is concave in one over the temperature.
fn temperature(outputs: &Array2<f64>, labels: &[u32]) -> f64 {
    const STEPS: usize = 40;
    let loss = |logarithm: f64| -> f64 {
        let scale = (-logarithm).exp();
        let one = |(row, &label): (ArrayView1<f64>, &u32)| {
            let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|output| ((output - highest) * scale).exp()).sum();
            sum.ln() - (row[label as usize] - highest) * scale
        };
        outputs.rows().into_iter().zip(labels).map(one).sum()
    };
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let [mut low, mut high] = TEMPERATURES.map(f64::ln);
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (loss(left), loss(right));
    for _ in 0..STEPS {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = loss(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = loss(right);
        }
    }
    ((low + high) / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn sample(rows: usize, dims: usize, classes: u32, seed: u64) -> (Array2<f32>, Vec<u32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let labels: Vec<u32> = (0..rows).map(|_| rng.random_range(0..classes)).collect();
        let features = Array2::from_shape_fn((rows, dims), |(row, column)| {
            let shift = if column as u32 % classes == labels[row] { 0.8 } else { 0.0 };
            shift + rng.random_range(-1.0_f32..1.0)
        });
        (features, labels)
    }

    /// The fit of all but one row, with the same strength, by brute force.
    fn without(
        features: &Array2<f32>,
        labels: &[u32],
        classes: usize,
        strength: f64,
        left_out: usize,
    ) -> Vec<f64> {
        let rows: Vec<usize> = (0..labels.len()).filter(|&row| row != left_out).collect();
        let rest: Vec<u32> = rows.iter().map(|&row| labels[row]).collect();
        let part = features.select(Axis(0), &rows);
        let problem = Problem::new(part.view(), &rest, classes);
        let solved = problem.solve(strength);
        let row = features.row(left_out).mapv(f64::from) - &problem.feature_means;
        (row.dot(&solved.weights) + &problem.label_means).to_vec()
    }

    proptest! {
        /// More rows than features and fewer: what is said of a row that is left out is what a fit without it says.
        #[test]
        fn leaving_out_is_fitting_again(
            rows in 3_usize..40, dims in 1_usize..40, classes in 2_u32..5, seed in 0_u64..1000, strength in 0.01_f64..50.0,
        ) {
            let (features, labels) = sample(rows, dims, classes, seed);
            let problem = Problem::new(features.view(), &labels, classes as usize);
            let solved = problem.solve(strength);
            for row in [0, rows / 2, rows - 1] {
                let expected = without(&features, &labels, classes as usize, strength, row);
                for (class, expected) in expected.iter().enumerate() {
                    let found = solved.left_out[[row, class]];
                    prop_assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{row} {class}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn classes_that_differ_are_told_apart_and_the_probabilities_are_honest() {
        let (features, labels) = sample(600, 20, 3, 1);
        let fitted = Ridge::fit(features.view().split_at(Axis(0), 300).0, &labels[..300], 3);
        let logits = fitted.ridge.logits(features.view().split_at(Axis(0), 300).1);
        let (mut right, mut claimed) = (0.0, 0.0);
        for (row, &label) in logits.rows().into_iter().zip(&labels[300..]) {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = row.iter().map(|logit| (logit - highest).exp()).sum();
            claimed += f64::from(1.0 / sum);
            right += f64::from(u8::from(row[label as usize] >= highest));
        }
        let (right, claimed) = (right / 300.0, claimed / 300.0);
        assert!(right > 0.85, "{right}");
        assert!((right - fitted.accuracy).abs() < 0.08, "{right} {}", fitted.accuracy);
        assert!((right - claimed).abs() < 0.08, "{right} {claimed}");
    }

    #[test]
    fn one_label_is_enough_to_fit() {
        let (features, _) = sample(4, 3, 2, 2);
        let fitted = Ridge::fit(features.view().split_at(Axis(0), 1).0, &[1], 3);
        let logits = fitted.ridge.logits(features.view());
        assert!(logits.iter().all(|logit| logit.is_finite()), "{logits}");
        assert!(logits.rows().into_iter().all(|row| row[1] > row[0] && row[1] > row[2]));
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (features, labels) = sample(50, 60, 4, 3);
        let with = |threads: usize| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| Ridge::fit(features.view(), &labels, 4).ridge)
        };
        assert_eq!(with(1), with(3));
    }
}
