//! Files that only grow, line by line, and lose nothing that anybody was told of.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Fence};

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To append to it: no other process does.
    Append,
    /// To look at what is in it now: another process may be appending. Nothing is written.
    Look,
}

/// A file of lines, opened for appending. What [`append`](AppendOnly::append) has returned for is on the disk.
#[derive(Debug)]
pub struct AppendOnly {
    /// Nothing where it is only looked at.
    file: Option<File>,
    path: PathBuf,
    fence: Fence,
}

impl AppendOnly {
    /// Opens a file, or begins one. A last line without its line feed is cut off first: it was being written when the
    /// process died, and nobody was told that it had been.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, read or cut.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(Error::io(path))?;
        let mut opened = Self { file: Some(file), path: path.to_owned(), fence: Fence::default() };
        let bytes = opened.bytes()?;
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

    /// Opens a file with what is in it. A file that is only looked at may not be there, and is empty then.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); a line is no text.
    pub(crate) fn with_text(path: &Path, access: Access) -> Result<(Self, String), Error> {
        let mut opened = match access {
            Access::Append => Self::open(path)?,
            Access::Look => Self { file: None, path: path.to_owned(), fence: Fence::default() },
        };
        let mut bytes = opened.bytes()?;
        bytes.truncate(whole_lines(&bytes) as usize);
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
            let reason =
                "it has bytes that are not UTF-8; undo what an editor did to the file, or save it as UTF-8";
            Error::LedgerFile { path: path.to_owned(), line, reason: reason.to_owned() }
        })?;
        Ok((opened, text))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = match &mut self.file {
            Some(file) => file.rewind().and_then(|()| file.read_to_end(&mut bytes)),
            None => match File::open(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
                file => file.and_then(|mut file| file.read_to_end(&mut bytes)),
            },
        };
        read.map_err(Error::io(&self.path))?;
        Ok(bytes)
    }

    /// From now on, appends only as long as a claim holds.
    pub fn guard(&mut self, fence: Fence) {
        self.fence = fence;
    }

    /// Appends whole lines and waits until they are on the disk. Where that fails, the file is cut back to what it was,
    /// as far as the disk allows, so that a later line does not begin in the middle of a torn one.
    ///
    /// # Errors
    ///
    /// The disk is full or fails; the file is only looked at; another process has taken over.
    pub fn append(&mut self, lines: &str) -> Result<(), Error> {
        self.fence.check()?;
        let before = self.check_place().map_err(Error::io(&self.path))?;
        self.write(lines).map_err(|error| {
            if let Err(second) = self.cut_to(before) {
                tracing::warn!(
                    "{}: what was half written could not be cut off: {second}",
                    self.path.display()
                );
            }
            Error::io(&self.path)(error)
        })
    }

    fn write(&mut self, lines: &str) -> io::Result<()> {
        let file = self.appended()?;
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    }

    fn appended(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("it is only looked at, and nothing can be added"))
    }

    /// The length of the file, once the path is known to lead to it still: an editor or a program that synchronises folders may have put
    /// another in its place.
    fn check_place(&mut self) -> io::Result<u64> {
        let path = self.path.clone();
        let file = self.appended()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let (ours, there) = (file.metadata()?, std::fs::metadata(path)?);
            if (ours.dev(), ours.ino()) != (there.dev(), there.ino()) {
                return Err(io::Error::other(
                    "another file was put in its place while this program had it open; start the program again",
                ));
            }
        }
        let position = file.stream_position()?;
        if position != file.metadata()?.len() {
            return Err(io::Error::other(
                "another program has written to it while this one had it open; start the program again",
            ));
        }
        Ok(position)
    }

    /// Cuts the file to its first `bytes`: whole lines that turn out to be part of a unit which is not whole. One that is only looked at
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// The file cannot be cut.
    pub fn cut(&mut self, bytes: u64) -> Result<(), Error> {
        self.cut_to(bytes).map_err(Error::io(&self.path))
    }

    fn cut_to(&mut self, bytes: u64) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if file.metadata()?.len() > bytes {
            file.set_len(bytes)?;
        }
        // The next write must not leave a hole.
        file.seek(SeekFrom::End(0)).map(drop)
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
    fn nothing_is_written_over_what_another_has_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut lines = AppendOnly::open(&path).unwrap();
        lines.append("one\n").unwrap();
        AppendOnly::open(&path).unwrap().append("of another\n").unwrap();
        let error = lines.append("two\n").unwrap_err().to_string();
        assert!(error.contains("another program has written to it"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nof another\n");
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = AppendOnly::open(&folder.path().join("no/lines")).unwrap_err().to_string();
        assert!(error.contains("lines"), "{error}");
    }
}
