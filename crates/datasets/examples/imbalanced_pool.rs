//! A pool with rare classes, and an annotator who errs: `cargo run --example imbalanced_pool`.
//!
//! The images are generated, so that nothing is downloaded. With the manifest of a real dataset, `tailward_datasets::read`
//! gives the same `Dataset` in their place.

use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{
    Imbalance, LabelNoise, PoolSource, Result, SyntheticConfig, TrainingImages, construct, noisy_labels,
    synthetic,
};

const CLASSES: usize = 10;

fn main() -> Result<()> {
    let dataset = synthetic::dataset(&SyntheticConfig { seed: 1 }, CLASSES, 1_000, 200);

    // Five labels of each class to begin with; then a tenth of what remains of the last five classes.
    let imbalance = Imbalance::Step { factor: 0.1 };
    let source = PoolSource::Drawn { initial: 50, per_class_cap: None, imbalance };
    let (mut initial_rng, mut imbalance_rng) = (ChaCha8Rng::seed_from_u64(0), ChaCha8Rng::seed_from_u64(1));
    let pool = construct(&TrainingImages::of(&dataset), &source, &mut initial_rng, &mut imbalance_rng)?;

    println!("{} images, {} of them labelled at first:", dataset.train.len(), pool.initial.len());
    let labelled = pool.class_counts_initial.as_deref().unwrap_or_default();
    let unlabelled = pool.class_counts_pool.as_deref().unwrap_or_default();
    for ((name, labelled), unlabelled) in dataset.class_names.iter().zip(labelled).zip(unlabelled) {
        println!("  {name:<16} {labelled:>2} labelled, {unlabelled:>3} in the pool");
    }

    // What annotators say: a tenth of the labels are wrong. The noise has a seed of its own, so that every run gets the same.
    let noise = LabelNoise::Uniform { rate: 0.1, seed: 0 };
    let told = noisy_labels(&noise, &dataset.truth.train, None, CLASSES, Path::new("."))?;
    let is_wrong = |index: usize| told[index] != dataset.truth.train[index];
    let wrong = pool.pool.iter().filter(|sample| is_wrong(sample.index())).count();
    println!("Of the {} labels of the pool an annotator would get {wrong} wrong.", pool.pool.len());
    println!("The pool's hash, by which a record can name it: {}", pool.hash);
    Ok(())
}
