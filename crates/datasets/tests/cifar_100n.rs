//! CIFAR-100N, the labels that people gave to the training images of CIFAR-100 (Wei et al., ICLR 2022). Neither is part of
//! the repository: `TAILWARD_DATA` names a data folder with `cifar-100n/cifar-100n.csv` and CIFAR-100. Without them the
//! tests say that they were skipped.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

// Written past the test harness, which keeps what passing tests print to itself.
use std::io::Write;
use std::path::{Path, PathBuf};

use tailward_datasets::{Checksum, DatasetManifest, Error, Grouping, LabelNoise, noisy_labels, read};

fn people(noisy: &str) -> LabelNoise {
    LabelNoise::Labels {
        file: "cifar-100n/cifar-100n.csv".into(),
        checksum: Checksum::Sha256(
            "b854c17856714cef006f1c2d8b2bbae6488b92f0943cb63b62cba91837081855".to_owned(),
        ),
        clean: "clean_fine_label".to_owned(),
        noisy: noisy.to_owned(),
        images: None,
    }
}

/// The folder and the true labels of CIFAR-100, where both datasets are there.
fn data() -> Option<(PathBuf, Vec<u32>)> {
    let skipped = |why: String| {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
        None
    };
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        return skipped("TAILWARD_DATA names no data folder".to_owned());
    };
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let manifest = DatasetManifest::load(&datasets.join("cifar100.toml")).unwrap();
    for path in [manifest.folder_in(&data_dir), data_dir.join("cifar-100n/cifar-100n.csv")] {
        if !path.exists() {
            return skipped(format!("{} is not there", path.display()));
        }
    }
    let labels = read(&manifest, &data_dir).unwrap().truth.train;
    Some((data_dir, labels))
}

fn wrong(told: &[u32], labels: impl Iterator<Item = u32>) -> usize {
    told.iter().zip(labels).filter(|(told, label)| **told != *label).count()
}

#[test]
fn people_err_as_published_and_less_among_fewer_classes() {
    let Some((data_dir, labels)) = data() else { return };
    let noise = people("noisy_fine_label");
    let told = noisy_labels(&noise, &labels, None, 100, &data_dir).unwrap();
    // 40.2 %, the rate that the authors give.
    assert_eq!(wrong(&told, labels.iter().copied()), 20_100);

    // Most confusions are between two of the classes that are merged: with ten classes 6.3 % are left.
    for (classes, expected) in [(2, 214), (3, 693), (10, 3151), (100, 20_100)] {
        let grouping = Grouping::FirstAndRest { classes };
        let told = noisy_labels(&noise, &labels, Some(&grouping), 100, &data_dir).unwrap();
        assert_eq!(wrong(&told, labels.iter().map(|label| grouping.map(*label))), expected);
    }
}

#[test]
fn another_column_or_other_images_are_found() {
    let Some((data_dir, mut labels)) = data() else { return };
    let error = people("worse_label").corrupt(&labels, 100, &data_dir).unwrap_err();
    assert!(matches!(error, Error::Line { line: 1, .. }), "{error:?}");
    labels[123] = (labels[123] + 1) % 100;
    let error = people("noisy_fine_label").corrupt(&labels, 100, &data_dir).unwrap_err();
    assert!(matches!(error, Error::Line { line: 125, .. }), "{error:?}");
}
