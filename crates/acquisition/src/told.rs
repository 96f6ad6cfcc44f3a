//! What a conversation has been told, item by item.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The labels that were told before the conversation and in it. An item is an unlabelled row, or a labelled row counted
/// on from there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Unlabelled rows.
    rows: usize,
    /// `[items]`
    labels: Vec<Option<u32>>,
    /// Whether a row was asked for. `[rows]`
    asked: Vec<bool>,
    /// Rows that were not asked for.
    free: usize,
}

/// Checks that there is a label for each labelled row, and that each is a class.
///
/// # Errors
///
/// [`Error::LengthMismatch`], or [`Error::LabelOutOfRange`] with the first row at fault.
pub(crate) fn validate_labels(labels: &[u32], labelled: usize, classes: usize) -> Result<(), Error> {
    if labels.len() != labelled {
        return Err(Error::LengthMismatch { what: "labels", expected: labelled, found: labels.len() });
    }
    match labels.iter().enumerate().find(|&(_, &label)| label as usize >= classes) {
        Some((row, &label)) => Err(Error::LabelOutOfRange { row, label, classes }),
        None => Ok(()),
    }
}

impl Told {
    /// Before anything is asked.
    pub(crate) fn new(rows: usize, labelled: &[u32]) -> Self {
        let labels = std::iter::repeat_n(None, rows).chain(labelled.iter().copied().map(Some)).collect();
        Self { rows, labels, asked: vec![false; rows], free: rows }
    }

    /// The number of unlabelled rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The label of an item, if it was told.
    pub(crate) fn label(&self, item: u32) -> Option<u32> {
        self.labels[item as usize]
    }

    /// Whether an item can still be asked for.
    pub(crate) fn is_free(&self, item: u32) -> bool {
        (item as usize) < self.rows && !self.asked[item as usize]
    }

    /// How many items can still be asked for.
    pub(crate) fn free(&self) -> usize {
        self.free
    }

    /// How many items have this label.
    pub(crate) fn count(&self, class: usize) -> usize {
        self.labels.iter().filter(|label| **label == Some(class as u32)).count()
    }

    /// Notes that a row is asked for.
    pub(crate) fn ask(&mut self, row: usize) {
        debug_assert!(!self.asked[row], "row {row} is asked for twice");
        self.asked[row] = true;
        self.free -= 1;
    }

    /// Notes the label of a row.
    pub(crate) fn tell(&mut self, row: usize, label: u32) {
        self.labels[row] = Some(label);
    }

    /// Any row that can be asked for.
    ///
    /// # Panics
    ///
    /// There is none.
    pub(crate) fn any_free(&self, rng: &mut ChaCha8Rng) -> usize {
        assert!(self.free > 0, "no row is left");
        let mut nth = rng.random_range(0..self.free);
        for (row, asked) in self.asked.iter().enumerate() {
            if !asked {
                if nth == 0 {
                    return row;
                }
                nth -= 1;
            }
        }
        unreachable!("{} rows are free", self.free)
    }
}
