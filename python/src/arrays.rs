//! Python's arrays, lent to the crate.

use ndarray::{Array2, Axis};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use tailward_acquisition::{
    Arrays, Embeddings, Error, Labelled, Matrix, Passes, validate_logits, validate_probabilities,
};

use crate::failure::refused;

/// What a program gives: arrays of `float32` in C order, and labels of `int64`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Given<'py> {
    rows: Option<usize>,
    probabilities: Option<PyReadonlyArray2<'py, f32>>,
    logits: Option<PyReadonlyArray2<'py, f32>>,
    head: Option<PyReadonlyArray2<'py, f32>>,
    embeddings: Option<PyReadonlyArray2<'py, f32>>,
    dropout_probabilities: Option<PyReadonlyArray3<'py, f32>>,
    estimates: Option<PyReadonlyArray1<'py, f32>>,
    /// A class for each row that has a label, −1 for the others.
    labels: Option<PyReadonlyArray1<'py, i64>>,
    /// The labels of samples that are held apart.
    labelled_labels: Option<PyReadonlyArray1<'py, i64>>,
    labelled_probabilities: Option<PyReadonlyArray2<'py, f32>>,
    labelled_embeddings: Option<PyReadonlyArray2<'py, f32>>,
    seed: u64,
}

/// Arrays for a query, and what its rows stand for.
pub(crate) struct Lent<'a> {
    pub(crate) arrays: Arrays<'a>,
    /// The row of the arrays as they were given, for each row of the query; absent: the same.
    pub(crate) samples: Option<Vec<usize>>,
    /// Labels of each class, where an array says what classes there are.
    pub(crate) labelled_counts: Option<Vec<usize>>,
    pub(crate) rng: ChaCha8Rng,
}

impl Given<'_> {
    /// Lends the arrays; where some of their rows are labelled, takes them apart, which copies them.
    ///
    /// # Errors
    ///
    /// A label is no class, or an array of all samples is at fault: `ValueError`.
    pub(crate) fn lend(&self) -> PyResult<Lent<'_>> {
        let mut arrays = self.arrays()?;
        let rng = stream(self.seed);
        let classes = classes(&arrays);
        let Some(labels) = &self.labels else {
            let labelled_counts = classes.map(|classes| counts(&arrays.labelled.labels, classes));
            return Ok(Lent { arrays, samples: None, labelled_counts, rng });
        };
        let labels = known(labels, classes, "")?;
        let labelled_counts = classes.map(|classes| counts(labels.iter().flatten(), classes));
        if labels.iter().all(Option::is_none) {
            arrays.rows = Some(labels.len());
            return Ok(Lent { arrays, samples: None, labelled_counts, rng });
        }
        // A fault is named by its row in the arrays as they were given.
        whole(&arrays).map_err(|error| refused(&error))?;
        let (arrays, samples) = arrays.split(&labels).map_err(|error| refused(&error))?;
        Ok(Lent { arrays, samples: Some(samples), labelled_counts, rng })
    }

    fn arrays(&self) -> PyResult<Arrays<'_>> {
        let passes: Option<Passes<'_>> =
            self.dropout_probabilities.as_ref().map(|array| array.as_array().into());
        let mut probabilities: Option<Matrix<'_>> =
            self.probabilities.as_ref().map(|array| array.as_array().into());
        if probabilities.is_none() {
            let mean = passes.as_ref().and_then(|passes| passes.view().mean_axis(Axis(0)));
            probabilities = mean.map(Matrix::from);
        }
        let labels = match &self.labelled_labels {
            Some(labels) => known(labels, None, "labelled ")?,
            None => Vec::new(),
        };
        Ok(Arrays {
            rows: self.rows,
            probabilities,
            logits: self.logits.as_ref().map(|array| array.as_array().into()),
            head: self.head.as_ref().map(|array| array.as_array().into()),
            embeddings: self.embeddings.as_ref().map(|array| array.as_array().into()),
            dropout_probabilities: passes,
            estimates: self.estimates.as_ref().map(|array| array.as_array().to_vec()),
            labelled: Labelled {
                labels: labels.into_iter().flatten().collect(),
                probabilities: self.labelled_probabilities.as_ref().map(|array| array.as_array().into()),
                embeddings: self.labelled_embeddings.as_ref().map(|array| array.as_array().into()),
            },
        })
    }
}

/// The stream of the command line for this seed.
fn stream(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Sha256::digest(format!("tailward/query/seed-{seed}/round-0")).into())
}

/// The classes that arrays have columns for.
fn classes(arrays: &Arrays<'_>) -> Option<usize> {
    let probabilities = arrays.probabilities.as_ref().or(arrays.logits.as_ref()).map(Matrix::ncols);
    probabilities.or_else(|| arrays.head.as_ref().map(Matrix::nrows))
}

fn counts<'a>(labels: impl IntoIterator<Item = &'a u32>, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        if let Some(count) = counts.get_mut(label as usize) {
            *count += 1;
        }
    }
    counts
}

/// What is known of each row.
fn known(
    labels: &PyReadonlyArray1<'_, i64>,
    classes: Option<usize>,
    whose: &str,
) -> PyResult<Vec<Option<u32>>> {
    let label = |(row, &label): (usize, &i64)| match u32::try_from(label) {
        Ok(class) if classes.is_none_or(|classes| (class as usize) < classes) => Ok(Some(class)),
        Err(_no_class) if label == -1 && whose.is_empty() => Ok(None),
        _ => {
            let there = match classes {
                Some(classes) => format!("there are {classes} classes"),
                None => "classes are counted from 0".to_owned(),
            };
            Err(PyValueError::new_err(format!(
                "failed to read labels: {whose}row {row} is {label}, and {there}"
            )))
        }
    };
    labels.as_array().iter().enumerate().map(label).collect()
}

/// Checks arrays of all samples, labelled and unlabelled, from the first row to the last.
fn whole(arrays: &Arrays<'_>) -> Result<(), Error> {
    if let Some(probabilities) = &arrays.probabilities {
        validate_probabilities(probabilities.view())?;
    }
    if let Some(logits) = &arrays.logits {
        validate_logits(logits.view())?;
    }
    if let Some(embeddings) = &arrays.embeddings {
        let labelled = Array2::zeros((0, embeddings.ncols())).into();
        Embeddings { unlabelled: embeddings.clone(), labelled }.validate()?;
    }
    if let Some(passes) = &arrays.dropout_probabilities {
        for pass in 0..passes.len_of(Axis(0)) {
            let fault = validate_probabilities(passes.pass(pass).view());
            fault.map_err(|fault| Error::Pass { pass, fault: Box::new(fault) })?;
        }
    }
    if let Some(estimates) = &arrays.estimates {
        tailward_acquisition::vaal::scores(estimates)?;
    }
    Ok(())
}
