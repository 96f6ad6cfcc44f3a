//! The recall of a rare class, with what was not found in mind.

use super::Interval;
use super::share::clopper_pearson;

/// What is known of a class's recall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recall {
    /// An interval.
    Known(Interval),
    /// Fewer images of the class were found than a statement needs: so many.
    NotEnough(usize),
}

/// Fewer images of a class than this in an audit say nothing of its recall.
const ENOUGH: usize = 5;

/// The share of a class's images that are predicted as it.
///
/// `predicted` are the images predicted as the class, of which some were drawn and labelled, and `others` all the rest: how
/// many there are, were drawn, and are of the class. Misses are rare among many, so that the plain ratio is too high as
/// long as few are found (its mean was 0.77 with 200 labels where the truth was 0.60). Both parts have exact intervals at a level
/// that lets the two together hold at `level`, and the ends are the worst and the best of both.
///
/// # Panics
///
/// When more are drawn than there are, or more count than were drawn.
pub fn recall(predicted: super::Stratum, others: super::Stratum, level: f64) -> Recall {
    let found = predicted.counted + others.counted;
    if found < ENOUGH {
        return Recall::NotEnough(found);
    }
    let each = f64::midpoint(1.0, level);
    let part = |stratum: super::Stratum| {
        let super::Stratum { population, drawn, counted } = stratum;
        assert!(counted <= drawn && drawn <= population, "{counted} of {drawn} of {population}");
        let size = population as f64;
        let share = clopper_pearson(counted, drawn, each);
        // What was drawn is known for certain.
        let (least, most) = (counted as f64, size - (drawn - counted) as f64);
        let estimate = if drawn == 0 { 0.0 } else { share.estimate * size };
        [estimate, (share.low * size).max(least), (share.high * size).min(most)]
    };
    let ([hits, least_hits, most_hits], [misses, least_misses, most_misses]) =
        (part(predicted), part(others));
    let ratio = |hits: f64, misses: f64| if hits + misses > 0.0 { hits / (hits + misses) } else { f64::NAN };
    Recall::Known(Interval {
        estimate: ratio(hits, misses),
        low: ratio(least_hits, most_misses),
        high: ratio(most_hits, least_misses),
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::seq::index;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::statistics::Stratum;

    #[test]
    fn too_few_are_said_to_be_too_few() {
        let stratum = |population, drawn, counted| Stratum { population, drawn, counted };
        assert_eq!(recall(stratum(100, 20, 3), stratum(900, 50, 1), 0.95), Recall::NotEnough(4));
        let Recall::Known(all) = recall(stratum(100, 100, 60), stratum(900, 900, 40), 0.95) else { panic!() };
        assert!(
            (all.estimate - 0.6).abs() < 1e-12
                && (all.low - 0.6).abs() < 1e-12
                && (all.high - 0.6).abs() < 1e-12
        );
    }

    /// 20,000 images of which 1 % are of the class, recall 0.60 and precision 0.50, an audit of 400 of which 100 are drawn from those
    /// that are predicted: the interval covers 0.60 at least as often as it says, although the ratio is too high.
    #[test]
    fn the_interval_covers_where_the_ratio_does_not() {
        // The first 120 of 240 predicted ones, and 80 of the 19,760 others.
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (mut covered, mut sum, mut known) = (0, 0.0, 0);
        for _ in 0..1000 {
            let drawn = |size: usize, count: usize, rare: usize, rng: &mut ChaCha8Rng| {
                let counted = index::sample(rng, size, count).iter().filter(|&row| row < rare).count();
                Stratum { population: size, drawn: count, counted }
            };
            let (predicted, others) = (drawn(240, 100, 120, &mut rng), drawn(19_760, 300, 80, &mut rng));
            if let Recall::Known(found) = recall(predicted, others, 0.95) {
                known += 1;
                sum += found.estimate;
                covered += usize::from(found.low <= 0.6 && 0.6 <= found.high);
            }
        }
        assert_eq!(known, 1000);
        assert!(sum / 1000.0 > 0.63, "the ratio is too high: {}", sum / 1000.0);
        assert!(covered >= 950, "{covered} of 1000");
    }
}
