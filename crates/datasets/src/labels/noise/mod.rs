//! Label noise: what annotators say instead of the truth.
//!
//! A noise model has its own seed, so the told labels are part of a setting like the images are: every run of an
//! experiment, whatever its own seed, gets the same ones. [`noisy_labels`] is the way in.

mod draw;
mod label_file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::labels::grouping::Grouping;

use label_file::LabelFile;

/// How far from 1 the sum of a row of a transition matrix may be.
const ROW_TOLERANCE: f64 = 1e-6;

/// How true labels become told ones. The number of classes is that of the labels that it is applied to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LabelNoise {
    /// Exactly ⌊`rate` · N⌋ images, drawn without replacement, get another class, each of the others with the same
    /// probability. This is what the paper of DIRECT (arXiv 2312.09196) and the corrupter of LabelBench do.
    ///
    /// With the same seed, the images corrupted at a smaller rate are part of those at a larger one, with the same
    /// wrong labels.
    Uniform {
        /// The share of the images, in [0, 1].
        rate: f64,
        /// The seed of the noise.
        seed: u64,
    },
    /// Every image is told a class drawn from the row of its true class.
    Transition {
        /// `[classes, classes]`: row c has the probability of each told class for images of class c. Every row sums to
        /// 1 within 10⁻⁶, and is divided by its sum.
        matrix: Vec<Vec<f64>>,
        /// The seed of the noise.
        seed: u64,
    },
    /// Of every class c with n images, exactly ⌊`rate` · n⌋, drawn without replacement, get the class after it (class 0
    /// after the last). "Pair flipping" of Han et al., Co-teaching (NeurIPS 2018), who flip each image on its own with
    /// probability `rate`; here the numbers are exact, as for [`LabelNoise::Uniform`], and nested in the same way.
    PairFlip {
        /// The share of the images of every class, in [0, 1].
        rate: f64,
        /// The seed of the noise.
        seed: u64,
    },
    /// Told labels from a CSV file with a header: people's, such as those of CIFAR-10N and CIFAR-100N (Wei et al., ICLR
    /// 2022). It has one line for every training image, in any order, with the image's number in the column `index`.
    Labels {
        /// The file, relative to the data folder.
        file: PathBuf,
        /// Its checksum.
        checksum: Checksum,
        /// The name of the column of true labels, which must be those of the dataset.
        clean: String,
        /// The name of the column of told labels.
        noisy: String,
        /// The number of images that the file has lines for, where the training images are only the first of them; absent:
        /// as many as there are training images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        images: Option<usize>,
    },
}

impl LabelNoise {
    /// Whether this can be applied to labels of `classes` classes. No file is looked at.
    ///
    /// # Errors
    /// [`Error::NoiseRate`], [`Error::TransitionMatrix`] (with the row), or [`Error::InvalidNoise`].
    pub fn check(&self, classes: usize) -> Result<()> {
        if classes < 2 {
            return Err(Error::InvalidNoise { problem: format!("there is no other class among {classes}") });
        }
        match self {
            // NaN is not in the range either.
            Self::Uniform { rate, .. } | Self::PairFlip { rate, .. } if !(0.0..=1.0).contains(rate) => {
                Err(Error::NoiseRate { rate: *rate })
            }
            Self::Uniform { .. } | Self::PairFlip { .. } => Ok(()),
            Self::Transition { matrix, .. } => check_matrix(matrix, classes),
            Self::Labels { checksum, .. } if !checksum.is_well_formed() => {
                let problem = format!("checksum `{}` is not well-formed", checksum.hex());
                Err(Error::InvalidNoise { problem })
            }
            Self::Labels { .. } => Ok(()),
        }
    }

