//! Our side of what was published.

use crate::definition::{Scale, same_factor};
use crate::expected::ExpectedRow;
use crate::format;
use crate::report::data::{Difference, Factor, Results};
use crate::report::measure;

/// Whose numbers are of which scale.
pub(super) fn whose_scale(results: &Results<'_>, scale: Scale) -> String {
    match scale {
        Scale::Paper => "Ours at paper scale".to_owned(),
        _ => format!("Published at paper scale; ours: {}", results.short_scale(scale)),
    }
}

/// Our side of a published row.
pub(super) struct Ours {
    /// Gains of rounds 1, 2, …, as fractions; as many as the row has, fewer where our runs are shorter.
    pub(super) gains: Vec<Difference>,
    /// The gain averaged over those rounds.
    pub(super) mean: Difference,
}

impl Ours {
    /// `None` if the pair has no paired seeds.
    pub(super) fn find(row: &ExpectedRow, results: &Results<'_>) -> Option<Self> {
        let of_row = |factor: &&Factor<'_>| same_factor(factor.value, row.imbalance_factor);
        let factor = results.factors.iter().find(of_row)?;
        let (group, baseline) = (factor.group(&row.strategy)?, factor.group(&row.baseline)?);
        let last = factor.rounds.min(row.gains.len());
        let mean = group.difference(baseline, measure::mean_score(factor.measured, last));
        (mean.pairs > 0).then(|| Self {
            gains: (1..=last)
                .map(|round| group.difference(baseline, measure::score(factor.measured, round)))
                .collect(),
            mean,
        })
    }

    /// Mean gains in points.
    pub(super) fn points(&self) -> Vec<Option<f64>> {
        self.gains.iter().map(|gain| gain.mean.map(|mean| mean * 100.0)).collect()
    }

    /// Our row mean in points, if it is over the same rounds as the published one.
    pub(super) fn complete_mean(&self, row: &ExpectedRow) -> Option<f64> {
        let mean = self.mean.mean.filter(|_| self.gains.len() == row.gains.len())?;
        Some(mean * 100.0)
    }

    /// `3 of 4`.
    pub(super) fn signs(&self, row: &ExpectedRow) -> String {
        let agreeing = self
            .points()
            .iter()
            .zip(&row.gains)
            .filter(|(ours, published)| ours.is_some_and(|ours| same_sign(ours, **published)))
            .count();
        format!("{agreeing} of {}", self.gains.len())
    }

    pub(super) fn verdict(&self, published: f64) -> &'static str {
        let Some(mean) = self.mean.mean else {
            return format::NONE;
        };
        match (same_sign(mean, published), self.mean.is_separable()) {
            (true, true) => "same sign",
            (true, false) => "same sign, not separable from noise",
            (false, true) => "opposite sign",
            (false, false) => "opposite sign, not separable from noise",
        }
    }
}

/// Whether two gains point the same way; a gain of 0 points nowhere and agrees only with another.
fn same_sign(left: f64, right: f64) -> bool {
    left.partial_cmp(&0.0) == right.partial_cmp(&0.0)
}

#[cfg(test)]
mod tests {
    use super::same_sign;

    #[test]
    fn signs() {
        assert!(same_sign(0.1, 2.0) && same_sign(-0.1, -2.0) && same_sign(0.0, 0.0));
        assert!(!same_sign(0.1, -2.0) && !same_sign(0.0, 2.0));
    }
}
