//! Parameters of a strategy, from Python's values.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::Value;
use tailward_acquisition::{Setting, Settings};

/// Values by their names. What is `None` is left out, as nothing that is written down is `None`.
///
/// # Errors
///
/// A name is no string, or a value is neither a number, a string, a truth value, a list nor a dictionary: `TypeError`.
pub(crate) fn settings(values: &Bound<'_, PyDict>) -> PyResult<Settings> {
    let mut settings = Vec::new();
    for (name, value) in values {
        let name: String = name.extract()?;
        if let Some(setting) = setting(&name, &value)? {
            settings.push((name, setting));
        }
    }
    Ok(settings.into_iter().collect())
}

/// One value; nothing for `None`.
pub(crate) fn setting(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Setting>> {
    if value.is_none() {
        return Ok(None);
    }
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(Some(Setting::Flag(value.is_true())));
    }
    if let Ok(value) = value.cast::<PyInt>() {
        return Ok(Some(Setting::Whole(value.extract()?)));
    }
    if let Ok(value) = value.cast::<PyFloat>() {
        return Ok(Some(Setting::Number(value.extract()?)));
    }
    if let Ok(value) = value.cast::<PyString>() {
        return Ok(Some(Setting::Text(value.extract()?)));
    }
    if let Ok(value) = value.cast::<PyDict>() {
        return Ok(Some(Setting::Table(settings(value)?)));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let mut values = Vec::new();
        for value in value.try_iter()? {
            values.extend(setting(name, &value?)?);
        }
        return Ok(Some(Setting::List(values)));
    }
    // NumPy's numbers are no subclasses of Python's, apart from float64.
    for (method, is_whole) in [("__index__", true), ("__float__", false)] {
        if value.hasattr(method)? {
            let number = value.call_method0(method)?;
            return Ok(Some(match is_whole {
                true => Setting::Whole(number.extract()?),
                false => Setting::Number(number.extract()?),
            }));
        }
    }
    Err(PyTypeError::new_err(format!(
        "the parameter `{name}` cannot be of the type {}",
        value.get_type().name()?
    )))
}

/// A value as Python has it.
pub(crate) fn python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into_pyobject(py)?.into_any(),
            None => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Value::String(value) => PyString::new(py, value).into_any(),
        Value::Array(values) => {
            let values: PyResult<Vec<_>> = values.iter().map(|value| python(py, value)).collect();
            PyList::new(py, values?)?.into_any()
        }
        Value::Object(values) => {
            let object = PyDict::new(py);
            for (name, value) in values {
                object.set_item(name, python(py, value)?)?;
            }
            object.into_any()
        }
    })
}
