//! Labels that are known at the beginning, in the forms that other programs write them.
//!
//! | form | by which it is known |
//! | --- | --- |
//! | a table with a column for the file and one for the label (fastai, Hugging Face's `metadata.csv`, anybody's) | its header |
//! | a table with a column of 0 and 1 for each class (Roboflow's `_classes.csv`) | its header and cells |
//! | JSON lines with `file_name` (Hugging Face's `metadata.jsonl`) | its first line |
//! | JSON with `labels` (FiftyOne's `FiftyOneImageClassificationDataset`) | its first sign |
//! | JSON, a list of tasks (Label Studio) | its first sign |
//! | XML with `image` and `tag` (CVAT for images) | its first sign |

mod cvat;
mod fifty_one;
mod json_lines;
mod label;
mod matching;
mod tables;
mod tasks;

use std::collections::BTreeMap;
use std::path::Path;

use crate::Error;

pub use label::{Known, KnownLabel};
pub use matching::{Matched, matched};

/// Reads the labels of a file. Images without a label are left out.
///
/// # Errors
///
/// [`Error::Input`] with the place: the file cannot be read or is of no such form, or an image has two different labels.
pub fn read(path: &Path) -> Result<Known, Error> {
    let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let known = match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(sign @ (b'<' | b'[' | b'{')) => {
            let text =
                std::str::from_utf8(text).map_err(|error| wrong(format!("it is not UTF-8: {error}")))?;
            match sign {
                b'<' => cvat::read(text),
                b'[' => tasks::read(text),
                _ => fifty_one::read(text).unwrap_or_else(|| json_lines::read(text)),
            }
            .map_err(wrong)?
        }
        _ => tables::read(path)?,
    };
    check(&known.labels).map_err(wrong)?;
    Ok(known)
}

/// One image has one label.
fn check(labels: &[KnownLabel]) -> Result<(), String> {
    let mut first: BTreeMap<&str, &KnownLabel> = BTreeMap::new();
    for label in labels {
        if let Some(before) = first.insert(&label.file, label)
            && before.class != label.class
        {
            return Err(format!(
                "{}: `{}` is labelled {}, and {} in {}; one of them has to go",
                label.place, label.file, label.class, before.class, before.place
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
