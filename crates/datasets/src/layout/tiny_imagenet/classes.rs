//! The classes of Tiny ImageNet: which they are, and that the manifest says the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::manifest::DatasetManifest;

/// Whether a manifest's name of a class is a WordNet identifier, a space, and a name for a reader. The identifier keeps
/// classes apart whose names are the same (a crane lifts or flies).
pub(super) fn is_class_name(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(wnid, words)| is_wnid(wnid) && !words.trim().is_empty())
}

/// Reads the classes' identifiers, `[classes]`, and checks them and, where `words.txt` is there, their names.
///
/// # Errors
/// [`Error::ClassName`] for the first line of `wnids.txt` that is not the manifest's, and for the first line of
/// `words.txt` that names a class in another way; [`Error::Line`] for a class that `words.txt` does not know.
pub(super) fn read(manifest: &DatasetManifest, folder: &Path) -> Result<Vec<String>> {
    let path = folder.join("wnids.txt");
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let wnids: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    for row in 0..wnids.len().max(manifest.classes) {
        let expected = manifest.class_names.get(row).map(|name| parts(name).0).unwrap_or_default();
        let found = wnids.get(row).map(String::as_str).unwrap_or_default();
        if found != expected {
            let (expected, found) = (expected.to_owned(), found.to_owned());
            return Err(Error::ClassName { path, line: row + 1, expected, found });
        }
    }
    check_words(manifest, folder)?;
    Ok(wnids)
}

/// Compares the names in `words.txt`, of which a manifest has the first, with the manifest's.
fn check_words(manifest: &DatasetManifest, folder: &Path) -> Result<()> {
    let path = folder.join("words.txt");
    if !path.exists() {
        return Ok(());
    }
    let mut missing: BTreeMap<&str, &str> = manifest.class_names.iter().map(|name| parts(name)).collect();
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    for (index, line) in text.lines().enumerate() {
        let (wnid, words) = line.split_once('\t').unwrap_or((line, ""));
        let found = words.split(',').next().unwrap_or_default().trim();
        if let Some(expected) = missing.remove(wnid)
            && found != expected
        {
            let (expected, found) = (expected.to_owned(), found.to_owned());
            return Err(Error::ClassName { path, line: index + 1, expected, found });
        }
    }
    match missing.first_key_value() {
        None => Ok(()),
        Some((wnid, _)) => {
            let problem = format!("the file ends without a name for {wnid}");
            Err(Error::Line { path, line: text.lines().count(), problem })
        }
    }
}

/// The identifier and the name for a reader.
fn parts(class_name: &str) -> (&str, &str) {
    class_name.split_once(' ').unwrap_or((class_name, ""))
}

fn is_wnid(text: &str) -> bool {
    text.strip_prefix('n')
        .is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|it| it.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_name_is_an_identifier_and_a_name() {
        assert!(is_class_name("n02124075 Egyptian cat"));
        for name in
            ["n02124075", "Egyptian cat", "n0212407 cat", "n021240755 cat", "02124075 cat", "n02124075 "]
        {
            assert!(!is_class_name(name), "{name}");
        }
    }
}
