//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What was submitted to a cluster, in the folder of a submission: definitions and manifests lie there as in the project.
pub(crate) const SUBMISSION_FILE: &str = "submission.json";

/// The workspace's root: the nearest folder upwards that holds experiments, dataset manifests and a Cargo.toml, or the folder of a
/// submission.
pub(crate) fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("failed to find the working folder")?;
    here.ancestors()
        .find(|folder| {
            let has = |name: &str| folder.join(name).is_file();
            folder.join("experiments").is_dir() && (has("Cargo.toml") || has(SUBMISSION_FILE))
        })
        .map(PathBuf::from)
        .with_context(|| format!("{} is not inside the project", here.display()))
}

/// Moves the process to the workspace's root, so that every default path and every printed one is relative to it.
pub(crate) fn enter() -> Result<()> {
    let root = root()?;
    std::env::set_current_dir(&root).with_context(|| format!("failed to enter {}", root.display()))
}

/// Where the data are: what was given, seen from where it was given, or `datasets/data` of the project. Call this
/// before [`enter`].
pub(crate) fn data_dir(given: Option<&Path>) -> Result<PathBuf> {
    from_here(given, "datasets/data")
}

/// Where runs are: what was given, seen from where it was given, or `runs` of the project. Call this before [`enter`].
pub(crate) fn runs_dir(given: Option<&Path>) -> Result<PathBuf> {
    from_here(given, "runs")
}

fn from_here(given: Option<&Path>, default: &str) -> Result<PathBuf> {
    match given {
        Some(path) => {
            std::path::absolute(path).with_context(|| format!("failed to resolve {}", path.display()))
        }
        None => Ok(PathBuf::from(default)),
    }
}
