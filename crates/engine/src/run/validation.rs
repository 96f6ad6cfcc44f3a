//! The images that early stopping looks at. Their labels are true ones that no budget counts: a definition asks for them by name,
//! and record and report say how many they are.

use std::collections::HashSet;

use rand::seq::index;
use tailward_datasets::PoolManifest;
use tailward_experiment::definition::{self, EarlyStopping, RunDefinition};

use super::study::Study;
use crate::Error;
use crate::inputs::Inputs;
use crate::pool::image_rows;
use crate::rng::{Stream, stream};
use crate::train::classifier::ValidationSet;

/// The validation images of a run.
pub(super) struct Validation {
    /// Their own inputs; nothing where they are training images.
    inputs: Option<Inputs>,
    rows: Vec<usize>,
    labels: Vec<u32>,
}

impl Validation {
    /// The validation images of a definition; nothing where it does not stop early. `split` is the dataset's own.
    ///
    /// # Errors
    ///
    /// The dataset has no validation split, or fewer training images take no part than are wanted.
    pub(super) fn of(
        definition: &RunDefinition,
        pool: &PoolManifest,
        study: &Study,
        split: Option<(Inputs, Vec<u32>)>,
    ) -> Result<Option<Self>, Error> {
        let Some(EarlyStopping { validation, .. }) = definition.classifier().early_stopping() else {
            return Ok(None);
        };
        match validation {
            definition::Validation::Split {} => {
                let Some((inputs, labels)) = split else {
                    let reason = format!(
                        "training stops early by validation images, and the dataset `{}` has no split of them",
                        definition.dataset
                    );
                    return Err(Error::Mismatch(reason));
                };
                let rows = (0..labels.len()).collect();
                Ok(Some(Self { inputs: Some(inputs), rows, labels }))
            }
            definition::Validation::Unused { images } => {
                Self::of_unused(definition, pool, study, images).map(Some)
            }
        }
    }

    fn of_unused(
        definition: &RunDefinition,
        pool: &PoolManifest,
        study: &Study,
        images: usize,
    ) -> Result<Self, Error> {
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
        Ok(Self { inputs: None, rows, labels })
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What training is given of them.
    pub(super) fn set<'a>(&'a self, train: &'a Inputs, batch_size: usize) -> ValidationSet<'a> {
        let inputs = self.inputs.as_ref().unwrap_or(train);
        ValidationSet { inputs, rows: &self.rows, labels: &self.labels, batch_size }
    }
}
