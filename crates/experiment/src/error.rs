//! What can go wrong while reading definitions and records.

use std::path::PathBuf;

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
    /// A TOML file does not have the expected form: unknown key, missing key, wrong type.
    #[error("{path}: {source}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// The cause, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A line of a JSON-lines file does not have the expected form.
    #[error("{path}:{line}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The cause, with column.
        source: serde_json::Error,
    },
    /// A definition is well formed but means nothing.
    #[error("{path}: {field}: {reason}")]
    Definition {
        /// The file.
        path: PathBuf,
        /// The key at fault, as a dotted path.
        field: String,
        /// Why.
        reason: String,
    },
    /// The definition has no such scale, strategy or imbalance factor.
    #[error("experiment `{experiment}` has no {what} `{wanted}` (it has: {known})")]
    Unknown {
        /// The experiment.
        experiment: String,
        /// What was asked for: a scale, a strategy, an imbalance factor.
        what: &'static str,
        /// The value asked for.
        wanted: String,
        /// The values there are.
        known: String,
    },
    /// A record cannot be opened or written to.
    #[error(transparent)]
    Labelling(#[from] tailward_labelling::Error),
    /// A folder holds another run than the one that is meant.
    #[error(
        "{path} is of another run (definition {found}, not {wanted}); choose another folder or move it away"
    )]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// The hash of the definition that is there.
        found: String,
        /// The hash of the definition that is meant.
        wanted: String,
    },
    /// There is no scale of this name.
    #[error("there is no scale `{wanted}`: a scale is one of {known}")]
    Scale {
        /// The name.
        wanted: String,
        /// The names there are.
        known: String,
    },
    /// A record's lines contradict each other.
    #[error("{path}:{line}: {reason}")]
    Record {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// A figure could not be drawn.
    #[error("figure `{figure}`: {reason}")]
    Plot {
        /// The figure's file name.
        figure: String,
        /// The plotting library's message.
        reason: String,
    },
    /// A table could not be written as comma-separated values.
    #[error("table `{table}`: {source}")]
    Table {
        /// The table's file name.
        table: String,
        /// The cause.
        source: csv::Error,
    },
}

impl Error {
    /// Wraps an input or output error with its path.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
