//! Labels and answers as tables.

use std::collections::BTreeMap;
use std::path::Path;

use super::cell::Mark;
use super::classes::Classes;
use super::columns::{ANNOTATOR, ASKED, Header, LABEL, STATUS, cell};
use super::samples::Samples;
use super::sheet::Sheet;
use super::status::Status;
use crate::Error;

/// What a header may look like.
const EXPECTED: &str = "index,label";

/// What a table says of one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRow {
    /// The line that it begins in.
    pub line: usize,
    /// The sample.
    pub sample: usize,
    /// What was said of it.
    pub mark: Mark,
    /// Whether the cell of the label is empty.
    pub is_empty: bool,
    /// Who said so, where the table has it.
    pub annotator: Option<String>,
}

/// A table of labels or answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Its rows in their order; no sample is in two of them.
    pub rows: Vec<LabelRow>,
    /// Whether it is a file of samples that were asked for, with a column filled in: an empty label is none *yet* then.
    pub is_asked: bool,
    /// Classes that are not there yet, by the numbers after those that are.
    pub new_classes: Vec<String>,
}

impl Labels {
    /// Reads a table with a column that names the samples (`index`, `row`, `id`, `sample` or, with ids, `path`, `file`,
    /// `file_name`, `filename`, `image`), one with their labels (`label`, `class` or `category`) and, if you like, one with
    /// who said so (`annotator`, `who`), and one with what the row is (`status`: labelled, new-class, skipped, unsure, invalid or
    /// asked). Further columns are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] with the line: the file cannot be read, has no header, names a sample or a class that does not
    /// exist, or a sample twice.
    pub fn read(path: &Path, samples: &Samples, classes: &Classes) -> Result<Self, Error> {
        let labels = Self::read_with_new_classes(path, samples, classes)?;
        match labels.new_classes.first() {
            None => Ok(labels),
            Some(name) => Err(Error::Input {
                path: path.to_owned(),
                reason: format!("`{name}` is a new class, and the classes are given; add it to their names"),
            }),
        }
    }

    /// The same, but a row may name a class that is not there yet, if its `status` is `new-class`.
    ///
    /// # Errors
    ///
    /// As [`Labels::read`].
    pub fn read_with_new_classes(path: &Path, samples: &Samples, classes: &Classes) -> Result<Self, Error> {
        let sheet = Sheet::read(path)?;
        let header = Header::of(&sheet, EXPECTED)?;
        let columns = samples.columns(&sheet, &header, EXPECTED)?;
        let label = header.find(&LABEL)?;
        if label.is_none() {
            return Err(header.lacks("with labels", EXPECTED));
        }
        let annotator = header.find(&ANNOTATOR)?;
        let status = header.find(&STATUS)?;
        let mut classes = classes.clone();
        let mut new_classes = Vec::new();
        let mut lines = BTreeMap::new();
        let mut rows = Vec::new();
        for row in &sheet.rows[1..] {
            let sample = samples.find(&sheet, row, columns)?;
            if let Some(before) = lines.insert(sample, row.line) {
                let name = samples.name(sample);
                return Err(sheet.fault(row.line, format!("{name} is given twice, first in line {before}")));
            }
            let text = cell(row, label).unwrap_or_default();
            let status = cell(row, status).map_or(Ok(Status::Label), Status::of);
            let status = status.map_err(|reason| sheet.fault(row.line, reason))?;
            if let (Status::Without(_) | Status::Open, false) = (status, text.is_empty()) {
                return Err(sheet.fault(
                    row.line,
                    format!(
                        "{} has the label {} and a status that is none; write labelled as its status, or leave the label empty",
                        samples.name(sample),
                        quoted(text)
                    ),
                ));
            }
            if status == Status::NewClass && classes.mark(text).is_err() {
                let names = classes.names.get_or_insert_default();
                names.push(text.to_owned());
                classes.count = Some(names.len());
                new_classes.push(text.to_owned());
            }
            let mark = match status {
                Status::Without(mark) => mark,
                Status::Open => Mark::Skipped,
                Status::Label | Status::NewClass => classes.mark(text).map_err(|reason| {
                    let name = samples.name(sample);
                    sheet.fault(row.line, format!("label {} of {name} {reason}", quoted(text)))
                })?,
            };
            let is_empty = match status {
                Status::Without(_) => false,
                Status::Open => true,
                Status::Label | Status::NewClass => text.is_empty(),
            };
            let annotator = cell(row, annotator).filter(|who| !who.is_empty()).map(str::to_owned);
            rows.push(LabelRow { line: row.line, sample, mark, is_empty, annotator });
        }
        let is_asked = ASKED.iter().all(|name| matches!(header.find(&[name]), Ok(Some(_))));
        Ok(Self { rows, is_asked, new_classes })
    }

