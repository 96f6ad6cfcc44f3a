//! Wilcoxon's signed-rank test, exactly.

/// Above this many differences the ranks' sums no longer fit the counting below: 2⁶² assignments of signs.
const MOST_PAIRS: usize = 62;

/// The two-sided p-value of Wilcoxon's signed-rank test of paired `differences`. Differences of 0 are dropped first
/// (Wilcoxon's own way, not Pratt's), equal sizes share the mean of their ranks, and the distribution is that of all
/// 2ⁿ assignments of signs to the ranks that there are: exact with ties, too.
///
/// `None` if nothing is left, for more than 62 differences, and for one that is not finite.
pub fn wilcoxon_p(differences: &[f64]) -> Option<f64> {
    if differences.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut left: Vec<f64> = differences.iter().copied().filter(|value| value.abs() > 0.0).collect();
    if left.is_empty() || left.len() > MOST_PAIRS {
        return None;
    }
    left.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    let ranks = doubled_ranks(&left);
    let positive: usize =
        left.iter().zip(&ranks).filter(|(value, _)| **value > 0.0).map(|(_, rank)| rank).sum();
    let total: usize = ranks.iter().sum();
    let counts = sums(&ranks, total);
    // The distribution is symmetric: both tails are twice the smaller one.
    let extreme = positive.min(total - positive);
    let below: u64 = counts[..=extreme].iter().sum();
    Some((2.0 * below as f64 / 2f64.powf(ranks.len() as f64)).min(1.0))
}

/// Ranks of values sorted by size, twice over, so that the mean rank of ties is whole.
fn doubled_ranks(sorted: &[f64]) -> Vec<usize> {
    let same = |one: f64, other: f64| one.abs().total_cmp(&other.abs()).is_eq();
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let first = ranks.len();
        let ties = sorted[first..].iter().take_while(|value| same(**value, sorted[first])).count();
        // The ranks first + 1 to first + ties have this mean, doubled.
        ranks.extend(std::iter::repeat_n(2 * first + ties + 1, ties));
    }
    ranks
}

/// How many assignments of signs give each sum of positive ranks, from 0 to `total`.
fn sums(ranks: &[usize], total: usize) -> Vec<u64> {
    let mut counts = vec![0u64; total + 1];
    counts[0] = 1;
    for &rank in ranks {
        for sum in (rank..=total).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::smallest_p;

    /// Reference: `scipy.stats.wilcoxon(d, zero_method="wilcox")`, scipy 1.17.1 on numpy 2.4.6, with `method="exact"`;
    /// the last, which has ties and zeros, with `method=PermutationMethod(n_resamples=2**20)`, which enumerates.
    #[test]
    fn p_values_are_those_of_scipy() {
        let golden: [(&[f64], f64); 6] = [
            (&[0.012, 0.005], 0.5),
            (&[1.0, 2.0, 4.0], 0.25),
            (&[0.4, -0.1, 0.3], 0.5),
            (&[-0.3, 0.1, 0.25, 0.4, -0.05], 0.625),
            (
                &[0.0, 0.841, 0.909, 0.141, -0.757, -0.959, -0.279, 0.657, 0.989, 0.412, -0.544, -1.0],
                0.9658203125,
            ),
            (&[0.5, 0.5, -0.5, 0.25, 0.0, 0.0, 1.0, 0.75], 0.15625),
        ];
        for (differences, p) in golden {
            assert!((wilcoxon_p(differences).unwrap() - p).abs() < 1e-15, "{differences:?}");
        }
    }

    #[test]
    fn what_has_no_p_value() {
        assert_eq!(wilcoxon_p(&[]), None);
        assert_eq!(wilcoxon_p(&[0.0, -0.0]), None, "all dropped");
        assert_eq!(wilcoxon_p(&[f64::NAN]), None);
        assert_eq!(wilcoxon_p(&[0.1; 63]), None);
    }

    /// The same by walking through every assignment of signs.
    fn by_enumeration(differences: &[f64]) -> f64 {
        let mut left: Vec<f64> = differences.iter().copied().filter(|value| value.abs() > 0.0).collect();
        left.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
        let rank = |value: f64| {
            let smaller = left.iter().filter(|other| other.abs() < value.abs()).count();
            let equal = left.iter().filter(|other| other.abs().total_cmp(&value.abs()).is_eq()).count();
            smaller as f64 + (equal as f64 + 1.0) / 2.0
        };
        let ranks: Vec<f64> = left.iter().map(|&value| rank(value)).collect();
        let centre = ranks.iter().sum::<f64>() / 2.0;
        let observed: f64 =
            left.iter().zip(&ranks).filter(|(value, _)| **value > 0.0).map(|(_, rank)| rank).sum();
        let far = |signs: u32| {
            let sum: f64 =
                (0..ranks.len()).filter(|index| signs >> index & 1 == 1).map(|index| ranks[index]).sum();
            (sum - centre).abs() >= (observed - centre).abs()
        };
        let assignments = 1u32 << ranks.len();
        (0..assignments).filter(|&signs| far(signs)).count() as f64 / f64::from(assignments)
    }

    proptest! {
        #[test]
        fn counting_is_enumerating(steps in prop::collection::vec(-4i32..=4, 1..9)) {
            let differences: Vec<f64> = steps.iter().map(|&step| f64::from(step) * 0.25).collect();
            match wilcoxon_p(&differences) {
                Some(p) => {
                    prop_assert!((p - by_enumeration(&differences)).abs() < 1e-12);
                    prop_assert!(p >= smallest_p(differences.len()).unwrap().min(1.0));
                }
                None => prop_assert!(steps.iter().all(|&step| step == 0)),
            }
        }
    }
}
