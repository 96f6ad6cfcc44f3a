//! The L1 score of a set of labels (CBAL, Eq. 10), the lowest that the supply allows and what drawing at random
//! gives.

use statrs::function::factorial::ln_binomial;

/// How far class counts are from uniform, in [0, 1] (CBAL, Eq. 10): Σ|n_c − T/C| · C / (2T(C − 1)). 0 is uniform,
/// 1 is a single class.
///
/// The paper's text applies it to the samples of a query, its code to the whole labelled set; reports give both.
/// `None` without labels or with fewer than two classes.
pub fn l1_score(counts: &[usize]) -> Option<f64> {
    let total: usize = counts.iter().sum();
    let target = total as f64 / counts.len().max(1) as f64;
    normalise(counts.iter().map(|&count| (count as f64 - target).abs()).sum(), counts.len(), total)
}

/// Divides Σ|n_c − T/C| by its largest value, 2T(C − 1)/C.
fn normalise(distance: f64, classes: usize, total: usize) -> Option<f64> {
    (total > 0 && classes > 1)
        .then(|| distance * classes as f64 / (2.0 * total as f64 * (classes as f64 - 1.0)))
}

/// The lowest L1 score of `total` labels that hold all of `initial` and draw the rest from `pool`, class by class.
///
/// Water-filling: raise the smallest classes together until the labels are spent or their supply is. The distance is
/// separable and convex in the counts, so that always giving the next label to the smallest class that has supply is
/// optimal over integers. With an `initial` of zeros this is the floor of a query alone.
///
/// `None` if the lengths differ, or `total` is below the initial set or above the supply, or there is no score.
pub fn l1_floor(initial: &[usize], pool: &[usize], total: usize) -> Option<f64> {
    let supply = available(initial, pool, total)?;
    let filled = |level: usize| -> usize {
        initial.iter().zip(&supply).map(|(&least, &most)| level.clamp(least, most)).sum()
    };
    let (mut low, mut high) = (0, supply.iter().copied().max()?);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if filled(middle) <= total {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let mut left = total - filled(low);
    let counts: Vec<usize> = initial
        .iter()
        .zip(&supply)
        .map(|(&least, &most)| {
            let raised = usize::from(left > 0 && least <= low && most > low);
            left -= raised;
            low.clamp(least, most) + raised
        })
        .collect();
    debug_assert_eq!(counts.iter().sum::<usize>(), total);
    l1_score(&counts)
}

/// The expected L1 score of `total` labels that hold all of `initial` and fill up at random from `pool`.
///
/// The counts of the drawn labels are multivariate hypergeometric, however many queries they are spread over; the
/// expectation of each class's distance needs only its marginal, which is summed exactly, in logarithms, without a
/// normal approximation. With an `initial` of zeros this is the expectation for a query alone.
///
/// `None` as for [`l1_floor`].
pub fn l1_random(initial: &[usize], pool: &[usize], total: usize) -> Option<f64> {
    available(initial, pool, total)?;
    let images: usize = pool.iter().sum();
    let drawn = total - initial.iter().sum::<usize>();
    let target = total as f64 / initial.len() as f64;
    // Classes of a step pool come in two kinds; the last kind seen is nearly always the next.
    let mut last: Option<((usize, usize), f64)> = None;
    let mut distance = 0.0;
    for (&held, &of_class) in initial.iter().zip(pool) {
        let expected = match last {
            Some((kind, expected)) if kind == (held, of_class) => expected,
            _ => expected_distance(images, of_class, drawn, target - held as f64),
        };
        last = Some(((held, of_class), expected));
        distance += expected;
    }
    normalise(distance, initial.len(), total)
}

/// E|H − target| for H hypergeometric: `drawn` of `images`, of which `of_class` count.
fn expected_distance(images: usize, of_class: usize, drawn: usize, target: f64) -> f64 {
    let others = images - of_class;
    let ways = ln_binomial(images as u64, drawn as u64);
    (drawn.saturating_sub(others)..=of_class.min(drawn))
        .map(|hits| {
            let ln_mass = ln_binomial(of_class as u64, hits as u64)
                + ln_binomial(others as u64, (drawn - hits) as u64)
                - ways;
            ln_mass.exp() * (hits as f64 - target).abs()
        })
        .sum()
}

/// The most labels that each class can have; `None` where `total` cannot be made of them.
fn available(initial: &[usize], pool: &[usize], total: usize) -> Option<Vec<usize>> {
    if initial.len() != pool.len() || initial.iter().sum::<usize>() > total {
        return None;
    }
    let supply: Vec<usize> = initial.iter().zip(pool).map(|(held, unlabelled)| held + unlabelled).collect();
    (supply.iter().sum::<usize>() >= total).then_some(supply)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(left: f64, right: f64, tolerance: f64) {
        assert!((left - right).abs() <= tolerance, "{left} is not {right}");
    }

    /// The step pools of CBAL: half of the classes keep `factor` of `full`.
    fn step(classes: usize, full: usize, tail: usize) -> Vec<usize> {
        (0..classes).map(|class| if class < classes / 2 { full } else { tail }).collect()
    }

    #[test]
    fn score_by_hand() {
        assert_eq!(l1_score(&[5, 5, 5]), Some(0.0));
        assert_eq!(l1_score(&[0, 7, 0, 0]), Some(1.0));
        // T/C = 4; distances 2 + 2; 4 · 2 / (2 · 8 · 1).
        assert_eq!(l1_score(&[6, 2]), Some(0.5));
        assert_eq!(l1_score(&[0, 0]), None);
        assert_eq!(l1_score(&[3]), None);
        assert_eq!(l1_score(&[]), None);
    }

    /// Floors of CBAL's pools at an imbalance factor of 0.1, labelled sets of 7500 to 17500.
    #[test]
    fn floors_of_the_published_pools() {
        let published = [(7_500, 0.0), (10_000, 0.028), (12_500, 0.133), (15_000, 0.204), (17_500, 0.254)];
        for (total, floor) in published {
            close(l1_floor(&[500; 10], &step(10, 4_500, 450), total).unwrap(), floor, 5e-4);
        }
        let published = [(7_500, 0.0), (10_000, 0.025), (12_500, 0.121), (15_000, 0.185), (17_500, 0.231)];
        for (total, floor) in published {
            close(l1_floor(&[50; 100], &step(100, 450, 45), total).unwrap(), floor, 5e-4);
        }
    }

    #[test]
    fn impossible_totals_have_no_bounds() {
        for bound in [l1_floor, l1_random] {
            assert_eq!(bound(&[2, 2], &[3, 3], 3), None, "below the initial set");
            assert_eq!(bound(&[2, 2], &[3, 3], 11), None, "above the supply");
            assert_eq!(bound(&[2], &[3, 3], 4), None, "lengths differ");
            assert_eq!(bound(&[], &[], 0), None, "no classes");
            assert_eq!(bound(&[2, 4], &[3, 1], 10), Some(0.0), "everything");
        }
    }

    /// By hand: two of four images, two of each class. Counts (2, 0), (1, 1), (0, 2) with masses 1/6, 4/6, 1/6.
    #[test]
    fn random_by_hand() {
        close(l1_random(&[0, 0], &[2, 2], 2).unwrap(), 1.0 / 3.0, 1e-12);
        // Balanced initial set of one each: totals 4, distances 2, 0, 2 of a largest 4.
        close(l1_random(&[1, 1], &[2, 2], 4).unwrap(), 1.0 / 6.0, 1e-12);
    }

    /// Reference: the sum of `scipy.stats.hypergeom.pmf(k, N, K, n) * abs(initial + k - T/C)` over k and classes,
    /// normalised as Eq. 10; scipy 1.17.1 on numpy 2.4.6. Tolerance 1e-9: the logarithms of binomials are near 1e4,
    /// and their rounding passes through the exponential.
    #[test]
    fn random_is_that_of_scipy() {
        let tail_of_ten = step(10, 4_500, 450);
        let cases: [(&[usize], &[usize], usize, f64); 5] = [
            (&[500; 10], &tail_of_ten, 15_000, 0.30303030303030287),
            (&[0; 10], &tail_of_ten, 2_500, 0.4545454545454544),
            (&[50; 100], &step(100, 450, 45), 15_000, 0.27548209366391224),
            (&[50; 100], &[450; 100], 7_500, 0.025890293212142396),
            (&[3, 0, 7, 1], &[20, 5, 11, 90], 40, 0.40362169469718373),
        ];
        for (initial, pool, total, expected) in cases {
            close(l1_random(initial, pool, total).unwrap(), expected, 1e-9);
        }
    }

    /// The lowest score over all ways to make `total`, by enumeration.
    fn brute_force(initial: &[usize], pool: &[usize], total: usize) -> Option<f64> {
        fn walk(
            prefix: &mut Vec<usize>,
            initial: &[usize],
            pool: &[usize],
            total: usize,
            best: &mut Option<f64>,
        ) {
            let class = prefix.len();
            if class == initial.len() {
                if prefix.iter().sum::<usize>() == total
                    && let Some(score) = l1_score(prefix)
                {
                    *best = Some(best.map_or(score, |known| known.min(score)));
                }
                return;
            }
            for drawn in 0..=pool[class] {
                prefix.push(initial[class] + drawn);
                walk(prefix, initial, pool, total, best);
                prefix.pop();
            }
        }
        let mut best = None;
        walk(&mut Vec::new(), initial, pool, total, &mut best);
        best
    }

    proptest! {
        #[test]
        fn floor_is_the_best_of_all(
            classes in prop::collection::vec((0usize..6, 0usize..6), 2..5),
            share in 0.0f64..=1.0,
        ) {
            let (initial, pool): (Vec<usize>, Vec<usize>) = classes.into_iter().unzip();
            let drawn = (share * pool.iter().sum::<usize>() as f64) as usize;
            let total = initial.iter().sum::<usize>() + drawn;
            match (l1_floor(&initial, &pool, total), brute_force(&initial, &pool, total)) {
                (Some(floor), Some(best)) => prop_assert!((floor - best).abs() < 1e-12, "{floor} {best}"),
                (floor, best) => prop_assert_eq!(floor, best),
            }
        }

        #[test]
        fn random_is_not_below_the_floor(
            classes in prop::collection::vec((0usize..60, 0usize..60), 2..20),
            share in 0.0f64..=1.0,
        ) {
            let (initial, pool): (Vec<usize>, Vec<usize>) = classes.into_iter().unzip();
            let drawn = (share * pool.iter().sum::<usize>() as f64) as usize;
            let total = initial.iter().sum::<usize>() + drawn;
            if let Some(random) = l1_random(&initial, &pool, total) {
                let floor = l1_floor(&initial, &pool, total).unwrap();
                prop_assert!(random.is_finite() && random + 1e-9 >= floor && random <= 1.0 + 1e-9);
            }
        }
    }
}
