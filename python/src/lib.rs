//! The native part of the Python package `tailward`: the strategies of `tailward-acquisition` on NumPy arrays.
//!
//! What Python programs see is in `tailward/`, which prepares arguments and names results; here arrays are lent to the crate
//! while other threads of Python go on.

mod arrays;
mod conversation;
mod failure;
mod selection;
mod settings;
mod strategy;

use pyo3::prelude::*;

/// The module `tailward._native`.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::conversation::Conversation;
    #[pymodule_export]
    use crate::selection::query;
    #[pymodule_export]
    use crate::strategy::Strategy;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("STRATEGIES", super::names(module.py())?)?;
        // A build for tests is slower, and not to be measured.
        module.add("FOR_TESTS", cfg!(debug_assertions))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// The names that strategies are asked for by.
fn names(py: Python<'_>) -> PyResult<Bound<'_, pyo3::types::PyTuple>> {
    pyo3::types::PyTuple::new(py, tailward_acquisition::named::names().collect::<Vec<_>>())
}
