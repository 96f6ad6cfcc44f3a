//! An initial set and a pool, written down with everything that they came from.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checksum::sha256_hex;
use crate::error::{Error, Result};
use crate::files;
use crate::pool::source::PoolSource;
use crate::pool::training_images::TrainingImages;
use crate::sample::SampleId;

/// The outcome of [`construct`](crate::construct).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolManifest {
    /// The dataset.
    pub dataset: String,
    /// The number of training images of the dataset: an upper bound of every sample.
    pub train_images: usize,
    /// How the sets came about.
    pub source: PoolSource,
    /// Where the random streams stood; absent when the sets were read from files.
    pub streams: Option<Streams>,
    /// `[classes]`: images of the initial set by class id, where the truth is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_counts_initial: Option<Vec<usize>>,
    /// `[classes]`: images of the pool by class id, where the truth is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_counts_pool: Option<Vec<usize>>,
    /// The initial set, in the order in which it was drawn or listed.
    pub initial: Vec<SampleId>,
    /// The pool, ascending. It does not contain the initial set.
    pub pool: Vec<SampleId>,
    /// SHA-256 over all of the above, in hexadecimal. Of index lists the content counts and their paths do not, so that
    /// the same lists have the same hash on every machine.
    pub hash: String,
}

/// Where the streams of a construction stood before the first draw: `key:stream:word position`, the key in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streams {
    /// The stream of the initial set.
    pub initial: String,
    /// The stream of the imbalance.
    pub imbalance: String,
}

/// What a construction came to.
pub(super) struct Sets {
    pub(super) streams: Option<Streams>,
    pub(super) initial: Vec<SampleId>,
    pub(super) pool: Vec<SampleId>,
}

/// Hexadecimal digits of the hash in a file name: 128 bits, which no two constructions will ever share.
const NAME_DIGITS: usize = 32;

impl PoolManifest {
    /// Checks and hashes, and counts where the truth is known.
    pub(super) fn new(from: &TrainingImages<'_>, source: &PoolSource, sets: Sets) -> Result<Self> {
        let Sets { streams, initial, pool } = sets;
        let count = |samples: &[SampleId]| {
            from.truth.map(|truth| truth.class_counts(samples.iter().map(|sample| sample.index())))
        };
        let mut manifest = Self {
            dataset: from.dataset.to_owned(),
            train_images: from.images,
            source: source.clone(),
            streams,
            class_counts_initial: count(&initial),
            class_counts_pool: count(&pool),
            initial,
            pool,
            hash: String::new(),
        };
        manifest.hash = manifest.computed_hash(None)?;
        manifest.check(None)?;
        Ok(manifest)
    }

    /// The name of the file that [`PoolManifest::write`] writes: the dataset and the first 128 bits of the hash.
    pub fn file_name(&self) -> String {
        format!("{}-{}.json", self.dataset, self.hash.get(..NAME_DIGITS).unwrap_or(&self.hash))
    }

    /// Writes the manifest into `folder`, through a temporary file, and returns its path. A file of this name that is
    /// already there is verified and left alone.
    ///
    /// # Errors
    /// When the file cannot be written, or the one already there is not this manifest.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(self.file_name());
        if path.exists() {
            let there = Self::load(&path)?;
            if there.hash != self.hash {
                return Err(invalid(
                    Some(&path),
                    format!("it has hash {}, expected {}", there.hash, self.hash),
                ));
            }
            return Ok(path);
        }
        let json = serde_json::to_vec(self).map_err(|source| Error::Json { path: path.clone(), source })?;
        files::write_atomically(&path, &json)?;
        Ok(path)
    }

    /// Reads a manifest and verifies its hash, and that its samples are distinct, disjoint, in range and in order.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, or contradicts itself.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read(path).map_err(Error::io("read", path))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|source| Error::Json { path: path.into(), source })?;
        let computed = manifest.computed_hash(Some(path))?;
        if manifest.hash != computed {
            return Err(invalid(
                Some(path),
                format!("its hash is {}, but its content has {computed}", manifest.hash),
            ));
        }
        manifest.check(Some(path))?;
        Ok(manifest)
    }

    /// Checks that the class counts, where there are any, are those of `labels`, the true labels of the dataset's training
    /// images.
    ///
    /// # Errors
    /// [`Error::InvalidPool`] when they are not, or when the dataset has another number of training images.
    pub fn verify_labels(&self, labels: &[u32]) -> Result<()> {
        if labels.len() != self.train_images {
            let problem =
                format!("made for {} training images, but there are {}", self.train_images, labels.len());
            return Err(invalid(None, problem));
        }
        for (name, samples, expected) in [
            ("initial set", &self.initial, &self.class_counts_initial),
            ("pool", &self.pool, &self.class_counts_pool),
        ] {
            let Some(expected) = expected else { continue };
            let mut found = vec![0; expected.len()];
            for sample in samples {
                match found.get_mut(labels[sample.index()] as usize) {
                    Some(count) => *count += 1,
                    None => {
                        return Err(invalid(
                            None,
                            format!("sample {sample} has label {}", labels[sample.index()]),
                        ));
                    }
                }
            }
            if let Some(class) = (0..found.len()).find(|&class| found[class] != expected[class]) {
                let problem = format!(
                    "the {name} has {} images of class {class}, expected {}",
                    found[class], expected[class]
                );
                return Err(invalid(None, problem));
            }
        }
        Ok(())
    }

    /// The hash of everything but the hash itself, and but the paths of index lists.
    fn computed_hash(&self, path: Option<&Path>) -> Result<String> {
        let mut hashed = Self { hash: String::new(), ..self.clone() };
        if let PoolSource::IndexLists { initial, pool } = &mut hashed.source {
            (*initial, *pool) = (PathBuf::new(), PathBuf::new());
        }
        // JSON of a struct has one form: its fields in order, and each number in its shortest exact digits.
        let json = serde_json::to_vec(&hashed)
            .map_err(|source| Error::Json { path: path.unwrap_or(Path::new("")).into(), source })?;
        Ok(sha256_hex(&json))
    }

    fn check(&self, path: Option<&Path>) -> Result<()> {
        let mut seen = vec![false; self.train_images];
        for sample in self.initial.iter().chain(&self.pool) {
            match seen.get_mut(sample.index()) {
                None => {
                    return Err(invalid(
                        path,
                        format!("sample {sample} of {} is out of range", self.train_images),
                    ));
                }
                Some(true) => return Err(invalid(path, format!("sample {sample} is there twice"))),
                Some(unseen) => *unseen = true,
            }
        }
        if !self.pool.is_sorted() {
            return Err(invalid(path, "the pool is not ascending".to_owned()));
        }
        let (of_initial, of_pool) = match (&self.class_counts_initial, &self.class_counts_pool) {
            (Some(of_initial), Some(of_pool)) => (of_initial, of_pool),
            (None, None) => return Ok(()),
            _ => return Err(invalid(path, "only one of the two sets has class counts".to_owned())),
        };
        let add_up = |counts: &[usize], samples: &[SampleId]| counts.iter().sum::<usize>() == samples.len();
        if add_up(of_initial, &self.initial) && add_up(of_pool, &self.pool) {
            return Ok(());
        }
        Err(invalid(path, "the class counts do not add up".to_owned()))
    }
}

