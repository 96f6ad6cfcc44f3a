//! Datasets whose files are published one by one, and datasets that have to be got by hand.

use std::fs;

use tailward_datasets::{DatasetManifest, Error, FetchOutcome, fetch, read};
use tempfile::TempDir;

use crate::server::{Answer, Server};
use crate::{md5, quiet};

const TRAIN: [u8; 20] = [0, 1, 2, 3, 4, 1, 5, 6, 7, 8, 1, 9, 10, 11, 12, 0, 13, 14, 15, 16];
const TEST: [u8; 10] = [1, 1, 1, 1, 1, 0, 2, 2, 2, 2];

/// A data folder and a manifest with the given lines on how to get the files.
fn tiny(top: &str, train: &str, test: &str) -> (TempDir, DatasetManifest) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.toml");
    let text = format!(
        r#"
name = "tiny"
title = "Tiny"
terms = "None."
layout = "cifar10-binary"
folder = "tiny-bin"
classes = 2
class_names = ["cat", "dog"]
train_images = 4
test_images = 2
class_balanced = true
image = {{ channels = 1, height = 2, width = 2 }}
source = {{ citation = "Nobody, 2000.", homepage = "http://localhost/" }}
{top}
[[files]]
path = "train.bin"
role = "train"
bytes = 20
{train}
[[files]]
path = "test.bin"
role = "test"
bytes = 10
{test}
"#
    );
    fs::write(&path, text).unwrap();
    let manifest = DatasetManifest::load(&path).unwrap();
    (folder, manifest)
}

fn with_addresses(train: &str, test: &str) -> (TempDir, DatasetManifest) {
    let file =
        |url: &str, content: &[u8]| format!("url = \"{url}\"\nchecksum = {{ md5 = \"{}\" }}", md5(content));
    tiny("", &file(train, &TRAIN), &file(test, &TEST))
}

#[test]
fn files_are_downloaded_resumed_and_not_repeated() {
    let train = Server::new(vec![Answer::CutAfter(TRAIN.to_vec(), 7), Answer::File(TRAIN.to_vec())]);
    let test = Server::new(vec![Answer::File(TEST.to_vec())]);
    let (folder, manifest) = with_addresses(&train.url, &test.url);
    let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    let there = folder.path().join("tiny-bin");
    assert_eq!(outcome, FetchOutcome::Downloaded { folder: there.clone(), downloaded_bytes: 30 });
    assert_eq!(train.ranges(), ["", "bytes=7-"]);
    assert_eq!(read(&manifest, folder.path()).unwrap().truth.train, [0, 1, 1, 0]);
    let again = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert_eq!(again, FetchOutcome::AlreadyThere { folder: there });
}

#[test]
fn only_what_is_missing_is_downloaded_and_nothing_is_overwritten() {
    let test = Server::new(vec![Answer::File(TEST.to_vec())]);
    let (folder, manifest) = with_addresses("http://127.0.0.1:1/train.bin", &test.url);
    let train = folder.path().join("tiny-bin/train.bin");
    fs::create_dir(folder.path().join("tiny-bin")).unwrap();
    fs::write(&train, TRAIN).unwrap();
    let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert!(matches!(outcome, FetchOutcome::Downloaded { downloaded_bytes: 10, .. }), "{outcome:?}");

    let mut damaged = TRAIN;
    damaged[7] ^= 1;
    fs::write(&train, damaged).unwrap();
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { .. }), "{error:?}");
    assert_eq!(fs::read(&train).unwrap(), damaged);
}

#[test]
fn another_file_at_the_address_is_removed() {
    let train = Server::new(vec![Answer::File(vec![9; 20])]);
    let (folder, manifest) = with_addresses(&train.url, "http://127.0.0.1:1/test.bin");
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { algorithm: "md5", .. }), "{error:?}");
    assert_eq!(fs::read_dir(folder.path().join("tiny-bin")).unwrap().count(), 0);
}

#[test]
fn without_a_network_every_file_is_named_with_its_address_and_place() {
    let (folder, manifest) = with_addresses("http://127.0.0.1:1/train.bin", "http://127.0.0.1:1/test.bin");
    for message in [
        read(&manifest, folder.path()).unwrap_err().to_string(),
        fetch(&manifest, folder.path(), &mut quiet).unwrap_err().to_string(),
    ] {
        for (name, bytes, content) in [("train.bin", 20, &TRAIN[..]), ("test.bin", 10, &TEST)] {
            let place = folder.path().join("tiny-bin").join(name);
            let expected = format!(
                "http://127.0.0.1:1/{name} ({bytes} bytes, md5 {}) at {}",
                md5(content),
                place.display()
            );
            assert!(message.contains(&expected), "{message}");
        }
    }
}

#[test]
fn a_dataset_to_be_got_by_hand_says_how() {
    let (folder, manifest) = tiny("instructions = \"Ask its authors.\"", "", "");
    let there = folder.path().join("tiny-bin");
    for error in [
        read(&manifest, folder.path()).unwrap_err(),
        fetch(&manifest, folder.path(), &mut quiet).unwrap_err(),
    ] {
        assert!(matches!(error, Error::MissingFile { .. }), "{error:?}");
        let end = format!("got by hand, into {}: Ask its authors.", there.display());
        assert!(error.to_string().ends_with(&end), "{error}");
    }
    fs::create_dir(&there).unwrap();
    fs::write(there.join("train.bin"), TRAIN).unwrap();
    fs::write(there.join("test.bin"), TEST).unwrap();
    let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert_eq!(outcome, FetchOutcome::AlreadyThere { folder: there });
}
