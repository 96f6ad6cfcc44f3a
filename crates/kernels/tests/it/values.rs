//! Made-up values, and how near two results are.

use tailward_kernels::Lanes;

/// The lanes of this processor.
pub(crate) fn lanes() -> Vec<Lanes> {
    Lanes::ALL.into_iter().filter(|lanes| lanes.is_available()).collect()
}

/// Values in ±1 that repeat after 16 million.
pub(crate) fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// # Panics
///
/// A value is further from what it should be than rounding explains.
pub(crate) fn assert_near(found: &[f32], expected: &[f64], terms: usize, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    // Products of values in ±1 have the variance 1/9; a sum of n rounds n times by half a unit at most, and the unit grows with a sum that
    // is larger than most.
    let of_terms = 1e-6 + 4e-7 * (terms as f64).sqrt() * (terms as f64).sqrt().sqrt();
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let tolerance = of_terms + 1e-6 * expected.abs();
        let far = (f64::from(found) - expected).abs();
        assert!(
            far <= tolerance,
            "{what}: {found} at {index} in place of {expected}, {far:e} > {tolerance:e}"
        );
    }
}

/// As [`assert_near`], where a value may be so many times further off.
pub(crate) fn assert_near_by(
    found: &[f32],
    expected: &[f64],
    terms: usize,
    times: impl Fn(usize) -> f64,
    what: &str,
) {
    let found: Vec<f32> =
        found.iter().enumerate().map(|(index, value)| (f64::from(*value) / times(index)) as f32).collect();
    let expected: Vec<f64> = expected.iter().enumerate().map(|(index, value)| value / times(index)).collect();
    assert_near(&found, &expected, terms, what);
}

/// Runs something on a pool of some threads.
pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}
