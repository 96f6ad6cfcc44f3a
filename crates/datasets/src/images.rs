//! Images and labels in memory.

use serde::{Deserialize, Serialize};

/// The shape of every image of a dataset.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Colour channels (3 for red, green, blue).
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl ImageShape {
    /// Values per image: channels × height × width.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a shape is not a container; `len` is its number of values"
    )]
    pub fn len(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Images with their true labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The shape of every image.
    pub shape: ImageShape,
    /// `[n, channels, height, width]`, channel-major as in the CIFAR files, 0 to 255.
    pub pixels: Vec<u8>,
    /// `[n]`, class ids from 0.
    pub labels: Vec<u32>,
}

impl Images {
    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of the image at `row`: `[channels, height, width]`.
    ///
    /// # Panics
    /// When `row` is not below [`Images::len`].
    pub fn image(&self, row: usize) -> &[u8] {
        let values = self.shape.len();
        &self.pixels[row * values..(row + 1) * values]
    }

    /// Images per class, for class ids `0..classes`.
    ///
    /// # Panics
    /// When a label is not below `classes`.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        class_counts(&self.labels, classes)
    }
}

/// A dataset in memory: every image and every true label.
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
}

impl Dataset {
    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }
}

/// Labels per class, for class ids `0..classes`.
///
/// # Panics
/// When a label is not below `classes`.
pub(crate) fn class_counts(labels: &[u32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_its_own_slice() {
        let images = Images {
            shape: ImageShape { channels: 1, height: 1, width: 2 },
            pixels: vec![1, 2, 3, 4, 5, 6],
            labels: vec![0, 2, 0],
        };
        assert_eq!(images.len(), 3);
        assert_eq!(images.image(1), [3, 4]);
        assert_eq!(images.class_counts(3), [2, 0, 1]);
    }
}
