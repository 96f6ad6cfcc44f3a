//! The loop of a run, as the papers have it: train on the labelled set, evaluate, query, label, again.
//!
//! What has happened is on the disk, in the record and the ledger, before the next thing begins, so that a run that was
//! killed goes on where it was: a round is a function of the definition, the seed and the labelled set.

use std::path::{Path, PathBuf};

use tailward_datasets::whole_file;
use tailward_experiment::definition::{ClassifierDefinition, RunDefinition};
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{RECORD_FILE, Record};
use tailward_labelling::Lock;

use super::begun::QueryFile;
use super::checkpoint::Checkpoints;
use super::state::{RunInputs, State};
use crate::Error;
use crate::device::Backend;
use crate::failure::Work;
use crate::guard::guarded;

/// Runs a definition to its end, or goes on with it.
///
/// # Errors
///
/// See [`Error`]; whatever had been written stays.
pub fn run(
    definition: &RunDefinition,
    inputs: RunInputs<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Record, Error> {
    let RunInputs { folder, replay, .. } = inputs;
    std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let lock = Lock::folder_for(inputs.claim.job, folder, inputs.claim.patience)?;
    whole_file::remove_leftovers(folder).map_err(Error::io(folder))?;
    let record_path = folder.join(RECORD_FILE);
    if let Some(record) = Record::load(&record_path)? {
        check_same(definition, &record, folder)?;
        if record.is_complete() {
            // A crash after the last line can leave a checkpoint.
            Checkpoints::new(folder).clear()?;
            QueryFile::new(folder).remove()?;
            return Ok(record);
        }
    }
    let on = On { definition, backend: inputs.backend };
    let mut state = on.device("uploading the images", || State::open(definition, inputs, lock.fence()))?;
    for round in 0..=definition.rounds {
        let work = format!("training and evaluating round {round}");
        on.device(&work, || state.train_and_evaluate(round, progress))?;
        if round < definition.rounds {
            match replay {
                None => {
                    let work = format!("choosing the query of round {round}");
                    on.device(&work, || state.query_and_label(round, progress))?;
                }
                Some(order) => state.replay(round, order, progress)?,
            }
        }
    }
    if let Some(wanted) = &definition.sweep {
        on.device("sweeping", || state.sweep(&wanted.lambdas, progress))?;
    }
    state.complete()?;
    Ok(state.record)
}

/// A run's device: each step that uses it may find that it fails.
struct On<'a> {
    definition: &'a RunDefinition,
    backend: Backend,
}

impl On<'_> {
    fn device<T>(&self, doing: &str, task: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let score = self.definition.scoring.batch_size;
        let sizes = match self.definition.classifier() {
            ClassifierDefinition::Network { training, .. } => {
                format!("batches of {} images in training, of {score} in scoring", training.batch_size)
            }
            ClassifierDefinition::Head(_) => format!("batches of {score} images in scoring"),
        };
        let work = Work {
            device: self.backend.device_words(),
            doing: format!("{doing} ({sizes})"),
            afterwards: "Record and ledger are whole, and the same command goes on with the run.",
        };
        guarded(&work, task)
    }
}

fn check_same(definition: &RunDefinition, record: &Record, folder: &Path) -> Result<(), Error> {
    let wanted = definition.hash();
    if record.header.definition_hash == wanted {
        return Ok(());
    }
    let found = record.header.definition_hash.clone();
    Err(Error::OtherDefinition { path: PathBuf::from(folder), found, wanted })
}
