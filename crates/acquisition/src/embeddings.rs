//! The embeddings of all rows.

use crate::distances::Rows;
use crate::{Error, Matrix};

/// Pooled features before the head: a point for every sample. A clone copies no entry.
///
/// # Shapes
///
/// `unlabelled`: `[rows, dims]`, `labelled`: `[labelled, dims]`.
#[derive(Clone, Debug)]
pub struct Embeddings<'a> {
    /// The pool. A row of a selection is a row of this array.
    pub unlabelled: Matrix<'a>,
    /// The samples labelled so far, in any order.
    pub labelled: Matrix<'a>,
}

impl Embeddings<'_> {
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
    pub(crate) fn rows(&self) -> Result<(Rows<'_>, Rows<'_>), Error> {
        let (expected, found) = (self.unlabelled.ncols(), self.labelled.ncols());
        let comparable = self.unlabelled.nrows() > 0 && self.labelled.nrows() > 0;
        if comparable && expected != found {
            return Err(Error::LengthMismatch {
                what: "dimensions of the labelled embeddings",
                expected,
                found,
            });
        }
        Ok((Rows::new("unlabelled", self.unlabelled.view())?, Rows::new("labelled", self.labelled.view())?))
    }
}
