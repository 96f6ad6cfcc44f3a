//! Brings a dataset's files to the data folder: from an archive put there by hand, from the official address, or from
//! the generator.

pub mod progress;
pub mod weights;

mod download;
mod unpack;

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files;
use crate::manifest::{Archive, ArchiveFormat, DatasetManifest};
use crate::prepare::{check_presence, generate_missing, read};

use download::{Remote, download};
use progress::FetchProgress;
use unpack::unpack;

/// How the files came to be there. In every case they have been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// They were there already.
    AlreadyThere {
        /// Their folder.
        folder: PathBuf,
    },
    /// They were generated.
    Generated {
        /// Their folder.
        folder: PathBuf,
    },
    /// They were downloaded one by one.
    Downloaded {
        /// Their folder.
        folder: PathBuf,
        /// Bytes downloaded by this call.
        downloaded_bytes: u64,
    },
    /// They were unpacked from the archive, which is kept.
    Unpacked {
        /// Their folder.
        folder: PathBuf,
        /// The archive.
        archive: PathBuf,
        /// Bytes downloaded by this call; 0 for an archive that was put there by hand.
        downloaded_bytes: u64,
    },
}

/// Makes sure that the files of a dataset are in the data folder, and verifies them.
///
/// In this order: files already there are verified; a generator generates; files that are published one by one are
/// downloaded where they are missing; an archive `<data_dir>/<file>` is verified and unpacked; the archive is downloaded,
/// verified and unpacked. A download goes to `<file>.part` (resuming one that is there) and gets its name once verified.
/// The archive is unpacked beside its destination, and moved there only once verified. A file that is already in the
/// dataset's folder is never overwritten: a damaged one is an error that says to remove it.
///
/// # Errors
/// Without a network, or for a dataset that has to be got by hand, an error that says which file to put where. An archive with a wrong checksum, or with an entry
/// that would be written elsewhere, is refused.
pub fn fetch(
    manifest: &DatasetManifest,
    data_dir: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<FetchOutcome> {
    let folder = manifest.folder_in(data_dir);
    if is_complete(manifest, data_dir) {
        progress(FetchProgress::Verifying { path: folder.clone() });
        read(manifest, data_dir)?;
        return Ok(FetchOutcome::AlreadyThere { folder });
    }
    if manifest.generator.is_some() {
        progress(FetchProgress::Generating);
        generate_missing(manifest, data_dir)?;
        progress(FetchProgress::Verifying { path: folder.clone() });
        read(manifest, data_dir)?;
        return Ok(FetchOutcome::Generated { folder });
    }
    if manifest.has_single_files() {
        let downloaded_bytes = download_missing(manifest, data_dir, progress)?;
        progress(FetchProgress::Verifying { path: folder.clone() });
        read(manifest, data_dir)?;
        return Ok(FetchOutcome::Downloaded { folder, downloaded_bytes });
    }
    if manifest.instructions.is_some() {
        check_presence(manifest, data_dir)?;
    }
    // `DatasetManifest::load` refuses an archive without a format.
    let Some((archive, format)) = manifest.archive.as_ref().and_then(|it| Some((it, it.format()?))) else {
        return Err(Error::NoSource { dataset: manifest.name.clone() });
    };
    fs::create_dir_all(data_dir).map_err(Error::io("create", data_dir))?;
    let path = data_dir.join(&archive.file);
    let mut downloaded_bytes = 0;
    if path.exists() {
        verify_archive(archive, &path, progress)?;
    } else {
        let remote = Remote { url: &archive.url, bytes: archive.bytes, checksum: &archive.checksum };
        downloaded_bytes = download(remote, &path, &manifest.help(data_dir), progress)?;
    }
    progress(FetchProgress::Unpacking { path: path.clone() });
    install(manifest, data_dir, format, &path)?;
    Ok(FetchOutcome::Unpacked { folder, archive: path, downloaded_bytes })
}

/// Downloads the files that are not there, and returns how many bytes that took.
fn download_missing(
    manifest: &DatasetManifest,
    data_dir: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<u64> {
    let folder = manifest.folder_in(data_dir);
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let mut downloaded_bytes = 0;
    for file in &manifest.files {
        let path = folder.join(&file.path);
        // `DatasetManifest::load` refuses an address without a checksum.
        let (Some(url), Some(checksum), false) = (&file.url, &file.checksum, path.exists()) else { continue };
        let remote = Remote { url, bytes: file.bytes, checksum };
        downloaded_bytes += download(remote, &path, &manifest.help(data_dir), progress)?;
    }
    Ok(downloaded_bytes)
}

fn is_complete(manifest: &DatasetManifest, data_dir: &Path) -> bool {
    manifest.required_paths(data_dir).iter().all(|path| path.exists())
}

fn verify_archive(archive: &Archive, path: &Path, progress: &mut dyn FnMut(FetchProgress)) -> Result<()> {
    progress(FetchProgress::Verifying { path: path.into() });
    files::verify(path, &archive.checksum)
}

/// Unpacks into a temporary folder beside the destination, verifies there, and moves.
fn install(manifest: &DatasetManifest, data_dir: &Path, format: ArchiveFormat, archive: &Path) -> Result<()> {
    let temporary = tempfile::Builder::new()
        .prefix(&format!(".{}-unpacking-", manifest.name))
        .tempdir_in(data_dir)
        .map_err(Error::io("create a folder in", data_dir))?;
    unpack(format, archive, temporary.path())?;
    read(manifest, temporary.path())?;
    let (from, to) = (manifest.folder_in(temporary.path()), manifest.folder_in(data_dir));
    if !to.exists() {
        return fs::rename(&from, &to).map_err(Error::io("create", &to));
    }
    // The folder is there, but not all of its files: somebody put some there by hand. Only the others are moved.
    for entry in fs::read_dir(&from).map_err(Error::io("read", &from))? {
        let entry = entry.map_err(Error::io("read", &from))?;
        let path = to.join(entry.file_name());
        if !path.exists() {
            fs::rename(entry.path(), &path).map_err(Error::io("create", &path))?;
        }
    }
    read(manifest, data_dir).map(|_| ())
}
