//! What openings share: the question, and what an interval says in a colour and in words.

use crate::document::Overview;
use crate::plots::forest::{Span, Tone};
use crate::report::data::Difference;

/// What stands on the first screen.
pub(in crate::report) struct Opening {
    /// What was found, in a sentence; none where nothing is compared.
    pub(in crate::report) finding: Option<String>,
    /// The question, the plot and the table.
    pub(in crate::report) overview: Overview,
}

/// The first sentence that asks, or all of the text where none does.
pub(super) fn one_sentence(question: &str) -> String {
    let words = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut from = 0;
    for (at, mark) in words.match_indices(['.', '?']) {
        let rest = &words[at + 1..];
        // An abbreviation's dot is followed by a small letter or a number.
        let ends = rest.is_empty()
            || rest.strip_prefix(' ').is_some_and(|next| next.starts_with(char::is_uppercase));
        if ends && mark == "?" {
            return words[from..=at].trim().to_owned();
        }
        if ends {
            from = at + 1;
        }
    }
    words
}

/// What a difference says, in a colour and in two or three words.
pub(super) struct Judged {
    /// The difference as it is drawn; none without pairs.
    pub(super) span: Option<Span>,
    /// The words.
    pub(super) words: &'static str,
}

/// The words for a quantity, and which way is the better.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    /// What the differences are multiplied by.
    pub(super) factor: f64,
    pub(super) greater_is_better: bool,
    pub(super) better: &'static str,
    pub(super) worse: &'static str,
}

impl Unit {
    pub(super) fn judge(self, difference: &Difference) -> Judged {
        let Some(mean) = difference.mean else {
            return Judged { span: None, words: "no pairs" };
        };
        let (tone, words) = match (difference.pairs, difference.is_separable()) {
            (1, _) => (Tone::Undecided, "one seed: cannot tell"),
            (_, false) => (Tone::Undecided, "not separable"),
            (_, true) if (mean > 0.0) == self.greater_is_better => (Tone::Better, self.better),
            (_, true) => (Tone::Worse, self.worse),
        };
        let interval =
            difference.interval.map(|interval| (interval.low * self.factor, interval.high * self.factor));
        Judged { span: Some(Span { mean: mean * self.factor, interval, tone }), words }
    }
}

#[cfg(test)]
mod tests {
    use super::one_sentence;

    #[test]
    fn the_sentence_that_asks_is_found() {
        assert_eq!(
            one_sentence("Does it (Eq. 8) hold, and\nwhy? Because."),
            "Does it (Eq. 8) hold, and why?"
        );
        assert_eq!(one_sentence("On images. How many are found?"), "How many are found?");
        assert_eq!(one_sentence("Nothing is asked."), "Nothing is asked.");
    }
}
