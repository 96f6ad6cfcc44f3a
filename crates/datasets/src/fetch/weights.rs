//! Brings a file of pretrained weights to the data folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::weights::{WeightsManifest, verify};

use super::download::{Remote, download};
use super::progress::FetchProgress;

/// A file of weights whose checksum has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedWeights {
    /// The file.
    pub path: PathBuf,
    /// Bytes downloaded by this call; none for a file that was there already.
    pub downloaded_bytes: Option<u64>,
}

/// Makes sure that a file of weights is in the data folder, and verifies it. A file that is there is verified and never
/// overwritten; else it is downloaded to `<file>.part`, resuming one that is there, and gets its name once verified.
///
/// # Errors
/// Without a network, an error that says where to put the file. A wrong checksum is [`Error::ChecksumMismatch`]; a file
/// that was there is kept, a downloaded one is removed. [`Error::MissingWeights`] for weights that have no address.
pub fn fetch_weights(
    manifest: &WeightsManifest,
    data_dir: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<FetchedWeights> {
    let path = manifest.path_in(data_dir);
    let url = manifest.url.as_ref().filter(|_| !path.exists());
    let Some(url) = url else {
        progress(FetchProgress::Verifying { path });
        return Ok(FetchedWeights { path: verify(manifest, data_dir)?, downloaded_bytes: None });
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    let remote = Remote { url, bytes: manifest.bytes, checksum: &manifest.checksum };
    let downloaded_bytes = download(remote, &path, &manifest.help(data_dir), progress)?;
    Ok(FetchedWeights { path, downloaded_bytes: Some(downloaded_bytes) })
}
