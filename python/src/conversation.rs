//! A query as a conversation, as an object of Python.

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde::{Deserialize, Serialize};
use tailward_acquisition::{Answer, Ask, Phase};

use crate::arrays::Given;
use crate::failure::refused;
use crate::selection::{rows, scores, told};
use crate::strategy::Strategy;

/// The version of the written form.
const FORMAT: u32 = 1;

/// A query between its first ask and its last answer.
#[pyclass(module = "tailward._native")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conversation {
    format: u32,
    strategy: String,
    /// The row of the arrays as they were given, for each row of the query; absent: the same.
    samples: Option<Vec<usize>>,
    conversation: tailward_acquisition::Conversation,
}

#[pymethods]
impl Conversation {
    #[staticmethod]
    fn begin<'py>(py: Python<'py>, strategy: &Strategy, budget: usize, given: Given<'py>) -> PyResult<Self> {
        let mut lent = given.lend()?;
        let chosen = &strategy.strategy;
        let conversation = py.detach(|| chosen.begin(&lent.arrays, budget, &mut lent.rng));
        let conversation = conversation.map_err(|error| refused(&error))?;
        Ok(Self { format: FORMAT, strategy: chosen.name(), samples: lent.samples, conversation })
    }

    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let unread = |why: String| PyValueError::new_err(format!("failed to read a conversation: {why}"));
        let read: Self = serde_json::from_str(text).map_err(|error| unread(error.to_string()))?;
        if read.format != FORMAT {
            return Err(unread(format!("its form is {}, and must be {FORMAT}", read.format)));
        }
        Ok(read)
    }

    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(self).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Rows, scores and phase; `None` while answers are missing, and after the end.
    fn ask<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let conversation = &mut self.conversation;
        let ask = py.detach(|| conversation.ask());
        ask.map(|ask| self.asked(py, &ask)).transpose()
    }

    /// All asks so far.
    fn asks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let asks: PyResult<Vec<_>> = self.conversation.asks().iter().map(|ask| self.asked(py, ask)).collect();
        PyList::new(py, asks?)
    }

    /// Takes the answer for a row; `None` for one that gets no label.
    #[pyo3(signature = (row, label))]
    fn tell(&mut self, row: usize, label: Option<u32>) -> PyResult<()> {
        let place = match &self.samples {
            None => Ok(row),
            Some(samples) => samples.binary_search(&row),
        };
        let answer = label.map_or(Answer::None, Answer::Label);
        let unexpected = |row| refused(&tailward_acquisition::Error::AnswerUnexpected { row });
        let place = place.map_err(|_no_place| unexpected(row))?;
        self.conversation.tell(place, answer).map_err(|mut error| {
            use tailward_acquisition::Error::{AnswerOutOfRange, AnswerUnexpected};
            // The row as the program knows it.
            if let AnswerUnexpected { row: at } | AnswerOutOfRange { row: at, .. } = &mut error {
                *at = row;
            }
            refused(&error)
        })
    }

    #[getter]
    fn strategy(&self) -> &str {
        &self.strategy
    }

    #[getter]
    fn waiting<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        rows(py, self.conversation.waiting().iter().copied(), self.samples.as_deref())
    }

    #[getter]
    fn is_complete(&self) -> bool {
        self.conversation.is_complete()
    }

    fn selection<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        told(py, &self.conversation.selection(), self.samples.as_deref())
    }
}

impl Conversation {
    fn asked<'py>(&self, py: Python<'py>, ask: &Ask) -> PyResult<Bound<'py, PyDict>> {
        let asked = PyDict::new(py);
        asked.set_item("picks", rows(py, ask.picks.iter().map(|pick| pick.row), self.samples.as_deref()))?;
        asked.set_item("scores", scores(py, &ask.picks))?;
        asked.set_item("phase", ask.phase.map(Phase::name))?;
        Ok(asked)
    }
}
