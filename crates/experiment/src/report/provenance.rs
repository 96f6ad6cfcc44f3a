//! Where the numbers come from: machines, revisions, hashes, what is missing, and the command that makes them again.

use std::collections::{BTreeMap, BTreeSet};

use super::data::Results;
use super::input::ReportInput;
use super::results_csv;
use crate::document::{Block, Table};
use crate::format;
use crate::record::{Host, Record};

/// The last sections of a report.
pub(super) fn blocks(input: &ReportInput<'_>, results: &Results<'_>, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Missing and left out".to_owned()));
    if results.left_out.is_empty() {
        blocks.push(Block::Paragraph(format!(
            "Nothing: all {} runs of this scale are complete.",
            results.complete
        )));
    } else {
        blocks.push(Block::Paragraph(format!(
            "{} runs are complete. The following are counted in no statistic.",
            results.complete
        )));
        let mut table = Table::new(
            format!("Runs left out, {}.", results.short_scale(input.scale)),
            2,
            ["Run", "Why"].map(str::to_owned).to_vec(),
        );
        table.rows = results.left_out.iter().map(|run| vec![run.run.clone(), run.reason.clone()]).collect();
        blocks.push(Block::Table(table));
    }
    blocks.push(Block::Heading(2, "Provenance".to_owned()));
    blocks.push(Block::Paragraph(format!("This report was generated: {}. By the command:", input.generated)));
    blocks.push(Block::Command(input.command.clone()));
    blocks.push(Block::Paragraph("The runs are made, and resumed, by:".to_owned()));
    blocks.push(Block::Command(format!(
        "cargo xtask reproduce {} --scale {}",
        input.definition.name, input.scale
    )));
    if results.complete > 0 {
        blocks.push(Block::Table(machines(input, results)));
        if let Some(words) = differing_machines(results) {
            blocks.push(Block::Paragraph(words));
        }
        blocks.push(Block::Table(runs(input, results)));
    }
    blocks.push(Block::Heading(3, "Columns of results.csv".to_owned()));
    blocks.push(Block::Paragraph(
        "One row for each round of each complete run. Fractions are in [0, 1]; a cell is empty where there is no value."
            .to_owned(),
    ));
    blocks.push(Block::List(
        results_csv::COLUMNS.iter().map(|(name, meaning)| format!("{name}: {meaning}")).collect(),
    ));
}

/// What the runs were made with: one row for each combination.
fn machines(input: &ReportInput<'_>, results: &Results<'_>) -> Table {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for run in results.runs() {
        let keys: BTreeSet<Vec<String>> = run.hosts().map(key).collect();
        for key in keys {
            *counts.entry(key).or_default() += 1;
        }
    }
    let columns =
        ["Tailward", "Revision", "Burn", "Device", "Kernels", "Processor", "Threads", "System", "Runs"];
    let mut table = Table::new(
        format!("What the runs were made with, {}.", results.short_scale(input.scale)),
        8,
        columns.map(str::to_owned).to_vec(),
    );
    table.rows = counts
        .into_iter()
        .map(|(mut row, count)| {
            row.push(count.to_string());
            row
        })
        .collect();
    table
}

fn key(host: &Host) -> Vec<String> {
    vec![
        host.tailward.clone(),
        host.revision.clone(),
        host.burn.clone(),
        host.device.clone(),
        host.kernels().to_owned(),
        host.processor.clone(),
        host.threads.to_string(),
        host.system.clone(),
    ]
}

/// Which runs that are compared were computed on different machines, in words; nothing where none were.
fn differing_machines(results: &Results<'_>) -> Option<String> {
    let mut of_seed: BTreeMap<(String, u64), BTreeSet<String>> = BTreeMap::new();
    for run in results.runs() {
        let definition = &run.header.definition;
        let machines = of_seed.entry((definition.imbalance_factor.to_string(), definition.seed)).or_default();
        machines.extend(run.hosts().map(|host| {
            format!("{} on {} with the kernels {}", host.device, host.processor, host.kernels())
        }));
    }
    of_seed.retain(|_, machines| machines.len() > 1);
    let kinds: BTreeSet<&str> = of_seed.values().flatten().map(String::as_str).collect();
    let seeds: Vec<String> =
        of_seed.keys().map(|(factor, seed)| format!("seed {seed} at imbalance factor {factor}")).collect();
    (!seeds.is_empty()).then(|| {
        format!(
            "Runs that are compared with each other were computed on different machines ({}): {}. Last digits differ between machines, and training \
             amplifies them: what differs there is of machines, too.",
            kinds.into_iter().collect::<Vec<_>>().join("; "),
            seeds.join(", ")
        )
    })
}

/// Every counted run with its hashes.
fn runs(input: &ReportInput<'_>, results: &Results<'_>) -> Table {
    let columns = ["Imbalance factor", "Strategy", "Seed", "Definition", "Pool", "Ledger", "Started"];
    let mut table = Table::new(
        format!(
            "Complete runs, {}: the first twelve digits of SHA-256 of definition, pool and ledger.",
            results.short_scale(input.scale)
        ),
        7,
        columns.map(str::to_owned).to_vec(),
    );
    table.rows = results.runs().map(row).collect();
    table
}

fn row(run: &Record) -> Vec<String> {
    let definition = &run.header.definition;
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    vec![
        definition.imbalance_factor.to_string(),
        definition.strategy.label.clone(),
        definition.seed.to_string(),
        short(&run.header.definition_hash),
        short(&run.header.pool_hash),
        run.complete.as_ref().map_or(format::NONE.to_owned(), |complete| short(&complete.ledger_hash)),
        run.header.started.clone(),
    ]
}
