//! The percentile bootstrap of a mean difference.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::interval::Interval;
use super::moments::mean;

/// Up to this many pairs every resample is enumerated: 5⁵ = 3,125 of them.
pub const ENUMERATED_PAIRS: usize = 5;
/// Resamples that are drawn for more pairs.
pub const DRAWN_RESAMPLES: usize = 10_000;
/// The seed of the stream that they are drawn from: the same differences give the same interval.
pub const BOOTSTRAP_SEED: u64 = 20_220_104;

/// A bootstrap interval and how it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// The interval of the mean.
    pub interval: Interval,
    /// How many resamples it rests on.
    pub resamples: usize,
    /// Whether they are all that there are.
    pub exact: bool,
}

/// The percentile interval of the mean of paired `differences`, at the given coverage in (0, 1): the quantiles of the
/// means of resamples drawn with replacement.
///
/// It assumes no distribution, but of few pairs it knows only those few: its ends never leave their range, so that
/// with three or four pairs it is too narrow. Reports print it beside Student's interval and the exact tests, and
/// judge by those.
///
/// `None` for fewer than two differences, for a difference that is not finite, and for a coverage out of range.
pub fn paired_bootstrap(differences: &[f64], confidence: f64) -> Option<Bootstrap> {
    let pairs = differences.len();
    let finite = differences.iter().all(|value| value.is_finite());
    if pairs < 2 || !finite || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let mean_of =
        |places: Vec<usize>| places.iter().map(|&place| differences[place]).sum::<f64>() / pairs as f64;
    let exact = pairs <= ENUMERATED_PAIRS;
    let mut means: Vec<f64> = resamples(pairs).map(mean_of).collect();
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    let interval = Interval {
        mean: mean(differences)?,
        low: quantile(&means, tail),
        high: quantile(&means, 1.0 - tail),
        pairs,
    };
    Some(Bootstrap { interval, resamples: means.len(), exact })
}

/// Resamples of `pairs` pairs: all n^n of them, by an odometer with a wheel for each place, or for more pairs
/// [`DRAWN_RESAMPLES`] drawn ones.
pub(super) fn resamples(pairs: usize) -> Box<dyn Iterator<Item = Vec<usize>>> {
    if pairs <= ENUMERATED_PAIRS {
        let count = (0..pairs).fold(1, |product, _| product * pairs);
        let wheels = move |mut index: usize| {
            let wheel = |_| {
                let place = index % pairs;
                index /= pairs;
                place
            };
            (0..pairs).map(wheel).collect()
        };
        return Box::new((0..count).map(wheels));
    }
    let mut random = ChaCha8Rng::seed_from_u64(BOOTSTRAP_SEED);
    let draw = move |_| (0..pairs).map(|_| random.random_range(0..pairs)).collect();
    Box::new((0..DRAWN_RESAMPLES).map(draw))
}

/// Linear between the order statistics, as `numpy.quantile` is by default. `sorted` is not empty.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reference: `numpy.percentile` at 2.5 and 97.5 of the means of `itertools.product(d, repeat=len(d))`, numpy
    /// 2.4.6. Tolerance 1e-12: sums are added in another order.
    #[test]
    fn few_pairs_are_enumerated() {
        let golden: [(&[f64], f64, f64); 4] = [
            (&[0.012, 0.005], 0.0052625, 0.0117375),
            (&[1.0, 2.0, 4.0], 1.2166666666666666, 3.5666666666666655),
            (&[0.4, -0.1, 0.3], -0.01333333333333335, 0.3783333333333333),
            (&[-0.3, 0.1, 0.25, 0.4, -0.05], -0.13999999999999999, 0.27999999999999997),
        ];
        for (differences, low, high) in golden {
            let found = paired_bootstrap(differences, 0.95).unwrap();
            assert!(found.exact);
            assert_eq!(found.resamples, differences.len().pow(differences.len() as u32));
            assert!((found.interval.low - low).abs() < 1e-12, "{differences:?}: {found:?}");
            assert!((found.interval.high - high).abs() < 1e-12, "{differences:?}: {found:?}");
        }
    }

    /// Reference: `scipy.stats.bootstrap` with `method="percentile"` and 1,000,000 resamples, scipy 1.17.1. Tolerance
    /// 0.02: the quantile of 10,000 draws has a standard error near 0.004.
    #[test]
    fn many_pairs_are_drawn() {
        let differences =
            [0.0, 0.841, 0.909, 0.141, -0.757, -0.959, -0.279, 0.657, 0.989, 0.412, -0.544, -1.0];
        let found = paired_bootstrap(&differences, 0.95).unwrap();
        assert!(!found.exact);
        assert_eq!(found.resamples, DRAWN_RESAMPLES);
        assert!((found.interval.low + 0.36699999999999994).abs() < 0.02, "{found:?}");
        assert!((found.interval.high - 0.4292500000000001).abs() < 0.02, "{found:?}");
        assert_eq!(paired_bootstrap(&differences, 0.95), Some(found), "the stream's seed is fixed");
    }

    #[test]
    fn what_has_no_interval() {
        assert_eq!(paired_bootstrap(&[0.3], 0.95), None);
        assert_eq!(paired_bootstrap(&[0.3, f64::INFINITY], 0.95), None);
        assert_eq!(paired_bootstrap(&[0.3, 0.4], 0.0), None);
    }

    proptest! {
        #[test]
        fn ends_stay_within_the_differences(differences in prop::collection::vec(-5.0f64..5.0, 2..9)) {
            let Interval { mean, low, high, .. } = paired_bootstrap(&differences, 0.95).unwrap().interval;
            let least = differences.iter().copied().fold(f64::INFINITY, f64::min);
            let most = differences.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(least - 1e-9 <= low && low <= mean + 1e-9 && mean <= high + 1e-9 && high <= most + 1e-9);
        }

        #[test]
        fn few_pairs_move_and_mirror_with_their_differences(
            differences in prop::collection::vec(-5.0f64..5.0, 2..=ENUMERATED_PAIRS),
            shift in -3.0f64..3.0,
        ) {
            let plain = paired_bootstrap(&differences, 0.9).unwrap().interval;
            let moved: Vec<f64> = differences.iter().map(|value| shift - value).collect();
            let moved = paired_bootstrap(&moved, 0.9).unwrap().interval;
            prop_assert!((moved.low - (shift - plain.high)).abs() < 1e-9);
            prop_assert!((moved.high - (shift - plain.low)).abs() < 1e-9);
        }
    }
}
