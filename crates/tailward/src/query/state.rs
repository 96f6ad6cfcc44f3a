//! A query that a person answers, between two asks.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tailward_acquisition::{Answer, Ask, Conversation};
use tailward_datasets::whole_file;

use super::PickRow;
use crate::Error;

/// What is kept in the file of `--state`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The strategy's short name.
    pub(super) strategy: String,
    /// The sample of each row.
    pub(super) unlabelled: Vec<usize>,
    /// The most probable class of each row and its probability, where there are probabilities.
    pub(super) predicted: Option<Vec<(usize, f32)>>,
    /// The query.
    pub(super) conversation: Conversation,
}

/// One row of a file of answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerRow {
    index: usize,
    /// Empty for a sample that gets no label: skipped, unsure, not valid.
    label: Option<u32>,
}

impl State {
    /// Reads a state.
    ///
    /// # Errors
    ///
    /// The file is missing or damaged.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason| Error::Input { path: path.to_owned(), reason };
        let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
    }

    /// Writes the state, whole or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        whole_file::write(path, |file| Ok(serde_json::to_writer(file, self)?))
            .map_err(|source| Error::Output { path: path.to_owned(), source })
    }

    /// Takes a file of answers: all of them, or none if one is wrong.
    ///
    /// # Errors
    ///
    /// A line is not of the expected form, names a sample that does not wait for an answer, or a class that does not exist.
    pub(crate) fn tell(&mut self, path: &Path) -> Result<usize, Error> {
        let at = |line: usize, reason: String| Error::Input {
            path: path.to_owned(),
            reason: format!("line {line}: {reason}"),
        };
        let text = std::fs::read_to_string(path).map_err(|error| at(1, error.to_string()))?;
        let rows: BTreeMap<usize, usize> =
            self.unlabelled.iter().enumerate().map(|(row, &sample)| (sample, row)).collect();
        let mut told = self.conversation.clone();
        let mut count = 0;
        for (number, result) in csv::Reader::from_reader(text.as_bytes()).deserialize().enumerate() {
            let line = number + 2;
            let AnswerRow { index, label } =
                result.map_err(|error: csv::Error| at(line, error.to_string()))?;
            let row = rows.get(&index).filter(|row| told.waiting().binary_search(row).is_ok());
            let &row = row.ok_or_else(|| at(line, format!("sample {index} does not wait for an answer")))?;
            let answer = label.map_or(Answer::None, Answer::Label);
            told.tell(row, answer).map_err(|error| at(line, error.to_string()))?;
            count += 1;
        }
        self.conversation = told;
        Ok(count)
    }

    /// The next rows to label, if there are any and no answer is waited for.
    pub(crate) fn ask(&mut self) -> Option<Ask> {
        self.conversation.ask()
    }

    /// The rows of an ask as they are printed; ranks go on through all asks of the query.
    pub(crate) fn rows(&self, ask: &Ask) -> Vec<PickRow> {
        let asked: usize = self.conversation.asks().iter().map(|ask| ask.picks.len()).sum();
        let before = asked - ask.picks.len();
        let row = |(position, pick): (usize, &tailward_acquisition::Pick)| {
            let best = self.predicted.as_ref().map(|predicted| predicted[pick.row]);
            PickRow {
                rank: before + position + 1,
                index: self.unlabelled[pick.row],
                score: pick.score,
                predicted_class: best.map(|(class, _)| class),
                predicted_probability: best.map(|(_, probability)| probability),
            }
        };
        ask.picks.iter().enumerate().map(row).collect()
    }

    /// Where the query stands, in a sentence.
    pub(crate) fn standing(&self) -> String {
        let asks = self.conversation.asks();
        let asked: usize = asks.iter().map(|ask| ask.picks.len()).sum();
        let phase = asks.last().and_then(|ask| ask.phase).map_or("", |phase| phase.name());
        match (self.conversation.is_complete(), self.conversation.waiting().len()) {
            (true, _) => format!("{}: all {asked} samples of the budget are answered", self.strategy),
            (false, 0) => format!("{}: {asked} samples asked for so far", self.strategy),
            (false, waiting) => {
                let phase = if phase.is_empty() { String::new() } else { format!(", phase {phase}") };
                format!("{}: {waiting} of {asked} samples asked for wait for an answer{phase}", self.strategy)
            }
        }
    }
}
