//! Holm's correction for a family of tests.

/// The adjusted p-values of a family, in the order given (Holm, Scandinavian Journal of Statistics 1979): below a level,
/// they may be called so together, with at most that chance of even one being wrong. The i-th smallest of m is multiplied
/// by m − i + 1, never falls below one before it, and never rises above 1.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]).then(one.cmp(&other)));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (place, &index) in order.iter().enumerate() {
        let factor = (p_values.len() - place) as f64;
        largest = largest.max((factor * p_values[index]).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reference: `statsmodels.stats.multitest.multipletests(p, method="holm")`, statsmodels 0.15.0 on numpy 2.4.6.
    #[test]
    fn adjusted_values_are_those_of_statsmodels() {
        let golden: [(&[f64], &[f64]); 4] = [
            (&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]),
            (&[0.5, 0.25, 0.25, 1.0], &[1.0, 1.0, 1.0, 1.0]),
            (&[0.02, 0.02, 0.9], &[0.06, 0.06, 0.9]),
            (&[0.3], &[0.3]),
        ];
        for (p_values, expected) in golden {
            for (found, expected) in holm(p_values).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-15, "{p_values:?}");
            }
        }
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn correction_only_raises_and_keeps_the_order(p_values in prop::collection::vec(0.0f64..=1.0, 1..12)) {
            let adjusted = holm(&p_values);
            for (one, p) in p_values.iter().enumerate() {
                prop_assert!(adjusted[one] >= *p && adjusted[one] <= 1.0);
                for (other, q) in p_values.iter().enumerate() {
                    prop_assert!(p > q || adjusted[one] <= adjusted[other]);
                }
            }
        }
    }
}
