//! What a classifier is fed with: a closed set of kinds, so that the loop, training and scoring know none of them by name.

pub mod augment;
pub mod features;
pub mod pixels;
mod strong;

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use tailward_models::classifier::Batch;

pub use augment::Augmentation;
pub use features::Features;
pub use pixels::Pixels;
pub use strong::StrongAugmentation;

/// The inputs of all samples, on a device. A row is a place in the dataset's training or test images.
#[derive(Clone, Debug)]
pub enum Inputs {
    /// Images, which can be cropped and flipped at random.
    Pixels(Pixels),
    /// Features, of which there is one view, and strong ones where they were made.
    Features(Features),
}

impl Inputs {
    /// The device that they are on.
    pub fn device(&self) -> Device {
        match self {
            Self::Pixels(pixels) => pixels.device(),
            Self::Features(features) => features.device(),
        }
    }

    /// The inputs of `rows`, as they are.
    pub fn batch(&self, rows: &[usize]) -> Batch {
        match self {
            Self::Pixels(pixels) => Batch::Images(pixels.batch(rows)),
            Self::Features(features) => Batch::Features(features.batch(rows)),
        }
    }

    /// One random view of each of `rows`, where there are views; the inputs as they are where there are none.
    pub fn augmented_batch(
        &self,
        rows: &[usize],
        augmentation: &Augmentation,
        rng: &mut ChaCha8Rng,
    ) -> Batch {
        match self {
            Self::Pixels(pixels) => Batch::Images(pixels.augmented_batch(rows, augmentation, rng)),
            Self::Features(features) => Batch::Features(features.batch(rows)),
        }
    }

    /// One strong view of each of `rows`: drawn anew where they are images, and of features that of the epoch, counted from 0.
    ///
    /// # Panics
    ///
    /// As [`Features::strong_batch`].
    pub fn strong_batch(
        &self,
        rows: &[usize],
        epoch: usize,
        augmentation: &StrongAugmentation,
        rng: &mut ChaCha8Rng,
    ) -> Batch {
        match self {
            Self::Pixels(pixels) => Batch::Images(pixels.strong_batch(rows, augmentation, rng)),
            Self::Features(features) => Batch::Features(features.strong_batch(rows, epoch)),
        }
    }
}
