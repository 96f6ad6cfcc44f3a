//! `sweep.csv`: one row for each weight of each sweep, and for each strategy that it has for reference.

use super::data::Results;
use super::quantity::Quantity;
use crate::Error;
use crate::record::{Choice, Record};

const COLUMNS: [&str; 13] = [
    "experiment",
    "scale",
    "imbalance_factor",
    "strategy",
    "seed",
    "lambda",
    "reference",
    "l1",
    "mean_entropy",
    "l1_score_chosen",
    "l1_score_labelled",
    "relative_gap",
    "select_secs",
];

/// The file's text; `None` if no run has a sweep.
///
/// # Errors
///
/// Never in practice: the text is built in memory.
pub(super) fn render(results: &Results<'_>) -> Result<Option<String>, Error> {
    if results.runs().all(|run| run.sweep.is_none()) {
        return Ok(None);
    }
    let fault = |source: csv::Error| Error::Table { table: "sweep.csv".to_owned(), source };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(fault)?;
    let none = String::new;
    for (run, sweep) in results.runs().filter_map(|run| Some((run, run.sweep.as_ref()?))) {
        for (point, secs) in sweep.points.iter().zip(&sweep.cost.select_secs) {
            let gap = point.relative_gap.map_or_else(none, |gap| gap.to_string());
            let own = [point.lambda.to_string(), none()];
            let cost = [gap, secs.to_string()];
            writer.write_record(row(run, own, &point.choice, cost)).map_err(fault)?;
        }
        for reference in &sweep.references {
            let own = [none(), reference.strategy.clone()];
            writer.write_record(row(run, own, &reference.choice, [none(), none()])).map_err(fault)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| fault(csv::Error::from(error.into_error())))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn row(run: &Record, own: [String; 2], choice: &Choice, cost: [String; 2]) -> Vec<String> {
    let definition = &run.header.definition;
    let mut cells = vec![
        definition.experiment.clone(),
        definition.scale.to_string(),
        definition.imbalance_factor.to_string(),
        definition.strategy.name.clone(),
        definition.seed.to_string(),
    ];
    cells.extend(own);
    cells.extend(
        Quantity::ALL
            .map(|quantity| quantity.of(run, choice).map_or(String::new(), |value| value.to_string())),
    );
    cells.extend(cost);
    cells
}
