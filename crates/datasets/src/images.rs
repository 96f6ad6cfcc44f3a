//! Images in memory.

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

/// Images of one shape. They know pixels alone; what they show is somebody else's to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The shape of every image.
    pub shape: ImageShape,
    /// `[n, channels, height, width]`, channel-major as in the CIFAR files, 0 to 255.
    pub pixels: Vec<u8>,
}

impl Images {
    /// The number of whole images. Of a shape without values there are none.
    pub fn len(&self) -> usize {
        self.pixels.len().checked_div(self.shape.len()).unwrap_or(0)
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pixels of the image at `row`: `[channels, height, width]`.
    ///
    /// # Panics
    /// When `row` is not below [`Images::len`].
    pub fn image(&self, row: usize) -> &[u8] {
        let values = self.shape.len();
        &self.pixels[row * values..(row + 1) * values]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_its_own_slice() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let images = Images { shape, pixels: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(images.len(), 3);
        assert_eq!(images.image(1), [3, 4]);
    }

    #[test]
    fn a_shape_without_values_has_no_images() {
        let shape = ImageShape { channels: 3, height: 0, width: 2 };
        let images = Images { shape, pixels: Vec::new() };
        assert!(images.is_empty());
        assert!(Images { shape: ImageShape { channels: 3, height: 1, width: 1 }, ..images }.is_empty());
    }
}
