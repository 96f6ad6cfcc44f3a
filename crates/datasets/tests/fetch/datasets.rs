//! Datasets in gzipped tar archives.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tailward_datasets::{DatasetManifest, Error, FetchOutcome, FetchProgress, fetch, read};
use tempfile::TempDir;

use crate::server::{Answer, Server};
use crate::{md5, quiet};

const TRAIN: [u8; 20] = [0, 1, 2, 3, 4, 1, 5, 6, 7, 8, 1, 9, 10, 11, 12, 0, 13, 14, 15, 16];
const TEST: [u8; 10] = [1, 1, 1, 1, 1, 0, 2, 2, 2, 2];

/// A gzipped tar archive of the tiny dataset, padded so that it can be cut at several places.
fn archive() -> Vec<u8> {
    let mut noise = vec![0; 20_000]; // incompressible, so that the archive has about as many bytes
    ChaCha8Rng::seed_from_u64(0).fill_bytes(&mut noise);
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in
        [("tiny-bin/train.bin", &TRAIN[..]), ("tiny-bin/test.bin", &TEST), ("tiny-bin/readme.html", &noise)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// A data folder and a manifest whose archive is at `url`.
fn tiny(url: &str, archive: &[u8], with_size: bool) -> (TempDir, DatasetManifest) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.toml");
    let size = if with_size { format!("bytes = {}", archive.len()) } else { String::new() };
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
files = [{{ path = "train.bin", role = "train", bytes = 20 }}, {{ path = "test.bin", role = "test", bytes = 10 }}]
source = {{ citation = "Nobody, 2000.", homepage = "http://localhost/" }}
[archive]
url = "{url}"
file = "tiny.tar.gz"
checksum = {{ md5 = "{}" }}
{size}
"#,
        md5(archive)
    );
    fs::write(&path, text).unwrap();
    let manifest = DatasetManifest::load(&path).unwrap();
    (folder, manifest)
}

fn downloaded(outcome: FetchOutcome) -> u64 {
    match outcome {
        FetchOutcome::Unpacked { downloaded_bytes, .. } => downloaded_bytes,
        other => panic!("{other:?}"),
    }
}

fn part(folder: &TempDir) -> PathBuf {
    folder.path().join("tiny.tar.gz.part")
}

/// The files of a folder that an interrupted or refused fetch may not leave behind.
fn leftovers(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("unpacking") || name.ends_with(".part")).collect()
}

#[test]
fn a_download_is_verified_unpacked_and_not_repeated() {
    for with_size in [true, false] {
        let body = archive();
        let server = Server::new(vec![Answer::File(body.clone())]);
        let (folder, manifest) = tiny(&server.url, &body, with_size);
        let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
        assert_eq!(downloaded(outcome), body.len() as u64);
        assert_eq!(read(&manifest, folder.path()).unwrap().truth.train, [0, 1, 1, 0]);
        assert_eq!(leftovers(folder.path()), [""; 0]);
        let again = fetch(&manifest, folder.path(), &mut quiet).unwrap();
        assert!(matches!(again, FetchOutcome::AlreadyThere { .. }));
        assert_eq!(server.ranges(), [""]);
    }
}

#[test]
fn a_broken_connection_is_resumed_at_its_byte() {
    let body = archive();
    let server = Server::new(vec![
        Answer::CutAfter(body.clone(), 5000),
        Answer::CutAfter(body.clone(), 3000),
        Answer::File(body.clone()),
    ]);
    let (folder, manifest) = tiny(&server.url, &body, true);
    let mut interruptions = 0;
    let outcome = fetch(&manifest, folder.path(), &mut |progress| {
        interruptions += usize::from(matches!(progress, FetchProgress::Interrupted { .. }));
    });
    assert_eq!(downloaded(outcome.unwrap()), body.len() as u64);
    assert_eq!(server.ranges(), ["", "bytes=5000-", "bytes=8000-"]);
    assert_eq!(interruptions, 2);
}

#[test]
fn a_part_of_an_earlier_call_is_resumed() {
    for with_size in [true, false] {
        let body = archive();
        let server = Server::new(vec![Answer::File(body.clone())]);
        let (folder, manifest) = tiny(&server.url, &body, with_size);
        fs::write(part(&folder), &body[..7000]).unwrap();
        let outcome = fetch(&manifest, folder.path(), &mut quiet).unwrap();
        assert_eq!(downloaded(outcome), body.len() as u64 - 7000);
        assert_eq!(server.ranges(), ["bytes=7000-"]);
    }
}

#[test]
fn a_whole_part_needs_no_further_byte() {
    for with_size in [true, false] {
        let body = archive();
        let server = Server::new(vec![Answer::File(body.clone())]);
        let (folder, manifest) = tiny(&server.url, &body, with_size);
        fs::write(part(&folder), &body).unwrap();
        assert_eq!(downloaded(fetch(&manifest, folder.path(), &mut quiet).unwrap()), 0);
    }
}

