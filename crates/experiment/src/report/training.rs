//! How networks learned, where labels alone do not say it: pseudo-labels of unlabelled images, and training that stopped early.

use super::data::{Factor, Group};
use super::tables::caption;
use crate::definition::Scale;
use crate::document::{Block, Table};
use crate::format;
use crate::record::{Record, ValidationLine};
use crate::statistics;

/// The section of one imbalance factor; nothing where all networks learned from labelled images alone and to the last epoch.
pub(super) fn blocks(factor: &Factor<'_>, scale: Scale, blocks: &mut Vec<Block>) {
    let tables = [pseudo_labels(factor, scale), stopped(factor, scale)];
    if tables.iter().all(Option::is_none) {
        return;
    }
    blocks.push(Block::Heading(3, "Training".to_owned()));
    let [pseudo, stopped] = tables;
    blocks.extend(pseudo.map(Block::Table));
    if let Some(table) = stopped {
        blocks.push(Block::Notice(uncounted(factor)));
        blocks.push(Block::Table(table));
    }
}

fn table(text: &str, heads: &[&str], factor: &Factor<'_>, scale: Scale) -> Table {
    Table::new(caption(text, factor, scale), 1, heads.iter().map(|head| (*head).to_owned()).collect())
}

/// What FlexMatch learned by; `None` if no strategy has it.
fn pseudo_labels(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "Pseudo-labels of FlexMatch by round, means over seeds: the share that counted in the last epoch, the share of \
                unlabelled images that the network was confident of at any time, how many of those were right by true \
                label, and the classes that there is any of.";
    let heads = ["Strategy", "Round", "n", "Counted, %", "Confident, %", "Right, %", "Classes"];
    let mut table = table(text, &heads, factor, scale);
    for group in factor.ran() {
        for round in 0..=factor.rounds {
            let shares: Vec<[Option<f64>; 4]> =
                group.runs.iter().filter_map(|run| pseudo_label_shares(run, round)).collect();
            if shares.is_empty() {
                continue;
            }
            let mean = |column: usize| {
                let values: Vec<f64> = shares.iter().filter_map(|shares| shares[column]).collect();
                format::optional(statistics::mean(&values), 1)
            };
            let mut row = vec![group.strategy.label.clone(), round.to_string(), shares.len().to_string()];
            row.extend((0..4).map(mean));
            table.rows.push(row);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Of one round: the shares that counted in the last epoch, that the network was confident of and that were right of these, in
/// percent, and the classes among them.
fn pseudo_label_shares(run: &Record, round: usize) -> Option<[Option<f64>; 4]> {
    let round = run.rounds.get(round)?;
    let line = round.flexmatch.as_ref()?;
    let counts = run.header.initial_class_counts.iter().chain(&run.header.pool_class_counts);
    let unlabelled = counts.sum::<usize>() - round.labelled;
    let confident: usize = line.class_counts.iter().sum();
    let percent = |part: usize, of: usize| (of > 0).then(|| 100.0 * part as f64 / of as f64);
    Some([
        line.used.last().map(|share| 100.0 * share),
        percent(confident, unlabelled),
        percent(line.right, confident),
        Some(line.class_counts.iter().filter(|&&count| count > 0).count() as f64),
    ])
}

fn validated<'a>(group: &'a Group<'_>) -> impl Iterator<Item = &'a ValidationLine> {
    group.runs.iter().flat_map(|run| &run.rounds).filter_map(|round| round.validation.as_ref())
}

/// How many labels were looked at that no budget counts.
fn uncounted(factor: &Factor<'_>) -> String {
    let images = factor.ran().flat_map(validated).map(|line| line.images).max().unwrap_or(0);
    format!(
        "Training stopped early by the loss on {images} validation images with their true labels. No budget counts these: curves against \
         labels leave them out."
    )
}

/// When training ended; `None` if no strategy stops early.
fn stopped(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "Early stopping, over all rounds of all seeds: epochs that were trained and the epoch that was kept, means.";
    let heads = ["Strategy", "Trainings", "Validation images", "Epochs", "Best epoch"];
    let mut table = table(text, &heads, factor, scale);
    for group in factor.ran() {
        let lines: Vec<&ValidationLine> = validated(group).collect();
        let Some(first) = lines.first() else { continue };
        let mean = |of: &dyn Fn(&ValidationLine) -> usize| {
            let values: Vec<f64> = lines.iter().map(|line| of(line) as f64).collect();
            format::optional(statistics::mean(&values), 1)
        };
        table.rows.push(vec![
            group.strategy.label.clone(),
            lines.len().to_string(),
            first.images.to_string(),
            mean(&|line| line.losses.len()),
            mean(&|line| line.best_epoch),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}
