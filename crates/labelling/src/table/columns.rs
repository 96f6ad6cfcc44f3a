//! Which columns of a table say what, by the names that people give them.

use super::sheet::{Row, Sheet};
use crate::Error;

/// A row of the arrays.
pub(crate) const INDEX: [&str; 2] = ["index", "row"];
/// A sample, by its row or by a name of its own.
pub(crate) const SAMPLE: [&str; 2] = ["id", "sample"];
/// A sample by its file.
pub(crate) const PATH: [&str; 5] = ["path", "file", "file_name", "filename", "image"];
/// What it is.
pub(crate) const LABEL: [&str; 3] = ["label", "class", "category"];
/// Who said so.
pub(crate) const ANNOTATOR: [&str; 2] = ["annotator", "who"];
/// What the row is.
pub(crate) const STATUS: [&str; 1] = ["status"];
/// Only a file of samples that were asked for has these.
pub(crate) const ASKED: [&str; 2] = ["rank", "score"];

/// The header of a table.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    sheet: &'a Sheet,
    row: &'a Row,
}

impl<'a> Header<'a> {
    /// The first row, whatever it holds.
    ///
    /// # Errors
    ///
    /// There is none; `expected` says what a header would look like.
    pub(crate) fn of(sheet: &'a Sheet, expected: &str) -> Result<Self, Error> {
        let row = sheet.rows.first();
        let row = row.ok_or_else(|| {
            sheet.wrong(format!("it is empty; its first line must be a header such as `{expected}`"))
        })?;
        Ok(Self { sheet, row })
    }

    /// The first column with one of the names, in the order of the names.
    ///
    /// # Errors
    ///
    /// Two columns have the same name.
    pub(crate) fn find(&self, names: &[&str]) -> Result<Option<usize>, Error> {
        for name in names {
            let mut columns =
                self.row.cells.iter().enumerate().filter(|(_, cell)| cell.eq_ignore_ascii_case(name));
            if let Some((column, _)) = columns.next() {
                return match columns.next() {
                    Some(_) => {
                        let reason = format!("there are two columns `{name}`; remove or rename one of them");
                        Err(self.sheet.fault(self.row.line, reason))
                    }
                    None => Ok(Some(column)),
                };
            }
        }
        Ok(None)
    }

    /// The error that the header lacks a column. A first row of data in its place is told apart.
    pub(crate) fn lacks(&self, what: &str, expected: &str) -> Error {
        let found = self.row.cells.iter().map(|cell| format!("`{cell}`")).collect::<Vec<_>>().join(", ");
        let is_data = self.row.cells.iter().any(|cell| cell.parse::<f64>().is_ok());
        let reason = if is_data {
            format!("the first line is no header but {found}; put a line such as `{expected}` above it")
        } else {
            format!(
                "no column {what}; the header has {found}, separated by {}, and must be such as `{expected}`",
                self.sheet.delimiter_name()
            )
        };
        self.sheet.fault(self.row.line, reason)
    }
}

/// A cell of a row, empty where the row is too short.
pub(crate) fn cell(row: &Row, column: Option<usize>) -> Option<&str> {
    column.map(|column| row.cells.get(column).map_or("", String::as_str))
}
