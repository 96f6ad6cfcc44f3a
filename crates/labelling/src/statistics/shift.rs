//! Shares of classes in a pool, from what a classifier predicts and how it errs.

use ndarray::{Array1, Array2, ArrayView2};

/// Class shares by black-box shift estimation (Lipton, Wang and Smola, *Detecting and Correcting for Label Shift with Black Box
/// Predictors*, ICML 2018): the shares `w` for which `C w` is nearest to the predicted shares, none negative, summing to 1.
///
/// `confusion[i][j]` is how probable the prediction `i` is for an image of class `j`, from a random sample; `predicted` are the
/// shares of the predictions in the pool. Nearest is by least squares, over shares that are none negative and sum to 1.
///
/// # Shapes
///
/// `confusion`: `[classes, classes]`; `predicted`, and the shares: `[classes]`
///
/// # Panics
///
/// When the shapes differ.
pub fn black_box_shift(confusion: ArrayView2<f64>, predicted: &[f64]) -> Vec<f64> {
    let classes = predicted.len();
    assert_eq!(confusion.dim(), (classes, classes), "a confusion of all classes");
    let target = Array1::from(predicted.to_vec());
    // Projected gradient with Nesterov's momentum; the step is one over a bound of the largest eigenvalue of CᵀC.
    let square = confusion.t().dot(&confusion);
    let bound =
        square.rows().into_iter().map(|row| row.iter().map(|value| value.abs()).sum()).fold(0.0, f64::max);
    let right = confusion.t().dot(&target);
    let mut shares = Array1::from_elem(classes, 1.0 / classes as f64);
    let (mut ahead, mut pace) = (shares.clone(), 1.0_f64);
    for _ in 0..STEPS {
        let moved = &ahead - &((square.dot(&ahead) - &right) / bound.max(f64::MIN_POSITIVE));
        let next = onto_simplex(&moved);
        // Where momentum leads uphill it begins anew (O'Donoghue and Candès, 2015).
        let uphill = (&ahead - &next).dot(&(&next - &shares)) > 0.0;
        let pace_now = if uphill { 1.0 } else { pace };
        let faster = f64::midpoint(1.0, (1.0 + 4.0 * pace_now * pace_now).sqrt());
        ahead = &next + &((&next - &shares) * ((pace_now - 1.0) / faster));
        let change = (&next - &shares).iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        (shares, pace) = (next, faster);
        if change < SETTLED {
            break;
        }
    }
    shares.to_vec()
}

/// Class shares by expectation and maximisation (Saerens, Latinne and Decaestecker, *Adjusting the Outputs of a Classifier to New a
/// Priori Probabilities*, 2002): how often each class is, if the probabilities are right for the shares `trained` and only the
/// shares have changed.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`; `trained`, and the shares: `[classes]`
///
/// # Panics
///
/// When the shapes differ, or there is no row.
pub fn expectation_shift(probabilities: ArrayView2<f32>, trained: &[f64]) -> Vec<f64> {
    assert_eq!(probabilities.ncols(), trained.len(), "a share for each class");
    assert!(probabilities.nrows() > 0, "there is nothing to look at");
    let mut shares = trained.to_vec();
    for _ in 0..STEPS {
        let factors: Vec<f64> = shares
            .iter()
            .zip(trained)
            .map(|(now, then)| if *then > 0.0 { now / then } else { 0.0 })
            .collect();
        let mut sums = vec![0.0; shares.len()];
        for row in probabilities.rows() {
            let weighted: Vec<f64> =
                row.iter().zip(&factors).map(|(&p, factor)| f64::from(p) * factor).collect();
            let sum: f64 = weighted.iter().sum();
            if sum > 0.0 {
                sums.iter_mut().zip(weighted).for_each(|(total, value)| *total += value / sum);
            }
        }
        let whole: f64 = sums.iter().sum();
        let next: Vec<f64> = sums.iter().map(|sum| sum / whole.max(f64::MIN_POSITIVE)).collect();
        let change = next.iter().zip(&shares).fold(0.0_f64, |most, (new, old)| most.max((new - old).abs()));
        shares = next;
        if change < SETTLED {
            break;
        }
    }
    shares
}

