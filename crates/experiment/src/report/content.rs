//! The report's content, in the order in which it is read: what came out, what was published, then the evidence.

use super::data::{Difference, Factor, Group, Results, on_dataset};
use super::input::ReportInput;
use super::measure::Measured;
use super::{audit, claims, compare, imbalance};
use super::{figures, measure, overview, provenance, queries, significance, sweep, tables, training};
use crate::Error;
use crate::definition::{Definition, Metric, Scale, ScaleDefinition, same_factor};
use crate::document::{Block, Document};
use crate::expected::EvaluatedOn;
use crate::format;

/// Puts the report together.
///
/// # Errors
///
/// A figure cannot be drawn, or the definition has no such scale.
pub(super) fn document(input: &ReportInput<'_>, results: &Results<'_>) -> Result<Document, Error> {
    let definition = input.definition;
    let sizes = definition.scale(input.scale)?;
    let banner = banner(input, results, sizes);
    let sweeps = sizes.sweep.is_some();
    let hardest = overview::hardest(results);
    let mut blocks = vec![];
    let mut finding = None;
    if let Some(factor) = hardest {
        let opening = overview::of(factor, input)?;
        finding = opening.finding;
        blocks.push(Block::Overview(Box::new(opening.overview)));
    }
    blocks.push(Block::Heading(2, "Result".to_owned()));
    headlines(results, sweeps, &mut blocks);
    blocks.push(Block::Heading(2, "Question".to_owned()));
    blocks.push(Block::Paragraph(definition.question.clone()));
    blocks.push(Block::Paragraph(format!(
        "Reproduces: {}. Dataset: {}.",
        definition.source.trim_end_matches('.'),
        dataset(definition, input.scale)?
    )));
    blocks.push(Block::Paragraph(format!("This scale: {}", definition.scale(input.scale)?.rationale)));
    if let Some(expected) = input.expected {
        compare::published(expected, results, input.scale, &mut blocks);
        claims::blocks(expected, results, input.scale, &mut blocks);
    }
    let family = significance::family(results);
    for (factor, comparisons) in results.factors.iter().zip(&family) {
        if factor.ran().next().is_none() {
            continue;
        }
        blocks.push(Block::Heading(2, format!("Imbalance factor {}", factor.value)));
        if hardest.is_some_and(|hardest| !same_factor(hardest.value, factor.value)) {
            blocks.push(Block::Overview(Box::new(overview::of(factor, input)?.overview)));
        }
        if sweeps {
            sweep::evidence(factor, input.scale, &mut blocks)?;
        } else {
            evidence(factor, input, &mut blocks)?;
            significance::blocks(factor, comparisons, significance::tests(&family), input.scale, &mut blocks);
        }
    }
    provenance::blocks(input, results, &mut blocks);
    Ok(Document {
        title: format!("{}: {}", definition.title, results.short_scale(input.scale)),
        folded: finding.is_some(),
        finding,
        banner,
        blocks,
    })
}

/// What the scale runs on, and in place of what.
fn dataset(definition: &Definition, scale: Scale) -> Result<String, Error> {
    Ok(match &definition.scale(scale)?.dataset {
        None => definition.dataset.clone(),
        Some(own) => format!("{} ({}), in place of {}", own.name, own.note, definition.dataset),
    })
}

/// Scale, seeds, metric and command in one line.
fn banner(input: &ReportInput<'_>, results: &Results<'_>, sizes: &ScaleDefinition) -> String {
    let seeds: Vec<String> = results.seeds().iter().map(u64::to_string).collect();
    let seeds = match seeds.len() {
        0 => "no complete run".to_owned(),
        n => format!("{} ({})", format::seeds(n), seeds.join(", ")),
    };
    format!(
        "{}, {}. {}. Metric: {} after the last epoch. Made by: {}",
        input.definition.name,
        on_dataset(format::scale(input.scale), sizes.dataset.as_ref().map(|dataset| dataset.note.as_str())),
        seeds,
        Measured { metric: input.definition.metric.unwrap_or_default(), on: EvaluatedOn::Test }.name(),
        input.command
    )
}

