//! The name of one training image.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An index into a dataset's training images, in the order of the dataset's files.
///
/// A plain `usize` elsewhere is a row of the array just passed in; the two are never mixed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleId(pub u32);

impl SampleId {
    /// The index of the sample among the training images of its dataset.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The sample at `index` of the training images.
    ///
    /// # Panics
    /// When `index` does not fit 32 bits; no dataset here comes near that.
    pub(crate) fn at(index: usize) -> Self {
        match u32::try_from(index) {
            Ok(id) => Self(id),
            Err(error) => panic!("sample index {index} does not fit 32 bits: {error}"),
        }
    }
}

impl fmt::Display for SampleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_a_bare_number() {
        assert_eq!(serde_json::to_string(&SampleId(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<SampleId>("7").unwrap().index(), 7);
        assert_eq!(SampleId::at(9).to_string(), "9");
    }
}
