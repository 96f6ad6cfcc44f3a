//! The classes of a project, by numbers that are never used again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::append_only_table::{AppendOnlyTable, TableRow};
use crate::{Access, Error};

/// Signs that spreadsheets take for the beginning of a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// Words that say in a table that an image gets no label.
const MARKS: [&str; 4] = ["skip", "skipped", "unsure", "invalid"];

/// The longest name of a class, in characters.
const LONGEST: usize = 100;

/// A class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRow {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
}

impl TableRow for ClassRow {
    const HEADER: &'static str = "id,name";
}

/// The file `classes.csv`.
#[derive(Debug)]
pub struct ClassTable {
    table: AppendOnlyTable<ClassRow>,
    names: Vec<String>,
}

impl ClassTable {
    /// The file's name in a project.
    pub const FILE: &'static str = "classes.csv";

    /// Opens the table, or begins it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written; a number is not the next; a name is no name of a class, or there twice.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let mut names: Vec<String> = Vec::new();
        let table = AppendOnlyTable::open(path, access, |row: ClassRow| {
            if row.id as usize != names.len() {
                return Err(format!("the class has the number {}, and the next is {}", row.id, names.len()));
            }
            check_new(&names, &row.name)?;
            names.push(row.name);
            Ok(())
        })?;
        Ok(Self { table, names })
    }

    /// Whether names can be the classes of a new project.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence with what to do.
    pub fn check(names: &[String]) -> Result<(), String> {
        let each = |place: usize| check_new(&names[..place], &names[place]);
        (0..names.len()).try_for_each(each)
    }

    /// The names, by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of a class by its name.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.names.iter().position(|known| known == name).map(|place| place as u32)
    }

    /// How many of some labels are of each class. `[classes]`
    ///
    /// # Panics
    ///
    /// When a label is of no class; a project that is open has none.
    pub fn count(&self, labels: impl Iterator<Item = u32>) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        labels.for_each(|label| counts[label as usize] += 1);
        counts
    }

    /// Adds classes, in their order, and gives the number of the first.
    ///
    /// # Errors
    ///
    /// [`Error::Input`]: a name is no name of a class, or there already; none is added. The disk fails.
    pub fn add(&mut self, names: &[String]) -> Result<u32, Error> {
        let first = self.names.len();
        let after = [&self.names, names].concat();
        Self::check(&after).map_err(|reason| Error::Input { path: Self::FILE.into(), reason })?;
        let rows: Vec<ClassRow> =
            (first as u32..).zip(names).map(|(id, name)| ClassRow { id, name: name.clone() }).collect();
        self.table.append(&rows)?;
        self.names = after;
        Ok(first as u32)
    }
}

fn check_new(names: &[String], name: &str) -> Result<(), String> {
    check_name(name)?;
    match names.iter().find(|known| known.to_lowercase() == name.to_lowercase()) {
        Some(known) if known == name => {
            Err(format!("the class `{name}` is there already, or is named twice"))
        }
        Some(known) => Err(format!(
            "the class `{name}` differs from `{known}` by upper and lower case only; write it as that"
        )),
        None => Ok(()),
    }
}

/// Signs of no width, and those that change the direction of text.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether something can be the name of a class: one line of at most a hundred characters that no spreadsheet takes for a
/// formula.
///
/// # Errors
///
/// Why not, as a sentence with what to do.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.trim() != name {
        return Err(format!("`{name}` is no name of a class: it is empty or has space at an end"));
    }
    if name.chars().any(char::is_control) {
        return Err(format!(
            "{name:?} is no name of a class: it has a line break or another control character"
        ));
    }
    if name.chars().any(is_invisible) {
        return Err(format!(
            "{name:?} is no name of a class: it has a sign that is not seen or turns the text around"
        ));
    }
    if MARKS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "`{name}` is no name of a class: in a table it says that an image gets no label; rename it"
        ));
    }
    if name.chars().count() > LONGEST {
        return Err(format!("`{name}` is no name of a class: it has more than {LONGEST} characters"));
    }
    match name.chars().next() {
        Some(sign) if FORMULA.contains(&sign) => Err(format!(
            "`{name}` is no name of a class: spreadsheets take a cell that begins with `{sign}` for a formula; rename it"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn classes_keep_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ClassTable::FILE);
        let mut classes = ClassTable::open(&path, Access::Append).unwrap();
        assert_eq!(classes.add(&strings(&["lynx", "a, \"b\""])).unwrap(), 0);
        assert_eq!(classes.add(&strings(&["<img onerror=…>"])).unwrap(), 2);
        let again = ClassTable::open(&path, Access::Append).unwrap();
        assert_eq!(again.names(), strings(&["lynx", "a, \"b\"", "<img onerror=…>"]));
        assert_eq!((again.find("lynx"), again.find("wolf")), (Some(0), None));
    }

    #[test]
    fn names_that_would_be_trouble_are_refused_and_none_is_added() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ClassTable::FILE);
        let mut classes = ClassTable::open(&path, Access::Append).unwrap();
        classes.add(&strings(&["lynx"])).unwrap();
        for (name, words) in [
            ("", "empty"),
            (" wolf", "space at an end"),
            ("a\nb", "line break"),
            ("=1+1", "a formula; rename it"),
            ("Skip", "gets no label; rename it"),
            ("\u{202e}xnyl", "turns the text around"),
            ("-wolf", "a formula"),
            ("lynx", "is there already"),
            ("Lynx", "upper and lower case only"),
            (&"x".repeat(101), "more than 100 characters"),
        ] {
            let error = classes.add(&strings(&["wolf", name])).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert_eq!(classes.names(), ["lynx"]);
        }
    }
}
