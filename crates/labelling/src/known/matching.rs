//! Which images labels are of: by the whole path, then by its end, then by the file's name with and without its end.

use std::collections::BTreeMap;

use super::label::{Known, KnownLabel};

/// Labels by images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched<'a> {
    /// The position of each image that has a label, and the label.
    pub labels: BTreeMap<usize, &'a KnownLabel>,
    /// Labels that no image has the name of.
    pub unknown: Vec<&'a KnownLabel>,
    /// Labels whose name could be that of several images.
    pub ambiguous: Vec<&'a KnownLabel>,
}

/// Finds the image of each label. `paths` are those of the images within their folder, parts separated by `/`.
pub fn matched<'a>(known: &'a Known, paths: &[&str]) -> Matched<'a> {
    let whole: BTreeMap<&str, usize> = paths.iter().enumerate().map(|(place, path)| (*path, place)).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut by_stem: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, path) in paths.iter().enumerate() {
        by_name.entry(name(path)).or_default().push(place);
        by_stem.entry(stem(path)).or_default().push(place);
    }
    let mut matched = Matched::default();
    for label in &known.labels {
        let file = label.file.replace('\\', "/");
        let file = file.trim_start_matches("./");
        if let Some(&place) = whole.get(file) {
            matched.labels.insert(place, label);
            continue;
        }
        let ends = |place: &usize| {
            let (path, file) = (paths[*place], file);
            path.ends_with(&format!("/{file}")) || file.ends_with(&format!("/{path}"))
        };
        let named = by_name.get(name(file)).map(Vec::as_slice).unwrap_or_default();
        let nearer: Vec<usize> = named.iter().copied().filter(ends).collect();
        let stemmed = by_stem.get(file).map(Vec::as_slice).unwrap_or_default();
        let candidates = [nearer.as_slice(), named, stemmed].into_iter().find(|found| !found.is_empty());
        match candidates {
            Some([place]) => {
                matched.labels.insert(*place, label);
            }
            Some(_) => matched.ambiguous.push(label),
            None => matched.unknown.push(label),
        }
    }
    matched
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stem(path: &str) -> &str {
    let name = name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
