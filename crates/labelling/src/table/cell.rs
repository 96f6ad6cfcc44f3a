//! What a single cell says.

use serde::{Deserialize, Serialize};

/// What was said of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Its class.
    Label(u32),
    /// It was passed over.
    Skipped,
    /// Nobody could tell.
    Unsure,
    /// It is no valid sample.
    Invalid,
}

/// Words for a sample that gets no label, with what they mean; an empty cell is one of them.
const WITHOUT_LABEL: [(&str, Mark); 11] = [
    ("", Mark::Skipped),
    ("na", Mark::Skipped),
    ("n/a", Mark::Skipped),
    ("<na>", Mark::Skipped),
    ("nan", Mark::Skipped),
    ("null", Mark::Skipped),
    ("none", Mark::Skipped),
    ("skip", Mark::Skipped),
    ("skipped", Mark::Skipped),
    ("unsure", Mark::Unsure),
    ("invalid", Mark::Invalid),
];

/// What a cell says that has no label, in any case.
pub(super) fn without_label(cell: &str) -> Option<Mark> {
    let folded = cell.to_ascii_lowercase();
    WITHOUT_LABEL.iter().find(|(word, _)| *word == folded).map(|(_, mark)| *mark)
}

/// A whole number, also as `3.0`, which is how pandas writes a column with gaps.
pub(super) fn whole_number(cell: &str) -> Option<usize> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let digits = |text: &str, digit: fn(u8) -> bool| text.bytes().all(digit);
    let is_whole = digits(whole, |byte| byte.is_ascii_digit()) && digits(fraction, |byte| byte == b'0');
    if is_whole { whole.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_have_a_fraction_of_nothing() {
        for (cell, number) in [("3", Some(3)), ("3.0", Some(3)), ("12.000", Some(12)), ("007", Some(7))] {
            assert_eq!(whole_number(cell), number, "{cell}");
        }
        for cell in ["", ".", ".0", "3.5", "-1", "+3", "1e3", "cat", "3,0", "99999999999999999999"] {
            assert_eq!(whole_number(cell), None, "{cell}");
        }
    }

    #[test]
    fn words_without_a_label_have_their_meaning() {
        assert_eq!(without_label("NaN"), Some(Mark::Skipped));
        assert_eq!(without_label(""), Some(Mark::Skipped));
        assert_eq!(without_label("Unsure"), Some(Mark::Unsure));
        assert_eq!(without_label("INVALID"), Some(Mark::Invalid));
        assert_eq!(without_label("nanny"), None);
    }
}
