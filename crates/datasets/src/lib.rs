//! Image datasets: what they are, where they come from, and how a pool is built from one.
//!
//! ```
//! use rand::SeedableRng;
//! use rand_chacha::ChaCha8Rng;
//! use tailward_datasets::{Imbalance, PoolSource, SyntheticConfig, TrainingImages, construct, synthetic};
//!
//! // 400 training images of ten classes, generated; those of the last five become rare.
//! let dataset = synthetic::dataset(&SyntheticConfig { seed: 1 }, 10, 400, 100);
//! let imbalance = Imbalance::Step { factor: 0.2 };
//! let source = PoolSource::Drawn { initial: 50, per_class_cap: None, imbalance };
//! let (mut first, mut second) = (ChaCha8Rng::seed_from_u64(0), ChaCha8Rng::seed_from_u64(1));
//! let pool = construct(&TrainingImages::of(&dataset), &source, &mut first, &mut second)?;
//!
//! assert_eq!(pool.class_counts_initial, Some(vec![5; 10]));
//! assert_eq!(pool.class_counts_pool, Some(vec![35, 35, 35, 35, 35, 7, 7, 7, 7, 7]));
//! # Ok::<(), tailward_datasets::Error>(())
//! ```
//!
//! A dataset is described by a [`DatasetManifest`] (one TOML file per dataset). [`fetch()`] brings its files to a data
//! folder, [`prepare()`] verifies them (and generates the synthetic ones), and [`read`] gives a [`Dataset`] in memory; [`open`]
//! gives one whose images are on the disk where they are too many for memory.
//! A [`Grouping`] merges classes of one, and [`noisy_labels`] gives the labels that annotators tell of it.
//! Images know their pixels alone: what they show is the [`Truth`] of a dataset, which travels apart.
//! [`construct`] then splits the training images into an initial set and a pool, with or without imbalance, and writes
//! the outcome down as a [`PoolManifest`] whose hash covers everything that went into it.
//!
//! Files of pretrained weights are described, fetched and verified in the same way: [`WeightsManifest`],
//! [`fetch_weights()`] and [`weights::verify`].
//!
//! What lies where: [`manifest`] (what a dataset is), [`layout`] (one room a layout: what it asks, needs and reads), `pixels`
//! (from image files to pixels, in memory or in a [`PixelFile`]), [`stored_images`] (images of either kind), [`labels`] (classes merged, what annotators say), [`pool`] (initial sets and pools),
//! [`folder`] (anybody's own images), [`synthetic`] (the generator), `fetch` (downloading and unpacking), and [`whole_file`] (writing so that a file is never
//! half there).
//!
//! Nothing here knows Burn, and nothing here uses the network except [`fetch()`] and [`fetch_weights()`].

pub mod checksum;
pub mod dataset;
pub mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod folder;
pub mod images;
pub mod labelled_images;
pub mod labels;
pub mod layout;
pub mod manifest;
pub mod pool;
pub mod prepare;
pub mod sample;
pub mod stored_images;
pub mod synthetic;
pub mod truth;
pub mod weights;
pub mod whole_file;

mod files;
mod pixels;
mod rounding;

pub use checksum::Checksum;
pub use dataset::Dataset;
pub use error::{Error, Result};
#[cfg(feature = "fetch")]
pub use fetch::progress::FetchProgress;
#[cfg(feature = "fetch")]
pub use fetch::weights::{FetchedWeights, fetch_weights};
#[cfg(feature = "fetch")]
pub use fetch::{FetchOutcome, fetch};
pub use images::{ImageShape, Images};
pub use labelled_images::LabelledImages;
pub use labels::grouping::Grouping;
pub use labels::noise::{LabelNoise, noisy_labels};
pub use manifest::{
    Archive, ArchiveFormat, DatasetManifest, FileEntry, FileRole, Layout, Resize, Source, TestSplit,
};
pub use pixels::pixel_file::PixelFile;
pub use pool::construction::{construct, construct_replay, order_sha256};
pub use pool::imbalance::Imbalance;
pub use pool::index_list;
pub use pool::manifest::PoolManifest;
pub use pool::source::PoolSource;
pub use pool::training_images::{TrainingImages, TrainingTruth};
pub use prepare::{Prepared, open, open_validation, prepare, read, read_validation};
pub use sample::SampleId;
pub use stored_images::{DiskImages, StoredImages};
pub use synthetic::SyntheticConfig;
pub use truth::{Truth, class_counts};
pub use weights::{WeightsFormat, WeightsManifest};
