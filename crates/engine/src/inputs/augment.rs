//! Random crops and flips, drawn on the host and applied on the device.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::ImageShape;
use tailward_experiment::definition::TrainingDefinition;

/// What a training view of an image may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Augmentation {
    /// Zero padding on each side before the crop, in pixels.
    pub crop_padding: usize,
    /// Whether half of the views are mirrored.
    pub horizontal_flip: bool,
}

impl From<&TrainingDefinition> for Augmentation {
    fn from(training: &TrainingDefinition) -> Self {
        Self { crop_padding: training.crop_padding, horizontal_flip: training.horizontal_flip }
    }
}

impl Augmentation {
    /// Whether every view is the image itself.
    pub fn is_identity(&self) -> bool {
        self.crop_padding == 0 && !self.horizontal_flip
    }

    /// Draws one view for each of `count` images: for each pixel of the view, where in the image it comes from.
    ///
    /// The crop is uniform over the (2·padding + 1)² positions and comes before the flip, as in the protocol.
    /// An index of `height · width` means a padded zero.
    ///
    /// # Shapes
    ///
    /// `count · height · width` indices, row by row.
    pub fn draw(&self, count: usize, shape: ImageShape, rng: &mut ChaCha8Rng) -> Vec<i32> {
        let ImageShape { height, width, .. } = shape;
        let mut sources = Vec::with_capacity(count * height * width);
        for _ in 0..count {
            let top = self.offset(rng);
            let left = self.offset(rng);
            let mirrored = self.horizontal_flip && rng.random::<bool>();
            for y in 0..height {
                let row = y as isize + top;
                let row = (0..height as isize).contains(&row).then_some(row);
                for x in 0..width {
                    let x = if mirrored { width - 1 - x } else { x };
                    let column = x as isize + left;
                    let column = (0..width as isize).contains(&column).then_some(column);
                    let source = match (row, column) {
                        (Some(row), Some(column)) => row as usize * width + column as usize,
                        _ => height * width,
                    };
                    sources.push(source as i32);
                }
            }
        }
        sources
    }

    fn offset(&self, rng: &mut ChaCha8Rng) -> isize {
        if self.crop_padding == 0 {
            return 0;
        }
        rng.random_range(0..=2 * self.crop_padding) as isize - self.crop_padding as isize
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 3, width: 2 };

    #[test]
    fn no_augmentation_is_the_identity() {
        let augmentation = Augmentation { crop_padding: 0, horizontal_flip: false };
        assert!(augmentation.is_identity());
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        assert_eq!(augmentation.draw(2, SHAPE, &mut rng), [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn every_view_is_a_shifted_and_perhaps_mirrored_image() {
        let augmentation = Augmentation { crop_padding: 1, horizontal_flip: true };
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut seen = std::collections::BTreeSet::new();
        for view in augmentation.draw(500, SHAPE, &mut rng).chunks(6) {
            seen.insert(view.to_vec());
        }
        let mut expected = std::collections::BTreeSet::new();
        for (top, left, mirrored) in (-1_i32..=1)
            .flat_map(|top| (-1_i32..=1).flat_map(move |left| [(top, left, false), (top, left, true)]))
        {
            let mut view = Vec::new();
            for y in 0..3 {
                for x in 0..2 {
                    let (row, column) = (y + top, if mirrored { 1 - x } else { x } + left);
                    let inside = (0..3).contains(&row) && (0..2).contains(&column);
                    view.push(if inside { row * 2 + column } else { 6 });
                }
            }
            expected.insert(view);
        }
        assert_eq!(seen, expected);
    }
}
