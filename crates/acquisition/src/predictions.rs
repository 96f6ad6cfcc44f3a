//! What DIRECT and GALAXY are given: they rank labelled rows among unlabelled ones.

use ndarray::ArrayView2;

use crate::probabilities::validate_labelled_probabilities;
use crate::select::validate_budget;
use crate::told::{Told, validate_labels};
use crate::{Error, validate_probabilities};

/// What the model makes of the unlabelled rows and of the labelled ones, and what was told of these.
#[derive(Debug)]
pub struct Predictions<'a> {
    /// Class probabilities of the unlabelled rows: `[rows, classes]`.
    pub unlabelled: ArrayView2<'a, f32>,
    /// The same of the labelled rows: `[labelled, classes]`.
    pub labelled: ArrayView2<'a, f32>,
    /// What was told of the labelled rows. `[labelled]`
    pub labels: &'a [u32],
}

impl Predictions<'_> {
    /// Checks that they belong together, and gives what was told.
    pub(crate) fn check(&self, budget: usize) -> Result<Told, Error> {
        let (rows, classes) = self.unlabelled.dim();
        validate_probabilities(self.unlabelled)?;
        validate_labelled_probabilities(self.labelled)?;
        let (labelled, found) = self.labelled.dim();
        if labelled > 0 && found != classes {
            let what = "classes of the labelled probabilities";
            return Err(Error::LengthMismatch { what, expected: classes, found });
        }
        validate_labels(self.labels, labelled, classes)?;
        validate_budget(budget, rows)?;
        Ok(Told::new(rows, self.labels))
    }
}
