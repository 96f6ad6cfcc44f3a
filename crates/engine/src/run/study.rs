//! What only a simulated study knows: the truth, and what its annotators say instead. The loop sees neither; the simulated
//! oracle answers from here, and measuring compares with it.

use tailward_datasets::{SampleId, Truth};

use super::oracle::Simulated;

/// The labels of a simulated study.
#[derive(Clone, Debug)]
pub struct Study {
    /// What the images truly show.
    pub truth: Truth,
    /// What annotators say of each training image, where it is not the truth. Test labels stay clean.
    pub told: Option<Vec<u32>>,
}

impl Study {
    /// Who answers in the place of people.
    pub(super) fn oracle(&self) -> Simulated<'_> {
        Simulated::new(self.told.as_deref().unwrap_or(&self.truth.train))
    }

    /// True labels, for measuring only.
    pub(super) fn true_labels(&self, samples: &[SampleId]) -> Vec<u32> {
        samples.iter().map(|&sample| self.true_label(sample)).collect()
    }

    /// How many of the samples would be told a wrong label, where labels are noisy.
    pub(super) fn wrong_labels<'a>(&self, samples: impl Iterator<Item = &'a SampleId>) -> Option<usize> {
        let told = self.told.as_ref()?;
        Some(samples.filter(|sample| told[sample.index()] != self.true_label(**sample)).count())
    }

    fn true_label(&self, sample: SampleId) -> u32 {
        self.truth.train[sample.index()]
    }
}
