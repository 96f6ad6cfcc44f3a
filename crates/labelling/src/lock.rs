//! One process at a time on a folder or a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Error;
use crate::fence::{Fence, holder_of};

/// What to do where another process holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Say so at once.
    Refuse,
    /// Wait until it has ended.
    Wait,
    /// Wait for so long, and then say so.
    For(Duration),
}

impl Patience {
    /// Some seconds, as another command takes: a labelling page runs for hours.
    pub const MOMENT: Self = Self::For(Duration::from_secs(5));
}

/// How often a lock is tried by who waits for a time.
const TRY: Duration = Duration::from_millis(50);

/// Held while a process works on something. The operating system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    fence: Fence,
}

impl Lock {
    /// Takes the lock of a folder: the file `.lock` in it.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another process holds it and `patience` is [`Patience::Refuse`]; the file cannot be made. A file
    /// system without locks is a warning, not an error.
    pub fn folder(folder: &Path, patience: Patience) -> Result<Self, Error> {
        Self::folder_for(None, folder, patience)
    }

    /// Takes the lock of a folder for a scheduler's job, which whoever finds the folder in use is told of.
    ///
    /// # Errors
    ///
    /// As [`Lock::folder`].
    pub fn folder_for(job: Option<&str>, folder: &Path, patience: Patience) -> Result<Self, Error> {
        Self::take(&folder.join(".lock"), folder, patience, job)
    }

    /// Takes the lock of a file, which need not exist: the file `.<name>.lock` beside it, for the file itself is replaced
    /// when it is written.
    ///
    /// # Errors
    ///
    /// As [`Lock::folder`].
    pub fn file(path: &Path, patience: Patience) -> Result<Self, Error> {
        // Two names of one file are one file.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self::take(&path.with_file_name(format!(".{name}.lock")), &path, patience, None)
    }

    /// The claim that the lock stands for, to be looked at before something is written.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    fn take(lock: &Path, locked: &Path, patience: Patience, job: Option<&str>) -> Result<Self, Error> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(lock)
            .map_err(Error::io(lock))?;
        let taken = match (file.try_lock(), patience) {
            (Err(TryLockError::WouldBlock), Patience::Wait) => {
                tracing::info!(
                    "waiting for another process{} to let go of {}",
                    holder_of(&mut file),
                    locked.display()
                );
                file.lock().map_err(TryLockError::Error)
            }
            (Err(TryLockError::WouldBlock), Patience::For(time)) => within(time, &file),
            (taken, _) => taken,
        };
        match taken {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { path: locked.to_owned(), holder: holder_of(&mut file) });
            }
            Err(TryLockError::Error(error)) if has_no_locks(&error) => tracing::warn!(
                "{}: this file system has no locks ({error}); see to it that no other process works on {}",
                lock.display(),
                locked.display()
            ),
            Err(TryLockError::Error(error)) => return Err(Error::io(lock)(error)),
        }
        let fence = Fence::sign(&mut file, lock, locked, job);
        Ok(Self { _file: file, fence })
    }
}

/// Tries until the time is over.
fn within(time: Duration, file: &File) -> Result<(), TryLockError> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < time => std::thread::sleep(TRY),
            tried => return tried,
        }
    }
}

/// `ENOLCK`, `ENOSYS` and the like: what network file systems say that were mounted without locks.
fn has_no_locks(error: &std::io::Error) -> bool {
    const ENOLCK: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    error.kind() == ErrorKind::Unsupported || (cfg!(unix) && error.raw_os_error() == Some(ENOLCK))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_lock_that_is_held_is_refused_with_its_holder_and_given_back_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let held = Lock::file(&path, Patience::Refuse).unwrap();
        assert!(folder.path().join(".state.json.lock").exists());
        let error = Lock::file(&path, Patience::Refuse).unwrap_err().to_string();
        assert!(error.contains("state.json is in use by another process"), "{error}");
        assert!(!cfg!(unix) || error.contains(&format!("(process {} on ", std::process::id())), "{error}");
        drop(held);
        Lock::file(&path, Patience::Refuse).unwrap();
    }

    #[test]
    fn who_waits_gets_it_when_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let held = Lock::folder(&path, Patience::Refuse).unwrap();
        let (told, waits) = mpsc::channel();
        let waiter = std::thread::spawn(move || {
            let lock = Lock::folder(&path, Patience::Wait).unwrap();
            told.send(()).unwrap();
            drop(lock);
        });
        assert!(waits.try_recv().is_err(), "nobody gets a lock that is held");
        drop(held);
        waits.recv().unwrap();
        waiter.join().unwrap();
    }

    #[test]
    fn who_has_a_moment_gets_what_is_given_back_within_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let held = Lock::folder(&path, Patience::Refuse).unwrap();
        let waiter = std::thread::spawn(move || Lock::folder(&path, Patience::MOMENT).map(drop));
        std::thread::sleep(Duration::from_millis(150));
        drop(held);
        waiter.join().unwrap().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_systems_without_locks_are_known_by_what_they_answer() {
        const ENOSYS: i32 = 38;
        const EOPNOTSUPP: i32 = 95;
        const EACCES: i32 = 13;
        for (number, expected) in [(37, true), (ENOSYS, true), (EOPNOTSUPP, true), (EACCES, false)] {
            assert_eq!(has_no_locks(&std::io::Error::from_raw_os_error(number)), expected, "{number}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_its_target_are_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("a.json"), folder.path().join("b.json"));
        std::fs::write(&target, "{}").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let _held = Lock::file(&target, Patience::Refuse).unwrap();
        assert!(Lock::file(&link, Patience::Refuse).is_err());
    }
}
