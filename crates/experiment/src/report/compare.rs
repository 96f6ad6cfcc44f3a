//! Our gains beside the published ones, row by row and cell by cell.

mod cells;
mod ours;

use super::data::Results;
use crate::definition::Scale;
use crate::document::{Block, Table};
use crate::expected::{Expected, ExpectedRow, ExpectedTable};
use crate::format;
use crate::statistics;
use ours::{Ours, whose_scale};

/// One section for each published table.
pub(super) fn published(expected: &Expected, results: &Results<'_>, scale: Scale, blocks: &mut Vec<Block>) {
    if expected.tables.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "Beside the published gains".to_owned()));
    blocks.push(Block::Paragraph(format!("What counts as agreement: {}", expected.agreement)));
    if scale != Scale::Paper {
        blocks.push(Block::Notice(format!(
            "Published at paper scale; ours at {}: not comparable cell by cell.",
            results.short_scale(scale)
        )));
    }
    for table in &expected.tables {
        blocks.push(Block::Heading(3, table.title.clone()));
        blocks.push(Block::Paragraph(format!("{}. {}", table.source.trim_end_matches('.'), table.note)));
        blocks.push(Block::Table(gains(table, results, scale)));
        blocks.extend(cells::table(table, results, scale).map(Block::Table));
    }
}

/// Three lines for each published row: published, ours, difference.
fn gains(table: &ExpectedTable, results: &Results<'_>, scale: Scale) -> Table {
    let rounds = table.rows.iter().map(|row| row.gains.len()).max().unwrap_or(0);
    let mut columns = vec!["Imbalance factor, strategy".to_owned(), "Gain".to_owned()];
    columns.extend((1..=rounds).map(|round| format!("Round {round}")));
    columns.extend(["Row mean", "Signs", "Verdict"].map(str::to_owned));
    let caption = format!(
        "Metric: {}. Ours: mean over paired seeds (n in the line); row mean with [95 % interval] (Student's t, paired by \
         seed). Signs: rounds in which ours has the published sign. Verdict: of the row mean. {}.",
        table.metric,
        whose_scale(results, scale)
    );
    let mut made = Table::new(caption, 2, columns);
    for row in &table.rows {
        let width = made.columns.len();
        made.rows.extend(lines(row, results, rounds).into_iter().map(|mut line| {
            line.resize(width, String::new());
            line
        }));
    }
    made
}

fn lines(row: &ExpectedRow, results: &Results<'_>, rounds: usize) -> Vec<Vec<String>> {
    let padded = |mut cells: Vec<String>| {
        cells.resize(rounds, format::NONE.to_owned());
        cells
    };
    let name = format!("{}, {}", row.imbalance_factor, row.label());
    let points = |value: f64| format::signed(value, 2);
    let published_mean = statistics::mean(&row.gains).unwrap_or(0.0);
    let mut published = vec![name, "published".to_owned()];
    published.extend(padded(row.gains.iter().map(|&gain| points(gain)).collect()));
    published.push(points(published_mean));
    let Some(found) = Ours::find(row, results) else {
        let mut missing = vec![String::new(), "ours: not run".to_owned()];
        missing.extend(padded(vec![]));
        missing.push(format::NONE.to_owned());
        return vec![published, missing];
    };
    let mut ours = vec![String::new(), format!("ours, n = {}", found.mean.pairs)];
    let cell = |gain: &Option<f64>| gain.map_or(format::NONE.to_owned(), points);
    ours.extend(padded(found.points().iter().map(cell).collect()));
    ours.push(format!(
        "{} {}",
        cell(&found.mean.mean.map(|mean| mean * 100.0)),
        format::interval(found.mean.interval, 100.0, 2)
    ));
    ours.push(found.signs(row));
    ours.push(match found.gains.len() {
        rounds if rounds < row.gains.len() => {
            format!("rounds 1 to {rounds} only: {}", found.verdict(published_mean))
        }
        _ => found.verdict(published_mean).to_owned(),
    });
    let mut difference = vec![String::new(), "ours − published".to_owned()];
    let apart = |(gain, published): (&Option<f64>, &f64)| cell(&gain.map(|gain| gain - published));
    difference.extend(padded(found.points().iter().zip(&row.gains).map(apart).collect()));
    let mean = found.complete_mean(row).map(|mean| mean - published_mean);
    difference.push(cell(&mean));
    vec![published, ours, difference]
}
