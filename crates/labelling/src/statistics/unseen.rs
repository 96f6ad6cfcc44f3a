//! Classes that nobody has seen yet.

use serde::Serialize;

/// What a random sample says of classes that are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unseen {
    /// How probable it is that the next image is of a class that was not seen (Good, 1953, after Turing): the share of the
    /// sample that is alone in its class.
    pub probability: f64,
    /// The largest share of a class that was not seen, at 95 %: `3/n`, as `(1 − 3/n)ⁿ` is about 0.05.
    pub largest_share: f64,
    /// About how many classes there are, those seen included (Chao, 1984); a lower bound.
    pub classes: f64,
}

/// Judges by how many of each class a random sample has.
pub fn unseen(counts: &[usize]) -> Unseen {
    let with = |count: usize| counts.iter().filter(|&&found| found == count).count() as f64;
    let (alone, twice) = (with(1), with(2));
    let seen = counts.iter().filter(|&&count| count > 0).count() as f64;
    let sample = counts.iter().sum::<usize>() as f64;
    let more = if twice > 0.0 { alone * alone / (2.0 * twice) } else { alone * (alone - 1.0).max(0.0) / 2.0 };
    Unseen {
        probability: if sample > 0.0 { alone / sample } else { 1.0 },
        largest_share: if sample > 0.0 { (3.0 / sample).min(1.0) } else { 1.0 },
        classes: seen + more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-bio's examples: `goods_coverage` is 1 − probability; `chao1` of [0, 0, 1, 1, 2, 2, …] without its correction.
    #[test]
    fn closed_forms() {
        let found = unseen(&[0, 0, 1, 1, 1, 2, 2, 5]);
        assert!((found.probability - 3.0 / 12.0).abs() < 1e-12);
        assert!((found.classes - (6.0 + 9.0 / 4.0)).abs() < 1e-12);
        assert!((found.largest_share - 0.25).abs() < 1e-12);
        assert!((unseen(&[1, 1, 1]).classes - 6.0).abs() < 1e-12);
        assert!((unseen(&[9, 4]).probability).abs() < 1e-12);
        assert!((unseen(&[]).probability - 1.0).abs() < 1e-12);
    }
}
