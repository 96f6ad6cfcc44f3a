//! What the weight of a class-balancing term does to one query of the first model (CBAL, Figure 4).

use super::data::{Factor, Results};
use super::quantity::{Quantity, largest_rise, reference_names, sweeps, weights_of_the_rule};
use super::{figures, tables};
use crate::Error;
use crate::definition::Scale;
use crate::document::{Block, Table};
use crate::format;
use crate::record::{Choice, Record, Sweep};

/// A rise of less than this share counts as none: sums of equal numbers in another order differ by less.
const ROUNDING: f64 = 1e-9;

/// The paper's rule, as its Section 5.1 puts it.
const RULE: &str = "The paper's rule takes, with the model trained on the initial set, \"the smallest λ after which the L1 \
                    loss converges and does not diminish further\", and keeps it for the method.";

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
            format!(
                "{} ({}): as λ rises, {}. The rule takes λ = {}.",
                group.strategy.label,
                format::seeds(group.runs.len()),
                falls.join("; "),
                weights_of_the_rule(group)
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
    blocks.push(Block::Figure(figures::draw_sweep(factor, scale)?));
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
        let times = || sweep.cost.select_secs.iter().copied();
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
