//! A query that has begun, written down before anything is asked.
//!
//! What a strategy knows after looking at the pool is kept with what it took, so that a query that was cut short goes on
//! with the very same asks: neither the model nor networks of the strategy's own are needed again, and the last bits of a
//! GPU decide nothing twice.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tailward_acquisition::Conversation;
use tailward_datasets::whole_file;
use tailward_experiment::record::{Discriminating, QueryCost};

use crate::Error;

/// The file's name in a run's folder.
pub(super) const QUERY_FILE: &str = "query.json";

/// A query before its first ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begun {
    /// The round whose model is asked.
    pub(super) round: usize,
    /// The query.
    pub(super) conversation: Conversation,
    /// What VAAL's networks learned, where the strategy has them.
    pub(super) discriminator: Option<Discriminating>,
    /// What beginning took.
    pub(super) cost: QueryCost,
}

/// The file of a run.
#[derive(Clone, Debug)]
pub(super) struct QueryFile {
    path: PathBuf,
}

impl QueryFile {
    /// The file in a run's folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self { path: folder.join(QUERY_FILE) }
    }

    /// Writes a query down, whole or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub(super) fn write(&self, begun: &Begun) -> Result<(), Error> {
        whole_file::write(&self.path, |writer| Ok(serde_json::to_writer(writer, begun)?))
            .map_err(Error::io(&self.path))
    }

    /// Reads the query of a round back; `None` if none was written down, or one of an earlier round is still there.
    ///
    /// # Errors
    ///
    /// The file is damaged.
    pub(super) fn read(&self, round: usize) -> Result<Option<Begun>, Error> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&self.path)(error)),
        };
        let begun: Begun = serde_json::from_slice(&bytes)
            .map_err(|error| Error::Inconsistent { path: self.path.clone(), reason: error.to_string() })?;
        Ok((begun.round == round).then_some(begun))
    }

    /// Removes the file, if there is one.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub(super) fn remove(&self) -> Result<(), Error> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&self.path)(error)),
            _ => Ok(()),
        }
    }
}
