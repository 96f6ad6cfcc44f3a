//! Fetching over a server on this machine: resumed, cut off, mistaken, absent, and without any server at all.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod datasets;
mod server;
mod single_files;
mod tiny_imagenet;
mod weights;

use md5::{Digest, Md5};
use tailward_datasets::FetchProgress;

fn md5(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

fn quiet(_: FetchProgress) {}
