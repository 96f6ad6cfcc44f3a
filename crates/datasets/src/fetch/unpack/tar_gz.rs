//! Gzipped tar archives, unpacked without trusting the paths inside.

use std::fs::File;
use std::io::BufReader;

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use super::destination::Destination;
use crate::error::{Error, Result};

/// Unpacks the regular files of an archive. Owners, modes and times are not restored.
///
/// # Errors
/// As [`unpack`](super::unpack).
pub(super) fn unpack(destination: &Destination<'_>) -> Result<()> {
    let archive = destination.archive;
    let file = File::open(archive).map_err(Error::io("open", archive))?;
    let mut tar = Archive::new(GzDecoder::new(BufReader::new(file)));
    for entry in tar.entries().map_err(Error::io("unpack", archive))? {
        let mut entry = entry.map_err(Error::io("unpack", archive))?;
        let stored = entry.path().map_err(Error::io("unpack", archive))?.into_owned();
        let path = destination.path_of(&stored)?;
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => destination.write(&path, &mut entry)?,
            EntryType::Directory | EntryType::XGlobalHeader => {}
            EntryType::Symlink | EntryType::Link => return Err(destination.refuse(&stored, "it is a link")),
            _ => return Err(destination.refuse(&stored, "it is neither a file nor a folder")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::unpack::unpack;
    use crate::manifest::ArchiveFormat::TarGz;
    use std::fs;
    use std::path::{Path, PathBuf};

    use flate2::{Compression, write::GzEncoder};
    use tar::{Builder, Header};

    /// An archive of one entry whose path is stored as given; `tar` itself refuses to write an unsafe one.
    fn archive(folder: &Path, stored: &str, kind: EntryType, content: &[u8]) -> PathBuf {
        let path = folder.join("archive.tar.gz");
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..stored.len()].copy_from_slice(stored.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        let mut builder = Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::fast()));
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn regular_files_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(folder.path(), "./set/train.bin", EntryType::Regular, b"abc");
        unpack(TarGz, &archive, folder.path()).unwrap();
        assert_eq!(fs::read(folder.path().join("set/train.bin")).unwrap(), b"abc");
    }

    #[test]
    fn entries_that_escape_are_refused() {
        for (stored, kind, problem) in [
            ("../evil", EntryType::Regular, "`..`"),
            ("set/../../evil", EntryType::Regular, "`..`"),
            ("/tmp/evil", EntryType::Regular, "absolute"),
            ("set/link", EntryType::Symlink, "link"),
            ("set/link", EntryType::Link, "link"),
            ("set/fifo", EntryType::Fifo, "neither"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let archive = archive(folder.path(), stored, kind, b"");
            let error = unpack(TarGz, &archive, &folder.path().join("inside")).unwrap_err();
            assert!(matches!(error, Error::UnsafeArchiveEntry { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
            assert!(!folder.path().join("inside").exists());
        }
    }

    #[test]
    fn a_damaged_archive_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), "set/train.bin", EntryType::Regular, &[7; 5000]);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(
            unpack(TarGz, &path, &folder.path().join("inside")),
            Err(Error::Io { action: "unpack", .. })
        ));
    }
}
