//! The model of the current round, kept until the round's query is recorded.

use std::path::{Path, PathBuf};

use burn::module::Module;
use tailward_models::resnet::ResNet;

use crate::Error;

/// The checkpoints of a run: at most one at a time.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// The checkpoints in a run's folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Writes the model of a round, whole or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub fn save(&self, round: usize, model: &ResNet) -> Result<(), Error> {
        let path = self.path(round);
        let unfinished = self.folder.join(format!("model-round-{round:03}-unfinished.bpk"));
        model
            .clone()
            .save_file(&unfinished)
            .map_err(|source| Error::Checkpoint { path: unfinished.clone(), source })?;
        std::fs::rename(&unfinished, &path).map_err(Error::io(path))
    }

    /// Reads the model of a round into `model`, whose own weights are lost; in evaluation form. `None` if there is no
    /// such checkpoint.
    ///
    /// # Errors
    ///
    /// The file is damaged or is of another model.
    pub fn load(&self, round: usize, model: ResNet) -> Result<Option<ResNet>, Error> {
        let path = self.path(round);
        if !path.exists() {
            return Ok(None);
        }
        // Not a clone of anything: batch normalisation's running statistics are shared between clones.
        let model =
            model.try_load_file(&path).map_err(|source| Error::Checkpoint { path: path.clone(), source })?;
        Ok(Some(model.valid()))
    }

    /// Removes the checkpoint of a round, if there is one.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn remove(&self, round: usize) -> Result<(), Error> {
        let path = self.path(round);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
            _ => Ok(()),
        }
    }

    fn path(&self, round: usize) -> PathBuf {
        self.folder.join(format!("model-round-{round:03}.bpk"))
    }
}
