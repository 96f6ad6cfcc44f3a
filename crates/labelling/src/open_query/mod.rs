//! A query that a person answers, between two asks, as a file.
//!
//! The file holds the query as it was begun, where it stands, and every answer with its sample. So what waits can be listed
//! at any time, answers can come twice or be corrected, and all labels can be had. A file that does not fit itself is
//! refused before anything is done with it.

mod check;
mod file;
mod tell;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tailward_acquisition::{Answer, Conversation, Pick};

use crate::table::{Classes, Mark, Samples};

pub use tell::{Correction, Taken};

/// A person's query between its first ask and its last answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenQuery {
    /// The version of the file's form.
    format: u32,
    /// The strategy's short name.
    strategy: String,
    /// How many samples there are, labelled ones included.
    samples: usize,
    /// Their ids or paths, if they have any. `[samples]`
    ids: Option<Vec<String>>,
    /// How many classes there are.
    classes: usize,
    /// Their names, if they have any. `[classes]`
    class_names: Option<Vec<String>>,
    /// What was labelled before the query: sample and class.
    labelled: Vec<(usize, u32)>,
    /// The sample of each row of the query.
    unlabelled: Vec<usize>,
    /// The most probable class of each row and its probability, where there are probabilities.
    predicted: Option<Vec<(usize, f32)>>,
    /// The query before its first ask.
    begun: Conversation,
    /// The query now.
    conversation: Conversation,
    /// What was answered, in the order in which it was taken.
    answers: Vec<Answered>,
    /// What all the rest comes to; empty while the query is in memory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    checksum: String,
}

/// What a query is begun with.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The strategy's short name.
    pub strategy: String,
    /// All samples.
    pub samples: Samples,
    /// How many classes there are, and their names.
    pub classes: (usize, Option<Vec<String>>),
    /// What is labelled.
    pub labelled: BTreeMap<usize, u32>,
    /// The sample of each row of the query.
    pub unlabelled: Vec<usize>,
    /// The most probable class of each row and its probability, where there are probabilities.
    pub predicted: Option<Vec<(usize, f32)>>,
    /// The query before its first ask.
    pub conversation: Conversation,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    sample: usize,
    mark: Mark,
    annotator: Option<String>,
}

/// A sample that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Its place among all samples that were asked for, counted from 1.
    pub rank: usize,
    /// The sample.
    pub sample: usize,
    /// Its score.
    pub score: f64,
    /// Its most probable class and the probability, where there are probabilities.
    pub predicted: Option<(usize, f32)>,
}

/// A sample with its label, from before the query or from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The sample.
    pub sample: usize,
    /// Its class.
    pub label: u32,
    /// Who said so, where that is known.
    pub annotator: Option<String>,
}

impl OpenQuery {
    /// Begins, and asks for the first time.
    ///
    /// # Panics
    ///
    /// What it is begun with does not belong together.
    pub fn begin(begin: Begin) -> Self {
        let Begin { strategy, samples, classes: (classes, class_names), .. } = begin;
        let ids = (0..samples.count()).map(|sample| samples.id(sample).map(str::to_owned)).collect();
        let mut query = Self {
            format: file::FORMAT,
            strategy,
            samples: samples.count(),
            ids: if samples.count() == 0 { None } else { ids },
            classes,
            class_names,
            labelled: begin.labelled.into_iter().collect(),
            unlabelled: begin.unlabelled,
            predicted: begin.predicted,
            begun: begin.conversation.clone(),
            conversation: begin.conversation,
            answers: Vec::new(),
            checksum: String::new(),
        };
        query.go_on();
        if let Err(reason) = query.check() {
            panic!("a query that does not fit itself was begun: {reason}");
        }
        query
    }

    /// Asks for the next samples, unless some still wait.
    pub fn go_on(&mut self) {
        self.conversation.ask();
    }

    /// The strategy's short name.
    pub fn strategy(&self) -> &str {
        &self.strategy
    }

    /// All samples.
    pub fn samples(&self) -> Samples {
        Samples::new(self.samples, self.ids.clone())
    }

    /// The classes.
    pub fn classes(&self) -> Classes {
        Classes { count: Some(self.classes), names: self.class_names.clone() }
    }

    /// How many answers there are.
    pub fn answers(&self) -> usize {
        self.answers.len()
    }

    /// Whether the budget has been asked for and every ask answered.
    pub fn is_complete(&self) -> bool {
        self.conversation.is_complete()
    }

    /// Whether both began with the same samples, labels and question.
    pub fn is_same_question(&self, other: &Self) -> bool {
        let question = |query: &Self| {
            (
                query.strategy.clone(),
                query.samples,
                query.classes,
                query.predicted.clone(),
                query.begun.clone(),
            )
        };
        self.labelled == other.labelled
            && self.unlabelled == other.unlabelled
            && self.ids == other.ids
            && self.class_names == other.class_names
            && question(self) == question(other)
    }

    /// The samples that wait for an answer, in the order in which they were asked for.
    pub fn waiting(&self) -> Vec<Waiting> {
        let waits = |pick: &Pick| self.conversation.waiting().binary_search(&pick.row).is_ok();
        let waiting = |(position, pick): (usize, &Pick)| Waiting {
            rank: position + 1,
            sample: self.unlabelled[pick.row],
            score: pick.score,
            predicted: self.predicted.as_ref().map(|predicted| predicted[pick.row]),
        };
        self.picks().enumerate().filter(|(_, pick)| waits(pick)).map(waiting).collect()
    }

    /// All labels: those from before the query and those that were answered, by sample.
    pub fn labels(&self) -> Vec<Labelled> {
        let before = self.labelled.iter().map(|&(sample, label)| Labelled { sample, label, annotator: None });
        let answered = self.answers.iter().filter_map(|answered| match answered.mark {
            Mark::Label(label) => {
                Some(Labelled { sample: answered.sample, label, annotator: answered.annotator.clone() })
            }
            Mark::Skipped | Mark::Unsure | Mark::Invalid => None,
        });
        let mut labels: Vec<Labelled> = before.chain(answered).collect();
        labels.sort_by_key(|labelled| labelled.sample);
        labels
    }

    /// Where the query stands, in a sentence.
    pub fn standing(&self) -> String {
        let asked = self.picks().count();
        let phase = self.conversation.asks().last().and_then(|ask| ask.phase);
        let phase = phase.map_or(String::new(), |phase| format!(", phase {}", phase.name()));
        let strategy = &self.strategy;
        match (self.is_complete(), self.conversation.waiting().len()) {
            (true, _) => format!("{strategy}: all {asked} samples of the budget are answered"),
            (false, 0) => format!("{strategy}: {asked} samples asked for so far"),
            (false, waiting) => {
                format!("{strategy}: {waiting} of {asked} samples asked for wait for an answer{phase}")
            }
        }
    }

    /// Everything that was asked for, in order.
    fn picks(&self) -> impl Iterator<Item = &Pick> {
        self.conversation.asks().iter().flat_map(|ask| &ask.picks)
    }
}

/// What a strategy is told of a mark.
fn answer(mark: Mark) -> Answer {
    match mark {
        Mark::Label(label) => Answer::Label(label),
        Mark::Skipped | Mark::Unsure | Mark::Invalid => Answer::None,
    }
}
