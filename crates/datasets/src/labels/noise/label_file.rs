//! Told labels from a CSV file.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use csv::StringRecord;

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::files;

/// A file of told labels.
pub(super) struct LabelFile<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// Its checksum.
    pub(super) checksum: &'a Checksum,
    /// The column of true labels.
    pub(super) clean: &'a str,
    /// The column of told labels.
    pub(super) noisy: &'a str,
    /// How many images it has lines for; the training images are the first of them.
    pub(super) images: usize,
}

/// The told label of every training image, by index. Lines of images after the last of them are read and checked, but for the
/// true label, which is not known here.
///
/// # Errors
/// [`Error::InvalidNoise`] when there are more training images than the file is said to have lines for. Names the line when an
/// index is out of range or there twice, when a true label is not the dataset's, or when a told one is out of range; and the
/// index that has no line.
pub(super) fn read(file: &LabelFile<'_>, labels: &[u32], classes: usize) -> Result<Vec<u32>> {
    if file.images < labels.len() {
        let problem = format!(
            "`images = {}`, and the dataset has {} training images, which have to be the first of them",
            file.images,
            labels.len()
        );
        return Err(Error::InvalidNoise { problem });
    }
    let bytes = fs::read(file.path).map_err(Error::io("read", file.path))?;
    let mut hasher = file.checksum.hasher();
    hasher.update(&bytes);
    files::compare(file.path, file.checksum, hasher.hex())?;

    let csv_error = |source| Error::Csv { path: file.path.into(), source };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().map_err(csv_error)?.clone();
    let columns = [
        column(file, &header, "index")?,
        column(file, &header, file.clean)?,
        column(file, &header, file.noisy)?,
    ];
    let mut told = vec![None; file.images];
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let (index, label) = row(&record, columns, labels, file.images, classes)
            .map_err(|problem| line(file, &record, problem))?;
        if told[index].replace(label).is_some() {
            return Err(line(file, &record, format!("index {index} is there twice")));
        }
    }
    let missing = |(index, label): (usize, Option<u32>)| {
        label.ok_or_else(|| Error::MissingLabel { path: file.path.into(), index })
    };
    let mut told: Vec<u32> = told.into_iter().enumerate().map(missing).collect::<Result<_>>()?;
    told.truncate(labels.len());
    Ok(told)
}

/// Index and told label of a line, or what is wrong with it.
fn row(
    record: &StringRecord,
    [index, clean, noisy]: [usize; 3],
    labels: &[u32],
    images: usize,
    classes: usize,
) -> std::result::Result<(usize, u32), String> {
    let index: usize = number(&record[index], "an index")?;
    let (clean, noisy): (u32, u32) = (number(&record[clean], "a label")?, number(&record[noisy], "a label")?);
    match labels.get(index) {
        None if index >= images => Err(format!("index {index} is not below {images}")),
        Some(&label) if clean != label => {
            Err(format!("the true label is {clean}, but image {index} of the dataset has {label}"))
        }
        _ if noisy as usize >= classes => Err(format!("told label {noisy} is not below {classes}")),
        _ => Ok((index, noisy)),
    }
}

fn number<T: FromStr<Err: Display>>(field: &str, what: &str) -> std::result::Result<T, String> {
    field.trim().parse().map_err(|error| format!("`{field}` is not {what}: {error}"))
}

fn column(file: &LabelFile<'_>, header: &StringRecord, name: &str) -> Result<usize> {
    header.iter().position(|column| column == name).ok_or_else(|| Error::Line {
        path: file.path.into(),
        line: 1,
        problem: format!("there is no column `{name}`"),
    })
}

fn line(file: &LabelFile<'_>, record: &StringRecord, problem: String) -> Error {
    let line = record.position().map_or(0, csv::Position::line) as usize;
    Error::Line { path: file.path.into(), line, problem }
}
