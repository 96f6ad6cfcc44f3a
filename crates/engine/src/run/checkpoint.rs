//! The model of the current round, kept until the round's query is recorded.

use std::path::{Path, PathBuf};

use burn::module::Module;
use tailward_datasets::whole_file;
use tailward_models::classifier::Classifier;

use crate::Error;

/// The checkpoints of a run: at most one at a time.
#[derive(Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// The checkpoints in a run's folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Writes the model of a round, whole or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub(super) fn save(&self, round: usize, model: &Classifier) -> Result<(), Error> {
        let path = self.path(round);
        let bytes = model.clone().into_record().into_bytes();
        let bytes = bytes.map_err(|source| Error::Checkpoint { path: path.clone(), source })?;
        // On the disk before the record says that the round is done.
        whole_file::write_bytes(&path, &bytes).map_err(Error::io(&path))
    }

    /// Reads the model of a round into `model`, whose own weights are lost; in evaluation form. `None` if there is no
    /// such checkpoint.
    ///
    /// # Errors
    ///
    /// The file is damaged or is of another model.
    pub(super) fn load(&self, round: usize, model: Classifier) -> Result<Option<Classifier>, Error> {
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
    pub(super) fn remove(&self, round: usize) -> Result<(), Error> {
        let path = self.path(round);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes every checkpoint, also what a crash left behind.
    ///
    /// # Errors
    ///
    /// A file cannot be removed.
    pub(super) fn clear(&self) -> Result<(), Error> {
        for entry in std::fs::read_dir(&self.folder).map_err(Error::io(&self.folder))? {
            let path = entry.map_err(Error::io(&self.folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("model-round-") && name.ends_with(".bpk") {
                std::fs::remove_file(&path).map_err(Error::io(path))?;
            }
        }
        Ok(())
    }

    fn path(&self, round: usize) -> PathBuf {
        self.folder.join(format!("model-round-{round:03}.bpk"))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tailward_models::classifier::{Batch, ClassifierConfig};
    use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};
    use tailward_models::vit::{VitConfig, VitHead};

    use super::*;
    use crate::device::Backend;

    fn fresh(seed: u64) -> Classifier {
        let config = ClassifierConfig::ResNet(ResNetConfig {
            channels: 3,
            classes: 4,
            stem: Stem::Cifar,
            block: BlockKind::Basic,
            blocks: vec![1, 1],
            widths: vec![4, 8],
        });
        let device = Backend::compiled()[0].device().unwrap().autodiff();
        config.init(&mut ChaCha8Rng::seed_from_u64(seed), &device)
    }

    fn images() -> Batch {
        let values: Vec<f32> = (0..2 * 3 * 64).map(|index| (index % 17) as f32 / 8.0 - 1.0).collect();
        let device = Backend::compiled()[0].device().unwrap();
        Batch::Images(Tensor::from_data(TensorData::new(values, [2, 3, 8, 8]), &device))
    }

    #[test]
    fn a_model_comes_back_bit_for_bit_with_its_running_statistics() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        let model = fresh(1);
        model.forward(images().for_training()); // changes the running statistics
        let logits = |model: &Classifier| model.forward(images()).logits.into_data();
        checkpoints.save(3, &model.valid()).unwrap();
        let back = checkpoints.load(3, fresh(2)).unwrap().unwrap();
        assert_eq!(logits(&back), logits(&model.valid()));
        assert_ne!(logits(&back), logits(&fresh(1).valid()), "the running statistics matter");
        assert!(checkpoints.load(2, fresh(2)).unwrap().is_none());
        std::fs::write(folder.path().join("model-round-004.bpk"), "torn").unwrap();
        checkpoints.clear().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_tower_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        let head = VitHead::ZeroShot { rows: vec![0.25; 24], scale: 10.0 };
        let config = ClassifierConfig::Vit(VitConfig {
            image: 8,
            patch: 4,
            width: 8,
            layers: 2,
            heads: 2,
            features: 6,
            classes: 4,
            head,
        });
        let device = Backend::compiled()[0].device().unwrap().autodiff();
        let tower = |seed| config.init(&mut ChaCha8Rng::seed_from_u64(seed), &device);
        let logits = |model: &Classifier| model.forward(images()).logits.into_data();
        let model = tower(1).valid();
        checkpoints.save(0, &model).unwrap();
        let back = checkpoints.load(0, tower(2)).unwrap().unwrap();
        assert_eq!(logits(&back), logits(&model));
        assert_ne!(logits(&back), logits(&tower(2).valid()));
    }

    #[test]
    fn a_damaged_checkpoint_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        std::fs::write(folder.path().join("model-round-000.bpk"), "not a model").unwrap();
        let error = checkpoints.load(0, fresh(1)).unwrap_err().to_string();
        assert!(error.contains("model-round-000.bpk"), "{error}");
    }
}