    /// The told labels, by image, for these true labels.
    ///
    /// [`noisy_labels`] calls this with the labels at the right level. The random stream is derived from the noise's own
    /// seed.
    ///
    /// # Errors
    /// As [`LabelNoise::check`]; [`Error::Label`] when a true label is not below `classes`; and whatever is wrong with a
    /// file of labels, with its line.
    pub fn corrupt(&self, labels: &[u32], classes: usize, data_dir: &Path) -> Result<Vec<u32>> {
        self.check(classes)?;
        if let Some((row, &label)) = labels.iter().enumerate().find(|(_, label)| **label as usize >= classes)
        {
            return Err(Error::Label { row, label, classes });
        }
        match self {
            Self::Uniform { rate, seed } => Ok(draw::uniform(labels, classes, *rate, &mut stream(*seed))),
            Self::Transition { matrix, seed } => Ok(draw::transition(labels, matrix, &mut stream(*seed))),
            Self::PairFlip { rate, seed } => Ok(draw::pair_flip(labels, classes, *rate, &mut stream(*seed))),
            Self::Labels { file, checksum, clean, noisy, images } => label_file::read(
                &LabelFile {
                    path: &data_dir.join(file),
                    checksum,
                    clean,
                    noisy,
                    images: images.unwrap_or(labels.len()),
                },
                labels,
                classes,
            ),
        }
    }

    /// The name of the kind, as written in a definition.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Uniform { .. } => "uniform",
            Self::Transition { .. } => "transition",
            Self::PairFlip { .. } => "pair-flip",
            Self::Labels { .. } => "labels",
        }
    }
}

/// The told labels of a dataset's training images, in the classes of `grouping` if there is one.
///
/// `original` are the true labels of the dataset as it was read, in `classes` classes. Labels from a file are at that
/// level: a person confused apple with pear, whatever is merged later. They are read first and grouped then, so that a
/// confusion within the merged class is none. Drawn noise is put on the grouped labels, as the papers do, so that its
/// rate is the share of wrong labels among those that a model sees. Images that take no part have no told label.
///
/// # Errors
/// As [`Grouping::check`] and [`LabelNoise::corrupt`]; [`Error::InvalidNoise`] for labels from a file where classes take no part.
pub fn noisy_labels(
    noise: &LabelNoise,
    original: &[u32],
    grouping: Option<&Grouping>,
    classes: usize,
    data_dir: &Path,
) -> Result<Vec<u32>> {
    let Some(grouping) = grouping else {
        return noise.corrupt(original, classes, data_dir);
    };
    grouping.check(classes)?;
    let grouped = |labels: &[u32]| -> Vec<u32> {
        labels.iter().filter(|label| grouping.keeps(**label)).map(|label| grouping.map(*label)).collect()
    };
    match noise {
        LabelNoise::Labels { .. } if matches!(grouping, Grouping::First { .. }) => {
            let problem =
                "people named classes that take no part: merge them in place of leaving them out".to_owned();
            Err(Error::InvalidNoise { problem })
        }
        LabelNoise::Labels { .. } => Ok(grouped(&noise.corrupt(original, classes, data_dir)?)),
        LabelNoise::Uniform { .. } | LabelNoise::Transition { .. } | LabelNoise::PairFlip { .. } => {
            noise.corrupt(&grouped(original), grouping.classes(), data_dir)
        }
    }
}

/// The random stream of a noise seed: its key is a SHA-256 over the purpose and the seed, so that no other stream of a
/// run has it.
fn stream(seed: u64) -> ChaCha8Rng {
    let name = format!("tailward/label-noise/seed-{seed}");
    ChaCha8Rng::from_seed(Sha256::digest(name.as_bytes()).into())
}

fn check_matrix(matrix: &[Vec<f64>], classes: usize) -> Result<()> {
    if matrix.len() != classes {
        let problem = format!("{} rows of transitions for {classes} classes", matrix.len());
        return Err(Error::InvalidNoise { problem });
    }
    for (row, probabilities) in matrix.iter().enumerate() {
        let sum: f64 = probabilities.iter().sum();
        let problem = if probabilities.len() != classes {
            format!("{} probabilities for {classes} classes", probabilities.len())
        } else if let Some(value) = probabilities.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            format!("probability {value} is not in [0, 1]")
        } else if (sum - 1.0).abs() > ROW_TOLERANCE {
            format!("the probabilities sum to {sum}, expected 1")
        } else {
            continue;
        };
        return Err(Error::TransitionMatrix { row, problem });
    }
    Ok(())
}
