//! The samples, by row and by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::cell::whole_number;
use super::columns::{Header, INDEX, PATH, SAMPLE, cell};
use super::sheet::{Row, Sheet};
use crate::Error;

/// The samples that tables may name: rows of the arrays, and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    count: usize,
    ids: Option<Vec<String>>,
    by_id: BTreeMap<String, usize>,
}

/// Where a table names its samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct SampleColumns {
    index: Option<usize>,
    id: Option<usize>,
}

/// Reads the id or path of each sample, in the order of the arrays' rows: one a line, or a column `path`, `file`,
/// `file_name`, `filename`, `image`, `id` or `sample` of a table. Where the table has a column `index`, that is the order.
///
/// # Errors
///
/// [`Error::Input`]: the file cannot be read, a line has no id, an id is there twice, or the rows are not 0, 1, 2 ….
pub fn read_ids(path: &Path) -> Result<Vec<String>, Error> {
    let sheet = Sheet::read(path)?;
    let header = Header::of(&sheet, "path")?;
    let column = match header.find(&PATH)? {
        Some(column) => Some(column),
        None => header.find(&SAMPLE)?,
    };
    if column.is_none() && sheet.rows.iter().any(|row| row.cells.len() > 1) {
        return Err(header.lacks("with ids or paths", "path"));
    }
    let index = if column.is_some() { header.find(&INDEX)? } else { None };
    let mut ids = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for (position, row) in sheet.rows.iter().skip(usize::from(column.is_some())).enumerate() {
        let id = cell(row, column.or(Some(0))).unwrap_or_default();
        if id.is_empty() {
            return Err(sheet.fault(row.line, "the sample has no id"));
        }
        if let Some(before) = lines.insert(id.to_owned(), row.line) {
            return Err(sheet.fault(row.line, format!("`{id}` is in line {before} already")));
        }
        let place = match cell(row, index) {
            None => position,
            Some(text) => whole_number(text)
                .ok_or_else(|| sheet.fault(row.line, format!("`{text}` is no row of the arrays")))?,
        };
        ids.insert(place, id.to_owned());
    }
    if ids.keys().copied().ne(0..lines.len()) {
        return Err(sheet.wrong("its column `index` must hold 0, 1, 2 and so on, each once"));
    }
    Ok(ids.into_values().collect())
}

