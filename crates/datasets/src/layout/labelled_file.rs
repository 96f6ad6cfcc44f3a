//! Image files that the text or the folders around them say something about.

use std::path::{Path, PathBuf};

/// An image file and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelledFile {
    /// The file.
    pub(super) path: PathBuf,
    /// Its class id.
    pub(super) label: u32,
}

/// The files, in their order.
pub(super) fn paths(files: &[LabelledFile]) -> Vec<&Path> {
    files.iter().map(|file| file.path.as_path()).collect()
}

/// What the files show, in their order.
pub(super) fn labels(files: &[LabelledFile]) -> Vec<u32> {
    files.iter().map(|file| file.label).collect()
}
