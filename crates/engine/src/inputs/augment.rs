//! Random crops and flips, drawn on the host and applied on the device.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tailward_experiment::definition::TrainingDefinition;
use tailward_models::views::View;

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
    /// Every view is the image itself.
    pub const IDENTITY: Self = Self { crop_padding: 0, horizontal_flip: false };

    /// Whether every view is the image itself.
    pub fn is_identity(&self) -> bool {
        *self == Self::IDENTITY
    }

    /// Draws a view of an image.
    ///
    /// The crop is uniform over the (2·padding + 1)² positions and comes before the flip, as in the protocol.
    pub fn draw(&self, image: usize, rng: &mut ChaCha8Rng) -> View {
        let top = self.offset(rng);
        let left = self.offset(rng);
        let mirrored = self.horizontal_flip && rng.random::<bool>();
        View { image, top, left, mirrored }
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

    #[test]
    fn no_augmentation_is_the_identity() {
        let augmentation = Augmentation { crop_padding: 0, horizontal_flip: false };
        assert!(augmentation.is_identity());
        assert_eq!(augmentation.draw(3, &mut ChaCha8Rng::seed_from_u64(0)), View::of(3));
    }

    #[test]
    fn every_view_is_a_shifted_and_perhaps_mirrored_image() {
        let augmentation = Augmentation { crop_padding: 1, horizontal_flip: true };
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let View { image, top, left, mirrored } = augmentation.draw(7, &mut rng);
            assert_eq!(image, 7);
            seen.insert((top, left, mirrored));
        }
        let positions = (-1..=1).flat_map(|top| (-1..=1).map(move |left| (top, left)));
        let expected = positions.flat_map(|(top, left)| [(top, left, false), (top, left, true)]);
        assert_eq!(seen, expected.collect());
    }
}
