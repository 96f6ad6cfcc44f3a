//! What can be wrong with a command line and with the files that it names, and the exit code that says so.

use std::path::PathBuf;

/// An error of the command line. Messages read after "error: ".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The strategy needs an array that was not given.
    #[error("the strategy needs {option}")]
    MissingArray {
        /// The option that gives it.
        option: String,
    },
    /// An option was given that the strategy has no use for.
    #[error("{option} does not go with the strategy {strategy}")]
    Misplaced {
        /// The option.
        option: String,
        /// The strategy's name.
        strategy: String,
    },
    /// A table or array given on the command line is wrong.
    #[error("{path}: {reason}")]
    Input {
        /// The file.
        path: PathBuf,
        /// Why, with row and column.
        reason: String,
    },
    /// A file could not be written.
    #[error("{path}: {source}")]
    Output {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The strategy refuses what it was given.
    #[error(transparent)]
    Acquisition(#[from] tailward_acquisition::Error),
}

impl Error {
    /// The exit code: 3 for input that is missing or wrong, 1 for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Output { .. } => 1,
            Self::MissingArray { .. }
            | Self::Misplaced { .. }
            | Self::Input { .. }
            | Self::Acquisition(_) => 3,
        }
    }
}
