//! Files of pretrained weights.

use std::fs;

use sha2::{Digest, Sha256};
use tailward_datasets::{Error, FetchedWeights, WeightsManifest, fetch_weights, weights};
use tempfile::TempDir;

use crate::quiet;
use crate::server::{Answer, Server};

fn content() -> Vec<u8> {
    (0..20_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// A data folder and a manifest with the first eight digits of the checksum.
fn small(url: &str, content: &[u8]) -> (TempDir, WeightsManifest) {
    let folder = tempfile::tempdir().unwrap();
    let prefix = hex::encode(&Sha256::digest(content)[..4]);
    let url = if url.is_empty() { String::new() } else { format!("url = \"{url}\"") };
    let text = format!(
        r#"
name = "small"
title = "Small"
terms = "None."
citation = "Nobody, 2000."
{url}
file = "small-{prefix}.pth"
checksum = {{ sha256-prefix = "{prefix}" }}
format = "pytorch"
architecture = "resnet18"
"#
    );
    let path = folder.path().join("small.toml");
    fs::write(&path, text).unwrap();
    (folder, WeightsManifest::load(&path).unwrap())
}

#[test]
fn a_download_is_resumed_verified_and_not_repeated() {
    let body = content();
    let server = Server::new(vec![Answer::CutAfter(body.clone(), 30_000), Answer::File(body.clone())]);
    let (folder, manifest) = small(&server.url, &body);
    let path = manifest.path_in(folder.path());
    let fetched = fetch_weights(&manifest, folder.path(), &mut quiet).unwrap();
    assert_eq!(fetched, FetchedWeights { path: path.clone(), downloaded_bytes: Some(body.len() as u64) });
    assert_eq!(server.ranges(), ["", "bytes=30000-"]);
    assert_eq!(weights::verify(&manifest, folder.path()).unwrap(), path);
    let again = fetch_weights(&manifest, folder.path(), &mut quiet).unwrap();
    assert_eq!((again.downloaded_bytes, server.ranges().len()), (None, 2));
}

#[test]
fn a_part_of_an_earlier_call_is_resumed() {
    let body = content();
    let server = Server::new(vec![Answer::File(body.clone())]);
    let (folder, manifest) = small(&server.url, &body);
    fs::create_dir(folder.path().join("weights")).unwrap();
    let part = format!("{}.part", manifest.path_in(folder.path()).display());
    fs::write(&part, &body[..50_000]).unwrap();
    assert_eq!(
        fetch_weights(&manifest, folder.path(), &mut quiet).unwrap().downloaded_bytes,
        Some(body.len() as u64 - 50_000)
    );
    assert_eq!(server.ranges(), ["bytes=50000-"]);
    assert!(!fs::exists(part).unwrap());
}

#[test]
fn a_wrong_download_is_removed_and_a_wrong_file_put_there_by_hand_is_kept() {
    let mut body = content();
    let server = Server::new(vec![Answer::File(vec![1; 700])]);
    let (folder, manifest) = small(&server.url, &body);
    let error = fetch_weights(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { algorithm: "sha256", .. }), "{error:?}");
    assert!(error.to_string().contains("… (its first 8 digits); the partial file was removed"), "{error}");
    assert_eq!(fs::read_dir(folder.path().join("weights")).unwrap().count(), 0);
    body[9] ^= 1;
    fs::write(manifest.path_in(folder.path()), &body).unwrap();
    let error = fetch_weights(&manifest, folder.path(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { .. }), "{error:?}");
    assert_eq!(fs::read(manifest.path_in(folder.path())).unwrap(), body);
}

#[test]
fn without_a_network_or_an_address_the_error_says_where_to_put_the_file() {
    for (url, problem) in [
        ("http://127.0.0.1:1/small.pth", "Without a network, put the file (sha256 "),
        ("", "its manifest has no address to get it from"),
    ] {
        let (folder, manifest) = small(url, &content());
        let message = fetch_weights(&manifest, folder.path(), &mut quiet).unwrap_err().to_string();
        assert!(message.contains(problem), "{message}");
        assert!(message.ends_with(&manifest.path_in(folder.path()).display().to_string()), "{message}");
        // The file, put there by hand, is all that is needed.
        fs::create_dir_all(folder.path().join("weights")).unwrap();
        fs::write(manifest.path_in(folder.path()), content()).unwrap();
        assert_eq!(fetch_weights(&manifest, folder.path(), &mut quiet).unwrap().downloaded_bytes, None);
    }
}
