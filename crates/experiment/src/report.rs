//! Reports, computed from definitions and records alone: `report.md`, a self-contained `report.html`, `results.csv`,
//! `sweep.csv` where a weight is swept, and `figures/*.svg`.
//!
//! Every claim names its metric, its number of paired seeds and its interval; every page, table and figure names its
//! scale. A run that is incomplete, or was made with another version of the definition, is listed and counted in no
//! statistic.

mod audit;
mod claims;
mod compare;
mod content;
mod data;
mod figures;
mod imbalance;
mod input;
mod kernels;
mod measure;
mod overview;
mod provenance;
mod quantity;
mod queries;
mod results_csv;
mod significance;
mod sweep;
mod sweep_csv;
mod tables;
mod training;

use std::fs;
use std::path::{Path, PathBuf};

use tailward_datasets::whole_file;

use crate::Error;
use crate::document::{Document, html, markdown};
use data::Results;

pub use claims::{JudgedClaim, Verdict};
pub use input::ReportInput;

/// The report before it has a format: for pages that show a part of it.
///
/// # Errors
///
/// The definition has no such scale, or a figure cannot be drawn.
pub fn document(input: &ReportInput<'_>) -> Result<Document, Error> {
    content::document(input, &Results::new(input.definition, input.scale, &input.records)?)
}

/// What the records say of every published claim; none where nothing is published.
///
/// # Errors
///
/// The definition has no such scale.
pub fn judged_claims<'a>(input: &ReportInput<'a>) -> Result<Vec<JudgedClaim<'a>>, Error> {
    let Some(expected) = input.expected else { return Ok(vec![]) };
    let results = Results::new(input.definition, input.scale, &input.records)?;
    Ok(claims::judged(expected, &results, input.scale))
}

/// Writes `report.md`, `report.html`, `results.csv`, `sweep.csv` where there are sweeps, and `figures/*.svg` to `out_dir`, which is made if it is missing.
/// Each file appears whole or not at all. Returns the paths of the files, the reports first.
///
/// # Errors
///
/// The definition has no such scale, a figure cannot be drawn, or a file cannot be written.
pub fn write(input: &ReportInput<'_>, out_dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let results = Results::new(input.definition, input.scale, &input.records)?;
    let document = content::document(input, &results)?;
    let mut files = vec![
        (PathBuf::from("report.md"), markdown::render(&document)),
        (PathBuf::from("report.html"), html::render(&document)),
        (PathBuf::from("results.csv"), results_csv::render(&results)?),
    ];
    if let Some(points) = sweep_csv::render(&results)? {
        files.push((PathBuf::from("sweep.csv"), points));
    }
    for figure in document.figures() {
        files.push((Path::new("figures").join(&figure.file), figure.svg.clone()));
    }
    let figures = out_dir.join("figures");
    fs::create_dir_all(&figures).map_err(Error::io(&figures))?;
    let mut written = Vec::with_capacity(files.len());
    for (name, text) in files {
        let path = out_dir.join(name);
        whole_file::write_bytes(&path, text.as_bytes()).map_err(Error::io(&path))?;
        written.push(path);
    }
    Ok(written)
}
