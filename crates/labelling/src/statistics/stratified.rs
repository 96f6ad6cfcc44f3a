//! A share from a sample that was drawn stratum by stratum.

use super::Interval;
use super::share::{normal_quantile, wilson};

/// A part of the population that was sampled on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// How many there are.
    pub population: usize,
    /// How many of them were drawn, at random without replacement.
    pub drawn: usize,
    /// How many of these count.
    pub counted: usize,
}

/// The share of the population that counts, with its interval (Cochran, *Sampling Techniques*, 1977, Section 5.9).
///
/// The estimate is `Σ W p` over strata, with the population's weights `W`. The variance is
/// `Σ W² p̃ (1 − p̃) / (n − 1) · (1 − n/N)` with `p̃ = (k + 1)/(n + 2)`, so that a stratum in which all or none count does not
/// pretend to be certain. A stratum of which fewer than two were drawn can be anything: its weight is added at both ends. With a single
/// stratum it is Wilson's interval.
///
/// # Panics
///
/// When more are drawn than there are, or more count than were drawn.
pub fn stratified(strata: &[Stratum], level: f64) -> Interval {
    let present: Vec<&Stratum> = strata.iter().filter(|stratum| stratum.population > 0).collect();
    if let [single] = present.as_slice() {
        return wilson(single.counted, single.drawn, level);
    }
    let whole: usize = present.iter().map(|stratum| stratum.population).sum();
    let (mut low, mut sum, mut known, mut variance, mut high) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for &&Stratum { population, drawn, counted } in &present {
        assert!(counted <= drawn && drawn <= population, "{counted} of {drawn} of {population}");
        let weight = population as f64 / whole as f64;
        if drawn < 2 {
            high += weight;
            continue;
        }
        let (n, k) = (drawn as f64, counted as f64);
        let careful = (k + 1.0) / (n + 2.0);
        known += weight;
        sum += weight * k / n;
        variance += weight * weight * careful * (1.0 - careful) / (n - 1.0) * (1.0 - n / population as f64);
    }
    let half = normal_quantile(level) * variance.sqrt();
    low += sum - half;
    high += sum + half;
    Interval { estimate: sum / known, low: low.max(0.0), high: high.min(1.0) }
}

#[cfg(test)]
mod tests {
    use rand::seq::index;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn stratum(population: usize, drawn: usize, counted: usize) -> Stratum {
        Stratum { population, drawn, counted }
    }

    /// By hand: 0.9 · 0.95 + 0.1 · 0.5 = 0.905; p̃ are 96/102 and 26/52, so that the variance is
    /// 0.81 · 0.055363 / 99 · (1 − 100/9000) + 0.01 · 0.25 / 49 · (1 − 50/1000) = 4.96420e-4, and 1.959964 of its roots are 0.043669.
    #[test]
    fn a_case_by_hand() {
        let found = stratified(&[stratum(9000, 100, 95), stratum(1000, 50, 25)], 0.95);
        assert!((found.estimate - 0.905).abs() < 1e-12, "{found:?}");
        assert!((found.high - found.low - 2.0 * 0.043_669).abs() < 2e-5, "{found:?}");
    }

    #[test]
    fn one_stratum_is_wilsons_and_one_that_was_not_drawn_can_be_anything() {
        assert_eq!(stratified(&[stratum(500, 20, 3), stratum(0, 0, 0)], 0.95), wilson(3, 20, 0.95));
        let found = stratified(&[stratum(800, 100, 100), stratum(200, 0, 0)], 0.95);
        assert!((found.estimate - 1.0).abs() < 1e-12 && found.low < 0.8 && found.high >= 1.0, "{found:?}");
        assert!(stratified(&[], 0.95).estimate.is_nan());
    }

    /// A population of two strata, drawn 2,000 times: the interval covers the truth about as often as it says.
    #[test]
    fn the_interval_covers_the_truth() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let populations: [Vec<bool>; 2] = [(4000, 0.97), (600, 0.6)]
            .map(|(size, share)| (0..size).map(|_| rng.random_bool(share)).collect());
        let right = populations.iter().flatten().filter(|&&right| right).count();
        let truth = right as f64 / 4600.0;
        let mut covered = 0;
        for _ in 0..2000 {
            let strata = [0, 1].map(|place| {
                let population = &populations[place];
                let drawn = index::sample(&mut rng, population.len(), [80, 40][place]);
                let counted = drawn.iter().filter(|&row| population[row]).count();
                stratum(population.len(), drawn.len(), counted)
            });
            let found = stratified(&strata, 0.95);
            covered += usize::from(found.low <= truth && truth <= found.high);
        }
        assert!((1880..=1990).contains(&covered), "{covered} of 2000");
    }
}
