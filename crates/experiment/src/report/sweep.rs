//! What the weight of a class-balancing term does to one query of the first model (CBAL, Figure 4).

use super::data::{Factor, Results};
use super::document::{Block, Table};
use super::{format, plots, tables};
use crate::Error;
use crate::definition::Scale;
use crate::record::{Choice, Record, Sweep};
use crate::statistics;

/// A rise of less than this share counts as none: sums of equal numbers in another order differ by less.
const ROUNDING: f64 = 1e-9;

/// The paper's rule, as its Section 5.1 puts it.
const RULE: &str = "The paper's rule takes, with the model trained on the initial set, \"the smallest λ after which the L1 \
                    loss converges and does not diminish further\", and keeps it for the method.";

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

fn sweeps<'f>(factor: &'f Factor<'_>) -> impl Iterator<Item = (&'f Record, &'f Sweep)> {
    let runs = factor.ran().flat_map(|group| group.runs.iter().copied());
    runs.filter_map(|run| Some((run, run.sweep.as_ref()?)))
}

/// What came out, in sentences that stand alone.
pub(super) fn headlines(results: &Results<'_>, blocks: &mut Vec<Block>) {
    for factor in results.factors.iter().filter(|factor| factor.ran().next().is_some()) {
        blocks.push(Block::Paragraph(format!(
            "Imbalance factor {}, one query of {} samples with the first model:",
            factor.value,
            sweeps(factor)
                .next()
                .map_or(format::NONE.to_owned(), |(run, _)| { format::count(run.header.definition.budget) })
        )));
        blocks.push(Block::List(sentences(factor)));
    }
    blocks.push(Block::Paragraph(RULE.to_owned()));
}

/// One sentence for each strategy: what falls as the weight rises, and which weight the rule takes.
fn sentences(factor: &Factor<'_>) -> Vec<String> {
    factor
        .ran()
        .map(|group| {
            let falls: Vec<String> =
                Quantity::ALL.iter().map(|quantity| course(&group.runs, *quantity)).collect();
            let sweeps = group.runs.iter().filter_map(|run| run.sweep.as_ref());
            let mut chosen: Vec<f64> = sweeps.map(|sweep| sweep.chosen).collect();
            chosen.sort_by(f64::total_cmp);
            chosen.dedup();
            let chosen: Vec<String> = chosen.into_iter().map(format::short).collect();
            format!(
                "{} ({}): as λ rises, {}. The rule takes λ = {}.",
                group.strategy.label,
                format::seeds(group.runs.len()),
                falls.join("; "),
                if chosen.is_empty() { format::NONE.to_owned() } else { chosen.join(" or ") }
            )
        })
        .collect()
}

/// Whether a quantity never rises along the sweeps of some runs.
fn course(runs: &[&Record], quantity: Quantity) -> String {
    let curves: Vec<Vec<f64>> = runs.iter().filter_map(|run| quantity.along(run)).collect();
    let rises: Option<Vec<f64>> = curves.iter().map(|curve| largest_rise(curve)).collect();
    let rising = |curve: &Vec<f64>| largest_rise(curve).is_none_or(|rise| rise > ROUNDING);
    match (curves.iter().filter(|curve| rising(curve)).count(), rises) {
        _ if curves.is_empty() => format!("{} is not known", quantity.name()),
        (0, _) => format!("{} never rises", quantity.name()),
        (some, Some(rises)) => format!(
            "{} rises at some step in {some} of {} seeds, by at most {} % of its value at the smallest λ",
            quantity.name(),
            curves.len(),
            format::number(rises.into_iter().fold(0.0, f64::max) * 100.0, 3)
        ),
        (some, None) => {
            format!("{} rises at some step in {some} of {} seeds, from 0", quantity.name(), curves.len())
        }
    }
}

/// Figure and tables of one imbalance factor.
///
/// # Errors
///
/// The figure cannot be drawn.
pub(super) fn evidence(factor: &Factor<'_>, scale: Scale, blocks: &mut Vec<Block>) -> Result<(), Error> {
    blocks.push(Block::Heading(2, format!("Imbalance factor {}", factor.value)));
    blocks.push(Block::Figure(plots::draw_sweep(factor, scale)?));
    blocks.push(Block::Table(chosen(factor, scale)));
    blocks.push(Block::Table(values(factor, scale)));
    Ok(())
}

/// The chosen weight of each strategy and seed.
fn chosen(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = "The weight that the rule takes, by strategy and seed; the largest certified relative gap of a sweep's \
                choices to the best objective (a dash: not certified), and the time of all choices of a sweep and of the \
                longest.";
    let heads = ["Strategy", "Seed", "λ by the rule", "Largest gap", "All choices", "Longest"];
    let mut table = Table::new(tables::caption(text, factor, scale), 1, heads.map(str::to_owned).to_vec());
    for (run, sweep) in sweeps(factor) {
        let gaps = sweep.points.iter().filter_map(|point| point.relative_gap).reduce(f64::max);
        let times = || sweep.points.iter().map(|point| point.select_secs);
        table.rows.push(vec![
            run.header.definition.strategy.label.clone(),
            run.header.definition.seed.to_string(),
            format::short(sweep.chosen),
            gaps.map_or(format::NONE.to_owned(), format::scientific),
            format::duration(times().sum()),
            format::duration(times().fold(0.0, f64::max)),
        ]);
    }
    table
}

/// Every quantity at the smallest weight, at the one that the rule takes, and at the largest.
fn values(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = "What is chosen at the smallest λ, at the λ of the rule and at the largest λ, and by other strategies from \
                the same scores: mean ± standard deviation over seeds. All points are in sweep.csv.";
    let mut heads = vec!["Strategy".to_owned(), "λ".to_owned()];
    heads.extend(Quantity::ALL.map(|quantity| quantity.title().to_owned()));
    let mut table = Table::new(tables::caption(text, factor, scale), 2, heads);
    for group in factor.ran() {
        let mut row = |name: &str, at: &dyn Fn(&Sweep) -> Option<&Choice>| {
            let mut cells = vec![group.strategy.label.clone(), name.to_owned()];
            cells.extend(Quantity::ALL.map(|quantity| {
                let summary = group.summary(|run| quantity.of(run, at(run.sweep.as_ref()?)?));
                let decimals = if quantity == Quantity::L1 { 1 } else { 3 };
                format::spread(summary.mean, summary.deviation, 1.0, decimals)
            }));
            table.rows.push(cells);
        };
        row("smallest", &|sweep| sweep.points.first().map(|point| &point.choice));
        row("of the rule", &|sweep| {
            let taken = sweep.points.iter().find(|point| point.lambda.total_cmp(&sweep.chosen).is_eq());
            taken.map(|point| &point.choice)
        });
        row("largest", &|sweep| sweep.points.last().map(|point| &point.choice));
        for name in reference_names(factor) {
            let of = |sweep: &Sweep| sweep.references.iter().any(|reference| reference.strategy == name);
            if group.runs.iter().filter_map(|run| run.sweep.as_ref()).any(of) {
                row(&name, &|sweep| {
                    let found = sweep.references.iter().find(|reference| reference.strategy == name);
                    found.map(|reference| &reference.choice)
                });
            }
        }
    }
    table
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