    /// The samples that have a label, with it.
    pub fn labelled(&self) -> BTreeMap<usize, u32> {
        let label = |row: &LabelRow| match row.mark {
            Mark::Label(label) => Some((row.sample, label)),
            Mark::Skipped | Mark::Unsure | Mark::Invalid => None,
        };
        self.rows.iter().filter_map(label).collect()
    }
}

/// Numbers as they are, words in quotation marks.
fn quoted(cell: &str) -> String {
    if cell.parse::<f64>().is_ok() { cell.to_owned() } else { format!("`{cell}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, ids: bool) -> Result<Labels, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        let ids = ids.then(|| (0..5).map(|sample| format!("{sample}.jpg")).collect());
        Labels::read(&path, &Samples::new(5, ids), &Classes { count: Some(3), names: None })
    }

    #[test]
    fn every_name_of_a_column_is_known() {
        for header in ["index,label", "ID,Class", "sample,category", "row,LABEL"] {
            let labels = read(&format!("{header}\n4,2.0\n1,\n0,unsure\n"), false).unwrap();
            assert_eq!(labels.labelled(), BTreeMap::from([(4, 2)]), "{header}");
            assert_eq!(labels.rows[2].mark, Mark::Unsure);
            assert!(labels.rows[1].is_empty && !labels.rows[2].is_empty && !labels.is_asked);
        }
        for header in ["path", "file", "file_name", "filename", "image", "id", "sample"] {
            let labels = read(&format!("{header};label;who\n3.jpg;1;me\n"), true).unwrap();
            let row = &labels.rows[0];
            assert_eq!((row.sample, row.mark, row.annotator.as_deref()), (3, Mark::Label(1), Some("me")));
        }
        let asked =
            "rank,index,score,predicted_class,predicted_probability,label\n1,4,0.5,1,0.9,2\n2,3,0.1,0,0.8,\n";
        assert!(read(asked, false).unwrap().is_asked);
    }

    #[test]
    fn a_status_says_what_a_row_is() {
        let text = "index,label,status\n0,1,labelled\n1,,skipped\n2,,unsure\n3,,asked\n4,lynx,new-class\n";
        let error = read(text, false).unwrap_err().to_string();
        assert!(error.contains("`lynx` is a new class"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        let names = ["cat", "dog", "fox"].map(str::to_owned).to_vec();
        let classes = Classes { count: Some(3), names: Some(names) };
        let labels = Labels::read_with_new_classes(&path, &Samples::new(5, None), &classes).unwrap();
        let found: Vec<(Mark, bool)> = labels.rows.iter().map(|row| (row.mark, row.is_empty)).collect();
        let expected = [
            (Mark::Label(1), false),
            (Mark::Skipped, false),
            (Mark::Unsure, false),
            (Mark::Skipped, true),
            (Mark::Label(3), false),
        ];
        assert_eq!((found, labels.new_classes), (expected.to_vec(), vec!["lynx".to_owned()]));
        let error = read("index,label,status\n0,1,done\n", false).unwrap_err().to_string();
        assert!(error.contains("line 2: `done` is no status"), "{error}");
        for status in ["skipped", "asked"] {
            let error = read(&format!("index,label,status\n3,2,{status}\n"), false).unwrap_err().to_string();
            assert!(error.contains("line 2: sample 3 has the label 2 and a status that is none"), "{error}");
        }
    }

    #[test]
    fn faults_have_their_line_their_value_and_a_cure() {
        for (text, words) in [
            ("", "it is empty; its first line must be a header such as `index,label`"),
            (
                "0,1\n",
                "line 1: the first line is no header but `0`, `1`; put a line such as `index,label` above",
            ),
            ("0,cat\n1,dog\n", "no header"),
            ("a|b\n", "line 1: no column that names the samples; the header has `a|b`, separated by commas"),
            ("index;class_id\n", "no column with labels"),
            ("index,label\n\n\n0,3\n", "line 4: label 3 of sample 0 is not one of the 3 classes (0 to 2)"),
            (
                "index,label\n0,cat\n",
                "label `cat` of sample 0 is not one of the 3 classes (0 to 2); give the names",
            ),
            ("index,label\n0,1\n0,1\n", "line 3: sample 0 is given twice, first in line 2"),
            ("index,label\n5,1\n", "line 2: index 5 is not a row of the 5 samples (0 to 4)"),
            ("index,label\n-1,1\n", "line 2: `-1` is no row of the arrays"),
            ("index,label\n,1\n", "line 2: the row names no sample"),
            ("index,label,label\n0,1,2\n", "two columns `label`"),
            ("path,label\n0.jpg,1\n", "--ids FILE"),
        ] {
            let error = read(text, false).unwrap_err().to_string();
            assert!(error.contains(words), "{error}\n{words}");
        }
        assert!(read("index,label\n", false).unwrap().rows.is_empty());
    }
}