impl Samples {
    /// So many samples, which may have ids.
    ///
    /// # Panics
    ///
    /// There is not an id for each sample.
    pub fn new(count: usize, ids: Option<Vec<String>>) -> Self {
        assert!(ids.as_ref().is_none_or(|ids| ids.len() == count), "one id for each of {count} samples");
        let by_id = ids.iter().flatten().cloned().enumerate().map(|(sample, id)| (id, sample)).collect();
        Self { count, ids, by_id }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether they have ids.
    pub fn has_ids(&self) -> bool {
        self.ids.is_some()
    }

    /// The id of a sample, if samples have ids.
    pub fn id(&self, sample: usize) -> Option<&str> {
        self.ids.as_ref().and_then(|ids| ids.get(sample)).map(String::as_str)
    }

    /// A sample as messages name it.
    pub fn name(&self, sample: usize) -> String {
        self.id(sample).map_or(format!("sample {sample}"), |id| format!("sample {sample} (`{id}`)"))
    }

    /// Reads a list of samples: one id or row a line, or the column of a table that names them. What is the id of one sample
    /// and the row of another means the first.
    ///
    /// # Errors
    ///
    /// [`Error::Input`]: the file cannot be read, or a line names no sample.
    pub fn read_list(&self, path: &Path) -> Result<BTreeSet<usize>, Error> {
        let sheet = Sheet::read(path)?;
        let Some(first) = sheet.rows.first() else { return Ok(BTreeSet::new()) };
        let header = Header::of(&sheet, "index")?;
        let is_list = sheet.rows.iter().all(|row| row.cells.len() == 1);
        let columns = match self.columns(&sheet, &header, "index") {
            Ok(columns) => Some(columns),
            // A name of a column that is no use here is no sample either.
            Err(error) if !is_list || PATH.iter().any(|name| first.cells[0].eq_ignore_ascii_case(name)) => {
                return Err(error);
            }
            Err(_is_a_plain_list) => None,
        };
        let rows = sheet.rows.iter().skip(usize::from(columns.is_some()));
        let found = rows.map(|row| match columns {
            Some(columns) => self.find(&sheet, row, columns),
            None => self.by_id_first(&row.cells[0]).map_err(|reason| sheet.fault(row.line, reason)),
        });
        found.collect()
    }

    /// The columns of a table that name samples.
    pub(super) fn columns(
        &self,
        sheet: &Sheet,
        header: &Header<'_>,
        expected: &str,
    ) -> Result<SampleColumns, Error> {
        let (index, sample, path) = (header.find(&INDEX)?, header.find(&SAMPLE)?, header.find(&PATH)?);
        let columns = match &self.ids {
            Some(_) => SampleColumns { index, id: path.or(sample) },
            None => SampleColumns { index: index.or(sample), id: None },
        };
        match columns {
            SampleColumns { index: None, id: None } if path.is_some() => {
                let line = sheet.rows.first().map_or(1, |row| row.line);
                Err(sheet
                    .fault(line, "samples are named by their paths; give the paths of all with --ids FILE"))
            }
            SampleColumns { index: None, id: None } => Err(header.lacks("that names the samples", expected)),
            columns => Ok(columns),
        }
    }

    /// The sample of a row.
    pub(super) fn find(&self, sheet: &Sheet, row: &Row, columns: SampleColumns) -> Result<usize, Error> {
        let at = |reason: String| sheet.fault(row.line, reason);
        let id = cell(row, columns.id).filter(|cell| !cell.is_empty());
        let Some(index) = cell(row, columns.index).filter(|cell| !cell.is_empty()) else {
            let id = id.ok_or_else(|| at("the row names no sample".to_owned()))?;
            return self.by_id.get(id).copied().ok_or_else(|| at(no_id(id)));
        };
        let sample = self.by_either(index).map_err(at)?;
        match (id, self.id(sample)) {
            (Some(told), Some(known)) if told != known => {
                Err(at(format!("sample {sample} is `{known}`, not `{told}`; were the rows sorted in part?")))
            }
            _ => Ok(sample),
        }
    }

    /// The sample that a cell names by its id, else by its row.
    fn by_id_first(&self, cell: &str) -> Result<usize, String> {
        self.by_id.get(cell).map_or_else(|| self.by_either(cell), |&sample| Ok(sample))
    }

    /// The sample that a cell names by its row, else by its id.
    fn by_either(&self, cell: &str) -> Result<usize, String> {
        match (whole_number(cell), &self.ids) {
            (Some(sample), _) if sample < self.count => Ok(sample),
            (None, Some(_)) => self.by_id.get(cell).copied().ok_or_else(|| no_id(cell)),
            (Some(sample), None) => Err(format!(
                "index {sample} is not a row of the {} samples (0 to {})",
                self.count,
                self.count.saturating_sub(1)
            )),
            (Some(_), Some(_)) => self.by_id.get(cell).copied().ok_or_else(|| no_id(cell)),
            (None, None) => Err(format!(
                "`{cell}` is no row of the arrays (0 to {}); give the ids of all samples with --ids FILE",
                self.count.saturating_sub(1)
            )),
        }
    }
}

fn no_id(id: &str) -> String {
    format!("there is no sample `{id}` in --ids")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn ids(text: &str) -> Result<Vec<String>, Error> {
        let (_folder, path) = file(text);
        read_ids(&path)
    }

    #[test]
    fn ids_are_a_list_or_a_column() {
        for text in ["a.jpg\nb.jpg\n", "path\na.jpg\nb.jpg\n", "w;File;index\n2;b.jpg;1\n3;a.jpg;0\n"] {
            assert_eq!(ids(text).unwrap(), ["a.jpg", "b.jpg"], "{text:?}");
        }
        for (text, words) in [
            ("", "it is empty"),
            ("a.jpg\na.jpg\n", "line 2: `a.jpg` is in line 1 already"),
            ("x,y\n1,2\n", "no column with ids or paths"),
            ("index,path\n0,a\n3,b\n", "0, 1, 2"),
        ] {
            let error = ids(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn lists_name_samples_by_row_or_id() {
        let list = |samples: &Samples, text: &str| {
            let (_folder, path) = file(text);
            samples.read_list(&path).map(|list| list.into_iter().collect::<Vec<_>>())
        };
        let plain = Samples::new(4, None);
        let named = Samples::new(3, Some(["a.jpg", "b.jpg", "7"].map(str::to_owned).to_vec()));
        assert_eq!(list(&plain, "3\n1\n").unwrap(), [1, 3]);
        assert_eq!(list(&plain, "").unwrap(), [0_usize; 0]);
        assert_eq!(list(&plain, "rank,index\n1,2\n").unwrap(), [2]);
        assert_eq!(list(&named, "path\nb.jpg\n7\n").unwrap(), [1, 2]);
        assert_eq!(list(&named, "a.jpg\n2\n").unwrap(), [0, 2]);
        let numbered = Samples::new(3, Some(["2", "0", "1"].map(str::to_owned).to_vec()));
        assert_eq!(list(&numbered, "2\n").unwrap(), [0]);
        assert_eq!(list(&numbered, "index\n2\n").unwrap(), [2]);
        for (samples, text, words) in [
            (&plain, "4\n", "line 1: index 4 is not a row of the 4 samples (0 to 3)"),
            (&plain, "path\na.jpg\n", "--ids FILE"),
            (&plain, "a.jpg\n", "--ids FILE"),
            (&plain, "x,y\n1,2\n", "no column that names the samples"),
            (&named, "id,index\na.jpg,1\n", "sample 1 is `b.jpg`, not `a.jpg`"),
            (&named, "path\nc.jpg\n", "there is no sample `c.jpg`"),
        ] {
            let error = list(samples, text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
