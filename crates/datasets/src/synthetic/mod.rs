//! A generated dataset of CIFAR's shape, for a first run without a download and for tests that must be able to learn.
//!
//! A class is a shape with a texture (10 classes) or a shape with a texture in a warm or a cool colour (100 classes).
//! Position, size, rotation, stretch, colour, background, a distracting second shape, an occluding bar, light and noise
//! vary within a class. Every image comes from a ChaCha8 stream of its own, named by seed, split and index, and is
//! computed with additions, multiplications, divisions and square roots only, all of which IEEE 754 rounds the same way
//! everywhere: the files are identical on every platform, and their checksums are in the manifests.

mod class;
pub mod config;
mod draw;
mod scene;
mod shape;
mod texture;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::dataset::Dataset;
use crate::labelled_images::LabelledImages;
use class::Class;
use scene::Scene;

pub use config::SyntheticConfig;
pub use scene::IMAGE_SHAPE;

/// Training and test images are drawn from different streams.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// The training images.
    Train,
    /// The test images.
    Test,
}

/// The number of classes that can be generated at most.
pub const MAX_CLASSES: usize = 100;

/// Generates a dataset in memory, without any file.
///
/// # Panics
/// When `classes` is not in 2..=100.
pub fn dataset(config: &SyntheticConfig, classes: usize, train_images: usize, test_images: usize) -> Dataset {
    let split = |split, count| images(config, classes, split, count);
    let (train, test) = (split(Split::Train, train_images), split(Split::Test, test_images));
    Dataset::new(format!("synthetic{classes}"), class_names(classes), train, test)
}

/// Generates the images of one split: `[count, 3, 32, 32]`. Each run of `classes` consecutive images holds every class
/// once, in a random order, so that the classes are equally frequent when `count` is a multiple of `classes`.
///
/// # Panics
/// When `classes` is not in 2..=100.
pub fn images(config: &SyntheticConfig, classes: usize, split: Split, count: usize) -> LabelledImages {
    assert!((2..=MAX_CLASSES).contains(&classes), "{classes} synthetic classes, expected 2 to {MAX_CLASSES}");
    let mut made = LabelledImages::with_capacity(IMAGE_SHAPE, count);
    let mut order = Vec::new();
    for index in 0..count {
        if index % classes == 0 {
            order = class_order(config, classes, split, index / classes);
        }
        let label = order[index % classes];
        let mut rng = stream(config, split, Purpose::Image, index);
        Scene::draw(&Class::new(label, classes), &mut rng).render(&mut rng, &mut made.images.pixels);
        made.labels.push(label);
    }
    made
}

/// The names of the classes, by class id.
///
/// # Panics
/// When `classes` is not in 2..=100.
pub fn class_names(classes: usize) -> Vec<String> {
    assert!((2..=MAX_CLASSES).contains(&classes), "{classes} synthetic classes, expected 2 to {MAX_CLASSES}");
    (0..classes as u32).map(|label| Class::new(label, classes).name()).collect()
}

/// The order of the classes within one run of `classes` images.
fn class_order(config: &SyntheticConfig, classes: usize, split: Split, run: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..classes as u32).collect();
    order.shuffle(&mut stream(config, split, Purpose::Order, run));
    order
}

#[derive(Copy, Clone)]
enum Purpose {
    Order,
    Image,
}

/// The ChaCha8 stream of one image (or of the order of one run of classes).
fn stream(config: &SyntheticConfig, split: Split, purpose: Purpose, index: usize) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&config.seed.to_le_bytes());
    key[8] = split as u8;
    key[9] = purpose as u8;
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index as u64);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: SyntheticConfig = SyntheticConfig { seed: 1 };

    #[test]
    fn the_same_seed_gives_the_same_images_whatever_their_number() {
        let few = images(&CONFIG, 10, Split::Train, 20);
        let many = images(&CONFIG, 10, Split::Train, 40);
        assert_eq!(few.labels, many.labels[..20]);
        assert_eq!(few.images.pixels, many.images.pixels[..20 * IMAGE_SHAPE.len()]);
    }

    #[test]
    fn seeds_and_splits_give_other_images() {
        let train = images(&CONFIG, 10, Split::Train, 10);
        assert_ne!(train, images(&CONFIG, 10, Split::Test, 10));
        assert_ne!(train, images(&SyntheticConfig { seed: 2 }, 10, Split::Train, 10));
    }

    #[test]
    fn classes_are_equally_frequent() {
        let set = dataset(&CONFIG, 100, 200, 100);
        assert_eq!(set.truth.class_counts_train(100), [2; 100]);
        assert_eq!(set.truth.class_counts_test(100), [1; 100]);
        assert_eq!(set.train.pixels.len(), 200 * 3072);
    }

    #[test]
    fn class_names_are_distinct() {
        for classes in [2, 10, 100] {
            let mut names = class_names(classes);
            names.sort();
            names.dedup();
            assert_eq!(names.len(), classes);
        }
    }

    #[test]
    fn images_use_the_range_of_values() {
        let set = images(&CONFIG, 10, Split::Train, 50);
        let pixels = set.images.pixels;
        let mean = pixels.iter().map(|&value| f64::from(value)).sum::<f64>() / pixels.len() as f64;
        assert!((80.0..170.0).contains(&mean), "{mean}");
    }
}
