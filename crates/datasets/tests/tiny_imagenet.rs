//! Real images of Tiny ImageNet, the whole set or an excerpt that has the first images of every class, against another
//! decoder. `TAILWARD_DATA` names the data folder; without it, or without the images, the tests say that they were skipped.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

// Written past the test harness, which keeps what passing tests print to itself.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tailward_datasets::{Dataset, DatasetManifest, read};

/// Class id and number of a training image, and the mean of each quadrant (top left, top right, bottom left, bottom
/// right) of red, green and blue. Made with Pillow 13.0.0 (libjpeg-turbo 3.2.0), `Image.open(…).convert("RGB")`, and NumPy
/// 2.4.6. The second is grey.
const QUADRANTS: [(usize, usize, [f64; 12]); 4] = [
    (0, 0, [106.77, 121.66, 136.70, 125.71, 99.45, 119.18, 134.44, 123.07, 92.58, 112.18, 131.31, 119.56]),
    (1, 9, [154.27, 175.31, 157.28, 111.86, 154.27, 175.31, 157.28, 111.86, 154.27, 175.31, 157.28, 111.86]),
    (77, 7, [101.78, 97.74, 102.17, 87.55, 97.21, 98.42, 98.09, 85.87, 94.96, 107.67, 92.86, 99.18]),
    (
        199,
        9,
        [129.11, 128.67, 141.65, 142.78, 128.71, 126.82, 141.16, 138.71, 127.83, 124.10, 133.84, 129.49],
    ),
];

/// The same of the first validation image.
const VALIDATION: [f64; 12] =
    [117.07, 121.21, 98.16, 149.39, 109.18, 121.54, 99.38, 149.37, 112.21, 122.91, 100.50, 147.13];

/// The first validation images' classes, by the line of their identifier in `wnids.txt`.
const VALIDATION_LABELS: [u32; 2] = [163, 1];

/// Decoders may differ in how they round and how they enlarge subsampled colours. Over the 2,800 images of an excerpt no
/// value of ours was more than 5 away from Pillow's, and no quadrant's mean more than 0.63.
const TOLERANCE: f64 = 0.7;

/// A manifest for what is there, which may be an excerpt, and the data folder.
fn available(name: &str) -> Option<(DatasetManifest, PathBuf)> {
    let skip = |why: &str| {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    };
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        skip("TAILWARD_DATA names no data folder");
        return None;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../datasets/{name}.toml"));
    let mut manifest = DatasetManifest::load(&path).unwrap();
    let folder = manifest.folder_in(&data_dir);
    if !folder.is_dir() {
        skip(&format!("{} is not there", folder.display()));
        return None;
    }
    let count = |folder: PathBuf| fs::read_dir(folder).unwrap().count();
    let per_class = count(folder.join("train/n02124075/images"));
    if per_class < 500 {
        let held_out = if name == "tiny-imagenet-90k" { per_class / 10 } else { 0 };
        manifest.train_images = (per_class - held_out) * manifest.classes;
        manifest.test_images =
            if held_out > 0 { held_out * manifest.classes } else { count(folder.join("val/images")) };
    }
    Some((manifest, data_dir))
}

/// The mean of each quadrant of each channel.
fn quadrants(image: &[u8]) -> [f64; 12] {
    let mean = |index: usize| {
        let (channel, top, left) = (index / 4, index % 4 / 2 * 32, index % 2 * 32);
        let rows = (top..top + 32).map(|row| &image[(channel * 64 + row) * 64 + left..][..32]);
        rows.flatten().map(|&value| f64::from(value)).sum::<f64>() / 1024.0
    };
    std::array::from_fn(mean)
}

fn assert_close(image: &[u8], expected: &[f64; 12], name: &str) {
    let found = quadrants(image);
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= TOLERANCE, "{name}: {found}, expected {expected}");
    }
}

fn per_class(dataset: &Dataset) -> usize {
    dataset.train.len() / dataset.classes()
}

#[test]
fn images_are_those_that_another_decoder_sees() {
    let Some((manifest, data_dir)) = available("tiny-imagenet") else { return };
    let dataset = read(&manifest, &data_dir).unwrap();
    for (class, number, expected) in &QUADRANTS {
        let row = class * per_class(&dataset) + number;
        assert_eq!(dataset.truth.train[row] as usize, *class);
        assert_close(
            dataset.train.image(row),
            expected,
            &format!("{} {number}", dataset.class_names[*class]),
        );
    }
    assert_close(dataset.test.image(0), &VALIDATION, "val_0");
    assert_eq!(dataset.truth.test[..2], VALIDATION_LABELS);
}

#[test]
fn both_splits_share_the_first_images_of_every_class() {
    let Some((official, data_dir)) = available("tiny-imagenet") else { return };
    let Some((held_out, _)) = available("tiny-imagenet-90k") else { return };
    let (official, held_out) = (read(&official, &data_dir).unwrap(), read(&held_out, &data_dir).unwrap());
    assert_eq!(held_out.train.len() + held_out.test.len(), official.train.len());
    let (all, kept) = (per_class(&official), per_class(&held_out));
    for row in 0..official.train.len() {
        let (class, number) = (row / all, row % all);
        let (images, labels, at) = match number.checked_sub(kept) {
            None => (&held_out.train, &held_out.truth.train, class * kept + number),
            Some(number) => (&held_out.test, &held_out.truth.test, class * (all - kept) + number),
        };
        assert_eq!(labels[at], official.truth.train[row]);
        assert_eq!(images.image(at), official.train.image(row), "{row}");
    }
}
