//! CIFAR-10N, the labels that people gave to the training images of CIFAR-10 (Wei et al., ICLR 2022), for the first four batches
//! of them. Neither is part of the repository: `TAILWARD_DATA` names a data folder with `cifar-10n/cifar-10n.csv` and the
//! batches. Without them the tests say that they were skipped.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

// Written past the test harness, which keeps what passing tests print to itself.
use std::io::Write;
use std::path::{Path, PathBuf};

use tailward_datasets::{Checksum, DatasetManifest, Error, Grouping, LabelNoise, noisy_labels, read};

fn people(noisy: &str, images: Option<usize>) -> LabelNoise {
    LabelNoise::Labels {
        file: "cifar-10n/cifar-10n.csv".into(),
        checksum: Checksum::Sha256(
            "8138816bd0df9ef2eba4a2a80156c6fc3f731f1190f74b06336804c0ebbb5f44".to_owned(),
        ),
        clean: "clean_label".to_owned(),
        noisy: noisy.to_owned(),
        images,
    }
}

/// The folder and the true labels of the first four batches, where both datasets are there.
fn data() -> Option<(PathBuf, Vec<u32>)> {
    let skipped = |why: String| {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
        None
    };
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        return skipped("TAILWARD_DATA names no data folder".to_owned());
    };
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let manifest = DatasetManifest::load(&datasets.join("cifar10-40k.toml")).unwrap();
    for path in [manifest.folder_in(&data_dir), data_dir.join("cifar-10n/cifar-10n.csv")] {
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
    // Of all 50,000 images the authors give 9.03 %, 17.23 % and 40.21 %; these are of the first 40,000.
    for (column, expected) in [("aggre_label", 3618), ("random_label1", 6895), ("worse_label", 16_170)] {
        let told = noisy_labels(&people(column, Some(50_000)), &labels, None, 10, &data_dir).unwrap();
        assert_eq!((told.len(), wrong(&told, labels.iter().copied())), (40_000, expected), "{column}");
    }
    for (classes, expected) in [(2, 3063), (3, 6736)] {
        let grouping = Grouping::FirstAndRest { classes };
        let noise = people("worse_label", Some(50_000));
        let told = noisy_labels(&noise, &labels, Some(&grouping), 10, &data_dir).unwrap();
        assert_eq!(wrong(&told, labels.iter().map(|label| grouping.map(*label))), expected);
    }
}

#[test]
fn a_file_of_more_images_is_refused_where_that_is_not_said() {
    let Some((data_dir, labels)) = data() else { return };
    let error = people("worse_label", None).corrupt(&labels, 10, &data_dir).unwrap_err();
    assert!(matches!(error, Error::Line { line: 40_002, .. }), "{error:?}");
}
