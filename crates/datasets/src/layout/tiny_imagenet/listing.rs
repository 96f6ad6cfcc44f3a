//! The image files of Tiny ImageNet, in the order that gives them their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::layout::labelled_file::LabelledFile;

/// The training images of one class, by number.
///
/// # Errors
/// [`Error::ImageCount`] when there are not `expected` of them; [`Error::UnexpectedEntry`] for a file with another name.
pub(super) fn training(folder: &Path, wnid: &str, label: u32, expected: usize) -> Result<Vec<LabelledFile>> {
    let images = folder.join("train").join(wnid).join("images");
    let numbered = numbered(&images, wnid)?;
    if numbered.len() != expected {
        return Err(Error::ImageCount { path: images, expected, found: numbered.len() });
    }
    Ok(numbered.into_values().map(|path| LabelledFile { path, label }).collect())
}

/// Refuses folders of classes that the dataset does not have.
pub(super) fn refuse_other_classes(folder: &Path, wnids: &[String]) -> Result<()> {
    let train = folder.join("train");
    let known: BTreeSet<&str> = wnids.iter().map(String::as_str).collect();
    for (name, path) in entries(&train)? {
        if !known.contains(name.as_str()) {
            return Err(Error::UnexpectedEntry { path, problem: "wnids.txt has no such class".to_owned() });
        }
    }
    Ok(())
}

/// The validation images, by number.
///
/// # Errors
/// [`Error::Line`] for an annotation that is malformed, repeated, of an unknown class or without its image;
/// [`Error::NotAnnotated`] for an image without one; [`Error::UnexpectedEntry`] for a file with another name.
pub(super) fn validation(folder: &Path, wnids: &[String]) -> Result<Vec<LabelledFile>> {
    let labels: BTreeMap<&str, u32> = wnids.iter().map(String::as_str).zip(0..).collect();
    let images = folder.join("val").join("images");
    let annotations = folder.join("val").join("val_annotations.txt");
    let numbered = numbered(&images, "val")?;
    let text = fs::read_to_string(&annotations).map_err(Error::io("read", &annotations))?;
    let mut found: BTreeMap<u64, (u32, usize)> = BTreeMap::new();
    for (line, text) in (1..).zip(text.lines()) {
        let wrong = |problem| Error::Line { path: annotations.clone(), line, problem };
        let (name, wnid) = annotation(text).map_err(wrong)?;
        let label = labels.get(wnid).ok_or_else(|| wrong(format!("wnids.txt has no class {wnid}")))?;
        let number =
            number(name, "val").ok_or_else(|| wrong(format!("`{name}` is not val_<number>.JPEG")))?;
        if !numbered.contains_key(&number) {
            return Err(wrong(format!("{} is not there", images.join(name).display())));
        }
        if let Some((_, first)) = found.insert(number, (*label, line)) {
            return Err(wrong(format!("{name} is annotated already in line {first}")));
        }
    }
    let labelled = numbered.into_iter().map(|(number, path)| match found.get(&number) {
        Some(&(label, _)) => Ok(LabelledFile { path, label }),
        None => Err(Error::NotAnnotated { path, annotations: annotations.clone() }),
    });
    labelled.collect()
}

/// File and identifier of a line of six fields; the last four are a box around the object.
fn annotation(line: &str) -> std::result::Result<(&str, &str), String> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    match fields[..] {
        [file, wnid, _, _, _, _] => Ok((file, wnid)),
        _ => Err(format!("{} fields between tabs, expected 6", fields.len())),
    }
}

/// The files of a folder by the number in their names, `<stem>_<number>.JPEG`.
fn numbered(folder: &Path, stem: &str) -> Result<BTreeMap<u64, PathBuf>> {
    let number_of = |(name, path): (String, PathBuf)| match number(&name, stem) {
        Some(number) => Ok((number, path)),
        None => {
            Err(Error::UnexpectedEntry { path, problem: format!("its name is not {stem}_<number>.JPEG") })
        }
    };
    entries(folder)?.into_iter().map(number_of).collect()
}

/// The number in a name, written without leading zeros, so that no two names have the same one.
fn number(name: &str, stem: &str) -> Option<u64> {
    let digits = name.strip_prefix(stem)?.strip_prefix('_')?.strip_suffix(".JPEG")?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// Names and paths of what is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        entries.push((name, path));
    }
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number() {
        assert_eq!(number("val_12.JPEG", "val"), Some(12));
        for name in [
            "val_012.JPEG",
            "val_+1.JPEG",
            "val_1.jpg",
            "val_.JPEG",
            "val1.JPEG",
            "var_1.JPEG",
            "val_-1.JPEG",
        ] {
            assert_eq!(number(name, "val"), None, "{name}");
        }
    }
}