/// What came out, in sentences that stand alone.
fn headlines(results: &Results<'_>, sweeps: bool, blocks: &mut Vec<Block>) {
    if results.complete == 0 {
        blocks.push(Block::Notice(
            "No run of this scale is complete: there is nothing to report yet. What is missing is listed below."
                .to_owned(),
        ));
        return;
    }
    if sweeps {
        return sweep::headlines(results, blocks);
    }
    for factor in &results.factors {
        let mut points: Vec<String> = factor
            .pairs()
            .map(|(group, baseline)| {
                format!(
                    "{} {}",
                    accuracy_claim(factor, group, baseline),
                    rare_claim(factor, group, baseline)
                        .unwrap_or_else(|| balance_claim(factor, group, baseline))
                )
            })
            .collect();
        let unpaired = factor
            .ran()
            .filter(|group| !factor.pairs().any(|(left, right)| same(left, group) || same(right, group)));
        points.extend(unpaired.map(|group| {
            let summary = group.summary(measure::score(factor.measured, factor.rounds));
            format!(
                "{} reached {} % {} (mean ± sd, {}); no difference is claimed: there is nothing \
                 complete to compare it with.",
                group.strategy.label,
                format::spread(summary.mean, summary.deviation, 100.0, 2),
                factor.measured.name(),
                format::seeds(summary.seeds)
            )
        }));
        if points.is_empty() {
            continue;
        }
        let labels = factor.labelled(factor.rounds).map_or(format::NONE.to_owned(), format::count);
        blocks.push(Block::Paragraph(format!("Imbalance factor {}, at {labels} labels:", factor.value)));
        blocks.push(Block::List(points));
    }
    blocks.push(Block::Paragraph(
        "sd: sample standard deviation over seeds. Intervals: 95 %, Student's t over differences paired by seed, each \
         on its own (not corrected for their number). A difference whose interval includes 0, or that has fewer than \
         two pairs, is not separable from noise. The exact tests under Statistics assume no distribution and ask for more \
         seeds."
            .to_owned(),
    ));
}

fn same(left: &Group<'_>, right: &Group<'_>) -> bool {
    left.strategy.name == right.strategy.name
}

/// The difference in accuracy after the last round.
fn accuracy_claim(factor: &Factor<'_>, group: &Group<'_>, baseline: &Group<'_>) -> String {
    let of = measure::score(factor.measured, factor.rounds);
    let (ours, theirs) = (group.summary(of), baseline.summary(of));
    let difference = group.difference(baseline, of);
    let amount = difference.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean * 100.0, 2));
    format!(
        "{} reached {} % {} (mean ± sd, {}), {} {} % ({}): difference {amount} points, 95 % interval {} \
         (paired, n = {}), {}.",
        group.strategy.label,
        format::spread(ours.mean, ours.deviation, 100.0, 2),
        factor.measured.name(),
        format::seeds(ours.seeds),
        baseline.strategy.label,
        format::spread(theirs.mean, theirs.deviation, 100.0, 2),
        format::seeds(theirs.seeds),
        format::interval(difference.interval, 100.0, 2),
        difference.pairs,
        separability(&difference)
    )
}

/// How many images of rare classes are in the labelled set, where that is what models are measured for: by balanced
/// accuracy, in a pool that has such classes.
fn rare_claim(factor: &Factor<'_>, group: &Group<'_>, baseline: &Group<'_>) -> Option<String> {
    let of = measure::minority_labels(factor.rounds);
    let difference = group.difference(baseline, of);
    let mean = difference.mean.filter(|_| factor.measured.metric == Metric::BalancedAccuracy)?;
    let found = |group: &Group<'_>| format::optional(group.summary(of).mean, 1);
    Some(format!(
        "It labelled {} images of rare classes against {}: difference {}, 95 % interval {} (paired, n = {}), {}.",
        found(group),
        found(baseline),
        format::signed(mean, 1),
        format::interval(difference.interval, 1.0, 1),
        difference.pairs,
        separability(&difference)
    ))
}

