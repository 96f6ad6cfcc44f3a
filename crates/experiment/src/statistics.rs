//! The statistics of reports: means, spreads, paired differences with their intervals and exact tests, areas under
//! learning curves, labels that it takes to reach an accuracy, and how far a labelled set is from uniform ([`l1_score`]
//! and what bounds it).
//!
//! A statistic that its data do not support is `None`, never a NaN: a report prints it as a dash.

mod bootstrap;
mod holm;
mod interval;
mod l1;
mod labels;
mod moments;
mod saving;
mod sign_flip;
mod tally;
mod wilcoxon;

pub use bootstrap::{BOOTSTRAP_SEED, Bootstrap, DRAWN_RESAMPLES, ENUMERATED_PAIRS, paired_bootstrap};
pub use holm::holm;
pub use interval::{CONFIDENCE, Interval, paired_interval};
pub use l1::{l1_floor, l1_random, l1_score};
pub use labels::labels_to_reach;
pub use moments::{mean, standard_deviation};
pub use saving::{Saving, Smoothing, WINDOW, label_saving};
pub use sign_flip::{MOST_FLIPPED_PAIRS, pairs_to_go_below, sign_flip_p, smallest_p};
pub use tally::{Tally, tally};
pub use wilcoxon::wilcoxon_p;

/// The area under a learning curve by the trapezoid rule over labels, divided by the span of labels: the mean accuracy
/// over the labels spent. `points` are (labels, accuracy) in rising order of labels.
///
/// `None` for fewer than two points, for labels that do not rise, and for values that are not finite.
pub fn area_under_learning_curve(points: &[(f64, f64)]) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    let mut area = 0.0;
    for pair in points.windows(2) {
        let width = pair[1].0 - pair[0].0;
        if width.is_nan() || width <= 0.0 {
            return None;
        }
        area += width * (pair[0].1 + pair[1].1) / 2.0;
    }
    let mean_height = area / (last.0 - first.0);
    mean_height.is_finite().then_some(mean_height)
}

/// (accuracy on the largest class + (K − 1) · accuracy on the images of all other classes together) / K, of the accuracy on
/// each of K classes and its number of images: the balanced accuracy of GALAXY's plots.
///
/// `None` for fewer than two classes with images, or where there is no accuracy for a class with images.
pub fn pooled_balanced_accuracy(per_class: &[Option<f64>], counts: &[usize]) -> Option<f64> {
    let largest = (0..counts.len()).rev().max_by_key(|&class| counts[class])?;
    let classes = counts.iter().filter(|&&count| count > 0).count();
    let (mut right, mut images) = (0.0, 0);
    for (class, &count) in counts.iter().enumerate().filter(|&(class, &count)| class != largest && count > 0)
    {
        right += per_class.get(class).copied().flatten()? * count as f64;
        images += count;
    }
    let major = per_class.get(largest).copied().flatten()?;
    (images > 0).then(|| (major + (classes - 1) as f64 * right / images as f64) / classes as f64)
}

