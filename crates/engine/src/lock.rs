//! One process in a run's folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::Error;

/// Held while a process works in a folder. The operating system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    ///
    /// Another process holds it, or the file cannot be made.
    pub fn acquire(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { path }),
            Err(TryLockError::Error(source)) => Err(Error::io(path)(source)),
        }
    }
}
