//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What names another folder in which definitions and manifests lie as in the project: that of a submission to a cluster, for its report.
const PROJECT: &str = "TAILWARD_PROJECT";

/// The workspace's root: the nearest folder upwards that holds experiments, dataset manifests and a Cargo.toml.
pub(crate) fn root() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(PROJECT) {
        return Ok(PathBuf::from(named));
    }
    let here = std::env::current_dir().context("failed to find the working folder")?;
    here.ancestors()
        .find(|folder| folder.join("experiments").is_dir() && folder.join("Cargo.toml").is_file())
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

/// Where is what is computed once from the data: what was given, seen from where it was given, or `cache` among the data. Call this
/// before [`enter`].
pub(crate) fn cache_dir(given: Option<&Path>, data_dir: &Path) -> Result<PathBuf> {
    given.map_or_else(|| Ok(data_dir.join("cache")), |path| from_here(Some(path), ""))
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
