//! The images that early stopping looks at. Their labels are true ones that no budget counts: a definition asks for them by name,
//! and record and report say how many they are.

use std::collections::HashSet;

use rand::seq::index;
use tailward_datasets::PoolManifest;
use tailward_experiment::definition::{self, ClassifierDefinition, EarlyStopping, RunDefinition};

use super::study::Study;
use crate::Error;
use crate::inputs::Inputs;
use crate::pool::image_rows;
use crate::rng::{Stream, stream};
use crate::train::classifier::ValidationSet;

/// The validation images of a run.
pub(super) struct Validation {
    rows: Vec<usize>,
    labels: Vec<u32>,
}

impl Validation {
    /// The validation images of a definition; nothing where it does not stop early.
    ///
    /// # Errors
    ///
    /// Fewer training images take no part than it wants.
    pub(super) fn of(
        definition: &RunDefinition,
        pool: &PoolManifest,
        study: &Study,
    ) -> Result<Option<Self>, Error> {
        let ClassifierDefinition::Network { training, .. } = definition.classifier() else { return Ok(None) };
        let Some(EarlyStopping { validation, .. }) = training.early_stopping else { return Ok(None) };
        let definition::Validation::Unused { images } = validation;
        let part: HashSet<usize> =
            image_rows(&pool.initial).into_iter().chain(image_rows(&pool.pool)).collect();
        let unused: Vec<usize> = (0..study.truth.train.len()).filter(|row| !part.contains(row)).collect();
        if unused.len() < images {
            let reason = format!(
                "early stopping wants {images} training images that take no part, and there are {}; give a smaller pool or fewer \
                 images",
                unused.len()
            );
            return Err(Error::Mismatch(reason));
        }
        let mut rng = stream(definition.seed, Stream::Validation, 0);
        let mut rows: Vec<usize> =
            index::sample(&mut rng, unused.len(), images).into_iter().map(|place| unused[place]).collect();
        rows.sort_unstable();
        let labels = rows.iter().map(|&row| study.truth.train[row]).collect();
        Ok(Some(Self { rows, labels }))
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What training is given of them.
    pub(super) fn set<'a>(&'a self, train: &'a Inputs, batch_size: usize) -> ValidationSet<'a> {
        ValidationSet { inputs: train, rows: &self.rows, labels: &self.labels, batch_size }
    }
}
