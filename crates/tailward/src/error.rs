//! What can be wrong with a command line and with the files that it names, and the exit code that says so.

use std::path::PathBuf;

/// An error of the command line. Messages are sentences that read after "error: ".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is wrong: an option is missing, misplaced or out of range.
    #[error("{0}")]
    Usage(String),
    /// A table or array given on the command line is wrong.
    #[error("{path}: {reason}")]
    Input {
        /// The file.
        path: PathBuf,
        /// Why, with row and column, and what to do.
        reason: String,
    },
    /// An array holds numbers that are not finite.
    #[error("{path}: {reason}")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Where.
        reason: String,
    },
    /// A file holds something else that would be lost.
    #[error("{path}: {reason}")]
    Taken {
        /// The file.
        path: PathBuf,
        /// What it holds, and what to do.
        reason: String,
    },
    /// A file could not be written.
    #[error("{path} cannot be written: {source}")]
    Output {
        /// The file.
        path: PathBuf,
        /// The cause. Part of the message, for the sentence goes on with it.
        source: std::io::Error,
    },
    /// The file of a query, or of what people answered, is wrong.
    #[error(transparent)]
    Labelling(#[from] tailward_labelling::Error),
    /// The strategy refuses what it was given.
    #[error("cannot {0}")]
    Acquisition(tailward_acquisition::Error),
}

impl From<tailward_acquisition::Error> for Error {
    fn from(error: tailward_acquisition::Error) -> Self {
        Self::Acquisition(error)
    }
}

impl Error {
    /// The exit code: 2 for a wrong command line, 3 for input that is missing or wrong, 4 for numbers that are not finite, 5
    /// for a file that belongs to something else, 1 for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Output { .. } => 1,
            Self::Usage(_) => 2,
            Self::Input { .. } => 3,
            Self::NotFinite { .. } => 4,
            Self::Taken { .. } => 5,
            Self::Labelling(error) => match error {
                tailward_labelling::Error::Input { .. }
                | tailward_labelling::Error::LedgerFile { .. }
                | tailward_labelling::Error::Images(_) => 3,
                tailward_labelling::Error::InUse { .. } | tailward_labelling::Error::TakenOver { .. } => 5,
                _ => 1,
            },
            Self::Acquisition(error) => strategy_code(error),
        }
    }
}

/// The exit code of what a strategy says.
fn strategy_code(error: &tailward_acquisition::Error) -> u8 {
    use tailward_acquisition::Error as Fault;
    match error {
        Fault::InvalidLambda { .. } | Fault::InvalidParameter { .. } => 2,
        Fault::ProbabilityNotFinite { .. }
        | Fault::EmbeddingNotFinite { .. }
        | Fault::ScoreNotFinite { .. }
        | Fault::RequirementNotFinite { .. }
        | Fault::LogitNotFinite { .. }
        | Fault::WeightNotFinite { .. } => 4,
        Fault::Pass { fault, .. } | Fault::Labelled { fault } => strategy_code(fault),
        _ => 3,
    }
}

/// An error with its causes, each said once.
pub(crate) fn words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many messages have their cause in them.
        if !words.contains(&cause) {
            let separator = if words.is_empty() { "" } else { ": " };
            words = format!("{words}{separator}{cause}");
        }
    }
    words
}
