//! What gradients of the last layer are made of.

use ndarray::ArrayView2;

use crate::distances::Rows;
use crate::probabilities::validate_labelled_probabilities;
use crate::{Error, validate_probabilities};

/// Some rows, labelled or not: what the network thinks of their classes, and what its last layer is given.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `embeddings`: `[rows, dims]`.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The class probabilities.
    pub probabilities: ArrayView2<'a, f32>,
    /// Pooled features before the head.
    pub embeddings: ArrayView2<'a, f32>,
}

impl<'a> Side<'a> {
    /// Checks that both arrays are valid and have as many rows as each other.
    ///
    /// `array` names the rows in errors: `unlabelled` or `labelled`.
    ///
    /// # Errors
    ///
    /// Those of [`validate_probabilities`], for labelled rows within [`Error::Labelled`]; [`Error::LengthMismatch`];
    /// [`Error::NoDimensions`]; [`Error::EmbeddingNotFinite`] for the first entry that is NaN or infinite.
    pub fn validate(&self, array: &'static str) -> Result<(), Error> {
        self.rows(array).map(|_| ())
    }

    /// Checks that labelled rows have the classes and dimensions of the unlabelled ones. Without rows they may have any.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`].
    pub fn comparable(unlabelled: Side<'_>, labelled: Side<'_>) -> Result<(), Error> {
        let columns = |side: Side<'_>| (side.probabilities.ncols(), side.embeddings.ncols());
        let ((classes, dims), (known_classes, known_dims)) = (columns(unlabelled), columns(labelled));
        if unlabelled.probabilities.nrows() == 0 || labelled.probabilities.nrows() == 0 {
            return Ok(());
        }
        for (what, expected, found) in [
            ("classes of the labelled probabilities", classes, known_classes),
            ("dimensions of the labelled embeddings", dims, known_dims),
        ] {
            if expected != found {
                return Err(Error::LengthMismatch { what, expected, found });
            }
        }
        Ok(())
    }

    /// The embeddings, both arrays being valid.
    pub(crate) fn rows(&self, array: &'static str) -> Result<Rows<'a>, Error> {
        match array {
            "labelled" => validate_labelled_probabilities(self.probabilities)?,
            _ => validate_probabilities(self.probabilities)?,
        }
        let (expected, found) = (self.probabilities.nrows(), self.embeddings.nrows());
        if expected != found {
            let what = "rows of the embeddings";
            return Err(Error::LengthMismatch { what, expected, found });
        }
        Rows::new(array, self.embeddings)
    }
}
