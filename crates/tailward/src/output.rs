//! Outputs that people name, and what is said beside them.
//!
//! `-` and nothing are standard output; a link is written through; pipes and devices get what is written; a regular file is
//! there whole or not at all. Where the reader of a pipe has had enough, that is no error.

use std::fmt::Arguments;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tailward_datasets::whole_file::Prepared;

use crate::Error;

/// Says something on standard error. Nobody need listen there.
pub(crate) fn say(words: Arguments<'_>) {
    io::stderr().write_fmt(format_args!("{words}\n")).ok();
}

/// An output that can hardly fail any more: a file is on the disk and lacks its name, anything else is written.
#[derive(Debug)]
pub(crate) enum Ready {
    File(PathBuf, Prepared),
    Written,
}

impl Ready {
    /// Gives a file its name.
    pub(crate) fn put(self) -> Result<(), Error> {
        match self {
            Self::File(path, prepared) => prepared.put().map_err(|source| Error::Output { path, source }),
            Self::Written => Ok(()),
        }
    }
}

/// Writes to what `--out` names, but for the name of a file.
///
/// # Errors
///
/// [`Error::Output`]. A file is then as it was.
pub(crate) fn prepare(out: Option<&Path>, content: &[u8]) -> Result<Ready, Error> {
    let path = out.unwrap_or(Path::new("-"));
    let failed = |source| Error::Output { path: path.to_owned(), source };
    match place(path).map_err(failed)? {
        Place::Stdout => quietly(flushed(io::stdout().lock(), content))
            .map_err(|source| Error::Output { path: PathBuf::from("standard output"), source })?,
        Place::Stderr => quietly(flushed(io::stderr().lock(), content)).map_err(failed)?,
        Place::Stream => {
            let written = OpenOptions::new().append(true).open(path).and_then(|file| flushed(file, content));
            quietly(written).map_err(failed)?;
        }
        Place::File(target) => {
            let prepared = Prepared::new(&target, |file| file.write_all(content)).map_err(failed)?;
            return Ok(Ready::File(path.to_owned(), prepared));
        }
    }
    Ok(Ready::Written)
}

/// Writes to what `--out` names.
///
/// # Errors
///
/// [`Error::Output`]. A file is then as it was.
pub(crate) fn write(out: Option<&Path>, content: &[u8]) -> Result<(), Error> {
    prepare(out, content)?.put()
}

/// Whether two names mean the same stream: both standard output.
pub(crate) fn is_stdout(out: Option<&Path>) -> bool {
    out.is_none_or(|path| ["-", "/dev/stdout"].iter().any(|name| path == Path::new(name)))
}

/// Refuses an output that would take the place of another file of the same command.
///
/// # Errors
///
/// [`Error::Usage`].
pub(crate) fn check_apart(out: Option<&Path>, other: &Path) -> Result<(), Error> {
    let Some(out) = out else { return Ok(()) };
    let is_same = match (out.canonicalize(), other.canonicalize()) {
        (Ok(out), Ok(other)) => out == other && out.is_file(),
        _ => out == other,
    };
    match is_same {
        true => Err(Error::Usage(format!(
            "{} is named twice: it would be overwritten; choose another name",
            out.display()
        ))),
        false => Ok(()),
    }
}

enum Place {
    Stdout,
    Stderr,
    /// A pipe, a terminal, a device, an open file by its number: what is there must not be replaced.
    Stream,
    File(PathBuf),
}

fn place(path: &Path) -> io::Result<Place> {
    if is_stdout(Some(path)) {
        return Ok(Place::Stdout);
    }
    if path == Path::new("/dev/stderr") {
        return Ok(Place::Stderr);
    }
    // These lead to files that somebody else has opened, and may go on with.
    if path.starts_with("/dev/fd") || path.starts_with("/proc") {
        return Ok(Place::Stream);
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Place::File(path.to_owned())),
        Ok(metadata) if metadata.is_dir() => {
            Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder; name a file"))
        }
        Ok(_) => Ok(Place::Stream),
        Err(error) if error.kind() == ErrorKind::NotFound => target(path).map(Place::File),
        Err(error) => Err(error),
    }
}

/// The file that a link leads to which is not there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    // As many steps as Linux takes.
    let mut target = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&target) {
            // An absolute path takes the place of all of it.
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_no_link) => {
                check_folder(&target)?;
                return Ok(target);
            }
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "the link leads in a circle"))
}

/// Refuses a file whose folder is not there, by the folder's name.
///
/// # Errors
///
/// There is no such folder.
pub(crate) fn check_folder(file: &Path) -> io::Result<()> {
    match file.parent().filter(|folder| *folder != Path::new("")) {
        Some(folder) if !folder.is_dir() => {
            let words = format!("there is no folder {}", folder.display());
            Err(io::Error::new(ErrorKind::NotFound, words))
        }
        _ => Ok(()),
    }
}

fn flushed(mut target: impl Write, content: &[u8]) -> io::Result<()> {
    target.write_all(content)?;
    target.flush()
}

/// A reader that has gone has read what it wanted.
fn quietly(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_whole_and_folders_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picks.csv");
        let ready = prepare(Some(&path), b"rank\n").unwrap();
        assert!(!path.exists());
        drop(ready);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what is not put is not left");
        write(Some(&path), b"rank\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"rank\n");
        for (name, words) in [("missing/picks.csv", "there is no folder"), ("", "it is a folder")] {
            let error = write(Some(&folder.path().join(name)), b"").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_written_through_also_where_they_lead_to_nothing_yet() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        symlink("file", &link).unwrap();
        for content in [b"one", b"two"] {
            write(Some(&link), content).unwrap();
            assert_eq!(fs::read(&file).unwrap(), content);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        symlink("circle", folder.path().join("circle")).unwrap();
        assert!(write(Some(&folder.path().join("circle")), b"").is_err());
        write(Some(Path::new("/dev/null")), b"text").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
