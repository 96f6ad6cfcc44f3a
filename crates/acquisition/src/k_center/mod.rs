//! Greedy k-center: query the row farthest from everything labelled or picked, again and again.
//!
//! Sener & Savarese, *Active Learning for Convolutional Neural Networks: A Core-Set Approach*, ICLR 2018, Algorithm 1;
//! with class balancing, Bengar et al., *Class-Balanced Active Learning for Image Classification*, WACV 2022,
//! Algorithm 2.

mod farthest_first;

use ndarray::ArrayView2;

use crate::Error;
use crate::distances::Rows;

pub use farthest_first::FarthestFirst;

/// What a cover is measured on: a point for every sample.
///
/// # Shapes
///
/// `unlabelled`: `[rows, dims]`, `labelled`: `[labelled, dims]`.
#[derive(Clone, Copy, Debug)]
pub struct Embeddings<'a> {
    /// The pool. A row of a selection is a row of this array.
    pub unlabelled: ArrayView2<'a, f32>,
    /// The samples labelled so far, in any order.
    pub labelled: ArrayView2<'a, f32>,
}

impl<'a> Embeddings<'a> {
    /// Checks that both arrays are finite and as wide as each other. An array without rows may have any width.
    ///
    /// # Errors
    ///
    /// [`Error::NoDimensions`], [`Error::EmbeddingNotFinite`] for the first entry that is NaN or infinite, and
    /// [`Error::LengthMismatch`].
    pub fn validate(&self) -> Result<(), Error> {
        self.rows().map(|_| ())
    }

    /// The two arrays, valid and in order.
    pub(crate) fn rows(&self) -> Result<(Rows<'a>, Rows<'a>), Error> {
        let (expected, found) = (self.unlabelled.ncols(), self.labelled.ncols());
        let comparable = self.unlabelled.nrows() > 0 && self.labelled.nrows() > 0;
        if comparable && expected != found {
            return Err(Error::LengthMismatch {
                what: "dimensions of the labelled embeddings",
                expected,
                found,
            });
        }
        Ok((Rows::new("unlabelled", self.unlabelled)?, Rows::new("labelled", self.labelled)?))
    }
}
