//! What can go wrong with labels and the files that hold them.

use std::path::PathBuf;

use tailward_datasets::SampleId;

/// An error of this crate. Messages read after "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file that somebody brought is wrong.
    #[error("{path}: {reason}")]
    Input {
        /// The file.
        path: PathBuf,
        /// Why, with the line where there is one, and what to do.
        reason: String,
    },
    /// Images, or files that hold them, could not be read or written.
    #[error(transparent)]
    Images(Box<tailward_datasets::Error>),
    /// Another process works on the file or folder.
    #[error("{path} is in use by another process{holder}; wait until it has ended, or stop it")]
    InUse {
        /// What is locked.
        path: PathBuf,
        /// Which process, as ` (process 123 on node4)`, where it is known.
        holder: String,
    },
    /// Another process has taken over what this one had locked: it believed this machine to be gone, or the file system has no locks.
    #[error("{path} was taken over by another process{holder}; this one writes nothing more to it")]
    TakenOver {
        /// What was locked.
        path: PathBuf,
        /// Which process, as ` (process 123 on node4)`, where it is known.
        holder: String,
    },
    /// A request or an answer contradicts the ledger.
    #[error("sample {sample} {reason}")]
    Ledger {
        /// The sample.
        sample: SampleId,
        /// Why, to be read on after the sample.
        reason: String,
    },
    /// A line of the ledger's file does not have the expected form, or contradicts the lines before it.
    #[error("{path}:{line}: {reason}")]
    LedgerFile {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Wraps an input or output error with its path.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

impl From<tailward_datasets::Error> for Error {
    fn from(error: tailward_datasets::Error) -> Self {
        Self::Images(Box::new(error))
    }
}
