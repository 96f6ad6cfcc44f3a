//! One known label, and all of a file.

use std::collections::BTreeSet;

/// A label that a file knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLabel {
    /// Where in the file, such as `line 3`.
    pub place: String,
    /// The image's file, as it is named there.
    pub file: String,
    /// Its class.
    pub class: String,
}

/// What a file knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What the file is, to be read on after "it is".
    pub form: &'static str,
    /// The classes, where the file lists them.
    pub listed: Option<Vec<String>>,
    /// The labels, in their order.
    pub labels: Vec<KnownLabel>,
}

impl Known {
    /// The classes: those that the file lists, or those of its labels by name.
    pub fn classes(&self) -> Vec<String> {
        let of_labels = || {
            let names: BTreeSet<&String> = self.labels.iter().map(|label| &label.class).collect();
            names.into_iter().cloned().collect()
        };
        self.listed.clone().unwrap_or_else(of_labels)
    }
}
