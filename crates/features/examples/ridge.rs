//! What a head is fitted to, and what it comes to, for somebody who fits another one to the same: `tests/golden/ridge.py` does.
//!
//! `cargo run --release -p tailward-features --example ridge -- FOLDER` reads `train.u8` and `test.u8` (images of 3 × 32 × 32 pixels
//! one after the other) and `train.u32` and `test.u32` (their labels, little-endian) from a folder, learns 400 centres from the training
//! images, writes `train.f32` and `test.f32` (the features, `[images, 1600]`, on one scale) beside them and prints what a head on the
//! first 200, 1,000 and so on of the training images reaches.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use ndarray::{Array2, Axis, Slice};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_features::{Patches, PatchesConfig, Ridge, Standardised};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name the folder")?);
    let images = |name: &str| fs::read(folder.join(format!("{name}.u8")));
    let labels = |name: &str| -> std::io::Result<Vec<u32>> {
        let bytes = fs::read(folder.join(format!("{name}.u32")))?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|label| u32::from_le_bytes(*label)).collect())
    };
    let (train, test) = (images("train")?, images("test")?);
    let config = PatchesConfig::with_centres(32, 400);
    let patches = Patches::learn(&config, [3, 32, 32], &train, &mut ChaCha8Rng::seed_from_u64(0));
    let (mut of_train, mut of_test) = (patches.features(&train), patches.features(&test));
    let scale = Standardised::of(of_train.view());
    scale.apply(&mut of_train);
    scale.apply(&mut of_test);
    for (name, features) in [("train", &of_train), ("test", &of_test)] {
        let bytes: Vec<u8> = features.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(folder.join(format!("{name}.f32")), bytes)?;
    }
    let (train_labels, test_labels) = (labels("train")?, labels("test")?);
    let classes = 1 + train_labels.iter().chain(&test_labels).max().copied().unwrap_or(0) as usize;
    for count in [200, 1_000, 2_000, 5_000].into_iter().filter(|count| *count <= train_labels.len()) {
        let started = Instant::now();
        let fitted =
            Ridge::fit(of_train.slice_axis(Axis(0), Slice::from(..count)), &train_labels[..count], classes);
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{count} labels: strength {:.4} a feature, {:.4} right when left out, {:.4} of the test images, {seconds:.2} s",
            fitted.strength / of_train.ncols() as f64,
            fitted.accuracy,
            right(&fitted.ridge.logits(of_test.view()), &test_labels)
        );
    }
    Ok(())
}

/// The share of rows whose highest logit is at their label.
fn right(logits: &Array2<f32>, labels: &[u32]) -> f64 {
    let highest = |row: ndarray::ArrayView1<f32>| {
        (1..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
    };
    let right =
        logits.rows().into_iter().zip(labels).filter(|(row, label)| highest(*row) == **label as usize);
    right.count() as f64 / labels.len() as f64
}
