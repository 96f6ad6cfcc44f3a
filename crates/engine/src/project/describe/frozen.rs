//! Images by a network that somebody else has trained.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use sha2::{Digest, Sha256};
use tailward_datasets::ImageShape;
use tailward_datasets::folder::inspect;
use tailward_features::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig, Tensor};
use tailward_labelling::project::{FrozenFeatures, ImageRow, Project};
use tailward_models::pretrained::{self, RawTensor, WeightsFormat};

use super::partial::Partial;
use super::same_file::{Lost, same_file};
use crate::Error;

/// Images that are described between two writes to the disk: what a kill can cost.
const CHUNK: usize = 64;

/// The network of a project.
///
/// # Errors
///
/// Its file is missing, another than it was, damaged, or of another network.
pub(super) fn network(project: &Project, features: &FrozenFeatures) -> Result<EfficientNetLite, Error> {
    let path = project.folder.join(&features.weights);
    let wrong =
        |reason: String| Error::Labelling(tailward_labelling::Error::Input { path: path.clone(), reason });
    let sha256 = sha256(&path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    if sha256 != features.sha256 {
        return Err(wrong(format!(
            "its SHA-256 is {sha256}, and `features.sha256` in tailward.toml is {}; bring the file of before back, or begin a new project",
            features.sha256
        )));
    }
    read(&path)
}

/// Reads EfficientNet-Lite0 from a file of PyTorch or safetensors, by the file's ending.
///
/// # Errors
///
/// The file is missing, damaged, or of another network.
pub fn read(path: &Path) -> Result<EfficientNetLite, Error> {
    let is_safetensors = path.extension().is_some_and(|end| end == "safetensors");
    let format = if is_safetensors { WeightsFormat::Safetensors } else { WeightsFormat::Pytorch };
    let tensors = pretrained::tensors(path, format)?;
    let tensors =
        tensors.into_iter().map(|(name, RawTensor { shape, values })| (name, Tensor { shape, values }));
    EfficientNetLite::new(EfficientNetLiteConfig::lite0(), tensors.collect())
        .map_err(|reason| tailward_labelling::Error::Input { path: path.to_owned(), reason }.into())
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
///
/// It cannot be read.
pub fn sha256(path: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut part = vec![0; 1 << 20];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&part[..read]),
        }
    }
}

/// The shape of the images that the network takes.
pub(super) fn shape(network: &EfficientNetLite) -> ImageShape {
    ImageShape { channels: 3, height: network.side(), width: network.side() }
}

/// The features of images as they are, from their files; what is done goes into `partial`, and is there after a kill. An image whose file
/// is gone or is another than it was has no features; it is given with what is wrong.
pub(super) fn computed(
    project: &Project,
    network: &EfficientNetLite,
    rows: &[&ImageRow],
    partial: &Path,
    progress: &mut dyn FnMut(usize),
) -> Result<(Array2<f32>, Lost), Error> {
    let folder = project.settings.images_in(&project.folder);
    let mut lost = Vec::new();
    let mut partial = Partial::open(partial, network.dims()).map_err(Error::io(partial))?;
    let mut values: Vec<f32> = Vec::with_capacity(rows.len() * network.dims());
    for rows in rows.chunks(CHUNK) {
        if let Some(kept) = partial.next(rows.len()).filter(|_| lost.is_empty()) {
            values.extend(kept);
            progress(rows.len());
            continue;
        }
        let paths: Vec<PathBuf> = rows.iter().map(|row| row.relative_path().unwrap_or_default()).collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let found = inspect(&folder, &paths, shape(network), project.settings.limits.into());
        let mut pixels = Vec::new();
        for (row, found) in rows.iter().zip(found) {
            match same_file(row, found) {
                Ok(found) => pixels.extend(found.pixels),
                Err(gone) => lost.push(gone),
            }
        }
        let features = network.features(&pixels);
        values.extend(&features);
        // Rows stand for images by their order: what comes after a lost one is not kept.
        if lost.is_empty() {
            partial.append(features.iter().copied());
        }
        progress(rows.len());
    }
    let count = values.len() / network.dims();
    let features = Array2::from_shape_vec((count, network.dims()), values).expect("whole rows");
    Ok((features, lost))
}
