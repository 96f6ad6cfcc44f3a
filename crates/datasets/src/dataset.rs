//! A dataset: images, and apart from them what they show.

use crate::images::Images;
use crate::labelled_images::LabelledImages;
use crate::stored_images::StoredImages;
use crate::truth::Truth;

/// A dataset: every image, in memory or as [`StoredImages`], and apart from them what they truly show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset<I = Images> {
    /// The name of the manifest that it was read by.
    pub name: String,
    /// `[classes]`, by class id.
    pub class_names: Vec<String>,
    /// The training images; a [`SampleId`](crate::SampleId) is an index into these.
    pub train: I,
    /// The test images.
    pub test: I,
    /// What the images show, for the simulated oracle and for measuring.
    pub truth: Truth,
}

impl Dataset {
    /// Takes images and labels apart.
    pub fn new(name: String, class_names: Vec<String>, train: LabelledImages, test: LabelledImages) -> Self {
        let truth = Truth { train: train.labels, test: test.labels };
        Self { name, class_names, train: train.images, test: test.images, truth }
    }
}

impl From<Dataset> for Dataset<StoredImages> {
    fn from(dataset: Dataset) -> Self {
        let Dataset { name, class_names, train, test, truth } = dataset;
        Self { name, class_names, train: train.into(), test: test.into(), truth }
    }
}

impl<I> Dataset<I> {
    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }
}
