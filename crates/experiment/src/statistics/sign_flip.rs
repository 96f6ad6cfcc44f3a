//! The exact paired permutation test, by flipping signs.

/// Above this many pairs the test would have to be sampled, and would not be exact: 2²⁰ assignments of signs.
pub const MOST_FLIPPED_PAIRS: usize = 20;

/// The two-sided p-value of paired `differences` whose signs mean nothing: the share of all 2ⁿ assignments of signs
/// whose sum is at least as far from 0 as that of the data. Nothing is assumed of their distribution but that, if there
/// is no difference, each could as well have had the other sign.
///
/// `None` without differences, for more than [`MOST_FLIPPED_PAIRS`], and for one that is not finite.
pub fn sign_flip_p(differences: &[f64]) -> Option<f64> {
    let pairs = differences.len();
    if pairs == 0 || pairs > MOST_FLIPPED_PAIRS || differences.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let scale: f64 = differences.iter().map(|value| value.abs()).sum();
    // Sums of the same numbers in other signs are rounded differently; what is equal but for that is equal.
    let observed = differences.iter().sum::<f64>().abs() - 1e-12 * scale;
    let assignments = 1u32 << pairs;
    let extreme = (0..assignments)
        .filter(|signs| {
            let flipped =
                |(index, value): (usize, &f64)| if signs >> index & 1 == 1 { -value } else { *value };
            differences.iter().enumerate().map(flipped).sum::<f64>().abs() >= observed
        })
        .count();
    Some(extreme as f64 / f64::from(assignments))
}

/// The smallest two-sided p-value that an exact test of this many pairs can give, whatever their differences: all of
/// one sign is one of 2ⁿ assignments, and its mirror is another. `None` without pairs.
///
/// Four pairs reach 0.125: below 0.05 is out of reach for fewer than six.
pub fn smallest_p(pairs: usize) -> Option<f64> {
    (pairs > 0).then(|| 2.0 / 2f64.powf(pairs as f64))
}

/// The fewest pairs with which an exact test can go below `level` at all; `None` if `level` is not in (0, 1].
pub fn pairs_to_go_below(level: f64) -> Option<usize> {
    (level > 0.0 && level <= 1.0).then(|| (1..).find(|&pairs| smallest_p(pairs) < Some(level)))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reference: `scipy.stats.permutation_test` of the mean difference with `permutation_type="samples"` and
    /// `n_resamples=inf` (which enumerates), scipy 1.17.1 on numpy 2.4.6.
    #[test]
    fn p_values_are_those_of_scipy() {
        let golden: [(&[f64], f64); 6] = [
            (&[0.012, 0.005], 0.5),
            (&[1.0, 2.0, 4.0], 0.25),
            (&[0.4, -0.1, 0.3], 0.5),
            (&[-0.3, 0.1, 0.25, 0.4, -0.05], 0.5625),
            (
                &[0.0, 0.841, 0.909, 0.141, -0.757, -0.959, -0.279, 0.657, 0.989, 0.412, -0.544, -1.0],
                0.869140625,
            ),
            (&[0.5, 0.5, -0.5, 0.25, 0.0, 0.0, 1.0, 0.75], 0.15625),
        ];
        for (differences, p) in golden {
            assert!((sign_flip_p(differences).unwrap() - p).abs() < 1e-15, "{differences:?}");
        }
    }

    #[test]
    fn four_paired_seeds_cannot_reach_five_per_cent() {
        assert_eq!(smallest_p(4), Some(0.125));
        assert_eq!(smallest_p(5), Some(0.0625));
        assert_eq!(smallest_p(6), Some(0.03125));
        assert_eq!(smallest_p(0), None);
        assert_eq!(pairs_to_go_below(0.05), Some(6));
        assert_eq!(pairs_to_go_below(0.0), None);
    }

    #[test]
    fn what_has_no_p_value() {
        assert_eq!(sign_flip_p(&[]), None);
        assert_eq!(sign_flip_p(&[0.1, f64::NAN]), None);
        assert_eq!(sign_flip_p(&[0.1; 21]), None);
        assert_eq!(sign_flip_p(&[0.0, 0.0]), Some(1.0), "no difference at all");
    }

    proptest! {
        #[test]
        fn p_is_a_share_of_assignments_and_knows_no_sign(
            differences in prop::collection::vec(-5.0f64..5.0, 1..10),
        ) {
            let p = sign_flip_p(&differences).unwrap();
            let negated: Vec<f64> = differences.iter().map(|value| -value).collect();
            prop_assert_eq!(sign_flip_p(&negated), Some(p));
            prop_assert!(p <= 1.0 && p >= smallest_p(differences.len()).unwrap().min(1.0));
        }

        #[test]
        fn differences_of_one_sign_give_the_smallest_p(
            differences in prop::collection::vec(0.01f64..5.0, 1..10),
        ) {
            prop_assert_eq!(sign_flip_p(&differences), smallest_p(differences.len()));
        }
    }
}
