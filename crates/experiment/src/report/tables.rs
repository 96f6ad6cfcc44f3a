//! Tables of one imbalance factor.

use super::data::{Difference, Factor, Group, Summary};
use super::measure;
use crate::definition::{PoolDefinition, Scale};
use crate::document::Table;
use crate::format::{self, capitalised};
use crate::record::Record;
use crate::statistics;

/// What every caption ends with.
pub(super) fn caption(text: &str, factor: &Factor<'_>, scale: Scale) -> String {
    let seeds = match factor.seed_range() {
        Some((least, most)) if least != most => format!("n = {least} to {most} seeds"),
        Some((_, most)) => format::seeds(most),
        None => format::seeds(0),
    };
    format!("{text} Imbalance factor {}; {seeds}; {}.", factor.value, factor.short_scale(scale))
}

/// A column for each round from `first`, headed by its number of labels.
fn rounds(factor: &Factor<'_>, first: usize) -> Vec<String> {
    (first..=factor.rounds)
        .map(|round| factor.labelled(round).map_or(format::NONE.to_owned(), format::count))
        .collect()
}

fn columns(text: &[&str], others: Vec<String>) -> Vec<String> {
    text.iter().map(|name| (*name).to_owned()).chain(others).collect()
}

pub(super) fn percent(summary: Summary) -> String {
    format::spread(summary.mean, summary.deviation, 100.0, 2)
}

fn score(summary: Summary) -> String {
    format::spread(summary.mean, summary.deviation, 1.0, 3)
}

/// Accuracy at every size of the labelled set, and the area under the learning curve.
pub(super) fn accuracy(factor: &Factor<'_>, scale: Scale) -> Table {
    let mut heads = columns(&["Strategy", "n"], rounds(factor, 0));
    heads.push("Area".to_owned());
    let text = format!(
        "{} in percent by number of labels, mean ± standard deviation over seeds. Area: area under the learning curve divided \
         by the span of labels, a mean accuracy.",
        capitalised(factor.measured.name())
    );
    let mut table = Table::new(caption(&text, factor, scale), 1, heads);
    for group in &factor.strategies {
        let mut row = vec![group.strategy.label.clone(), group.runs.len().to_string()];
        row.extend(
            (0..=factor.rounds).map(|round| percent(group.summary(measure::score(factor.measured, round)))),
        );
        row.push(percent(group.summary(measure::area(factor.measured))));
        table.rows.push(row);
    }
    table
}

pub(super) fn difference(difference: Difference, factor: f64, decimals: usize) -> String {
    let Some(mean) = difference.mean else {
        return format::NONE.to_owned();
    };
    let mark = if difference.is_separable() { " *" } else { "" };
    format!(
        "{} {}{mark}",
        format::signed(mean * factor, decimals),
        format::interval(difference.interval, factor, decimals)
    )
}

