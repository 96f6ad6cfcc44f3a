//! Intervals of a share that was counted.

use statrs::distribution::{Beta, ContinuousCDF, Normal};

use super::Interval;

/// How many standard deviations the middle `level` of a normal distribution reaches.
pub(super) fn normal_quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(f64::midpoint(1.0, level))
}

/// Wilson's interval of a share (Wilson, 1927; recommended by Brown, Cai and DasGupta, 2001). Of nothing it is anything.
///
/// # Panics
///
/// When more are counted than there are.
pub fn wilson(counted: usize, of: usize, level: f64) -> Interval {
    assert!(counted <= of, "{counted} of {of}");
    if of == 0 {
        return Interval { estimate: f64::NAN, low: 0.0, high: 1.0 };
    }
    let (n, z) = (of as f64, normal_quantile(level));
    let share = counted as f64 / n;
    let shrink = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / shrink;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / shrink;
    // At the ends rounding leaves a little beside 0 and 1.
    let low = if counted == 0 { 0.0 } else { centre - half };
    let high = if counted == of { 1.0 } else { centre + half };
    Interval { estimate: share, low, high }
}

/// The exact interval of a share (Clopper and Pearson, 1934): it covers the truth at least as often as `level` says.
///
/// # Panics
///
/// When more are counted than there are.
pub fn clopper_pearson(counted: usize, of: usize, level: f64) -> Interval {
    assert!(counted <= of, "{counted} of {of}");
    let (k, n, tail) = (counted as f64, of as f64, (1.0 - level) / 2.0);
    let quantile = |a: f64, b: f64, at: f64| Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(at));
    Interval {
        estimate: k / n,
        low: if counted == 0 { 0.0 } else { quantile(k, n - k + 1.0, tail) },
        high: if counted == of { 1.0 } else { quantile(k + 1.0, n - k, 1.0 - tail) },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// statsmodels 0.15.0, `proportion_confint` with `wilson` and `beta`.
    #[test]
    fn intervals_are_those_of_statsmodels() {
        for (counted, of, expected) in [
            (180, 200, [0.850594, 0.934330, 0.849787, 0.937841]),
            (3, 20, [0.052369, 0.360419, 0.032071, 0.378927]),
            (0, 20, [0.0, 0.161125, 0.0, 0.168433]),
        ] {
            let (one, two) = (wilson(counted, of, 0.95), clopper_pearson(counted, of, 0.95));
            for (found, expected) in [one.low, one.high, two.low, two.high].into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{counted} of {of}: {found} {expected}");
            }
        }
    }

    /// The probability that the interval covers a share, summed over what can be counted.
    fn coverage(of: usize, share: f64, interval: fn(usize, usize, f64) -> Interval) -> f64 {
        let mut probability = (1.0 - share).powi(of as i32);
        let mut sum = 0.0;
        for counted in 0..=of {
            let Interval { low, high, .. } = interval(counted, of, 0.95);
            sum += if low <= share && share <= high { probability } else { 0.0 };
            probability *= (of - counted) as f64 / (counted + 1) as f64 * share / (1.0 - share);
        }
        sum
    }

    #[test]
    fn the_exact_interval_covers_and_wilsons_does_on_average() {
        for of in [5, 20, 60] {
            let shares: Vec<f64> = (1..50).map(|step| f64::from(step) / 50.0).collect();
            for &share in &shares {
                assert!(coverage(of, share, clopper_pearson) >= 0.95 - 1e-9, "{of} {share}");
            }
            let mean = shares.iter().map(|&share| coverage(of, share, wilson)).sum::<f64>() / 49.0;
            assert!((0.94..0.97).contains(&mean), "{of}: {mean}");
        }
    }

    proptest! {
        #[test]
        fn the_estimate_lies_within(of in 1_usize..200, part in 0.0_f64..=1.0, level in 0.5_f64..0.999) {
            let counted = (part * of as f64) as usize;
            for found in [wilson(counted, of, level), clopper_pearson(counted, of, level)] {
                prop_assert!(0.0 <= found.low && found.low <= found.estimate);
                prop_assert!(found.estimate <= found.high && found.high <= 1.0);
            }
        }
    }

    #[test]
    fn of_nothing_everything_is_possible() {
        for found in [wilson(0, 0, 0.95), clopper_pearson(0, 0, 0.95)] {
            assert!(found.estimate.is_nan() && found.low <= 0.0 && found.high >= 1.0);
        }
    }
}