/// The most steps of either.
const STEPS: usize = 10_000;

/// Shares that change by less are settled.
const SETTLED: f64 = 1e-13;

/// The nearest point whose entries are not negative and sum to 1 (Duchi et al., ICML 2008, Figure 1).
fn onto_simplex(point: &Array1<f64>) -> Array1<f64> {
    let mut sorted = point.to_vec();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let (mut sum, mut above) = (0.0, 0.0);
    for (place, value) in sorted.iter().enumerate() {
        sum += value;
        let threshold = (sum - 1.0) / (place + 1) as f64;
        if *value > threshold {
            above = threshold;
        }
    }
    point.mapv(|value| (value - above).max(0.0))
}

/// How probable each prediction is for an image of each class, from pairs of prediction and truth; a class that is not in the sample is
/// taken to be predicted as itself. `[predicted, true]`
pub fn confusion(pairs: &[(u32, u32)], classes: usize) -> Array2<f64> {
    let mut counts = Array2::zeros((classes, classes));
    for &(predicted, truth) in pairs {
        counts[[predicted as usize, truth as usize]] += 1.0;
    }
    for (class, mut column) in counts.columns_mut().into_iter().enumerate() {
        let sum: f64 = column.sum();
        if sum > 0.0 { column /= sum } else { column[class] = 1.0 }
    }
    counts
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    proptest! {
        /// Shares that a confusion was applied to come back, wherever the errors leave the classes apart.
        #[test]
        fn shares_come_back(classes in 2_usize..6, seed in 0_u64..500, blur in 0.0_f64..0.5) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut confusion = Array2::from_shape_simple_fn((classes, classes), || blur * rng.random_range(0.0..1.0));
            (0..classes).for_each(|class| confusion[[class, class]] += classes as f64);
            for mut column in confusion.columns_mut() {
                let sum = column.sum();
                column /= sum;
            }
            let mut shares: Vec<f64> = (0..classes).map(|_| rng.random_range(0.0_f64..1.0).powi(4)).collect();
            let sum: f64 = shares.iter().sum();
            shares.iter_mut().for_each(|share| *share /= sum);
            let predicted = confusion.dot(&Array1::from(shares.clone()));
            let found = black_box_shift(confusion.view(), predicted.as_slice().unwrap());
            for (found, share) in found.iter().zip(&shares) {
                prop_assert!((found - share).abs() < 1e-6, "{found} {share}");
            }
        }
    }

    #[test]
    fn no_share_is_negative() {
        // Fewer are predicted as 1 than errors alone would give: the plain solution is negative.
        let found = black_box_shift(array![[0.9, 0.2], [0.1, 0.8]].view(), &[0.95, 0.05]);
        assert!((found[0] - 1.0).abs() < 1e-9 && found[1].abs() < 1e-9, "{found:?}");
    }

    /// A classifier that is right about its own probabilities at equal shares, on a pool of 9 : 1.
    #[test]
    fn expectation_and_maximisation_find_the_shares() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let rows = 20_000;
        let mut probabilities = Array2::zeros((rows, 2));
        for mut row in probabilities.rows_mut() {
            let is_rare = rng.random_bool(0.1);
            // Two normal-like bumps around ±1: sums of twelve uniform numbers.
            let noise: f64 = (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0;
            let x = noise + if is_rare { 1.0 } else { -1.0 };
            let p = 1.0 / (1.0 + (-2.0 * x).exp());
            row[0] = (1.0 - p) as f32;
            row[1] = p as f32;
        }
        let found = expectation_shift(probabilities.view(), &[0.5, 0.5]);
        assert!((found[1] - 0.1).abs() < 0.01, "{found:?}");
        let predicted =
            probabilities.rows().into_iter().filter(|row| row[1] > 0.5).count() as f64 / rows as f64;
        assert!(predicted > 0.2, "the plain count is far off: {predicted}");
    }

    #[test]
    fn a_confusion_has_a_column_for_each_class() {
        let found = confusion(&[(0, 0), (0, 0), (1, 0), (1, 1)], 3);
        assert_eq!(found, array![[2.0 / 3.0, 0.0, 0.0], [1.0 / 3.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    }
}
