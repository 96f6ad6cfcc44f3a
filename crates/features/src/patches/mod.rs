//! Features of an image by its small patches: centres are learned by k-means from patches of the images themselves, and an
//! image is described by how near its patches are to each centre.
//!
//! Coates, Lee & Ng, *An Analysis of Single-Layer Networks in Unsupervised Feature Learning*, AISTATS 2011.

mod config;
mod learn;

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use tailward_kernels::Lanes;
use tailward_kernels::patches::{Dictionary, Grid, features};

pub use config::PatchesConfig;

/// Learned centres.
#[derive(Clone, Debug, PartialEq)]
pub struct Patches {
    grid: Grid,
    dictionary: Dictionary,
}

impl Patches {
    /// Learns centres from images; the same images and stream give the same centres.
    ///
    /// # Shapes
    ///
    /// `shape`: channels, height and width; `images`: `[images, channels, height, width]`, 0 to 255
    ///
    /// # Panics
    ///
    /// When there is no image, images are smaller than a patch, or there are fewer patches to draw than centres.
    pub fn learn(config: &PatchesConfig, shape: [usize; 3], images: &[u8], rng: &mut ChaCha8Rng) -> Self {
        let [channels, height, width] = shape;
        let &PatchesConfig { patch, stride, cells, .. } = config;
        assert!(
            height >= patch && width >= patch,
            "patches of {patch} pixels in images of {height} × {width}"
        );
        assert!(config.sample >= config.centres, "{} centres of {} patches", config.centres, config.sample);
        let grid = Grid { height, width, channels, patch, stride, cells };
        Self { grid, dictionary: learn::dictionary(config, &grid, images, rng) }
    }

    /// Where patches lie in an image, and what they are compared with.
    pub fn parts(&self) -> (&Grid, &Dictionary) {
        (&self.grid, &self.dictionary)
    }

    /// The number of features of an image.
    pub fn dims(&self) -> usize {
        self.grid.cells * self.grid.cells * self.dictionary.centres()
    }

    /// The features of images, as they are; see [`Standardised`](crate::Standardised).
    ///
    /// # Shapes
    ///
    /// `images`: `[images, channels, height, width]`; the features: `[images, dims]`
    ///
    /// # Panics
    ///
    /// When the images are not of the shape that was learned from.
    pub fn features(&self, images: &[u8]) -> Array2<f32> {
        let image = self.grid.channels * self.grid.height * self.grid.width;
        let mut found = Array2::zeros((images.len() / image, self.dims()));
        let rows = found.as_slice_mut().expect("a new array lies in order");
        features(Lanes::detect(), &self.grid, &self.dictionary, images, rows);
        found
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    const CONFIG: PatchesConfig =
        PatchesConfig { patch: 4, stride: 1, cells: 2, centres: 20, sample: 600, rounds: 8 };

    /// Stripes across or down, of random brightness, phase and noise.
    fn stripes(count: usize, seed: u64) -> (Vec<u8>, Vec<u32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let label = rng.random_range(0..2_u32);
            let (base, phase) = (rng.random_range(40..160_i32), rng.random_range(0..3_usize));
            for place in 0..3 * 144 {
                let (row, column) = (place / 12 % 12, place % 12);
                let along = if label == 0 { row } else { column };
                let stripe = if (along + phase) % 3 == 0 { 50 } else { 0 };
                images.push((base + stripe + rng.random_range(-8..8)) as u8);
            }
            labels.push(label);
        }
        (images, labels)
    }

    #[test]
    fn what_pixels_do_not_tell_apart_features_do() {
        let (train, labels) = stripes(60, 1);
        let (test, truth) = stripes(200, 2);
        let patches = Patches::learn(&CONFIG, [3, 12, 12], &train, &mut ChaCha8Rng::seed_from_u64(3));
        assert_eq!(patches.dims(), CONFIG.dims());
        let mut features = patches.features(&train);
        let scale = crate::Standardised::of(features.view());
        scale.apply(&mut features);
        let fitted = crate::Ridge::fit(features.view(), &labels, 2);
        let mut found = patches.features(&test);
        scale.apply(&mut found);
        let logits = fitted.ridge.logits(found.view());
        let right =
            logits.rows().into_iter().zip(&truth).filter(|(row, label)| (row[1] > row[0]) == (**label == 1));
        assert!(right.count() > 195);
    }

    #[test]
    fn the_same_stream_gives_the_same_centres_on_any_number_of_threads() {
        let (images, _) = stripes(10, 4);
        let with = |threads: usize| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| {
                let patches =
                    Patches::learn(&CONFIG, [3, 12, 12], &images, &mut ChaCha8Rng::seed_from_u64(5));
                let features = patches.features(&images);
                (patches, features)
            })
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn images_of_one_colour_are_no_trouble() {
        let images = vec![7_u8; 4 * 3 * 144];
        let patches = Patches::learn(&CONFIG, [3, 12, 12], &images, &mut ChaCha8Rng::seed_from_u64(6));
        assert!(patches.features(&images).iter().all(|value| value.is_finite()));
    }
}
