//! One answer.

use crate::table::Mark;

/// One answer, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// Where in the file, such as `line 3` or `task 7, annotation 12`.
    pub place: String,
    /// The sample.
    pub sample: usize,
    /// What was said of it; nothing where nobody has answered yet.
    pub mark: Option<Mark>,
    /// Who said so, where the file has it.
    pub annotator: Option<String>,
}
