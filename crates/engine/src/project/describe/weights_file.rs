//! Files of weights.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tailward_labelling::project::Project;
use tailward_models::pretrained::WeightsFormat;

use crate::Error;

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

/// The path of a project's file of weights, once it is known to be the one that it was.
///
/// # Errors
///
/// It cannot be read, or is another.
pub(super) fn checked(project: &Project, weights: &Path, known: &str) -> Result<PathBuf, Error> {
    let path = project.folder.join(weights);
    let wrong =
        |reason: String| Error::Labelling(tailward_labelling::Error::Input { path: path.clone(), reason });
    let sha256 = sha256(&path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    if sha256 != known {
        return Err(wrong(format!(
            "its SHA-256 is {sha256}, and `features.sha256` in tailward.toml is {known}; bring the file of before back, or begin \
             a new project"
        )));
    }
    Ok(path)
}

/// The form of a file, by its ending.
pub(super) fn format(path: &Path) -> WeightsFormat {
    let is_safetensors = path.extension().is_some_and(|end| end == "safetensors");
    if is_safetensors { WeightsFormat::Safetensors } else { WeightsFormat::Pytorch }
}
