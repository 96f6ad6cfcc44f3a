//! The index lists that the authors of CBAL published: sizes, class counts, disjointness. They are not part of the
//! repository: `TAILWARD_CBAL_INDEX` names a folder with `cifar10/` and `cifar100/`, and `TAILWARD_DATA` the data folder
//! for the labels. Without them the tests say that they were skipped.

// Written past the test harness, which keeps what passing tests print to itself.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use tailward_datasets::index_list::read_authors_pair;
use tailward_datasets::{DatasetManifest, PoolManifest, PoolSource, TrainingImages, construct, read};

/// Dataset, list, first digits of the list's SHA-256, size of the pool.
const POOLS: [(&str, &str, &str, usize); 7] = [
    ("cifar10", "1", "c3425ddb", 45_000),
    ("cifar10", "3", "e40202cb", 29_250),
    ("cifar10", "10", "b96ebb6f", 24_750),
    ("cifar100", "1", "358aede5", 45_000),
    ("cifar100", "3", "6fea8785", 29_250),
    ("cifar100", "5", "560b2a2c", 27_000),
    ("cifar100", "10", "00a1ee72", 24_750),
];

/// CIFAR-100: images kept of each of the classes 50 to 99; the classes 0 to 49 keep 450.
const RARE: [(&str, usize); 4] = [("1", 450), ("3", 135), ("5", 90), ("10", 45)];

fn lists(folder: &Path, dataset: &str, factor: &str) -> (PathBuf, PathBuf) {
    let folder = folder.join(dataset);
    (folder.join("active_set_cycle_0.txt"), folder.join(format!("long_tailed_dataset_IF_{factor}.txt")))
}

fn index_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TAILWARD_CBAL_INDEX").map(PathBuf::from);
    if folder.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: TAILWARD_CBAL_INDEX names no folder of index lists");
    }
    folder
}

#[test]
fn lists_have_their_sizes_and_hashes() {
    let Some(folder) = index_folder() else { return };
    for (dataset, factor, hash, size) in POOLS {
        let (initial_path, pool_path) = lists(&folder, dataset, factor);
        let digest = hex::encode(Sha256::digest(fs::read(&pool_path).unwrap()));
        assert!(digest.starts_with(hash), "{}", pool_path.display());
        let (initial, pool) = read_authors_pair(&initial_path, &pool_path, 50_000).unwrap();
        assert_eq!((initial.len(), pool.len()), (5_000, size));
        assert!(pool.is_sorted());
    }
}

#[test]
fn cifar100_pools_have_the_class_counts_of_the_paper() {
    let Some(folder) = index_folder() else { return };
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "skipped: TAILWARD_DATA names no data folder");
        return;
    };
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let manifest = DatasetManifest::load(&datasets.join("cifar100.toml")).unwrap();
    let dataset = read(&manifest, &data_dir).unwrap();
    let mut hashes = Vec::new();
    for (factor, rare) in RARE {
        let (initial, pool) = lists(&folder, "cifar100", factor);
        let (mut one, mut two) = (ChaCha8Rng::seed_from_u64(0), ChaCha8Rng::seed_from_u64(0));
        let source = PoolSource::IndexLists { initial, pool };
        let made = construct(&TrainingImages::of(&dataset), &source, &mut one, &mut two).unwrap();
        assert_eq!(made.class_counts_initial.as_deref().unwrap(), [50; 100]);
        let pool = made.class_counts_pool.as_deref().unwrap();
        assert_eq!(pool[..50], [450; 50]);
        assert_eq!(pool[50..], [rare; 50]);
        let written = tempfile::tempdir().unwrap();
        assert_eq!(PoolManifest::load(&made.write(written.path()).unwrap()).unwrap(), made);
        hashes.push(made.hash);
    }
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), RARE.len());
}
