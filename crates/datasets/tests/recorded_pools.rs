//! The pools of the committed runs on CIFAR-100, built again from the real data: their hashes are those of the records.
//! `TAILWARD_DATA` names the data folder; without it, or without CIFAR-100, the test says that it was skipped.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

// Written past the test harness, which keeps what passing tests print to itself.
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tailward_datasets::{
    Dataset, DatasetManifest, Grouping, Imbalance, PoolSource, SampleId, TrainingImages, construct,
    construct_replay, read,
};

/// What a pool depends on (grouping, pool, imbalance factor, seed, replayed list, as written), and the hash that the records have for it.
fn recorded() -> BTreeMap<[String; 5], String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")];
    while let Some(folder) = folders.pop() {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("record.jsonl") {
                let header: Value =
                    serde_json::from_str(fs::read_to_string(&path).unwrap().lines().next().unwrap()).unwrap();
                let definition = &header["definition"];
                if definition["dataset"] == "cifar100" {
                    let of = ["grouping", "pool", "imbalance_factor", "seed", "replay"]
                        .map(|key| definition[key].to_string());
                    let hash = header["pool_hash"].as_str().unwrap().to_owned();
                    assert_eq!(*found.entry(of).or_insert(hash.clone()), hash, "{}", path.display());
                }
            }
        }
    }
    found
}

fn source(pool: &Value, factor: f64) -> PoolSource {
    let number = |key: &str| pool[key].as_u64().map(|number| number as usize);
    let initial = number("initial").unwrap();
    match (pool["kind"].as_str(), pool["profile"].as_str()) {
        (Some("uniform"), None) => PoolSource::Uniform { initial, size: number("size") },
        (Some("drawn"), Some("step")) => {
            let imbalance = Imbalance::Step { factor };
            PoolSource::Drawn { initial, per_class_cap: number("per_class_cap"), imbalance }
        }
        _ => panic!("a pool of another kind was recorded: {pool}"),
    }
}

/// The stream that a run draws for a purpose before its first round.
fn stream(purpose: &str, seed: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Sha256::digest(format!("tailward/{purpose}/seed-{seed}/round-0")).into())
}

/// The list that a run replays. `None` where the data folder does not have it.
fn list(replay: &Value) -> Option<Vec<SampleId>> {
    let path = data_dir()?.join(replay["path"].as_str().unwrap());
    let text = fs::read_to_string(path).ok()?;
    Some(text.lines().map(|line| SampleId(line.parse().unwrap())).collect())
}

fn data_dir() -> Option<PathBuf> {
    std::env::var_os("TAILWARD_DATA").map(PathBuf::from)
}

fn cifar100() -> Option<Dataset> {
    let data_dir = data_dir();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/cifar100.toml");
    let manifest = DatasetManifest::load(&path).unwrap();
    let Some(data_dir) = data_dir.filter(|it| manifest.folder_in(it).is_dir()) else {
        let _ = writeln!(std::io::stderr(), "skipped: TAILWARD_DATA names no data folder with CIFAR-100");
        return None;
    };
    Some(read(&manifest, &data_dir).unwrap())
}

#[test]
fn pools_of_committed_runs_are_built_again_with_the_same_hashes() {
    let Some(dataset) = cifar100() else { return };
    let recorded = recorded();
    assert!(!recorded.is_empty(), "no committed run on CIFAR-100 was found");
    for ([grouping, pool, factor, seed, replay], hash) in recorded {
        let dataset = match serde_json::from_str::<Option<Grouping>>(&grouping).unwrap() {
            Some(grouping) => grouping.apply(dataset.clone()).unwrap(),
            None => dataset.clone(),
        };
        let (images, written) = (TrainingImages::of(&dataset), serde_json::from_str(&pool).unwrap());
        let replay: Value = serde_json::from_str(&replay).unwrap();
        let made = if replay.is_null() {
            let source = source(&written, factor.parse().unwrap());
            let (mut initial, mut imbalance) = (stream("split", &seed), stream("imbalance", &seed));
            construct(&images, &source, &mut initial, &mut imbalance).unwrap()
        } else if let Some(order) = list(&replay) {
            construct_replay(&images, &order, written["initial"].as_u64().unwrap() as usize).unwrap()
        } else {
            let _ = writeln!(std::io::stderr(), "skipped: the data folder has no {}", replay["path"]);
            continue;
        };
        assert_eq!(made.hash, hash, "{grouping}, {pool}, seed {seed}, {replay}");
    }
}
