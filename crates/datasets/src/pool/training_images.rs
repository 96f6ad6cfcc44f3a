//! What a pool is built from: so and so many images, and where there is truth, their true labels.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::truth;

/// The training images of a dataset, for building a pool.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct TrainingImages<'a> {
    /// The name of the dataset.
    pub dataset: &'a str,
    /// How many there are.
    pub images: usize,
    /// What they show; only simulated studies know.
    pub truth: Option<TrainingTruth<'a>>,
}

/// The true labels of the training images.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct TrainingTruth<'a> {
    /// `[images]`, class ids from 0.
    pub labels: &'a [u32],
    /// The number of classes.
    pub classes: usize,
}

impl<'a> TrainingImages<'a> {
    /// The training images of a simulated study, whose truth is known.
    pub fn of(dataset: &'a Dataset) -> Self {
        let truth = TrainingTruth { labels: &dataset.truth.train, classes: dataset.classes() };
        Self { dataset: &dataset.name, images: dataset.train.len(), truth: Some(truth) }
    }

    /// Checks that there is one true label for each image and that it is one of the classes, where there is truth.
    pub(super) fn check(&self) -> Result<()> {
        let Some(TrainingTruth { labels, classes }) = self.truth else { return Ok(()) };
        if labels.len() != self.images {
            return Err(Error::LabelCount { images: self.images, labels: labels.len() });
        }
        match labels.iter().enumerate().find(|(_, label)| **label as usize >= classes) {
            Some((row, &label)) => Err(Error::Label { row, label, classes }),
            None => Ok(()),
        }
    }
}

impl TrainingTruth<'_> {
    /// How many of the samples at `rows` are of each class: `[classes]`.
    pub(super) fn class_counts(&self, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        truth::class_counts(&rows.map(|row| self.labels[row]).collect::<Vec<_>>(), self.classes)
    }
}
