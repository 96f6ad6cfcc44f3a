//! How answers are taken, again and anew.

use std::collections::BTreeMap;
use std::path::Path;

use tailward_acquisition::{Answer, Conversation};

use super::{Answered, OpenQuery, answer};
use crate::Error;
use crate::table::{LabelRow, Labels, Mark};

/// Whether an answer may be put in the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// No: a different answer is a mistake.
    Refused,
    /// Yes.
    Allowed,
}

/// What came of a table of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Samples that waited and have their answer now.
    pub new: usize,
    /// Those of them that got no label.
    pub without_label: usize,
    /// Samples that had the same answer already.
    pub again: usize,
    /// Samples whose answer was corrected.
    pub corrected: usize,
    /// Rows of a file of samples that nobody has filled in yet.
    pub left: usize,
    /// Whether the corrections would have led to other asks: those that were made stay.
    pub asks_differ: bool,
}

impl OpenQuery {
    /// Takes a table of answers: all of them, or none if one is wrong. Does not ask anew; see [`OpenQuery::go_on`].
    ///
    /// An answer that was given before may come again. A different one is a correction. The query is begun anew then with
    /// all answers; where it would have asked for other samples, the asks that were made stay, and so does what the strategy
    /// made of them.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] with the line: the table is not of the expected form, names a sample that was not asked for or a
    /// class that does not exist, or has another answer than before and `correction` is refused.
    pub fn tell(&mut self, path: &Path, correction: Correction) -> Result<Taken, Error> {
        let samples = self.samples();
        let table = Labels::read(path, &samples, &self.classes())?;
        let rows: BTreeMap<usize, usize> =
            self.unlabelled.iter().enumerate().map(|(row, &sample)| (sample, row)).collect();
        let places: BTreeMap<usize, usize> =
            self.answers.iter().enumerate().map(|(place, answered)| (answered.sample, place)).collect();
        let mut told = self.clone();
        let mut taken = Taken::default();
        for row in &table.rows {
            let fault = |reason: String| Error::Input {
                path: path.to_owned(),
                reason: format!("line {}: {} {reason}", row.line, samples.name(row.sample)),
            };
            if table.is_asked && row.is_empty {
                taken.left += 1;
            } else if let Some(&place) = places.get(&row.sample) {
                told.tell_again(place, row, correction, &mut taken).map_err(fault)?;
            } else {
                let waits = |&&row: &&usize| told.conversation.waiting().binary_search(&row).is_ok();
                let place = rows.get(&row.sample).filter(waits);
                let &place = place.ok_or_else(|| fault(self.why_not(row.sample)))?;
                told.conversation.tell(place, answer(row.mark)).map_err(|error| fault(error.to_string()))?;
                told.answers.push(answered(row));
                taken.new += 1;
                taken.without_label += usize::from(!matches!(row.mark, Mark::Label(_)));
            }
        }
        if taken.corrected > 0 {
            match told.replayed(&rows) {
                Some(conversation) => told.conversation = conversation,
                None => taken.asks_differ = true,
            }
        }
        *self = told;
        Ok(taken)
    }

    /// An answer for a sample that has one.
    fn tell_again(
        &mut self,
        place: usize,
        row: &LabelRow,
        correction: Correction,
        taken: &mut Taken,
    ) -> Result<(), String> {
        let before = self.answers[place].mark;
        if before == row.mark {
            taken.again += 1;
            return Ok(());
        }
        if correction == Correction::Refused {
            let (before, now) = (self.said(before), self.said(row.mark));
            return Err(format!("was answered with {before} before, not {now}; give --correct to change it"));
        }
        self.answers[place] = answered(row);
        taken.corrected += 1;
        Ok(())
    }

    fn said(&self, mark: Mark) -> String {
        match mark {
            Mark::Label(label) => match &self.class_names {
                Some(names) => format!("label `{}`", names[label as usize]),
                None => format!("label {label}"),
            },
            Mark::Skipped => "no label (skipped)".to_owned(),
            Mark::Unsure => "no label (unsure)".to_owned(),
            Mark::Invalid => "no label (invalid)".to_owned(),
        }
    }

    /// Why a sample has no place for an answer.
    fn why_not(&self, sample: usize) -> String {
        let reason = if self.labelled.iter().any(|&(labelled, _)| labelled == sample) {
            "it was labelled before the query, in the file of --labels"
        } else {
            "it was not asked for"
        };
        format!("does not wait for an answer: {reason}")
    }

    /// The query begun anew with all answers, if it asks for what was asked for.
    fn replayed(&self, rows: &BTreeMap<usize, usize>) -> Option<Conversation> {
        let answers: BTreeMap<usize, Answer> =
            self.answers.iter().map(|answered| (rows[&answered.sample], answer(answered.mark))).collect();
        let mut conversation = self.begun.clone();
        while let Some(ask) = conversation.ask() {
            for pick in &ask.picks {
                if let Some(&answer) = answers.get(&pick.row) {
                    conversation.tell(pick.row, answer).ok()?;
                }
            }
        }
        conversation.asks().starts_with(self.conversation.asks()).then_some(conversation)
    }
}

fn answered(row: &LabelRow) -> Answered {
    Answered { sample: row.sample, mark: row.mark, annotator: row.annotator.clone() }
}
