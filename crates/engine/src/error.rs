//! What can stop a run, and the exit code that says so.

use std::path::PathBuf;

use tailward_datasets::SampleId;

use crate::failure::{Failure, Work};

/// An error of the engine. Messages read after "failed to …".
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
    /// The dataset is missing, damaged or does not fit the definition.
    #[error(transparent)]
    Dataset(#[from] tailward_datasets::Error),
    /// The definition or the record cannot be read.
    #[error(transparent)]
    Experiment(#[from] tailward_experiment::Error),
    /// The ledger contradicts itself, or another process works in the folder.
    #[error(transparent)]
    Labelling(#[from] tailward_labelling::Error),
    /// The query cannot be answered.
    #[error(transparent)]
    Acquisition(#[from] tailward_acquisition::Error),
    /// The weights to start from are damaged or of another network.
    #[error(transparent)]
    Pretrained(#[from] tailward_models::pretrained::PretrainedError),
    /// The backend is not part of this binary.
    #[error(
        "this binary has no `{wanted}` backend (it has: {compiled}); build it with `--features {wanted}`"
    )]
    Backend {
        /// The backend asked for.
        wanted: String,
        /// The backends there are.
        compiled: String,
    },
    /// There is no such backend.
    #[error("there is no backend `{wanted}` (there are: {known})")]
    UnknownBackend {
        /// The backend asked for.
        wanted: String,
        /// The backends that can be built.
        known: String,
    },
    /// The device failed: no memory, lost, not there.
    #[error(
        "{} {failure} while {}: {}. {} The device said: {}",
        work.device,
        work.doing,
        failure.advice(),
        work.afterwards,
        failure.words
    )]
    Device {
        /// What was running.
        work: Work,
        /// Why it failed, in the device's words.
        failure: Failure,
    },
    /// The loss is infinite or not a number.
    #[error("the training loss is {loss} in round {round}, epoch {epoch}: lower the learning rate")]
    Diverged {
        /// The round.
        round: usize,
        /// The epoch, counted from 1.
        epoch: usize,
        /// The mean loss of the epoch.
        loss: f64,
    },
    /// A loss or an output of VAAL's networks is infinite or not a number.
    #[error(
        "the networks of VAAL diverged in round {round} by iteration {iteration}: lower their learning rate or beta"
    )]
    NetworksDiverged {
        /// The round.
        round: usize,
        /// The iteration at which it was noticed, counted from 1.
        iteration: usize,
    },
    /// The model's output for an image of the pool is infinite or not a number.
    #[error("the model's output for sample {sample} is not finite in round {round}")]
    NotFinite {
        /// The round.
        round: usize,
        /// The sample.
        sample: SampleId,
    },
    /// The model's output for an image of the test set is infinite or not a number.
    #[error("the model's output for test image {image} is not finite in round {round}")]
    TestNotFinite {
        /// The round.
        round: usize,
        /// The image's index in the test set.
        image: usize,
    },
    /// What a run left on the disk contradicts itself: a file was changed or removed by hand.
    #[error("{path}: {reason}")]
    Inconsistent {
        /// The run's folder.
        path: PathBuf,
        /// The contradiction.
        reason: String,
    },
    /// The run's folder belongs to another definition.
    #[error(
        "{path} holds a run of another definition ({found}, not {wanted}); choose another folder or move it away"
    )]
    OtherDefinition {
        /// The folder.
        path: PathBuf,
        /// The hash that the folder holds.
        found: String,
        /// The hash of the definition that was asked for.
        wanted: String,
    },
    /// The run was begun with another initial set or pool: the dataset or an index list has changed since.
    #[error(
        "{path} was begun with another pool ({found}, not {wanted}): the data or an index list has changed"
    )]
    OtherPool {
        /// The record.
        path: PathBuf,
        /// The hash of the pool that the run was begun with.
        found: String,
        /// The hash of the pool as it is now.
        wanted: String,
    },
    /// The budget is larger than what is left.
    #[error("round {round} asks for {budget} labels, but only {unlabelled} samples are unlabelled")]
    BudgetAbovePool {
        /// The round.
        round: usize,
        /// Labels asked for.
        budget: usize,
        /// Unlabelled samples.
        unlabelled: usize,
    },
    /// There is nothing that a project could ask for.
    #[error("{path}: {reason}")]
    NothingToAsk {
        /// The project's folder.
        path: PathBuf,
        /// Why, with what to do.
        reason: String,
    },
    /// A checkpoint cannot be written or read.
    #[error("{path}: {source}")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: burn::store::RecordError,
    },
    /// The definition and the dataset do not go together.
    #[error("the definition does not fit the dataset: {0}")]
    Mismatch(String),
}

impl Error {
    /// Wraps an input or output error with its path.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// The exit code: 3 for input that is missing or wrong, 4 for numbers that are not finite, 5 for a folder that
    /// belongs to something else, 6 for a device that failed, 1 for the rest. (2 is a wrong command line.)
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Experiment(tailward_experiment::Error::OtherRun { .. })
            | Self::OtherDefinition { .. }
            | Self::OtherPool { .. }
            | Self::Inconsistent { .. }
            | Self::Dataset(tailward_datasets::Error::InUse { .. })
            | Self::Labelling(
                tailward_labelling::Error::InUse { .. } | tailward_labelling::Error::TakenOver { .. },
            ) => 5,
            Self::Experiment(
                tailward_experiment::Error::Io { .. } | tailward_experiment::Error::Labelling(_),
            )
            | Self::Labelling(
                tailward_labelling::Error::Io { .. } | tailward_labelling::Error::Ledger { .. },
            )
            | Self::Io { .. }
            | Self::Backend { .. }
            | Self::UnknownBackend { .. }
            | Self::Checkpoint { .. } => 1,
            Self::Dataset(_)
            | Self::Experiment(_)
            | Self::Labelling(
                tailward_labelling::Error::LedgerFile { .. }
                | tailward_labelling::Error::Input { .. }
                | tailward_labelling::Error::Images(_),
            )
            | Self::Acquisition(_)
            | Self::Pretrained(_)
            | Self::Mismatch(_)
            | Self::BudgetAbovePool { .. }
            | Self::NothingToAsk { .. } => 3,
            Self::Diverged { .. }
            | Self::NetworksDiverged { .. }
            | Self::NotFinite { .. }
            | Self::TestNotFinite { .. } => 4,
            Self::Device { .. } => 6,
        }
    }
}
