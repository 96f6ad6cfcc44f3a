//! Features as they are kept in a project's cache.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};
use sha2::{Digest, Sha256};
use tailward_features::Standardised;
use tailward_labelling::project::{CACHE_FOLDER, ImageRow, Project};

use crate::matrix_file;

/// The file of some features of a project.
#[derive(Debug)]
pub(super) struct FeatureFile {
    path: PathBuf,
    /// What the names of all files of its kind begin with; of a kind one is kept.
    kind: &'static str,
}

impl FeatureFile {
    /// The file of features, by everything that they depend on: `how` they are made, and the images.
    pub(super) fn new(project: &Project, kind: &'static str, how: &str, rows: &[&ImageRow]) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("{how} {} {}", project.settings.seed, env!("CARGO_PKG_VERSION")));
        for row in rows {
            hash.update(row.sha256.as_deref().unwrap_or_default());
        }
        let name = hex::encode(&hash.finalize()[..8]);
        let path = project.folder.join(CACHE_FOLDER).join(format!("{kind}-{name}.bin"));
        Self { path, kind }
    }

    /// Where features are until all are there.
    pub(super) fn partial(&self) -> PathBuf {
        self.path.with_extension("part")
    }

    /// The features, if they are there and whole: means, then scales, then a row for each image.
    pub(super) fn read(&self, rows: usize, dims: usize) -> Option<(Standardised, Array2<f32>)> {
        let matrix = matrix_file::read(&self.path, (rows + 2, dims))?;
        let scale = Standardised::from_parts(matrix.row(0).to_vec(), matrix.row(1).to_vec());
        Some((scale, matrix.slice_axis(Axis(0), (2..).into()).to_owned()))
    }

    /// Writes the features, and removes those of before. What can be made again must not keep anybody from working: a disk that is full is
    /// a warning.
    pub(super) fn keep(&self, scale: &Standardised, features: &Array2<f32>) {
        if let Err(error) = self.write(scale, features) {
            let path = self.path.display();
            tracing::warn!("{path} is not kept, and is made again the next time: {error}");
        }
    }

    fn write(&self, scale: &Standardised, features: &Array2<f32>) -> std::io::Result<()> {
        let (mean, scale) = scale.parts();
        matrix_file::write(&self.path, mean.iter().chain(scale).chain(features))?;
        remove_others(&self.path, self.kind)
    }
}

/// Removes the files beside one whose names begin as the names of its kind do.
pub(super) fn remove_others(kept: &Path, kind: &str) -> std::io::Result<()> {
    for entry in std::fs::read_dir(kept.parent().unwrap_or(Path::new(".")))? {
        let path = entry?.path();
        let is_of_kind = path.file_name().is_some_and(|name| {
            name.to_string_lossy().strip_prefix(kind).is_some_and(|rest| rest.starts_with('-'))
        });
        if is_of_kind && path != kept {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