fn separability(difference: &Difference) -> &'static str {
    if difference.is_separable() { "separable from noise" } else { "not separable from noise" }
}

/// Whether the labelled set is closer to uniform than the other's.
fn balance_claim(factor: &Factor<'_>, group: &Group<'_>, baseline: &Group<'_>) -> String {
    let of = measure::l1_cumulative(factor.rounds);
    let difference = group.difference(baseline, of);
    let Some(mean) = difference.mean else {
        return "The balance of their labelled sets cannot be compared: no paired seeds.".to_owned();
    };
    let verdict = match (difference.is_separable(), mean < 0.0) {
        (false, _) => "Whether its labelled set is closer to uniform is not separable from noise",
        (true, true) => "Its labelled set is closer to uniform",
        (true, false) => "Its labelled set is further from uniform",
    };
    let score = |group: &Group<'_>| {
        let mean = group.summary(of).mean;
        mean.map_or(format::NONE.to_owned(), |mean| format::number(mean, 3))
    };
    format!(
        "{verdict}: L1 score of all its labels {} against {} (0 is uniform), difference {}, 95 % interval {} (paired, n = {}).",
        score(group),
        score(baseline),
        format::signed(mean, 3),
        format::interval(difference.interval, 1.0, 3),
        difference.pairs
    )
}

/// Figures and tables of one imbalance factor.
fn evidence(factor: &Factor<'_>, input: &ReportInput<'_>, blocks: &mut Vec<Block>) -> Result<(), Error> {
    let figures = figures::draw(factor, input.scale)?;
    let scale = input.scale;
    blocks.push(Block::Heading(3, format!("{} against labels", format::capitalised(factor.measured.name()))));
    blocks.push(Block::Figure(figures.learning));
    blocks.push(Block::Table(tables::accuracy(factor, scale)));
    blocks.push(Block::Heading(3, "Paired differences".to_owned()));
    match tables::differences(factor, scale) {
        Some(table) => blocks.push(Block::Table(table)),
        None => blocks
            .push(Block::Paragraph("No two strategies that are compared have complete runs.".to_owned())),
    }
    imbalance::blocks(factor, scale, blocks)?;
    audit::blocks(factor, scale, blocks);
    blocks.push(Block::Heading(3, "Class balance of the labelled set".to_owned()));
    if factor.seed_mean(measure::wrong_labels).is_some() {
        blocks.push(Block::Paragraph(
            "Some labels are wrong: classes are counted by what the images show, not by what was told."
                .to_owned(),
        ));
    }
    blocks.push(Block::Figure(figures.distribution));
    blocks.extend(figures.rounds.map(Block::Figure));
    let [cumulative, query] = figures.balance;
    blocks.push(Block::Figure(cumulative));
    blocks.push(Block::Table(tables::l1(factor, scale, false)));
    blocks.push(Block::Figure(query));
    blocks.push(Block::Table(tables::l1(factor, scale, true)));
    blocks.push(Block::Heading(3, "Head and tail classes".to_owned()));
    match figures.parts {
        Some(figure) => blocks.push(Block::Figure(figure)),
        None => blocks.push(Block::Paragraph("The pool has no tail classes.".to_owned())),
    }
    blocks.push(Block::Table(tables::parts(factor, scale)));
    training::blocks(factor, scale, blocks);
    blocks.push(Block::Heading(3, "Cost".to_owned()));
    blocks.push(Block::Table(tables::cost(factor, scale)));
    queries::blocks(factor, scale, blocks);
    Ok(())
}
