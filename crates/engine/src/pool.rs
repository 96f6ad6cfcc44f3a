//! Which samples take part, and which are labelled: the one place where samples become rows and rows samples.

use std::collections::BTreeSet;

use tailward_datasets::{PoolManifest, SampleId};
use tailward_labelling::Ledger;

/// The unlabelled samples at one moment, in ascending order; a row of an array computed from it is a position here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlabelled {
    samples: Vec<SampleId>,
}

impl Unlabelled {
    /// The pool's samples that were not asked for in `round` or before: what the query of that round chose from, even
    /// if the ledger has gone further since.
    pub fn as_of(pool: &PoolManifest, ledger: &Ledger, round: usize) -> Self {
        Self { samples: pool.pool.iter().copied().filter(|&sample| ledger.is_free(sample, round)).collect() }
    }

    /// The same without those that are kept back.
    #[must_use]
    pub fn without(mut self, kept_back: &[SampleId]) -> Self {
        let kept_back: BTreeSet<SampleId> = kept_back.iter().copied().collect();
        self.samples.retain(|sample| !kept_back.contains(sample));
        self
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The sample of each row.
    pub fn samples(&self) -> &[SampleId] {
        &self.samples
    }

    /// The sample of a row.
    ///
    /// # Panics
    ///
    /// There is no such row.
    pub fn sample(&self, row: usize) -> SampleId {
        self.samples[row]
    }
}

/// The rows of `samples` in the dataset's training images.
pub fn image_rows(samples: &[SampleId]) -> Vec<usize> {
    samples.iter().map(|sample| sample.index()).collect()
}
