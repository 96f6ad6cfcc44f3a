//! Image datasets: what they are, where they come from, and how a pool is built from one.
//!
//! A dataset is described by a [`DatasetManifest`] (one TOML file per dataset). [`fetch()`] brings its files to a data
//! folder, [`prepare()`] verifies them (and generates the synthetic ones), and [`read`] gives a [`Dataset`] in memory.
//! A [`Grouping`] merges classes of one, and [`noisy_labels`] gives the labels that annotators tell of it.
//! [`construct`] then splits the training images into an initial set and a pool, with or without imbalance, and writes
//! the outcome down as a [`PoolManifest`] whose hash covers everything that went into it.
//!
//! Files of pretrained weights are described, fetched and verified in the same way: [`WeightsManifest`],
//! [`fetch_weights()`] and [`weights::verify`].
//!
//! Nothing here knows Burn, and nothing here uses the network except [`fetch()`] and [`fetch_weights()`].

pub mod checksum;
pub mod cifar;
pub mod construction;
pub mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
#[cfg(feature = "fetch")]
pub mod fetch_weights;
pub mod grouping;
pub mod images;
pub mod imbalance;
pub mod index_list;
pub mod manifest;
pub mod medmnist;
pub mod noise;
pub mod pool_manifest;
pub mod prepare;
pub mod sample;
pub mod split;
pub mod svhn;
pub mod synthetic;
pub mod tiny_imagenet;
pub mod weights;
pub mod whole_file;
pub mod wilds;

mod contradiction;
#[cfg(feature = "fetch")]
mod download;
mod files;
mod jpeg;
mod mat;
mod presence;
mod resize;
mod side_by_side;
#[cfg(feature = "fetch")]
mod unpack;

pub use checksum::Checksum;
pub use construction::{PoolSource, construct, construct_replay, order_sha256};
pub use error::{Error, Result};
#[cfg(feature = "fetch")]
pub use fetch::{FetchOutcome, FetchProgress, fetch};
#[cfg(feature = "fetch")]
pub use fetch_weights::{FetchedWeights, fetch_weights};
pub use grouping::Grouping;
pub use images::{Dataset, ImageShape, Images};
pub use imbalance::Imbalance;
pub use manifest::{Archive, ArchiveFormat, DatasetManifest, FileEntry, FileRole, Layout, Source, TestSplit};
pub use noise::{LabelNoise, noisy_labels};
pub use pool_manifest::PoolManifest;
pub use prepare::{Prepared, prepare, read};
pub use sample::SampleId;
pub use synthetic::SyntheticConfig;
pub use weights::{WeightsFormat, WeightsManifest};
