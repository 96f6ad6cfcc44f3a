//! Errors as Python has them.

use std::error::Error as _;

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use tailward_acquisition::{Error, Input};

/// The sentence of the crate, with what caused it.
pub(crate) fn refused(error: &Error) -> PyErr {
    let mut sentence = format!("failed to {error}");
    if let Error::Missing { input } = error {
        sentence.push_str(&format!(" (as `{}`)", argument(*input)));
    }
    let mut cause = error.source();
    while let Some(because) = cause {
        sentence.push_str(&format!(": {because}"));
        cause = because.source();
    }
    PyValueError::new_err(sentence)
}

/// The argument that gives something.
pub(crate) fn argument(input: Input) -> &'static str {
    match input {
        Input::Probabilities => "probabilities",
        Input::LabelledProbabilities => "labelled.probabilities",
        Input::Logits => "logits",
        Input::Head => "head",
        Input::Embeddings => "embeddings",
        Input::LabelledEmbeddings => "labelled.embeddings",
        Input::DropoutProbabilities => "dropout_probabilities",
        Input::Estimates => "estimates",
    }
}
