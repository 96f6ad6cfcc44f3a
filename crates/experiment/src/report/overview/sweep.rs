//! The opening of a sweep: what the weight of the rule does to the labelled set, beside the smallest weight.

use super::opening::{Opening, Unit, one_sentence};
use crate::Error;
use crate::document::{Drawn, Overview, Table};
use crate::format;
use crate::plots::forest::{ForestFigure, ForestPanel, Tone};
use crate::record::{Choice, Record, Sweep};
use crate::report::data::{Difference, Factor};
use crate::report::input::ReportInput;
use crate::report::quantity::{Quantity, weights_of_the_rule};
use crate::report::{figures, tables};

const EVENNESS: Unit =
    Unit { factor: 1.0, greater_is_better: false, better: "more even", worse: "less even" };

/// Each strategy at the weight of the rule against itself at the smallest weight.
///
/// # Errors
///
/// A figure cannot be drawn.
pub(super) fn opening(factor: &Factor<'_>, input: &ReportInput<'_>) -> Result<Opening, Error> {
    let text = "L1 score of the labelled set after one query of the first model, at the smallest λ and at the λ that the \
                paper's rule takes (0 is the same number of labels for each class): mean ± standard deviation over seeds; \
                differences paired by seed with 95 % intervals (Student's t), each on its own, not separable where they \
                hold 0.";
    let heads =
        ["Strategy", "λ of the rule", "n", "At the smallest λ", "At the rule's λ", "Difference", "Verdict"];
    let mut table =
        Table::new(tables::caption(text, factor, input.scale), 1, heads.map(str::to_owned).to_vec());
    let mut drawn = Drawn { column: 5, verdict: 6, decimals: 3, spans: vec![] };
    let score = |run: &Record, of: fn(&Sweep) -> Option<&Choice>| {
        Quantity::LabelledScore.of(run, of(run.sweep.as_ref()?)?)
    };
    for group in factor.ran() {
        let changes: Vec<f64> =
            group.runs.iter().filter_map(|run| Some(score(run, taken)? - score(run, smallest)?)).collect();
        let difference = Difference::of(&changes);
        let judged = EVENNESS.judge(&difference);
        let spread = |of: fn(&Sweep) -> Option<&Choice>| {
            let summary = group.summary(|run| score(run, of));
            format::spread(summary.mean, summary.deviation, 1.0, 3)
        };
        let mean = difference.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean, 3));
        table.rows.push(vec![
            group.strategy.label.clone(),
            weights_of_the_rule(group),
            group.runs.len().to_string(),
            spread(smallest),
            spread(taken),
            format!("{mean} {}", format::interval(difference.interval, 1.0, 3)),
            judged.words.to_owned(),
        ]);
        drawn.spans.push(judged.span);
    }
    let even = drawn.spans.iter().flatten().filter(|span| span.tone == Tone::Better).count();
    let seeds = factor.seed_range().map_or(0, |(_, most)| most);
    let finding = format!("{} (95 % intervals, {seeds} seeds)", finding(even, drawn.spans.len()));
    let panel = ForestPanel {
        title: "L1 score of the labelled set: rule's λ − smallest λ".to_owned(),
        better: EVENNESS.better.to_owned(),
        better_is_right: false,
        decimals: drawn.decimals,
        spans: drawn.spans.clone(),
    };
    let forest = ForestFigure {
        title: finding.clone(),
        subtitle: String::new(),
        rows: factor.ran().map(|group| group.strategy.label.clone()).collect(),
        panels: vec![panel],
    };
    table.drawn = vec![drawn];
    Ok(Opening {
        finding: Some(finding),
        overview: Overview {
            question: one_sentence(&input.definition.question),
            plot: figures::draw_sweep(factor, input.scale)?,
            forest: figures::draw_forest(factor, input.scale, forest)?,
            table,
        },
    })
}

fn finding(even: usize, total: usize) -> String {
    if (even, total) == (1, 1) {
        return "The λ of the paper's rule makes the labelled set more even".to_owned();
    }
    let all = if even == total { format!("all {total}") } else { format!("{even} of {total}") };
    match even {
        0 => "What the λ of the paper's rule does to the labelled set is not separable from noise".to_owned(),
        _ => format!("The λ of the paper's rule makes the labelled set more even with {all} strategies"),
    }
}

fn smallest(sweep: &Sweep) -> Option<&Choice> {
    sweep.points.first().map(|point| &point.choice)
}

fn taken(sweep: &Sweep) -> Option<&Choice> {
    let point = sweep.points.iter().find(|point| point.lambda.total_cmp(&sweep.chosen).is_eq());
    point.map(|point| &point.choice)
}
