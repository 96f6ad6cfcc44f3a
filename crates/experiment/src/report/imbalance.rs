//! Rare classes: how many of their labels were found, what models reach on the pool, and how many labels are saved.

use super::data::{Difference, Factor, Summary};
use super::{figures, measure, tables};
use crate::Error;
use crate::definition::{Metric, Scale};
use crate::document::{Block, Table};
use crate::expected::EvaluatedOn;
use crate::format;
use crate::statistics::{self, Smoothing};

/// The section of one factor; nothing where models are measured by plain accuracy and were not evaluated on the pool.
///
/// # Errors
///
/// A figure cannot be drawn.
pub(super) fn blocks(factor: &Factor<'_>, scale: Scale, blocks: &mut Vec<Block>) -> Result<(), Error> {
    let on_pool = factor.measured.on(EvaluatedOn::Pool);
    let has_pool = factor.ran().any(|group| group.summary(measure::score(on_pool, 0)).seeds > 0);
    if factor.measured.metric == Metric::Accuracy && !has_pool {
        return Ok(());
    }
    let [pool, rare] = figures::draw_imbalance(factor, scale)?;
    if let Some(figure) = pool {
        blocks.push(Block::Heading(3, format::capitalised(on_pool.name())));
        blocks.push(Block::Figure(figure));
        blocks.push(Block::Table(pool_table(factor, scale)));
    }
    if let Some(figure) = rare {
        blocks.push(Block::Heading(3, "Labels of rare classes".to_owned()));
        blocks.push(Block::Figure(figure));
        blocks.push(Block::Table(rare_table(factor, scale)));
        blocks.push(Block::Paragraph(going_by(factor)));
        blocks.push(Block::Table(going_by_table(factor, scale)));
    }
    if let Some(table) = saving_table(factor, scale) {
        blocks.push(Block::Heading(3, "Labels saved".to_owned()));
        blocks.push(Block::Table(table));
    }
    Ok(())
}

fn heads(first: &str, factor: &Factor<'_>) -> Vec<String> {
    let rounds = (0..=factor.rounds)
        .map(|round| factor.labelled(round).map_or(format::NONE.to_owned(), format::count));
    std::iter::once(first.to_owned()).chain(rounds).collect()
}

/// The metric on the pool, and the other formula of balanced accuracy beside it after the last round.
fn pool_table(factor: &Factor<'_>, scale: Scale) -> Table {
    let of = factor.measured.on(EvaluatedOn::Pool);
    let text = format!(
        "{} in percent by number of labels, mean ± standard deviation over seeds. The last two columns have, after the last \
         round, the balanced accuracy of GALAXY's plots, which takes all classes but the largest as one: on the pool and on \
         the test set. It is the mean over classes where the others are equally many.",
        format::capitalised(of.name())
    );
    let mut heads = heads("Strategy", factor);
    heads.extend(["GALAXY's, pool".to_owned(), "GALAXY's, test".to_owned()]);
    let mut table = Table::new(tables::caption(&text, factor, scale), 1, heads);
    for group in &factor.strategies {
        let mut row = vec![group.strategy.label.clone()];
        row.extend(
            (0..=factor.rounds).map(|round| tables::percent(group.summary(measure::score(of, round)))),
        );
        for on in [EvaluatedOn::Pool, EvaluatedOn::Test] {
            let pooled = measure::pooled_balanced_accuracy(on, factor.rounds);
            row.push(tables::percent(group.summary(pooled)));
        }
        table.rows.push(row);
    }
    table
}

fn rare_table(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = format!(
        "Labelled images whose true class is rare ({}), by number of labels, mean ± standard deviation over seeds.",
        tables::rare(factor)
    );
    let mut table = Table::new(tables::caption(&text, factor, scale), 1, heads("Strategy", factor));
    for group in &factor.strategies {
        let mut row = vec![group.strategy.label.clone()];
        row.extend((0..=factor.rounds).map(|round| {
            let found = group.summary(measure::minority_labels(round));
            format::spread(found.mean, found.deviation, 1.0, 1)
        }));
        table.rows.push(row);
    }
    table
}

