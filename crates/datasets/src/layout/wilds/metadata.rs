//! The metadata of the sets: which image is in which split, and what it shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use csv::{Reader, StringRecord};

use crate::error::{Error, Result};
use crate::layout::labelled_file::LabelledFile;
use crate::manifest::names::is_single_component;

/// Images from this year on are outside the distribution: three years before 2016, when the test images out of the
/// distribution start (`time_after_2016` in WILDS).
const FMOW_FIRST_YEAR_OUTSIDE: u32 = 2013;

/// The files of one split each, in the order of the lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Splits {
    pub(super) train: Vec<LabelledFile>,
    pub(super) id_test: Vec<LabelledFile>,
    pub(super) id_val: Vec<LabelledFile>,
}

/// The images of FMoW.
pub(super) fn fmow(path: &Path, images: &Path, class_names: &[String]) -> Result<Splits> {
    let labels: BTreeMap<&str, u32> = class_names.iter().map(String::as_str).zip(0..).collect();
    let mut splits = Splits::default();
    let mut number = 0_usize;
    each_line(path, ["split", "category", "timestamp"], |[split, category, timestamp]| {
        let file = images.join(format!("rgb_img_{number}.png"));
        number += 1;
        let files = match split {
            "train" => &mut splits.train,
            "test" => &mut splits.id_test,
            "val" => &mut splits.id_val,
            "seq" => return Ok(()),
            other => return Err(format!("`{other}` is none of the splits train, val, test and seq")),
        };
        if year(timestamp)? < FMOW_FIRST_YEAR_OUTSIDE {
            let label =
                labels.get(category).ok_or_else(|| format!("the manifest has no class `{category}`"))?;
            files.push(LabelledFile { path: file, label: *label });
        }
        Ok(())
    })?;
    Ok(splits)
}

/// The images of iWildCam.
pub(super) fn iwildcam(path: &Path, images: &Path, classes: usize) -> Result<Splits> {
    let mut splits = Splits::default();
    each_line(path, ["split", "y", "filename"], |[split, y, name]| {
        let files = match split {
            "train" => &mut splits.train,
            "id_test" => &mut splits.id_test,
            "id_val" => &mut splits.id_val,
            "val" | "test" => return Ok(()),
            other => {
                return Err(format!("`{other}` is none of the splits train, val, test, id_val and id_test"));
            }
        };
        let label: u32 = y.parse().map_err(|error| format!("y `{y}` is not a class: {error}"))?;
        if label as usize >= classes {
            return Err(format!("class {label} is not below {classes}"));
        }
        if !is_single_component(name) {
            return Err(format!("`{name}` is not the name of a file"));
        }
        files.push(LabelledFile { path: images.join(name), label });
        Ok(())
    })?;
    Ok(splits)
}

/// Calls `take` with these columns of every line.
///
/// # Errors
/// [`Error::Line`] with the line that `take` refuses, or that lacks a column.
fn each_line<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut take: impl FnMut([&str; N]) -> std::result::Result<(), String>,
) -> Result<()> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let csv_error = |source| Error::Csv { path: path.into(), source };
    let mut reader = Reader::from_reader(BufReader::new(file));
    let header = reader.headers().map_err(csv_error)?.clone();
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(columns) {
        *place = header.iter().position(|column| column == name).ok_or_else(|| Error::Line {
            path: path.into(),
            line: 1,
            problem: format!("there is no column `{name}`"),
        })?;
    }
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(csv_error)? {
        // A record has as many fields as the header; else reading it was an error.
        take(places.map(|place| record[place].trim())).map_err(|problem| {
            let line = record.position().map_or(0, csv::Position::line) as usize;
            Error::Line { path: path.into(), line, problem }
        })?;
    }
    Ok(())
}

/// The year of a point in time in UTC, such as `2012-03-24T15:14:34Z`.
fn year(timestamp: &str) -> std::result::Result<u32, String> {
    let is_utc = timestamp.ends_with('Z') || timestamp.ends_with("+00:00");
    let year = timestamp.split_once('-').map(|(year, _)| year).filter(|year| is_utc && year.len() == 4);
    let year = year.and_then(|year| year.parse().ok());
    year.ok_or_else(|| format!("timestamp `{timestamp}` is not a year, month, day and time in UTC"))
}
