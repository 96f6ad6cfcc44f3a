//! Tables that only grow: rows of one kind under a header, in a file that loses nothing.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Access, AppendOnly, Error};

/// A row of a table, and the header of its file.
pub(crate) trait TableRow: Serialize + DeserializeOwned {
    /// The columns, separated by commas, in the order in which the row is serialised. It is the version of the file as well:
    /// a file with another header is refused.
    const HEADER: &'static str;
}

/// A CSV file of rows, opened for appending. What [`append`](Self::append) has returned for is on the disk.
#[derive(Debug)]
pub(crate) struct AppendOnlyTable<T> {
    path: PathBuf,
    file: AppendOnly,
    rows: PhantomData<T>,
}

impl<T: TableRow> AppendOnlyTable<T> {
    /// Opens a table, or begins one, and gives each of its rows to `take`.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written; it has another header; a row is not of its form, or `take` says why it cannot
    /// follow those before it.
    pub(crate) fn open(
        path: &Path,
        access: Access,
        mut take: impl FnMut(T) -> Result<(), String>,
    ) -> Result<Self, Error> {
        let (file, text) = AppendOnly::with_text(path, access)?;
        let mut table = Self { path: path.to_owned(), file, rows: PhantomData };
        if text.is_empty() {
            if access == Access::Append {
                table.file.append(&format!("{}\n", T::HEADER))?;
            }
            return Ok(table);
        }
        if text.lines().next() != Some(T::HEADER) {
            return Err(table.fault(1, format!("expected the header `{}`", T::HEADER)));
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        for record in reader.records().skip(1) {
            let record = record.map_err(|error| {
                let line = error.position().map_or(1, |position| position.line() as usize);
                table.fault(line, error.to_string())
            })?;
            let line = record.position().map_or(1, |position| position.line() as usize);
            let row = record.deserialize(None).map_err(|error| table.fault(line, error.to_string()))?;
            take(row).map_err(|reason| table.fault(line, reason))?;
        }
        Ok(table)
    }

    /// Appends rows: all of them, or none where the disk fails.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub(crate) fn append(&mut self, rows: &[T]) -> Result<(), Error> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).expect("a row is flat");
        }
        let bytes = writer.into_inner().expect("a vector takes every byte");
        self.file.append(&String::from_utf8(bytes).expect("rows are text"))
    }

    /// The error that something is wrong in a line.
    fn fault(&self, line: usize, reason: String) -> Error {
        Error::LedgerFile { path: self.path.clone(), line, reason }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        id: u32,
        name: String,
        detail: Option<String>,
    }

    impl TableRow for Row {
        const HEADER: &'static str = "id,name,detail";
    }

    fn row(id: u32, name: &str, detail: Option<&str>) -> Row {
        Row { id, name: name.to_owned(), detail: detail.map(str::to_owned) }
    }

    fn read(path: &Path) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        AppendOnlyTable::open(path, Access::Append, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn rows_are_read_back_and_a_torn_one_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let rows = [row(0, "a, \"b\"", None), row(1, "é", Some("x"))];
        AppendOnlyTable::open(&path, Access::Append, |_: Row| Ok(())).unwrap().append(&rows).unwrap();
        assert_eq!(read(&path).unwrap(), rows);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("2,torn");
        std::fs::write(&path, text).unwrap();
        assert_eq!(read(&path).unwrap(), rows);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        for (text, words) in [
            ("id,name\n0,a\n", "table.csv:1: expected the header `id,name,detail`"),
            ("id,name,detail\n0,a,\nx,b,\n", "table.csv:3: "),
            ("id,name,detail\n0,a\n", "table.csv:2: "),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        std::fs::write(&path, "id,name,detail\n7,a,\n").unwrap();
        let refused =
            AppendOnlyTable::open(&path, Access::Append, |row: Row| Err(format!("has id {}", row.id)));
        assert!(refused.unwrap_err().to_string().ends_with("table.csv:2: has id 7"));
    }
}
