//! The classes, by number and by name.

use std::collections::BTreeMap;
use std::path::Path;

use super::cell::{Mark, whole_number, without_label};
use super::columns::{Header, LABEL, cell};
use super::sheet::Sheet;
use crate::Error;

/// What a label may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// How many classes there are, if that is known.
    pub count: Option<usize>,
    /// Their names, if they have any.
    pub names: Option<Vec<String>>,
}

impl Classes {
    /// Reads the names of the classes: one a line in the order of their numbers, or the column `name`, `label`, `class` or
    /// `category` of a table, with or without their numbers in a column `index`.
    ///
    /// # Errors
    ///
    /// [`Error::Input`]: the file cannot be read, a name is empty or there twice, or the numbers are not 0, 1, 2 ….
    pub fn read(path: &Path) -> Result<Self, Error> {
        let sheet = Sheet::read(path)?;
        let header = Header::of(&sheet, "name")?;
        let (column, number) = match header.find(&["name"])? {
            Some(column) => (Some(column), header.find(&["index", "id", "label", "class"])?),
            None => (header.find(&LABEL)?, header.find(&["index", "id"])?),
        };
        let is_table = column.is_some();
        if !is_table && sheet.rows.iter().any(|row| row.cells.len() > 1) {
            return Err(header.lacks("with the names of the classes", "index,name"));
        }
        let mut names = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for (position, row) in sheet.rows.iter().skip(usize::from(is_table)).enumerate() {
            let name = cell(row, column.or(Some(0))).unwrap_or_default().to_owned();
            if name.is_empty() {
                return Err(sheet.fault(row.line, "a class has no name"));
            }
            if let Some(before) = lines.insert(name.clone(), row.line) {
                return Err(sheet.fault(row.line, format!("the class `{name}` is in line {before} already")));
            }
            let number = match cell(row, number) {
                None => position,
                Some(text) => whole_number(text)
                    .ok_or_else(|| sheet.fault(row.line, format!("`{text}` is no number of a class")))?,
            };
            names.insert(number, name);
        }
        if names.keys().copied().ne(0..lines.len()) {
            return Err(sheet.wrong("the numbers of the classes must be 0, 1, 2 and so on, each once"));
        }
        Ok(Self { count: Some(names.len()), names: Some(names.into_values().collect()) })
    }

    /// What a cell says: a name or a number of a class, or that there is no label.
    ///
    /// # Errors
    ///
    /// A reason to be read after the name of the sample, with what to do.
    pub(crate) fn mark(&self, cell: &str) -> Result<Mark, String> {
        let names = self.names.as_deref().unwrap_or_default();
        if let Some(class) = names.iter().position(|name| name == cell) {
            return Ok(Mark::Label(class as u32));
        }
        if let Some(mark) = without_label(cell) {
            return Ok(mark);
        }
        // Where names are numbers themselves, a number that is none of them is a mistake.
        let has_numbers = names.iter().all(|name| whole_number(name).is_none());
        let class = whole_number(cell).filter(|_| has_numbers);
        let class = class.filter(|&class| self.count.is_none_or(|count| class < count));
        match class.and_then(|class| u32::try_from(class).ok()) {
            Some(class) => Ok(Mark::Label(class)),
            None => Err(self.refusal(cell)),
        }
    }

    fn refusal(&self, cell: &str) -> String {
        let range = match (&self.names, self.count) {
            (Some(names), _) if names.len() <= 20 => format!("one of the classes {}", names.join(", ")),
            (Some(names), _) => format!("one of the {} names of --classes", names.len()),
            (None, Some(count)) => {
                format!("one of the {count} classes (0 to {})", count.saturating_sub(1))
            }
            (None, None) => "a number of a class (0, 1, 2 and so on)".to_owned(),
        };
        let cure = match cell.parse::<f64>() {
            Ok(number) if number < 0.0 => "; leave the label empty for a sample that has none",
            Err(_) if self.names.is_none() => {
                "; give the names of the classes with --classes FILE, or write numbers"
            }
            _ => "",
        };
        format!("is not {range}{cure}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Classes, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("classes.txt");
        std::fs::write(&path, text).unwrap();
        Classes::read(&path)
    }

    #[test]
    fn names_are_a_list_or_a_column() {
        let expected = ["cat", "dog", "none"].map(str::to_owned).to_vec();
        for text in [
            "cat\ndog\nnone\n",
            "\u{feff}cat\r\ndog\r\n\r\nnone",
            "name\ncat\ndog\nnone\n",
            "index;class\n1;dog\n0;cat\n2;none\n",
            "label,name\n2,none\n1,dog\n0,cat\n",
        ] {
            assert_eq!(read(text).unwrap().names.unwrap(), expected, "{text:?}");
        }
        for (text, words) in [
            ("", "it is empty"),
            ("cat\ndog\n\ncat\n", "line 4: the class `cat` is in line 1 already"),
            ("index,name\n0,cat\n2,dog\n", "must be 0, 1, 2"),
            ("index,name\nx,cat\n", "line 2: `x` is no number"),
            ("a,b\nc,d\n", "no column with the names"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn cells_are_names_before_they_are_numbers_or_words() {
        let named = read("cat\ndog\nnone\n").unwrap();
        assert_eq!(named.mark("none"), Ok(Mark::Label(2)), "a class of that name comes first");
        assert_eq!(named.mark("1.0"), Ok(Mark::Label(1)));
        assert_eq!(named.mark("skip"), Ok(Mark::Skipped));
        assert!(named.mark("Cat").unwrap_err().contains("one of the classes cat, dog, none"));
        let numbers = read("10\n20\n0\n").unwrap();
        assert_eq!(numbers.mark("0"), Ok(Mark::Label(2)));
        assert!(numbers.mark("1").is_err());
        let unnamed = Classes { count: Some(4), names: None };
        assert_eq!(unnamed.mark("4").unwrap_err(), "is not one of the 4 classes (0 to 3)");
        assert!(unnamed.mark("cat").unwrap_err().ends_with("or write numbers"));
        assert!(
            unnamed.mark("-1").unwrap_err().ends_with("leave the label empty for a sample that has none")
        );
        assert_eq!(Classes::default().mark("1000"), Ok(Mark::Label(1000)));
    }
}