/// Each strategy against its baseline and against random sampling, round by round; `None` if there is no such pair.
pub(super) fn differences(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "Each strategy minus its baseline and minus random sampling, paired by seed: mean and 95 % interval (Student's t); * where the \
                interval leaves 0 out, everything else is not separable from noise. Accuracies in percentage points; \
                a negative difference in L1 score is closer to uniform. n: paired seeds.";
    let heads =
        ["Strategy − other", "Labels", "n", "Accuracy", "Balanced accuracy", "Tail accuracy", "L1 score"];
    let mut table = Table::new(caption(text, factor, scale), 1, columns(&heads, vec![]));
    for (group, baseline) in factor.pairs() {
        let name = format!("{} − {}", group.strategy.label, baseline.strategy.label);
        for round in 0..=factor.rounds {
            let labels = factor.labelled(round).map_or(format::NONE.to_owned(), format::count);
            let accuracy = group.difference(baseline, measure::accuracy(round));
            table.rows.push(vec![
                name.clone(),
                labels,
                accuracy.pairs.to_string(),
                difference(accuracy, 100.0, 2),
                difference(group.difference(baseline, measure::balanced_accuracy(round)), 100.0, 2),
                difference(group.difference(baseline, measure::part_accuracy(round, true)), 100.0, 2),
                difference(group.difference(baseline, measure::l1_cumulative(round)), 1.0, 3),
            ]);
        }
        let area = group.difference(baseline, measure::area(factor.measured));
        let mut row = vec![name, "area".to_owned(), area.pairs.to_string(), difference(area, 100.0, 2)];
        row.resize(heads.len(), format::NONE.to_owned());
        table.rows.push(row);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// L1 scores, with what random drawing gives and what the supply allows.
pub(super) fn l1(factor: &Factor<'_>, scale: Scale, query: bool) -> Table {
    let first = usize::from(query);
    let text = if query {
        "L1 score of the samples of each query, by size of the labelled set after it; mean ± standard deviation over \
         seeds. The floor is that of a query from a full pool."
    } else {
        "L1 score of the whole labelled set by its size, mean ± standard deviation over seeds; 0 is uniform."
    };
    let mut table =
        Table::new(caption(text, factor, scale), 1, columns(&["Strategy"], rounds(factor, first)));
    for group in &factor.strategies {
        let mut row = vec![group.strategy.label.clone()];
        row.extend((first..=factor.rounds).map(|round| {
            score(if query {
                group.summary(measure::l1_query(round))
            } else {
                group.summary(measure::l1_cumulative(round))
            })
        }));
        table.rows.push(row);
    }
    let mut reference = |name: &str, bound: &dyn Fn(usize) -> Option<f64>| {
        let mut row = vec![name.to_owned()];
        row.extend(
            (first..=factor.rounds)
                .map(|round| bound(round).map_or(format::NONE.to_owned(), |value| format::number(value, 3))),
        );
        table.rows.push(row);
    };
    reference("Expected of drawing at random", &|round| factor.seed_mean(measure::l1_random(round, query)));
    reference("Floor (lowest that the supply allows)", &|round| {
        factor.seed_mean(measure::l1_floor(round, query))
    });
    table
}

/// Which classes are rare, in words ([`crate::record::Header::tail_classes`]).
pub(super) fn rare(factor: &Factor<'_>) -> &'static str {
    match factor.seed_runs().first().map(|run| &run.header.definition.pool) {
        Some(PoolDefinition::Uniform { .. }) => "less than half of the pool images of the largest class",
        _ => "fewer pool images than the largest class",
    }
}

/// Head, tail and balanced accuracy of the last model.
pub(super) fn parts(factor: &Factor<'_>, scale: Scale) -> Table {
    let last = factor.rounds;
    let text = format!(
        "After the last round, in percent, mean ± standard deviation over seeds: mean per-class test accuracy over head \
         and tail classes (tail: {}), their mean over all classes (balanced accuracy), and the tail's share of the labelled \
         set.",
        rare(factor)
    );
    let heads = ["Strategy", "Head accuracy", "Tail accuracy", "Balanced accuracy", "Tail share of labels"];
    let mut table = Table::new(caption(&text, factor, scale), 1, columns(&heads, vec![]));
    for group in &factor.strategies {
        let cell = |summary: Summary| match summary.mean {
            Some(_) => percent(summary),
            None => format::NONE.to_owned(),
        };
        table.rows.push(vec![
            group.strategy.label.clone(),
            cell(group.summary(measure::part_accuracy(last, false))),
            cell(group.summary(measure::part_accuracy(last, true))),
            cell(group.summary(measure::balanced_accuracy(last))),
            cell(group.summary(measure::tail_share(last))),
        ]);
    }
    table
}

/// Time by phase and throughput.
pub(super) fn cost(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = "Time of one run by phase, summed over its rounds, and training throughput: means over seeds. Times \
                depend on the machines listed under provenance.";
    let heads =
        ["Strategy", "n", "Training", "Evaluation", "Scoring the pool", "Choosing", "Training images/s"];
    let mut table = Table::new(caption(text, factor, scale), 1, columns(&heads, vec![]));
    for group in factor.ran() {
        let time = |of: fn(&Record) -> f64| {
            let mean = group.summary(|run| Some(of(run))).mean;
            mean.map_or(format::NONE.to_owned(), format::duration)
        };
        table.rows.push(vec![
            group.strategy.label.clone(),
            group.runs.len().to_string(),
            time(|run| run.rounds.iter().map(|round| round.cost.train_secs).sum()),
            time(|run| run.rounds.iter().map(|round| round.cost.evaluate_secs).sum()),
            time(|run| run.queries.iter().map(|query| query.cost.score_secs).sum()),
            time(|run| run.queries.iter().map(|query| query.cost.select_secs).sum()),
            throughput(group),
        ]);
    }
    table
}

fn throughput(group: &Group<'_>) -> String {
    let rates = |run: &Record| {
        let rates: Vec<f64> = run.rounds.iter().map(|round| round.cost.train_images_per_sec).collect();
        statistics::mean(&rates)
    };
    let mean = group.summary(rates).mean;
    mean.map_or(format::NONE.to_owned(), |rate| format::count(rate.round().max(0.0) as usize))
}
