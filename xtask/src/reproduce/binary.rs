//! Building the `tailward` binary with a backend.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

/// Builds the binary with one backend, optimised, and says where it is.
pub(crate) fn build(backend: &str) -> Result<PathBuf> {
    eprintln!("building tailward with the {backend} backend (the first build takes minutes)");
    let status = Command::new(cargo())
        .args(["build", "--release", "--locked", "--package", "tailward", "--bin", "tailward"])
        .args(["--no-default-features", "--features", backend])
        .status()
        .context("failed to start cargo")?;
    if !status.success() {
        bail!(
            "tailward could not be built with the {backend} backend (`--backend flex` needs nothing but Rust)"
        );
    }
    built("release")
}

/// Where the binary is once it is built in a profile.
pub(crate) fn built(profile: &str) -> Result<PathBuf> {
    let metadata = MetadataCommand::new().no_deps().exec().context("failed to ask cargo where it builds")?;
    let name = format!("tailward{}", std::env::consts::EXE_SUFFIX);
    Ok(metadata.target_directory.join(profile).join(name).into_std_path_buf())
}

/// This driver's own file, also where it was built anew since it was started: Linux then adds a word to its name. `cargo xtask` would
/// build it once more where the whole workspace was built, for fewer packages ask for fewer features.
pub(crate) fn driver() -> Result<PathBuf> {
    let path = std::env::current_exe().context("failed to find this program's file")?;
    let text = path.to_str().and_then(|path| path.strip_suffix(" (deleted)"));
    Ok(text.map(PathBuf::from).filter(|path| path.is_file()).unwrap_or(path))
}

/// The cargo that runs this, or the one on the path.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
