//! Whether all that a query's file holds belongs together.

use std::collections::BTreeSet;

use super::OpenQuery;
use crate::table::Mark;

impl OpenQuery {
    /// Looks at everything from the outside; what is inside of a conversation, the checksum vouches for.
    ///
    /// # Errors
    ///
    /// What does not fit, in a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { samples, classes, .. } = *self;
        let rows = self.unlabelled.len();
        length("`ids`", self.ids.as_ref().map(Vec::len), samples, "samples")?;
        length("`class_names`", self.class_names.as_ref().map(Vec::len), classes, "classes")?;
        length("`predicted`", self.predicted.as_ref().map(Vec::len), rows, "rows of `unlabelled`")?;
        let mut known = BTreeSet::new();
        for &sample in self.unlabelled.iter().chain(self.labelled.iter().map(|(sample, _)| sample)) {
            if sample >= samples {
                return Err(format!("sample {sample} is not one of its {samples} samples"));
            }
            if !known.insert(sample) {
                return Err(format!("sample {sample} is in `labelled` or `unlabelled` twice"));
            }
        }
        let labels = self.labelled.iter().map(|&(_, label)| label as usize);
        let predicted = self.predicted.iter().flatten().map(|&(class, _)| class);
        if let Some(class) = labels.chain(predicted).find(|&class| class >= classes) {
            return Err(format!("class {class} is not one of its {classes} classes"));
        }
        if !self.begun.asks().is_empty() {
            return Err("`begun` has asked already".to_owned());
        }
        self.check_answers()
    }

    fn check_answers(&self) -> Result<(), String> {
        let mut asked = BTreeSet::new();
        for pick in self.picks() {
            let sample = self.unlabelled.get(pick.row);
            let &sample =
                sample.ok_or_else(|| format!("row {} was asked for and does not exist", pick.row))?;
            if !asked.insert(sample) {
                return Err(format!("sample {sample} was asked for twice"));
            }
        }
        for &row in self.conversation.waiting() {
            if !self.unlabelled.get(row).is_some_and(|sample| asked.remove(sample)) {
                return Err(format!("row {row} waits for an answer and was not asked for"));
            }
        }
        for answered in &self.answers {
            let sample = answered.sample;
            if !asked.remove(&sample) {
                return Err(format!(
                    "sample {sample} has an answer and was not asked for, or waits, or has two"
                ));
            }
            if let Mark::Label(label) = answered.mark
                && label as usize >= self.classes
            {
                return Err(format!(
                    "the answer {label} of sample {sample} is none of {} classes",
                    self.classes
                ));
            }
        }
        match asked.first() {
            Some(sample) => Err(format!("sample {sample} was asked for, does not wait and has no answer")),
            None => Ok(()),
        }
    }
}

fn length(what: &str, found: Option<usize>, expected: usize, of: &str) -> Result<(), String> {
    match found {
        Some(found) if found != expected => {
            Err(format!("{what} has {found} entries, and there are {expected} {of}"))
        }
        _ => Ok(()),
    }
}
