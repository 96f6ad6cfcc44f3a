//! What PyTorch saves and computes, and what this crate makes of it.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod clip;
mod pretrained;
mod vaal;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::de::DeserializeOwned;

#[expect(deprecated, reason = "the backend of the tests, until Burn 0.23")]
fn device() -> Device {
    Device::ndarray()
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn golden<T: DeserializeOwned>(name: &str) -> T {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_near(values: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(values.len(), expected.len());
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        // Written so that NaN fails.
        let near = (value - expected).abs() <= tolerance;
        assert!(near, "entry {index} is {value}, not {expected}");
    }
}
