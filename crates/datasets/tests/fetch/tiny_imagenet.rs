//! A dataset of JPEG files in a zip archive.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use tailward_datasets::{DatasetManifest, Error, FetchOutcome, fetch, read};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::server::{Answer, Server};
use crate::{md5, quiet};

/// An image of one grey value.
fn jpeg(value: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
    encoder.write_image(&[value; 64 * 64], 64, 64, ExtendedColorType::L8).unwrap();
    bytes
}

/// Paths and contents of a dataset of two classes with two training and one validation image each.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("wnids.txt".to_owned(), b"n02124075\nn01443537\n".to_vec()),
        (
            "words.txt".to_owned(),
            b"n01443537\tgoldfish, Carassius auratus\nn02124075\tEgyptian cat\n".to_vec(),
        ),
        (
            "val/val_annotations.txt".to_owned(),
            b"val_0.JPEG\tn01443537\t0\t0\t1\t1\nval_1.JPEG\tn02124075\t0\t0\t1\t1\n".to_vec(),
        ),
        ("val/images/val_0.JPEG".to_owned(), jpeg(50)),
        ("val/images/val_1.JPEG".to_owned(), jpeg(60)),
    ];
    for (class, wnid) in ["n02124075", "n01443537"].iter().enumerate() {
        for number in 0..2 {
            let value = jpeg(100 + 20 * class as u8 + number);
            files.push((format!("train/{wnid}/images/{wnid}_{number}.JPEG"), value));
        }
    }
    files
}

fn archive() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_directory("little-2/", options).unwrap();
    for (path, content) in files() {
        writer.start_file(format!("little-2/{path}"), options).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A data folder and a manifest whose archive is at `url`.
fn little(url: &str, archive: &[u8]) -> (TempDir, DatasetManifest) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("little.toml");
    let text = format!(
        r#"
name = "little"
title = "Little"
terms = "None."
layout = "tiny-imagenet"
split = "official"
folder = "little-2"
classes = 2
class_names = ["n02124075 Egyptian cat", "n01443537 goldfish"]
train_images = 4
test_images = 2
class_balanced = true
image = {{ channels = 3, height = 64, width = 64 }}
source = {{ citation = "Nobody, 2000.", homepage = "http://localhost/" }}
[archive]
url = "{url}"
file = "little-2.zip"
bytes = {}
checksum = {{ md5 = "{}" }}
"#,
        archive.len(),
        md5(archive)
    );
    fs::write(&path, text).unwrap();
    (folder, DatasetManifest::load(&path).unwrap())
}

/// The value of the first pixel of every image.
fn values(manifest: &DatasetManifest, data_dir: &Path) -> (Vec<u8>, Vec<u8>) {
    let dataset = read(manifest, data_dir).unwrap();
    let first =
        |images: &tailward_datasets::Images| (0..images.len()).map(|row| images.image(row)[0]).collect();
    (first(&dataset.train), first(&dataset.test))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_download_is_resumed_unpacked_and_not_repeated() {
    let body = archive();
    let server = Server::new(vec![Answer::CutAfter(body.clone(), 2000), Answer::File(body.clone())]);
    let (folder, manifest) = little(&server.url, &body);
    let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert!(
        matches!(outcome, FetchOutcome::Unpacked { downloaded_bytes, .. } if downloaded_bytes == body.len() as u64)
    );
    assert_eq!(server.ranges(), ["", "bytes=2000-"]);
    assert_eq!(values(&manifest, folder.path()), (vec![100, 101, 120, 121], vec![50, 60]));
    assert_eq!(names(folder.path()), ["little-2", "little-2.zip", "little.toml"]);
    let again = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert!(matches!(again, FetchOutcome::AlreadyThere { .. }));
}

#[test]
fn an_archive_put_there_by_hand_is_used() {
    let body = archive();
    let (folder, manifest) = little("http://127.0.0.1:1/little-2.zip", &body);
    fs::write(folder.path().join("little-2.zip"), &body).unwrap();
    let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert!(matches!(outcome, FetchOutcome::Unpacked { downloaded_bytes: 0, .. }));
    assert_eq!(values(&manifest, folder.path()).1, [50, 60]);
}

#[test]
fn a_folder_put_there_by_hand_is_verified_in_place() {
    let (folder, manifest) = little("http://127.0.0.1:1/little-2.zip", &archive());
    for (path, content) in files() {
        let path = folder.path().join("little-2").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert!(matches!(outcome, FetchOutcome::AlreadyThere { .. }));
    let lost = folder.path().join("little-2/train/n01443537/images/n01443537_1.JPEG");
    fs::remove_file(&lost).unwrap();
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ImageCount { expected: 2, found: 1, .. }), "{error:?}");
    assert!(!lost.exists());
}

#[test]
fn an_archive_that_is_not_the_dataset_leaves_nothing_behind() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("little-2/wnids.txt", SimpleFileOptions::default()).unwrap();
    writer.write_all(b"n02124075\n").unwrap();
    let body = writer.finish().unwrap().into_inner();
    let (folder, manifest) = little("http://127.0.0.1:1/little-2.zip", &body);
    fs::write(folder.path().join("little-2.zip"), &body).unwrap();
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::MissingFile { .. }), "{error:?}");
    assert_eq!(names(folder.path()), ["little-2.zip", "little.toml"]);
}

#[test]
fn without_a_network_the_error_names_both_ways() {
    let (folder, manifest) = little("http://127.0.0.1:1/little-2.zip", &archive());
    let message = fetch(&manifest, folder.path(), &mut quiet).unwrap_err().to_string();
    for expected in
        ["cargo xtask fetch little", "little-2.zip", "little-2/wnids.txt", "little-2/train", "little-2/val"]
    {
        assert!(message.contains(expected), "{message}");
    }
}
