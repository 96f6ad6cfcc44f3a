//! A query that is answered at once.

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tailward_acquisition::{Error, Pick, Selection, imbalance, validate_probabilities};

use crate::arrays::{Given, Lent};
use crate::failure::refused;
use crate::settings::python;
use crate::strategy::Strategy;

/// Chooses `budget` rows, as a dictionary: `picks`, `scores`, `balance`, `cover`, `l1_before` and `l1`.
///
/// Other threads of Python go on meanwhile.
#[pyfunction]
pub(crate) fn query<'py>(
    py: Python<'py>,
    strategy: &Strategy,
    budget: usize,
    given: Given<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut lent = given.lend()?;
    let strategy = &strategy.strategy;
    let chosen = py.detach(|| -> Result<_, Error> {
        let selection = strategy.query(&lent.arrays, budget, &mut lent.rng)?;
        let distances = distances(&lent, &selection)?;
        Ok((selection, distances))
    });
    let (selection, distances) = chosen.map_err(|error| refused(&error))?;
    let told = told(py, &selection, lent.samples.as_deref())?;
    let (before, after) = distances.unzip();
    told.set_item("l1_before", before)?;
    told.set_item("l1", after)?;
    Ok(told)
}

/// How far from balance the labelled set is before and after a choice, where there are probabilities.
fn distances(lent: &Lent<'_>, selection: &Selection) -> Result<Option<(f64, f64)>, Error> {
    if let Some(balance) = &selection.balance {
        return Ok(Some((balance.l1_before, balance.l1)));
    }
    let (Some(probabilities), Some(counts)) = (&lent.arrays.probabilities, &lent.labelled_counts) else {
        return Ok(None);
    };
    validate_probabilities(probabilities.view())?;
    Ok(Some(imbalance::before_and_after(probabilities.view(), counts, &selection.rows())))
}

/// A selection, by the rows of the arrays as they were given.
pub(crate) fn told<'py>(
    py: Python<'py>,
    selection: &Selection,
    samples: Option<&[usize]>,
) -> PyResult<Bound<'py, PyDict>> {
    let written = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(value) => python(py, &value),
        Err(error) => Err(PyValueError::new_err(error.to_string())),
    };
    let told = PyDict::new(py);
    told.set_item("picks", rows(py, selection.picks.iter().map(|pick| pick.row), samples))?;
    told.set_item("scores", scores(py, &selection.picks))?;
    told.set_item("balance", written(serde_json::to_value(&selection.balance))?)?;
    told.set_item("cover", written(serde_json::to_value(&selection.cover))?)?;
    Ok(told)
}

/// Rows of a query, as rows of the arrays as they were given.
pub(crate) fn rows<'py>(
    py: Python<'py>,
    rows: impl Iterator<Item = usize>,
    samples: Option<&[usize]>,
) -> Bound<'py, PyArray1<i64>> {
    let row = |row: usize| samples.map_or(row, |samples| samples[row]) as i64;
    PyArray1::from_iter(py, rows.map(row))
}

pub(crate) fn scores<'py>(py: Python<'py>, picks: &[Pick]) -> Bound<'py, PyArray1<f64>> {
    PyArray1::from_iter(py, picks.iter().map(|pick| pick.score))
}
