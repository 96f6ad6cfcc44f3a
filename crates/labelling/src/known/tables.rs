//! Tables: a file and its label, or a file and a column of 0 and 1 for each class.

use std::path::Path;

use super::label::{Known, KnownLabel};
use crate::Error;
use crate::table::Sheet;
use crate::table::columns::{Header, LABEL, PATH, cell};

/// What a header may look like.
const EXPECTED: &str = "path,label";

pub(super) fn read(path: &Path) -> Result<Known, Error> {
    let sheet = Sheet::read(path)?;
    let header = Header::of(&sheet, EXPECTED)?;
    let Some(file) = header.find(&PATH)? else {
        return Err(header.lacks("with the images' files", EXPECTED));
    };
    match header.find(&LABEL)? {
        Some(label) => {
            let known = |row: &crate::table::Row| {
                let class = cell(row, Some(label)).unwrap_or_default();
                let file = cell(row, Some(file)).unwrap_or_default();
                let place = format!("line {}", row.line);
                (!class.is_empty()).then(|| KnownLabel {
                    place,
                    file: file.to_owned(),
                    class: class.to_owned(),
                })
            };
            let labels = sheet.rows[1..].iter().filter_map(known).collect();
            Ok(Known { form: "a table", listed: None, labels })
        }
        None => one_hot(&sheet, &header, file),
    }
}

/// Roboflow's `_classes.csv`: a column for each class.
fn one_hot(sheet: &Sheet, header: &Header<'_>, file: usize) -> Result<Known, Error> {
    let columns: Vec<(usize, &String)> =
        sheet.rows[0].cells.iter().enumerate().filter(|(column, _)| *column != file).collect();
    let is_mark = |text: &str| matches!(text, "" | "0" | "1" | "0.0" | "1.0");
    let are_marks = |row: &crate::table::Row| {
        columns.iter().all(|(column, _)| is_mark(cell(row, Some(*column)).unwrap_or_default()))
    };
    if columns.is_empty() || !sheet.rows[1..].iter().all(are_marks) {
        return Err(header.lacks("with labels", EXPECTED));
    }
    let mut labels = Vec::new();
    for row in &sheet.rows[1..] {
        let marked: Vec<&String> = columns
            .iter()
            .filter(|(column, _)| cell(row, Some(*column)).is_some_and(|mark| mark.starts_with('1')))
            .map(|(_, class)| *class)
            .collect();
        let file = cell(row, Some(file)).unwrap_or_default().to_owned();
        match marked.as_slice() {
            [] => {}
            [class] => {
                let place = format!("line {}", row.line);
                labels.push(KnownLabel { place, file, class: (*class).clone() });
            }
            several => {
                let names: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
                let reason = format!(
                    "`{file}` is of {} classes ({}); an image has one here",
                    several.len(),
                    names.join(", ")
                );
                return Err(sheet.fault(row.line, reason));
            }
        }
    }
    let listed = Some(columns.into_iter().map(|(_, class)| class.clone()).collect());
    Ok(Known { form: "a table with a column for each class", listed, labels })
}