/// Which classes are rare: those with fewer than one `share`-th of the largest class's pool images. With 1 all `false` for a
/// balanced pool, which has no tail.
pub fn tail_classes(pool_counts: &[usize], share: usize) -> Vec<bool> {
    let largest = pool_counts.iter().copied().max().unwrap_or(0);
    pool_counts.iter().map(|&count| share * count < largest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64, tolerance: f64) {
        assert!((left - right).abs() <= tolerance, "{left} is not {right}");
    }

    #[test]
    fn mean_and_deviation_by_hand() {
        assert_eq!(mean(&[]), None);
        assert_eq!(standard_deviation(&[1.0]), None);
        close(mean(&[2.0, 4.0, 9.0]).unwrap(), 5.0, 1e-15);
        // Squares of −3, −1, 4 sum to 26; 26 / 2 = 13.
        close(standard_deviation(&[2.0, 4.0, 9.0]).unwrap(), 13f64.sqrt(), 1e-15);
    }

    /// Reference: `scipy.stats.t.interval(0.95, n - 1, loc=mean, scale=scipy.stats.sem(d))`.
    #[test]
    fn intervals_are_those_of_scipy() {
        for (differences, low, high) in GOLDEN_INTERVALS {
            let interval = paired_interval(differences, CONFIDENCE).unwrap();
            close(interval.low, *low, 1e-9);
            close(interval.high, *high, 1e-9);
            assert_eq!(interval.pairs, differences.len());
        }
    }

    #[test]
    fn an_interval_needs_two_finite_pairs() {
        assert_eq!(paired_interval(&[0.3], CONFIDENCE), None);
        assert_eq!(paired_interval(&[], CONFIDENCE), None);
        assert_eq!(paired_interval(&[0.3, f64::NAN], CONFIDENCE), None);
        assert_eq!(paired_interval(&[0.3, 0.4], 1.0), None);
    }

    #[test]
    fn equal_differences_give_a_point() {
        let interval = paired_interval(&[0.5, 0.5, 0.5], CONFIDENCE).unwrap();
        close(interval.low, 0.5, 1e-15);
        close(interval.high, 0.5, 1e-15);
        assert!(!interval.excludes_zero(), "a point says nothing about noise");
        assert!(paired_interval(&[0.4, 0.5, 0.5], CONFIDENCE).unwrap().excludes_zero());
        assert!(!paired_interval(&[0.0, 0.0], CONFIDENCE).unwrap().excludes_zero());
    }

    #[test]
    fn area_by_hand() {
        // (0.2 + 0.4) / 2 over 100 labels and (0.4 + 0.8) / 2 over 300: (30 + 180) / 400.
        let curve = [(100.0, 0.2), (200.0, 0.4), (500.0, 0.8)];
        close(area_under_learning_curve(&curve).unwrap(), 0.525, 1e-15);
        assert_eq!(area_under_learning_curve(&curve[..1]), None);
        assert_eq!(area_under_learning_curve(&[(2.0, 0.1), (2.0, 0.2)]), None);
    }

    /// The mean over classes for two classes and for equal minorities, and another number where they differ.
    #[test]
    fn both_balanced_accuracies() {
        let close = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-12);
        close(pooled_balanced_accuracy(&[Some(0.2), Some(0.9)], &[50, 950]), 0.55);
        close(pooled_balanced_accuracy(&[Some(0.2), Some(0.4), Some(0.9)], &[50, 50, 900]), 0.5);
        // SVHN K = 3: (0.9 + 2 · (0.2 · 100 + 0.5 · 200) / 300) / 3 beside a mean of 0.5333.
        close(pooled_balanced_accuracy(&[Some(0.2), Some(0.5), Some(0.9)], &[100, 200, 700]), 1.7 / 3.0);
        assert_eq!(pooled_balanced_accuracy(&[Some(0.5)], &[10]), None);
        assert_eq!(pooled_balanced_accuracy(&[None, Some(0.5)], &[10, 20]), None);
    }

    #[test]
    fn tails() {
        assert_eq!(tail_classes(&[9, 9, 3, 3], 1), [false, false, true, true]);
        assert_eq!(tail_classes(&[4, 4], 1), [false, false]);
        assert!(tail_classes(&[], 1).is_empty());
        assert_eq!(tail_classes(&[99, 100, 50, 49], 2), [false, false, false, true]);
        assert_eq!(tail_classes(&[0, 0], 2), [false, false]);
    }

    /// Differences, lower end, upper end. Made with scipy 1.17.1 on numpy 2.4.6.
    const GOLDEN_INTERVALS: &[(&[f64], f64, f64)] = &[
        (&[0.012, 0.005], -0.035971716576611426, 0.05297171657661143),
        (&[1.0, 2.0, 4.0], -1.461249700263426, 6.1279163669300925),
        (&[-0.3, 0.1, 0.25, 0.4, -0.05], -0.25605309808851623, 0.41605309808851626),
        (
            &[0.0, 0.841, 0.909, 0.141, -0.757, -0.959, -0.279, 0.657, 0.989, 0.412, -0.544, -1.0],
            -0.4345158550770843,
            0.5028491884104176,
        ),
    ];
}
