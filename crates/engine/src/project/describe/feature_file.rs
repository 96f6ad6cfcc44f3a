//! Features as they are kept in a project's cache.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use sha2::{Digest, Sha256};
use tailward_datasets::whole_file;
use tailward_features::Standardised;
use tailward_labelling::project::{CACHE_FOLDER, ImageRow, Project};

/// The file of some features of a project: its checksum, then means, scales and features.
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

    /// The features, if they are there and whole.
    pub(super) fn read(&self, rows: usize, dims: usize) -> Option<(Standardised, Array2<f32>)> {
        let mut reader = BufReader::new(File::open(&self.path).ok()?);
        let mut checksum = [0; 32];
        reader.read_exact(&mut checksum).ok()?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).ok()?;
        if Sha256::digest(&bytes)[..] != checksum || bytes.len() != (rows + 2) * dims * 4 {
            return None;
        }
        let mut values = bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value));
        let mean = values.by_ref().take(dims).collect();
        let scale = values.by_ref().take(dims).collect();
        let features = Array2::from_shape_vec((rows, dims), values.collect()).ok()?;
        Some((Standardised::from_parts(mean, scale), features))
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
        let values = mean.iter().chain(scale).chain(features);
        let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
        whole_file::write(&self.path, |writer| {
            writer.write_all(&Sha256::digest(&bytes))?;
            writer.write_all(&bytes)
        })?;
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
