//! A dataset in memory.

use crate::images::Images;
use crate::labelled_images::LabelledImages;
use crate::truth::Truth;

/// A dataset in memory: every image, and apart from them what they truly show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The name of the manifest that it was read by.
    pub name: String,
    /// `[classes]`, by class id.
    pub class_names: Vec<String>,
    /// The training images; a [`SampleId`](crate::SampleId) is an index into these.
    pub train: Images,
    /// The test images.
    pub test: Images,
    /// What the images show, for the simulated oracle and for measuring.
    pub truth: Truth,
}

impl Dataset {
    /// Takes images and labels apart.
    pub fn new(name: String, class_names: Vec<String>, train: LabelledImages, test: LabelledImages) -> Self {
        let truth = Truth { train: train.labels, test: test.labels };
        Self { name, class_names, train: train.images, test: test.images, truth }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }
}
