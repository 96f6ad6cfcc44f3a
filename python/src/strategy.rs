//! A strategy with its parameters, as an object of Python.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use tailward_acquisition::named::{self, Fault};
use tailward_acquisition::{Setting, Settings};

use crate::failure::argument;
use crate::settings::{python, setting, settings};

/// A strategy with every parameter.
///
/// ``Strategy(name, **parameters)`` takes a short name, such as ``"entropy"``, and has the defaults of the command line;
/// ``Strategy.from_dict`` takes ``kind`` and every parameter, as `to_dict` gives them. ``tailward.strategies`` has a function for
/// each, with its parameters.
#[pyclass(module = "tailward", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Strategy {
    pub(crate) strategy: tailward_acquisition::Strategy,
}

#[pymethods]
impl Strategy {
    /// The strategy of a short name; parameters have the command line's defaults.
    #[new]
    #[pyo3(signature = (name, /, **parameters))]
    fn named(name: &str, parameters: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut settings = Settings::default();
        for (key, value) in parameters.into_iter().flatten() {
            let key: String = key.extract()?;
            let Some(value) = setting(&key, &value)? else { continue };
            // A weight alone is what most balance with.
            let (key, value) = match value {
                Setting::Table(_) => (key, value),
                _ if key == "balance" => ("balance.lambda".to_owned(), value),
                _ => (key, value),
            };
            named::set(&mut settings, &key, value).map_err(|fault| refused(&fault))?;
        }
        let strategy = named::strategy(name, settings).map_err(|fault| refused(&fault))?;
        Ok(Self { strategy })
    }

    /// The strategy that a dictionary describes: `kind`, and every parameter.
    #[staticmethod]
    fn from_dict(description: &Bound<'_, PyDict>) -> PyResult<Self> {
        let strategy = named::written(settings(description)?).map_err(|fault| refused(&fault))?;
        Ok(Self { strategy })
    }

    /// The same as a dictionary.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value =
            serde_json::to_value(&self.strategy).map_err(|error| PyValueError::new_err(error.to_string()))?;
        python(py, &value)
    }

    /// The short name, with `-cb` where classes are balanced.
    #[getter]
    fn name(&self) -> String {
        self.strategy.name()
    }

    /// The arguments that it needs, by their names in `tailward.query`; ``labelled.embeddings`` and ``labelled.probabilities``
    /// are those of labelled samples, which are in ``embeddings`` and ``probabilities`` where ``labels`` is given.
    #[getter]
    fn needs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.strategy.needs().inputs().into_iter().map(argument))
    }

    /// Whether it asks again and again, so that only a conversation will do.
    #[getter]
    fn asks_again(&self) -> bool {
        use tailward_acquisition::Strategy::{Direct, Galaxy};
        matches!(self.strategy, Direct { .. } | Galaxy { .. })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Strategy.from_dict({})", self.to_dict(py)?.repr()?))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        let make = py.get_type::<Self>().getattr("from_dict")?;
        Ok((make, (self.to_dict(py)?,)))
    }
}

fn refused(fault: &Fault) -> PyErr {
    PyValueError::new_err(format!("failed to {fault}"))
}
