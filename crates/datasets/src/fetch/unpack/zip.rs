//! Zip archives, stored or deflated.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ::zip::ZipArchive;
use ::zip::result::ZipError;

use super::destination::Destination;
use crate::error::{Error, Result};

/// The bits of a Unix mode that say what an entry is, and those of a regular file (POSIX, `sys/stat.h`).
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Unpacks the regular files of an archive, checking the CRC-32 of each. Modes and times are not restored.
///
/// # Errors
/// As [`unpack`](super::unpack).
pub(super) fn unpack(destination: &Destination<'_>) -> Result<()> {
    let archive = destination.archive;
    let damaged = |error: ZipError| Error::io("unpack", archive)(error.into());
    let file = File::open(archive).map_err(Error::io("open", archive))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        let stored = Path::new(&name);
        let path = destination.path_of(stored)?;
        // Archives made elsewhere than on Unix have no mode, and nothing but files and folders.
        let kind = entry.unix_mode().map_or(0, |mode| mode & KIND);
        if entry.is_symlink() {
            return Err(destination.refuse(stored, "it is a link"));
        } else if entry.is_dir() {
            continue;
        } else if kind != 0 && kind != REGULAR {
            return Err(destination.refuse(stored, "it is neither a file nor a folder"));
        }
        destination.write(&path, &mut entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::unpack::unpack;
    use crate::manifest::ArchiveFormat::Zip;
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;

    use ::zip::CompressionMethod::{Deflated, Stored};
    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;

    const CONTENT: [u8; 5000] = [7; 5000];

    /// An archive of one entry.
    fn archive(folder: &Path, stored: &str, options: SimpleFileOptions) -> PathBuf {
        let path = folder.join("archive.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        writer.start_file(stored, options).unwrap();
        writer.write_all(&CONTENT).unwrap();
        writer.finish().unwrap();
        path
    }

    fn options() -> SimpleFileOptions {
        SimpleFileOptions::default().unix_permissions(0o644)
    }

    #[test]
    fn stored_and_deflated_files_are_unpacked() {
        for method in [Stored, Deflated] {
            let folder = tempfile::tempdir().unwrap();
            let archive =
                archive(folder.path(), "./set/val/image.JPEG", options().compression_method(method));
            unpack(Zip, &archive, folder.path()).unwrap();
            assert_eq!(fs::read(folder.path().join("set/val/image.JPEG")).unwrap(), CONTENT);
        }
    }

    #[test]
    fn entries_that_escape_are_refused() {
        for (stored, problem) in [("../evil", "`..`"), ("set/../../evil", "`..`"), ("/tmp/evil", "absolute")]
        {
            let folder = tempfile::tempdir().unwrap();
            let archive = archive(folder.path(), stored, options());
            let error = unpack(Zip, &archive, &folder.path().join("inside")).unwrap_err();
            assert!(matches!(error, Error::UnsafeArchiveEntry { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
            assert!(!folder.path().join("inside").exists());
        }
    }

    /// A link, a pipe, a device: the upper half of the external attributes of the one entry in the central directory
    /// (APPNOTE.TXT 4.3.12: bytes 38 to 41 of its header) is the Unix mode.
    #[test]
    fn entries_that_are_no_files_are_refused() {
        for (mode, problem) in [(0o120_777_u32, "link"), (0o010_644, "neither"), (0o020_644, "neither")] {
            let folder = tempfile::tempdir().unwrap();
            let path = archive(folder.path(), "set/entry", options());
            let mut bytes = fs::read(&path).unwrap();
            let header = bytes.windows(4).rposition(|it| it == b"PK\x01\x02").unwrap();
            bytes[header + 38..header + 42].copy_from_slice(&(mode << 16).to_le_bytes());
            fs::write(&path, bytes).unwrap();
            let error = unpack(Zip, &path, &folder.path().join("inside")).unwrap_err();
            assert!(matches!(error, Error::UnsafeArchiveEntry { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
            assert!(!folder.path().join("inside").exists());
        }
    }

    #[test]
    fn a_damaged_archive_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), "set/train.bin", options().compression_method(Stored));
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[2500] ^= 1; // inside the content: only the CRC-32 shows it
        for bytes in [&whole[..whole.len() / 2], &flipped, b"no archive"] {
            fs::write(&path, bytes).unwrap();
            let error = unpack(Zip, &path, &folder.path().join("inside")).unwrap_err();
            assert!(matches!(error, Error::Io { action: "unpack", .. }), "{error:?}");
        }
    }
}
