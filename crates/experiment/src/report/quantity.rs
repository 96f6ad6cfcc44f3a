//! What is measured of the choices of a sweep.

use super::data::{Factor, Group};
use crate::format;
use crate::record::{Choice, Record, Sweep};
use crate::statistics;

/// What is measured of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// ‖Ω − Pᵀz‖₁.
    L1,
    /// Mean entropy of the chosen.
    MeanEntropy,
    /// L1 score of the chosen (Eq. 10).
    PicksScore,
    /// L1 score of the labelled set with the chosen.
    LabelledScore,
}

impl Quantity {
    pub(super) const ALL: [Self; 4] = [Self::L1, Self::MeanEntropy, Self::PicksScore, Self::LabelledScore];

    /// Its value of a choice; none where the choice has no score.
    pub(super) fn of(self, run: &Record, choice: &Choice) -> Option<f64> {
        match self {
            Self::L1 => Some(choice.l1),
            Self::MeanEntropy => Some(choice.mean_entropy),
            Self::PicksScore => statistics::l1_score(&choice.class_counts),
            Self::LabelledScore => {
                let initial = &run.header.initial_class_counts;
                let both: Vec<usize> =
                    initial.iter().zip(&choice.class_counts).map(|(held, more)| held + more).collect();
                statistics::l1_score(&both)
            }
        }
    }

    /// The quantity's values along a sweep, in order of λ; none where one is missing.
    pub(super) fn along(self, run: &Record) -> Option<Vec<f64>> {
        run.sweep.as_ref()?.points.iter().map(|point| self.of(run, &point.choice)).collect()
    }

    /// A name for the middle of a sentence.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::L1 => "ℓ1",
            Self::MeanEntropy => "the mean entropy",
            Self::PicksScore => "the L1 score of the chosen",
            Self::LabelledScore => "the L1 score of the labelled set",
        }
    }

    /// The title of its panel.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::L1 => "ℓ1 = ‖Ω − Pᵀz‖₁",
            Self::MeanEntropy => "Mean entropy of the chosen",
            Self::PicksScore => "L1 score of the chosen",
            Self::LabelledScore => "L1 score of the labelled set",
        }
    }

    /// Its unit.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::L1 => "samples",
            Self::MeanEntropy => "nats",
            Self::PicksScore | Self::LabelledScore => "L1 score",
        }
    }

    /// Whether it is a score in [0, 1].
    pub(super) fn is_score(self) -> bool {
        matches!(self, Self::PicksScore | Self::LabelledScore)
    }
}

/// The largest rise from one weight to the next, as a share of the value at the first weight; 0 if the values never
/// rise. `None` for fewer than two values, or where the first is 0 and later ones are not.
pub(super) fn largest_rise(values: &[f64]) -> Option<f64> {
    let first = values.first()?.abs();
    let rise = values.windows(2).map(|pair| pair[1] - pair[0]).reduce(f64::max)?.max(0.0);
    let share = if rise > 0.0 { rise / first } else { 0.0 };
    share.is_finite().then_some(share)
}

/// The names of the strategies that sweeps have for reference, each once, in the order found.
pub(super) fn reference_names(factor: &Factor<'_>) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for sweep in sweeps(factor).map(|(_, sweep)| sweep) {
        for reference in &sweep.references {
            if !names.contains(&reference.strategy) {
                names.push(reference.strategy.clone());
            }
        }
    }
    names
}

/// The runs that have a sweep.
pub(super) fn sweeps<'f>(factor: &'f Factor<'_>) -> impl Iterator<Item = (&'f Record, &'f Sweep)> {
    let runs = factor.ran().flat_map(|group| group.runs.iter().copied());
    runs.filter_map(|run| Some((run, run.sweep.as_ref()?)))
}

/// The weights that the rule takes for a strategy, each once, rising: such as `2.8 or 3`.
pub(super) fn weights_of_the_rule(group: &Group<'_>) -> String {
    let sweeps = group.runs.iter().filter_map(|run| run.sweep.as_ref());
    let mut chosen: Vec<f64> = sweeps.map(|sweep| sweep.chosen).collect();
    chosen.sort_by(f64::total_cmp);
    chosen.dedup();
    let chosen: Vec<String> = chosen.into_iter().map(format::short).collect();
    if chosen.is_empty() { format::NONE.to_owned() } else { chosen.join(" or ") }
}

#[cfg(test)]
mod tests {
    use super::largest_rise;

    #[test]
    fn rises_are_shares_of_the_first_value() {
        assert_eq!(largest_rise(&[8.0, 4.0, 4.0, 1.0]), Some(0.0));
        assert_eq!(largest_rise(&[8.0, 4.0, 6.0, 7.0]), Some(0.25));
        assert_eq!(largest_rise(&[0.0, 0.0]), Some(0.0));
        assert_eq!(largest_rise(&[0.0, 0.5]), None);
        assert_eq!(largest_rise(&[1.0]), None);
    }
}
