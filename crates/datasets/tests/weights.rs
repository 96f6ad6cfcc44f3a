//! The manifests of the repository's `weights/`.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::fs;
use std::path::{Path, PathBuf};

use tailward_datasets::{Checksum, Error, WeightsFormat, WeightsManifest, weights};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn manifests() -> Vec<WeightsManifest> {
    let paths = fs::read_dir(folder("weights")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    paths.sort();
    paths.iter().map(|path| WeightsManifest::load(path).unwrap()).collect()
}

#[test]
fn every_manifest_loads_and_no_name_is_also_a_dataset() {
    let names: Vec<String> = manifests().into_iter().map(|manifest| manifest.name).collect();
    let resnets = ["101", "152", "18", "34", "50"].map(|depth| format!("resnet{depth}-imagenet1k-v1"));
    let expected: Vec<String> = ["clip-vit-base-patch32".to_owned()].into_iter().chain(resnets).collect();
    assert_eq!(names, expected);
    for name in names {
        assert!(!folder("datasets").join(format!("{name}.toml")).exists(), "{name}");
    }
}

/// torchvision names a file by its architecture and the beginning of its checksum, and the address ends in that name.
#[test]
fn file_address_checksum_and_architecture_say_the_same() {
    for manifest in manifests().into_iter().filter(|manifest| manifest.name.starts_with("resnet")) {
        let Checksum::Sha256Prefix(prefix) = &manifest.checksum else { panic!("{:?}", manifest.checksum) };
        assert_eq!(manifest.file, format!("{}-{prefix}.pth", manifest.architecture));
        let url = format!("https://download.pytorch.org/models/{}", manifest.file);
        assert_eq!(manifest.url.as_deref(), Some(url.as_str()));
        assert_eq!(manifest.format, WeightsFormat::Pytorch);
        assert!(manifest.name.starts_with(&format!("{}-", manifest.architecture)));
        assert!(!manifest.terms.is_empty() && !manifest.citation.is_empty());
    }
}

#[test]
fn missing_weights_name_command_address_and_place() {
    let data = tempfile::tempdir().unwrap();
    for manifest in manifests() {
        let error = weights::verify(&manifest, data.path()).unwrap_err();
        assert!(matches!(error, Error::MissingWeights { .. }), "{error:?}");
        let place = data.path().join("weights").join(&manifest.file).display().to_string();
        for expected in [format!("cargo xtask fetch {}", manifest.name), manifest.url.unwrap(), place] {
            assert!(error.to_string().contains(&expected), "{error}");
        }
    }
}