fn invalid(path: Option<&Path>, problem: String) -> Error {
    Error::InvalidPool { path: path.map(PathBuf::from), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::imbalance::Imbalance;
    use crate::pool::training_images::TrainingTruth;

    const LABELS: [u32; 6] = [0, 1, 0, 1, 0, 1];

    fn manifest(initial: &[u32], pool: &[u32]) -> Result<PoolManifest> {
        let source =
            PoolSource::Drawn { initial: 2, per_class_cap: None, imbalance: Imbalance::Step { factor: 0.1 } };
        made_from(Some(TrainingTruth { labels: &LABELS, classes: 2 }), &source, initial, pool)
    }

    fn made_from(
        truth: Option<TrainingTruth<'_>>,
        source: &PoolSource,
        initial: &[u32],
        pool: &[u32],
    ) -> Result<PoolManifest> {
        let samples = |ids: &[u32]| ids.iter().map(|&id| SampleId(id)).collect();
        let from = TrainingImages { dataset: "tiny", images: LABELS.len(), truth };
        let sets = Sets { streams: None, initial: samples(initial), pool: samples(pool) };
        PoolManifest::new(&from, source, sets)
    }

    #[test]
    fn what_nobody_knows_is_not_written_and_read_back_so() {
        let folder = tempfile::tempdir().unwrap();
        let source = PoolSource::Uniform { initial: 2, size: None };
        let manifest = made_from(None, &source, &[3, 0], &[1, 2, 5]).unwrap();
        let path = manifest.write(folder.path()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("class_counts"), "{text}");
        assert_eq!(PoolManifest::load(&path).unwrap(), manifest);
        manifest.verify_labels(&LABELS).unwrap();
        assert!(manifest.verify_labels(&LABELS[..5]).is_err());
        fs::write(&path, text.replacen("\"initial\":[", "\"class_counts_pool\":[1,2],\"initial\":[", 1))
            .unwrap();
        assert!(PoolManifest::load(&path).is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = manifest(&[3, 0], &[1, 2, 5]).unwrap();
        let path = manifest.write(&folder.path().join("pools")).unwrap();
        assert_eq!(PoolManifest::load(&path).unwrap(), manifest);
        assert_eq!(manifest.write(&folder.path().join("pools")).unwrap(), path);
        assert!(path.file_name().unwrap().to_str().unwrap().contains(&manifest.hash[..16]));
        manifest.verify_labels(&LABELS).unwrap();
    }

    #[test]
    fn a_changed_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = manifest(&[3, 0], &[1, 2, 5]).unwrap();
        let path = manifest.write(folder.path()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for (from, to) in [("[1,2,5]", "[1,2,4]"), ("0.1", "0.2"), ("\"initial\":2", "\"initial\":4")] {
            assert!(text.contains(from));
            fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = PoolManifest::load(&path).unwrap_err();
            assert!(matches!(error, Error::InvalidPool { .. }), "{error:?}");
            assert!(manifest.write(folder.path()).is_err());
        }
    }

    #[test]
    fn overlap_repetition_range_and_order_are_checked() {
        assert!(manifest(&[3, 0], &[1, 3]).unwrap_err().to_string().contains("sample 3 is there twice"));
        assert!(manifest(&[3, 3], &[1]).unwrap_err().to_string().contains("sample 3 is there twice"));
        assert!(manifest(&[3, 0], &[2, 1]).unwrap_err().to_string().contains("not ascending"));
    }

    #[test]
    fn other_labels_are_refused() {
        let manifest = manifest(&[3, 0], &[1, 2, 5]).unwrap();
        assert!(manifest.verify_labels(&[0, 0, 0, 1, 0, 1]).is_err());
        assert!(manifest.verify_labels(&LABELS[..5]).is_err());
    }
}