/// Why rare classes are found, or are not: what the first model knows of them, and how many labels are wrong.
fn going_by(factor: &Factor<'_>) -> String {
    let above: Vec<f64> = factor.seed_runs().into_iter().filter_map(measure::above_guessing(1)).collect();
    let above = Difference::of(&above);
    let knows = match above.mean {
        None => "The first models were not evaluated on the pool.".to_owned(),
        Some(mean) => format!(
            "The first models, which every strategy shares, are {} points from guessing in balanced accuracy on the pool \
             (95 % interval {}, {}): {}.",
            format::signed(mean * 100.0, 2),
            format::interval(above.interval, 100.0, 2),
            format::seeds(above.pairs),
            match (above.is_separable(), mean > 0.0) {
                (true, true) => "better than it",
                (true, false) => "worse than it",
                (false, _) =>
                    "not separable from it, although the order of their predictions may know more than their decisions",
            }
        ),
    };
    match factor.seed_mean(measure::wrong_labels) {
        None => knows,
        Some(share) => format!(
            "{knows} Of the labels that there are to be told {} % are wrong, so that not every label that says a rare class \
             is of one.",
            format::number(share * 100.0, 1)
        ),
    }
}

/// The same for the models that chose, beside what labels say where some are wrong.
fn going_by_table(factor: &Factor<'_>, scale: Scale) -> Table {
    let last = factor.rounds;
    let noisy = factor.seed_mean(measure::wrong_labels).is_some();
    let mut text = "What queries had to go by. Models that chose: their balanced accuracy on the pool above that of guessing, \
                    in percentage points, mean over rounds, then mean over seeds and 95 % interval (Student's t)."
        .to_owned();
    let mut heads = vec!["Strategy", "n", "Models that chose"];
    let precision = measure::mean_of_choosing(measure::rare_average_precision, last);
    let by_chance = measure::mean_of_choosing(measure::rare_average_precision_random, last);
    let has_lists = factor.ran().any(|group| group.summary(precision).seeds > 0);
    if has_lists {
        text.push_str(
            " Their lists: how well the order of their predictions finds the rare classes among the images without a label, \
             as average precision in percent (100: every image of the class before all others), mean over classes and \
             rounds, ± standard deviation over seeds, and what lists in random order would come to.",
        );
        heads.extend(["Lists of rare classes", "In random order"]);
    }
    if noisy {
        text.push_str(
            " After the last round, mean ± standard deviation over seeds: labels that say a rare class, right or wrong, and \
             images that are of one.",
        );
        heads.extend(["Say a rare class", "Are of a rare class"]);
    }
    let heads = heads.into_iter().map(str::to_owned).collect();
    let mut table = Table::new(tables::caption(&text, factor, scale), 1, heads);
    for group in factor.ran() {
        let above: Vec<f64> =
            group.runs.iter().filter_map(|run| measure::above_guessing(last)(run)).collect();
        let mut row = vec![
            group.strategy.label.clone(),
            group.runs.len().to_string(),
            tables::difference(Difference::of(&above), 100.0, 2),
        ];
        if has_lists {
            row.push(tables::percent(group.summary(precision)));
            row.push(tables::percent(group.summary(by_chance)));
        }
        if noisy {
            let labels = |found: Summary| format::spread(found.mean, found.deviation, 1.0, 1);
            row.push(labels(group.summary(measure::told_minority_labels(last))));
            row.push(labels(group.summary(measure::minority_labels(last))));
        }
        table.rows.push(row);
    }
    table
}

/// Labels saved against each strategy that a pair names, on the pool and on the test set, with and without the smoothing
/// of the references.
fn saving_table(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "The share of the other strategy's labels that is saved: the mean curve reaches the other's last value with so \
                many fewer, and the 95 % interval of resampled seeds; \"not reached\" where it does not. Moving average: of \
                ten rounds, as GALAXY's plots; running maximum: of each run, as LabelBench's.";
    let heads = ["Strategy − other", "On", "Raw", "Moving average", "Running maximum"].map(str::to_owned);
    let mut table = Table::new(tables::caption(text, factor, scale), 2, heads.to_vec());
    for (group, other) in factor.pairs() {
        for on in [EvaluatedOn::Pool, EvaluatedOn::Test] {
            let of = factor.measured.on(on);
            let curves: Vec<_> = group
                .paired(other)
                .into_iter()
                .map(|(run, partner)| {
                    (measure::learning_curve(of, run), measure::learning_curve(of, partner))
                })
                .collect();
            let saved = |smoothing| {
                let saving = statistics::label_saving(&curves, smoothing, statistics::CONFIDENCE);
                saving.map_or(format::NONE.to_owned(), |saving| format::saving(&saving))
            };
            if curves.iter().all(|(ours, _)| !ours.is_empty()) {
                table.rows.push(vec![
                    format!("{} − {}", group.strategy.label, other.strategy.label),
                    if on == EvaluatedOn::Pool { "pool" } else { "test" }.to_owned(),
                    saved(Smoothing::Raw),
                    saved(Smoothing::MovingAverage),
                    saved(Smoothing::RunningMaximum),
                ]);
            }
        }
    }
    (!table.rows.is_empty()).then_some(table)
}
