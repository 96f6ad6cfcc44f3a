//! The tables of every published claim in RESULTS.md: at which scale it holds, does not hold, or cannot be told from noise,
//! computed from the committed records and the `expected.toml` of every experiment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use tailward_experiment::definition::{Definition, Scale};
use tailward_experiment::document::{Table, markdown};
use tailward_experiment::format::capitalised;
use tailward_experiment::report::{Verdict, judged_claims};

use crate::{experiments, report};

/// The scales that say something about a claim, the smallest first.
const SCALES: [Scale; 3] = [Scale::Quick, Scale::Desk, Scale::Paper];

/// A claim with what each scale says of it.
struct Row {
    statement: String,
    source: String,
    experiment: String,
    scales: Vec<Cell>,
}

/// What one scale says of a claim.
struct Cell {
    verdict: Verdict,
    amount: String,
    /// The committed report; none where there are no records.
    report: Option<PathBuf>,
}

/// A table of how many claims hold at each scale, and one with a line for each claim: those that were looked at come first.
pub(crate) fn tables() -> Result<String> {
    let mut rows = Vec::new();
    for name in experiments::names()? {
        rows.extend(of_experiment(&name)?);
    }
    // Stable: within both parts the order of the experiments and of their claims stays.
    rows.sort_by_key(|row| row.scales.iter().all(|cell| cell.verdict == Verdict::NotRun));
    Ok(format!("{}\n{}", markdown::render_table(&counts(&rows)), lines(&rows)))
}

/// The claims of an experiment; none where nothing was published.
fn of_experiment(name: &str) -> Result<Vec<Row>> {
    let definition = experiments::load(name)?;
    let Some(expected) = experiments::expected(name)? else { return Ok(Vec::new()) };
    let mut rows: Vec<Row> = expected
        .claims
        .iter()
        .map(|claim| Row {
            statement: claim.statement.clone(),
            source: claim.source.clone(),
            experiment: name.to_owned(),
            scales: Vec::with_capacity(SCALES.len()),
        })
        .collect();
    for scale in SCALES {
        for (row, cell) in rows.iter_mut().zip(cells(&definition, scale, expected.claims.len())?) {
            row.scales.push(cell);
        }
    }
    Ok(rows)
}

/// What a scale says of each of an experiment's claims.
fn cells(definition: &Definition, scale: Scale, claimed: usize) -> Result<Vec<Cell>> {
    let not_run = || Cell { verdict: Verdict::NotRun, amount: String::new(), report: None };
    let Some(records) = experiments::records_folder(&definition.name, scale) else {
        return Ok((0..claimed).map(|_| not_run()).collect());
    };
    let report = report::default_folder(&records, definition, scale).join("report.md");
    report::with_input(definition, scale, &records, String::new(), |input| {
        let judged = judged_claims(input)?.into_iter();
        Ok(judged
            .map(|judged| Cell {
                verdict: judged.verdict,
                amount: judged.amount,
                report: Some(report.clone()),
            })
            .collect())
    })
}

fn counts(rows: &[Row]) -> Table {
    let mut columns = vec!["Scale".to_owned()];
    columns.extend(Verdict::ALL.map(|verdict| capitalised(short(verdict))));
    let caption = format!("Verdicts on {} claims, scale by scale.", rows.len());
    let mut table = Table::new(caption, 1, columns);
    for (index, scale) in SCALES.into_iter().enumerate() {
        let mut counted: BTreeMap<Verdict, usize> = BTreeMap::new();
        for row in rows {
            *counted.entry(row.scales[index].verdict).or_default() += 1;
        }
        let mut line = vec![scale.to_string()];
        line.extend(Verdict::ALL.map(|verdict| counted.get(&verdict).copied().unwrap_or(0).to_string()));
        table.rows.push(line);
    }
    table
}

/// A line for each claim. Verdicts are links to the reports, which a [`Table`] of plain text cannot have.
fn lines(rows: &[Row]) -> String {
    let mut heads = vec!["Claim".to_owned(), "Published in".to_owned(), "Experiment".to_owned()];
    heads.extend(SCALES.map(|scale| capitalised(scale.name())));
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(heads.len()));
    for row in rows {
        let words = [&row.statement, &row.source].map(|words| markdown::escape(words));
        let cells: Vec<String> = row.scales.iter().map(cell).collect();
        text.push_str(&format!("| {} | `{}` | {} |\n", words.join(" | "), row.experiment, cells.join(" | ")));
    }
    let caption = "Each claim with the verdict of the committed runs. Differences are paired by seed, with their 95 % interval \
                   (Student's t; of resampled seeds for labels saved), accuracies in percentage points. Not run: there are no \
                   committed records, or the scale does not have what the claim is about.";
    text.push_str(&format!("\n*{}*\n", markdown::escape(caption)));
    text
}

fn cell(cell: &Cell) -> String {
    let words = short(cell.verdict);
    match &cell.report {
        Some(report) if cell.verdict != Verdict::NotRun => {
            format!("[{words}]({}): {}", report.display(), markdown::escape(&cell.amount))
        }
        _ => words.to_owned(),
    }
}

/// The verdict in a table whose heading is the scale.
fn short(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotRun => "not run",
        Verdict::NotSeparable => "not separable",
        Verdict::Holds | Verdict::DoesNotHold => verdict.words(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdicts: [(Verdict, &str); 3]) -> Row {
        let cell = |(verdict, amount): (Verdict, &str)| Cell {
            verdict,
            amount: amount.to_owned(),
            report: (verdict != Verdict::NotRun).then(|| PathBuf::from("r/report.md")),
        };
        Row {
            statement: "A | B".to_owned(),
            source: "P".to_owned(),
            experiment: "made-up".to_owned(),
            scales: verdicts.map(cell).into(),
        }
    }

    #[test]
    fn verdicts_are_counted_and_linked() {
        let not_run = (Verdict::NotRun, "");
        let rows = [
            row([(Verdict::Holds, "+1 [0, 2]"), (Verdict::DoesNotHold, "−1"), not_run]),
            row([(Verdict::Holds, "+3"), not_run, not_run]),
        ];
        let counted = counts(&rows);
        assert_eq!(counted.columns, ["Scale", "Holds", "Does not hold", "Not separable", "Not run"]);
        assert_eq!(counted.rows[0], ["quick", "2", "0", "0", "0"]);
        assert_eq!(counted.rows[1], ["desk", "0", "1", "0", "1"]);
        assert_eq!(counted.rows[2], ["paper", "0", "0", "0", "2"]);
        let lines = lines(&rows);
        let first = "| A \\| B | P | `made-up` | [holds](r/report.md): +1 \\[0, 2\\] | [does not hold](r/report.md): −1 | not run |";
        assert!(lines.contains(first), "{lines}");
    }
}
