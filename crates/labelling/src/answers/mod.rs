//! What people answered, as programs write it: tables of our own and exports of Label Studio.

pub mod label_studio;
mod row;

use std::path::Path;

use crate::Error;
use crate::table::{Classes, Labels, Samples};

pub use row::AnswerRow;

/// Reads answers, whatever the file is: JSON of Label Studio (`JSON` or `JSON_MIN`), its CSV, or a table with a column that names
/// the samples and one with their labels.
///
/// `names` are what Label Studio knows the samples by ([`label_studio::tasks`]), in their order.
///
/// # Errors
///
/// [`Error::Input`] with the place: the file cannot be read or is of no such form, names a sample or a class that does not
/// exist, or gives a sample more than one class.
pub fn read(
    path: &Path,
    samples: &Samples,
    classes: &Classes,
    names: &[String],
) -> Result<Vec<AnswerRow>, Error> {
    if let Some(rows) = label_studio::read(path, samples, classes, names)? {
        return Ok(rows);
    }
    let labels = Labels::read(path, samples, classes)?;
    let row = |row: crate::table::LabelRow| AnswerRow {
        place: format!("line {}", row.line),
        sample: row.sample,
        mark: (!row.is_empty).then_some(row.mark),
        annotator: row.annotator,
    };
    Ok(labels.rows.into_iter().map(row).collect())
}
