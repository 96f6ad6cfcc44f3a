//! What each annotator said, in its order.

use std::collections::BTreeMap;

use tailward_datasets::SampleId;

use super::row::{Event, Row};

/// The samples that each annotator said something of, in the order in which it was said; what was taken back is not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    by_annotator: BTreeMap<String, Vec<SampleId>>,
}

impl History {
    /// Takes a row that has been checked.
    pub(super) fn take(&mut self, row: &Row) {
        let Some(annotator) = &row.annotator else { return };
        if !self.by_annotator.contains_key(annotator) {
            self.by_annotator.insert(annotator.clone(), Vec::new());
        }
        let Some(said) = self.by_annotator.get_mut(annotator) else { return };
        if row.event == Event::Undone {
            let last = said.iter().rposition(|&sample| sample == row.sample);
            last.map(|place| said.remove(place));
        } else {
            said.push(row.sample);
        }
    }

    pub(super) fn of(&self, annotator: &str) -> impl DoubleEndedIterator<Item = SampleId> {
        self.by_annotator.get(annotator).into_iter().flatten().copied()
    }
}
