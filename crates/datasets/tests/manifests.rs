//! The manifests of the repository: all of them load, the synthetic ones match their generator to the bit, and the real
//! ones match the real data where it is there.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

// Written past the test harness, which keeps what passing tests print to itself.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tailward_datasets::{DatasetManifest, Error, FetchOutcome, FileRole, fetch, prepare, read, synthetic};

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn manifest(name: &str) -> DatasetManifest {
    DatasetManifest::load(&datasets().join(format!("{name}.toml"))).unwrap()
}

#[test]
fn every_manifest_loads_and_says_where_it_is_from() {
    let mut names = Vec::new();
    for entry in fs::read_dir(datasets()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let manifest = DatasetManifest::load(&path).unwrap();
            let ways = [
                manifest.archive.is_some(),
                manifest.generator.is_some(),
                manifest.files.iter().any(|file| file.url.is_some()),
                manifest.instructions.is_some(),
            ];
            assert_eq!(ways.iter().filter(|there| **there).count(), 1, "{}", manifest.name);
            assert!(!manifest.terms.is_empty() && !manifest.source.citation.is_empty());
            names.push(manifest.name);
        }
    }
    names.sort();
    let expected = [
        "bloodmnist",
        "breastmnist",
        "cifar10",
        "cifar10-40k",
        "cifar100",
        "dermamnist",
        "fmow",
        "iwildcam",
        "octmnist",
        "organamnist",
        "organcmnist",
        "organsmnist",
        "pathmnist",
        "pneumoniamnist",
        "retinamnist",
        "svhn",
        "synthetic10",
        "synthetic100",
        "tiny-imagenet",
        "tiny-imagenet-90k",
        "tissuemnist",
    ];
    assert_eq!(names, expected);
}

#[test]
fn synthetic_files_have_the_checksums_of_their_manifests() {
    for name in ["synthetic10", "synthetic100"] {
        let manifest = manifest(name);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            prepare(&manifest, folder.path(), &folder.path().join("cache")).unwrap().generated.len(),
            2
        );
        assert_eq!(
            prepare(&manifest, folder.path(), &folder.path().join("cache")).unwrap().generated.len(),
            0
        );
        assert_eq!(manifest.class_names, synthetic::class_names(manifest.classes));
        let dataset = read(&manifest, folder.path()).unwrap();
        let config = manifest.generator.unwrap();
        let images =
            synthetic::images(&config, manifest.classes, synthetic::Split::Test, manifest.test_images);
        assert_eq!((dataset.test, dataset.truth.test), (images.images, images.labels));

        // One flipped bit is found, and a removed file is generated again.
        let path = folder.path().join(name).join("test.bin");
        let mut bytes = fs::read(&path).unwrap();
        bytes[5000] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = prepare(&manifest, folder.path(), &folder.path().join("cache")).unwrap_err();
        assert!(matches!(error, Error::ChecksumMismatch { .. }), "{error:?}");
        fs::remove_file(&path).unwrap();
        let outcome = fetch(&manifest, folder.path(), &mut |_| {}).unwrap();
        assert!(matches!(outcome, FetchOutcome::Generated { .. }));
    }
}

#[test]
fn a_missing_real_dataset_names_command_archive_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let message =
        prepare(&manifest("cifar100"), folder.path(), &folder.path().join("cache")).unwrap_err().to_string();
    for expected in [
        "cargo xtask fetch cifar100",
        "168513733 bytes",
        "cifar-100-binary.tar.gz",
        "cifar-100-binary/train.bin",
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_missing_dataset_of_single_files_names_every_address() {
    let folder = tempfile::tempdir().unwrap();
    let message =
        prepare(&manifest("svhn"), folder.path(), &folder.path().join("cache")).unwrap_err().to_string();
    for expected in [
        "cargo xtask fetch svhn",
        "http://ufldl.stanford.edu/housenumbers/train_32x32.mat (182040794 bytes, md5 e26d",
        "http://ufldl.stanford.edu/housenumbers/test_32x32.mat (64275384 bytes, md5 eb5a",
        "svhn/test_32x32.mat",
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_missing_dataset_to_be_got_by_hand_says_from_where() {
    let folder = tempfile::tempdir().unwrap();
    for (name, missing) in
        [("fmow", "fmow_v1.1/rgb_metadata.csv"), ("iwildcam", "iwildcam_v2.0/metadata.csv")]
    {
        let message = fetch(&manifest(name), folder.path(), &mut |_| {}).unwrap_err().to_string();
        for expected in [missing, "it has to be got by hand", "https://wilds.stanford.edu/downloads"] {
            assert!(message.contains(expected), "{message}");
        }
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn real_data_is_what_the_manifests_say() {
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "skipped: TAILWARD_DATA names no data folder");
        return;
    };
    for (name, sizes) in [
        ("cifar10", (50_000, 10_000)),
        ("cifar10-40k", (40_000, 10_000)),
        ("cifar100", (50_000, 10_000)),
        ("svhn", (73_257, 26_032)),
        ("pathmnist", (89_996, 7180)),
    ] {
        let manifest = manifest(name);
        let folder = manifest.folder_in(&data_dir);
        // A file of class names may be absent.
        let mut required = manifest.files.iter().filter(|file| file.role != FileRole::ClassNames);
        if let Some(missing) =
            required.find_map(|file| Some(folder.join(&file.path)).filter(|path| !path.exists()))
        {
            let _ = writeln!(std::io::stderr(), "skipped: {} is not there", missing.display());
            continue;
        }
        let dataset = read(&manifest, &data_dir).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len()), sizes);
        // The counts behind Table 1 of DIRECT.
        if name == "svhn" {
            let counts = [4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659];
            assert_eq!(dataset.truth.class_counts_train(10), counts);
        }
        if name == "pathmnist" {
            let counts = [9366, 9509, 10360, 10401, 8006, 12182, 7886, 9401, 12885];
            assert_eq!(dataset.truth.class_counts_train(9), counts);
        }
        if name == "cifar10-40k" {
            // frog, truck, truck, deer, automobile, automobile: the first labels in the order that torchvision has, too.
            assert_eq!(dataset.truth.train[..6], [6, 9, 9, 4, 1, 1]);
            let counts = [3986, 3986, 4048, 3984, 4003, 3975, 4020, 4023, 3997, 3978];
            assert_eq!(dataset.truth.class_counts_train(10), counts);
            let counts = [1014, 1014, 952, 1016, 997, 1025, 980, 977, 1003, 1022];
            assert_eq!(dataset.truth.class_counts_test(10), counts);
        }
        if name == "cifar100" {
            // cattle, dinosaur, apple, boy, aquarium_fish, telephone: the first labels in the order that torchvision has, too.
            assert_eq!(dataset.truth.train[..6], [19, 29, 0, 11, 1, 86]);
        }
    }
}
