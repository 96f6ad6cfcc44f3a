//! What people answered, as programs write it: tables of our own and exports of Label Studio.

pub mod label_studio;
mod row;

use std::path::Path;

use crate::Error;
use crate::table::{Classes, Labels, Samples};

pub use row::AnswerRow;

/// Answers of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// In their order.
    pub rows: Vec<AnswerRow>,
    /// Classes that somebody added, by the numbers after those that are there.
    pub new_classes: Vec<String>,
}

/// Reads answers, whatever the file is: JSON of Label Studio (`JSON` or `JSON_MIN`), its CSV, or a table with a column that names
/// the samples and one with their labels.
///
/// `names` are what Label Studio knows the samples by ([`label_studio::tasks`]), in their order.
///
/// # Errors
///
/// [`Error::Input`] with the place: the file cannot be read or is of no such form, names a sample or a class that does not
/// exist, or gives a sample more than one class.
pub fn read(path: &Path, samples: &Samples, classes: &Classes, names: &[String]) -> Result<Answers, Error> {
    if let Some(rows) = label_studio::read(path, samples, classes, names)? {
        return Ok(Answers { rows, new_classes: Vec::new() });
    }
    let labels = Labels::read_with_new_classes(path, samples, classes)?;
    let row = |row: crate::table::LabelRow| AnswerRow {
        place: format!("line {}", row.line),
        sample: row.sample,
        mark: (!row.is_empty).then_some(row.mark),
        annotator: row.annotator,
    };
    Ok(Answers { rows: labels.rows.into_iter().map(row).collect(), new_classes: labels.new_classes })
}
