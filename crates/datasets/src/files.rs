//! Files verified by size and checksum.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::manifest::FileEntry;
use crate::whole_file;

/// The checksum of a whole file, in hexadecimal.
pub(crate) fn digest(path: &Path, checksum: &Checksum) -> Result<String> {
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let mut hasher = checksum.hasher();
    let mut chunk = vec![0; 1 << 18];
    loop {
        match file.read(&mut chunk).map_err(Error::io("read", path))? {
            0 => return Ok(hasher.hex()),
            bytes => hasher.update(&chunk[..bytes]),
        }
    }
}

/// Checks a file against its checksum.
pub(crate) fn verify(path: &Path, checksum: &Checksum) -> Result<()> {
    compare(path, checksum, digest(path, checksum)?)
}

/// Checks a file against the size and the checksum in a manifest, as far as it has them.
pub(crate) fn verify_entry(path: &Path, entry: &FileEntry) -> Result<()> {
    if let Some(expected_bytes) = entry.bytes {
        let found_bytes = fs::metadata(path).map_err(Error::io("read", path))?.len();
        if found_bytes != expected_bytes {
            return Err(Error::FileSize { path: path.into(), expected_bytes, found_bytes });
        }
    }
    entry.checksum.as_ref().map_or(Ok(()), |checksum| verify(path, checksum))
}

/// Checks the digest of a file against its checksum.
pub(crate) fn compare(path: &Path, expected: &Checksum, found: String) -> Result<()> {
    if expected.accepts(&found) {
        return Ok(());
    }
    let (algorithm, expected) = (expected.algorithm(), expected.expectation());
    let help = "the file is damaged or is another file; remove it".to_owned();
    Err(Error::ChecksumMismatch { path: path.into(), algorithm, expected, found, help })
}

/// Writes `bytes` to `path`, whole or not at all, in a folder that is made where it is missing.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    whole_file::write_bytes(path, bytes).map_err(Error::io("write", path))
}