#[test]
fn a_server_that_does_not_resume_restarts_the_download() {
    let body = archive();
    let server = Server::new(vec![Answer::Whole(body.clone())]);
    let (folder, manifest) = tiny(&server.url, &body, true);
    fs::write(part(&folder), [9; 700]).unwrap();
    let mut restarted = false;
    let outcome = fetch(&manifest, folder.path(), &mut |progress| {
        restarted |= matches!(progress, FetchProgress::Restarting { .. });
    });
    assert_eq!(downloaded(outcome.unwrap()), body.len() as u64);
    assert!(restarted);
}

#[test]
fn a_part_that_is_too_long_is_thrown_away_and_said() {
    let body = archive();
    let server = Server::new(vec![Answer::File(body.clone())]);
    let (folder, manifest) = tiny(&server.url, &body, true);
    fs::write(part(&folder), vec![0; body.len() + 1]).unwrap();
    let mut reasons = Vec::new();
    fetch(&manifest, folder.path(), &mut |progress| {
        if let FetchProgress::Restarting { reason } = progress {
            reasons.push(reason);
        }
    })
    .unwrap();
    assert!(reasons[0].contains("expected at most"), "{reasons:?}");
    assert_eq!(server.ranges(), [""]);
}

#[test]
fn a_wrong_part_is_removed_when_its_checksum_is_wrong() {
    let body = archive();
    let server = Server::new(vec![Answer::File(body.clone())]);
    let (folder, manifest) = tiny(&server.url, &body, true);
    fs::write(part(&folder), [9; 700]).unwrap();
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { algorithm: "md5", .. }), "{error:?}");
    assert!(error.to_string().contains("the partial file was removed"), "{error}");
    assert_eq!(leftovers(folder.path()), [""; 0]);
    fetch(&manifest, folder.path(), &mut quiet).unwrap();
}

#[test]
fn a_body_of_the_wrong_size_is_removed() {
    let body = archive();
    let longer = [&body[..], b"more"].concat();
    for answer in [Answer::File(longer.clone()), Answer::Unsized(longer)] {
        let server = Server::new(vec![answer]);
        let (folder, manifest) = tiny(&server.url, &body, true);
        let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
        assert!(matches!(error, Error::DownloadSize { .. }), "{error:?}");
        assert_eq!(leftovers(folder.path()), [""; 0]);
    }
}

#[test]
fn a_missing_page_says_what_to_put_where() {
    let body = archive();
    let server = Server::new(vec![Answer::Status("404 Not Found")]);
    let (folder, manifest) = tiny(&server.url, &body, true);
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::HttpStatus { status: 404, .. }), "{error:?}");
    assert!(error.to_string().contains("tiny-bin/train.bin"), "{error}");
    assert!(!folder.path().join("tiny-bin").exists());
}

#[test]
fn without_a_network_the_error_names_both_ways() {
    // A port that was free a moment ago: nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tiny.tar.gz", listener.local_addr().unwrap());
    drop(listener);
    let (folder, manifest) = tiny(&url, &archive(), true);
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Download { received_bytes: 0, .. }), "{error:?}");
    let message = error.to_string();
    for expected in [folder.path().join("tiny.tar.gz"), folder.path().join("tiny-bin/train.bin")] {
        assert!(message.contains(expected.to_str().unwrap()), "{message}");
    }
}

#[test]
fn a_part_survives_a_failed_call() {
    let body = archive();
    let server = Server::new(vec![Answer::CutAfter(body.clone(), 5000), Answer::CutAfter(body.clone(), 0)]);
    let (folder, manifest) = tiny(&server.url, &body, true);
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Download { received_bytes: 5000, .. }), "{error:?}");
    assert_eq!(fs::read(part(&folder)).unwrap(), body[..5000]);
}

#[test]
fn an_archive_put_there_by_hand_is_used() {
    let body = archive();
    let (folder, manifest) = tiny("http://127.0.0.1:1/tiny.tar.gz", &body, true);
    fs::write(folder.path().join("tiny.tar.gz"), &body).unwrap();
    assert_eq!(downloaded(fetch(&manifest, folder.path(), &mut quiet).unwrap()), 0);
    assert_eq!(fs::read(folder.path().join("tiny-bin/test.bin")).unwrap(), TEST);
}

#[test]
fn a_wrong_archive_put_there_by_hand_is_refused_and_kept() {
    let (folder, manifest) = tiny("http://127.0.0.1:1/tiny.tar.gz", &archive(), true);
    fs::write(folder.path().join("tiny.tar.gz"), b"something else").unwrap();
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { .. }), "{error:?}");
    assert!(folder.path().join("tiny.tar.gz").exists());
}

#[test]
fn unpacked_files_put_there_by_hand_are_verified_and_completed() {
    let body = archive();
    let (folder, manifest) = tiny("http://127.0.0.1:1/tiny.tar.gz", &body, true);
    let target = folder.path().join("tiny-bin");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("train.bin"), TRAIN).unwrap();
    fs::write(folder.path().join("tiny.tar.gz"), &body).unwrap();
    fetch(&manifest, folder.path(), &mut quiet).unwrap();
    assert_eq!(fs::read(target.join("test.bin")).unwrap(), TEST);
    fs::write(target.join("train.bin"), &TRAIN[..19]).unwrap();
    let error = fetch(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Truncated { found_bytes: 19, .. }), "{error:?}");
}
