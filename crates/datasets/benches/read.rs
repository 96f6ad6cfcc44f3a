//! How long it takes to read and verify CIFAR-100, to decode Tiny ImageNet (or what is there of it), and to generate the
//! synthetic datasets.
//!
//! One JSON line per result on stdout. The data folder is `TAILWARD_DATA`, by default `datasets/data` of the workspace.
//! Run with `cargo bench -p tailward-datasets`.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use tailward_datasets::{DatasetManifest, Result, SyntheticConfig, read, synthetic};

const REPETITIONS: usize = 5;

fn main() -> Result<()> {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let data_dir = std::env::var_os("TAILWARD_DATA").map_or_else(|| datasets.join("data"), PathBuf::from);
    let manifest = DatasetManifest::load(&datasets.join("cifar100.toml"))?;
    read_and_verify(&manifest, &data_dir)?;
    let mut manifest = DatasetManifest::load(&datasets.join("tiny-imagenet.toml"))?;
    let folder = manifest.folder_in(&data_dir);
    // An excerpt has fewer images of each class, and the time per image is what counts.
    let files = |images: PathBuf| std::fs::read_dir(images).map_or(0, Iterator::count);
    if folder.is_dir() {
        manifest.train_images = files(folder.join("train/n02124075/images")) * manifest.classes;
        manifest.test_images = files(folder.join("val/images"));
    }
    read_and_verify(&manifest, &data_dir)?;
    for (classes, train_images, test_images) in [(10, 10_000, 2_000), (100, 20_000, 4_000)] {
        generate(classes, train_images, test_images);
    }
    Ok(())
}

fn read_and_verify(manifest: &DatasetManifest, data_dir: &Path) -> Result<()> {
    let benchmark = format!("{}/read+verify", manifest.name);
    let folder = manifest.folder_in(data_dir);
    if !folder.exists() {
        println!(
            "{}",
            json!({ "benchmark": benchmark, "skipped": format!("{} is not there", folder.display()) })
        );
        return Ok(());
    }
    let mut seconds = Vec::new();
    let mut images = 0;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        let dataset = black_box(read(manifest, data_dir)?);
        seconds.push(start.elapsed().as_secs_f64());
        images = dataset.train.len() + dataset.test.len();
    }
    println!("{}", json!({ "benchmark": benchmark, "seconds": seconds, "detail": { "images": images } }));
    Ok(())
}

fn generate(classes: usize, train_images: usize, test_images: usize) {
    let mut seconds = Vec::new();
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        black_box(synthetic::dataset(&SyntheticConfig { seed: 1 }, classes, train_images, test_images));
        seconds.push(start.elapsed().as_secs_f64());
    }
    let benchmark = format!("synthetic{classes}/generate");
    let detail = json!({ "images": train_images + test_images });
    println!("{}", json!({ "benchmark": benchmark, "seconds": seconds, "detail": detail }));
}
