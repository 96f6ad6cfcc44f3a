//! What a project's head says of new images.

use std::path::{Path, PathBuf};

use tailward_datasets::folder::{FoundFile, Unusable, inspect};
use tailward_features::Ridge;
use tailward_labelling::project::Project;

use super::Describer;
use super::fit::softmax;
use crate::Error;

/// Images whose pixels are in memory at a time.
const CHUNK: usize = 512;

/// What is said of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The file, within the folder that was looked at.
    pub path: PathBuf,
    /// The probability of each class, or why it cannot be used. `[classes]`
    pub probabilities: Result<Vec<f32>, Unusable>,
}

/// Predicts the classes of the images in a folder, in the order of the files. What holds no image is passed over. `progress` is
/// told how many more files are done.
///
/// # Errors
///
/// The device of a network fails.
pub fn predict(
    project: &Project,
    describer: &Describer,
    head: &Ridge,
    folder: &Path,
    files: &[FoundFile],
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Prediction>, Error> {
    let mut predictions = Vec::with_capacity(files.len());
    let shape = describer.shape();
    for files in files.chunks(CHUNK) {
        let paths: Vec<&Path> = files.iter().map(|file| file.path.as_path()).collect();
        let found = inspect(folder, &paths, shape, project.settings.limits.into());
        let pixels: Vec<u8> = found
            .iter()
            .filter_map(|found| found.as_ref().ok())
            .flat_map(|found| found.pixels.clone())
            .collect();
        let probabilities = softmax(head.logits(describer.features(pixels)?.view()).view());
        let mut rows = probabilities.rows().into_iter();
        for (file, found) in files.iter().zip(found) {
            let probabilities = match found {
                Ok(_) => Ok(rows.next().expect("a row for each usable image").to_vec()),
                Err(Unusable::NotAnImage) => continue,
                Err(unusable) => Err(unusable),
            };
            predictions.push(Prediction { path: file.path.clone(), probabilities });
        }
        progress(files.len());
    }
    Ok(predictions)
}
