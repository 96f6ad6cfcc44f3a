//! Whether what was locked is still this process's.
//!
//! The operating system gives a lock back when a process ends. A machine that was given up as failed may still be running all
//! the same, and some file systems have no locks. So who takes a lock signs it, and whoever writes looks first whether the
//! signature is still his: between the look and the write are microseconds, and between two owners minutes.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::clock::now_ms;

/// A process's claim to a folder or a file. Copies of it are one claim.
#[derive(Clone, Debug, Default)]
pub struct Fence(Option<Arc<Claim>>);

#[derive(Debug)]
struct Claim {
    /// The lock's file.
    lock: PathBuf,
    /// What is locked.
    locked: PathBuf,
    signature: String,
}

impl Fence {
    /// Signs a lock that was taken, with `job` where a scheduler started this process. A disk that is full must not keep
    /// anybody from reading what is there: then there is no claim, and nothing is refused.
    pub(crate) fn sign(file: &mut File, lock: &Path, locked: &Path, job: Option<&str>) -> Self {
        let signature = Signature::of_this_process(job).to_string();
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(signature.as_bytes()))
            // Other machines see it once it is on the server.
            .and_then(|()| file.sync_all());
        match written {
            Ok(()) => {
                Self(Some(Arc::new(Claim { lock: lock.to_owned(), locked: locked.to_owned(), signature })))
            }
            Err(error) => {
                tracing::debug!("the lock could not be signed: {error}");
                Self(None)
            }
        }
    }

    /// Sees to it that nobody else has signed since.
    ///
    /// # Errors
    ///
    /// [`Error::TakenOver`] if somebody has, or the lock's file is gone.
    pub fn check(&self) -> Result<(), Error> {
        let Some(claim) = &self.0 else { return Ok(()) };
        let holder = match std::fs::read_to_string(&claim.lock) {
            Ok(signature) if signature == claim.signature => return Ok(()),
            Ok(signature) => holder(&signature),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                format!(" ({} is gone)", claim.lock.display())
            }
            // Windows lets nobody read a locked file: nobody else has the lock then. Elsewhere a file that cannot be read is that of a
            // machine which has lost its file server.
            Err(_unreadable_while_locked) if cfg!(windows) => return Ok(()),
            Err(error) => format!(" ({} cannot be read: {error})", claim.lock.display()),
        };
        Err(Error::TakenOver { path: claim.locked.clone(), holder })
    }
}

/// Who signed a lock: three lines.
struct Signature<'a> {
    process: u32,
    machine: String,
    job: Option<&'a str>,
}

impl Signature<'_> {
    fn of_this_process(job: Option<&str>) -> Signature<'_> {
        let machine = gethostname::gethostname().to_string_lossy().into_owned();
        Signature { process: std::process::id(), machine, job }
    }
}

impl std::fmt::Display for Signature<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The time tells two processes of one number apart.
        writeln!(formatter, "{}\n{}\n{}", self.process, self.machine, now_ms())?;
        self.job.map_or(Ok(()), |job| writeln!(formatter, "{job}"))
    }
}

/// Who signed, to be read on after "another process"; nothing where that is not known.
fn holder(signature: &str) -> String {
    let mut lines = signature.lines();
    let Some(process) = lines.next().and_then(|line| line.trim().parse::<u32>().ok()) else {
        return String::new();
    };
    let machine = lines.next().map(|machine| format!(" on {machine}")).unwrap_or_default();
    let job = lines.nth(1).map(|job| format!(", job {job}")).unwrap_or_default();
    format!(" (process {process}{machine}{job})")
}

/// Who holds a lock, to be read on after "another process"; nothing where it cannot be read.
pub(crate) fn holder_of(file: &mut File) -> String {
    let mut text = String::new();
    let read: io::Result<usize> = file.rewind().and_then(|()| file.read_to_string(&mut text));
    read.map_or(String::new(), |_| holder(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AppendOnly;

    fn signed(folder: &Path, job: Option<&str>) -> Fence {
        let lock = folder.join(".lock");
        Fence::sign(&mut File::create(&lock).unwrap(), &lock, folder, job)
    }

    #[test]
    fn who_was_taken_over_from_writes_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut lines = AppendOnly::open(&path).unwrap();
        lines.guard(signed(folder.path(), Some("7_1")));
        lines.append("one\n").unwrap();

        let later = signed(folder.path(), Some("7_2"));
        let error = lines.append("two\n").unwrap_err().to_string();
        let machine = gethostname::gethostname().to_string_lossy().into_owned();
        let whom = format!("(process {} on {machine}, job 7_2)", std::process::id());
        assert!(error.contains("was taken over by another process") && error.contains(&whom), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n");
        later.check().unwrap();

        std::fs::remove_file(folder.path().join(".lock")).unwrap();
        assert!(later.check().unwrap_err().to_string().contains("is gone"));
    }

    #[test]
    fn without_a_lock_nothing_is_refused() {
        Fence::default().check().unwrap();
    }
}
