//! What a row of labels is, where a column says so.

use super::cell::Mark;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// What its label says.
    Label,
    /// Its label is a class that may not be there yet.
    NewClass,
    /// It gets no label.
    Without(Mark),
    /// Nobody has answered it, or somebody took that back.
    Open,
}

impl Status {
    /// By the words that the labelling page and `tailward export` write.
    ///
    /// # Errors
    ///
    /// There is no such word: a sentence with those that there are.
    pub(super) fn of(cell: &str) -> Result<Self, String> {
        match cell.to_ascii_lowercase().as_str() {
            "" | "labelled" | "labeled" | "audited" => Ok(Self::Label),
            "new-class" => Ok(Self::NewClass),
            "skip" | "skipped" => Ok(Self::Without(Mark::Skipped)),
            "unsure" => Ok(Self::Without(Mark::Unsure)),
            "invalid" => Ok(Self::Without(Mark::Invalid)),
            "asked" | "unlabelled" | "undone" | "disputed" => Ok(Self::Open),
            _ => Err(format!(
                "`{cell}` is no status; write labelled, new-class, skipped, unsure, invalid or asked, or leave the column out"
            )),
        }
    }
}
