//! Files that only grow, line by line, and lose nothing that anybody was told of.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// A file of lines, opened for appending. What [`append`](AppendOnly::append) has returned for is on the disk.
#[derive(Debug)]
pub struct AppendOnly {
    file: File,
    path: PathBuf,
}

impl AppendOnly {
    /// Opens a file, or begins one. A last line without its line feed is cut off first: it was being written when the
    /// process died, and nobody was told that it had been.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, read or cut.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(Error::io(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::io(path))?;
        let mut opened = Self { file, path: path.to_owned() };
        let whole = whole_lines(&bytes);
        if let torn @ [_, ..] = &bytes[whole as usize..] {
            tracing::warn!(
                "{}: its last line had no line feed, as one that was being written when a process died, and is cut off: `{}`; if you saved \
                 the file so, add the line again",
                path.display(),
                String::from_utf8_lossy(torn)
            );
        }
        opened.cut(whole)?;
        Ok(opened)
    }

    /// Appends whole lines and waits until they are on the disk. Where that fails, the file is cut back to what it was,
    /// as far as the disk allows, so that a later line does not begin in the middle of a torn one.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub fn append(&mut self, lines: &str) -> Result<(), Error> {
        self.check_place().map_err(Error::io(&self.path))?;
        let before = self.file.stream_position().map_err(Error::io(&self.path))?;
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            if let Err(second) = self.cut_to(before) {
                tracing::warn!(
                    "{}: what was half written could not be cut off: {second}",
                    self.path.display()
                );
            }
            Error::io(&self.path)(error)
        })
    }

    /// That the path still leads to this file: an editor or a program that synchronises folders may have put another in its place.
    fn check_place(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let (ours, there) = (self.file.metadata()?, std::fs::metadata(&self.path)?);
            if (ours.dev(), ours.ino()) != (there.dev(), there.ino()) {
                return Err(io::Error::other(
                    "another file was put in its place while this program had it open; start the program again",
                ));
            }
        }
        Ok(())
    }

    /// Cuts the file to its first `bytes`: whole lines that turn out to be part of a unit which is not whole.
    ///
    /// # Errors
    ///
    /// The file cannot be cut.
    pub fn cut(&mut self, bytes: u64) -> Result<(), Error> {
        self.cut_to(bytes).map_err(Error::io(&self.path))
    }

    fn cut_to(&mut self, bytes: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > bytes {
            self.file.set_len(bytes)?;
        }
        // The next write must not leave a hole.
        self.file.seek(SeekFrom::End(0)).map(drop)
    }
}

/// The length of what comes before a last line without its line feed.
pub fn whole_lines(bytes: &[u8]) -> u64 {
    bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_next_line_follows_the_whole_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        AppendOnly::open(&path).unwrap().append("three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_to_a_file_that_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut lines = AppendOnly::open(&path).unwrap();
        lines.append("one\n").unwrap();
        std::fs::copy(&path, folder.path().join("other")).unwrap();
        std::fs::rename(folder.path().join("other"), &path).unwrap();
        let error = lines.append("two\n").unwrap_err().to_string();
        assert!(error.contains("another file was put in its place"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = AppendOnly::open(&folder.path().join("no/lines")).unwrap_err().to_string();
        assert!(error.contains("lines"), "{error}");
    }
}
