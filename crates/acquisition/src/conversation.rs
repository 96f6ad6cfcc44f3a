//! A query as a conversation: rows are asked for, answers are told, and what is asked next may depend on them.
//!
//! Most strategies ask once. DIRECT and GALAXY ask again and again within one budget; what they know between two asks is
//! plain data that can be written down and read back. No strategy sees a label that was not told: neither before the
//! query, with the labelled set, nor through [`Conversation::tell`].

use serde::{Deserialize, Serialize};

use crate::direct::Direct;
use crate::galaxy::Galaxy;
use crate::told::Told;
use crate::{Error, Pick, Selection};

/// A query between its first ask and its last answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    budget: usize,
    classes: usize,
    told: Told,
    /// What was asked for, ask by ask.
    asks: Vec<Ask>,
    /// Rows of the last ask that have no answer, rising.
    waiting: Vec<usize>,
    course: Course,
}

/// Rows that can be labelled at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The rows, in query order.
    pub picks: Vec<Pick>,
    /// What they are for, for a strategy that asks more than once.
    pub phase: Option<Phase>,
}

/// What rows are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// DIRECT: to narrow down where a class ends.
    Reduce,
    /// DIRECT: next to where a class ends.
    Annotate,
    /// GALAXY: between labels that differ.
    Bisect,
    /// GALAXY: next to labels that differ and have nothing left between them.
    Extend,
    /// GALAXY: anywhere, for no labels differ or nothing is left near them.
    Explore,
}

impl Phase {
    /// The name that ledgers use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reduce => "reduce",
            Self::Annotate => "annotate",
            Self::Bisect => "bisect",
            Self::Extend => "extend",
            Self::Explore => "explore",
        }
    }
}

/// What comes back for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Its class.
    Label(u32),
    /// No label: skipped, unsure, not a valid image. The row is not asked for again, and the ask is spent.
    None,
}

/// What decides on the next ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Course {
    /// Everything is asked for at once.
    Once(Box<Selection>),
    Direct(Box<Direct>),
    Galaxy(Box<Galaxy>),
}

impl Conversation {
    /// A conversation of one ask.
    pub(crate) fn once(rows: usize, classes: usize, selection: Selection) -> Self {
        let budget = selection.picks.len();
        Self::new(budget, classes, Told::new(rows, &[]), Course::Once(Box::new(selection)))
    }

    /// DIRECT's conversation.
    pub(crate) fn direct(budget: usize, classes: usize, told: Told, direct: Direct) -> Self {
        Self::new(budget, classes, told, Course::Direct(Box::new(direct)))
    }

    /// GALAXY's conversation.
    pub(crate) fn galaxy(budget: usize, classes: usize, told: Told, galaxy: Galaxy) -> Self {
        Self::new(budget, classes, told, Course::Galaxy(Box::new(galaxy)))
    }

    fn new(budget: usize, classes: usize, told: Told, course: Course) -> Self {
        Self { budget, classes, told, asks: Vec::new(), waiting: Vec::new(), course }
    }

    /// The next rows to label; nothing while the last ask [waits](Self::waiting) for answers, and after the end.
    pub fn ask(&mut self) -> Option<Ask> {
        let left = self.budget - self.asked();
        if left == 0 || !self.waiting.is_empty() {
            return None;
        }
        let ask = match &mut self.course {
            Course::Once(selection) => Ask { picks: selection.picks.clone(), phase: None },
            Course::Direct(direct) => direct.next(&self.told, left),
            Course::Galaxy(galaxy) => galaxy.next(&self.told),
        };
        assert!(!ask.picks.is_empty() && ask.picks.len() <= left, "an ask of {} rows", ask.picks.len());
        for pick in &ask.picks {
            self.told.ask(pick.row);
        }
        self.waiting = ask.picks.iter().map(|pick| pick.row).collect();
        self.waiting.sort_unstable();
        self.asks.push(ask.clone());
        Some(ask)
    }

    /// Takes the answer for a row of the last ask; answers come in any order.
    ///
    /// # Errors
    ///
    /// [`Error::AnswerUnexpected`] if the row does not wait for an answer (it was not asked for, or has one), and
    /// [`Error::AnswerOutOfRange`] if there is no such class. Nothing changes then.
    pub fn tell(&mut self, row: usize, answer: Answer) -> Result<(), Error> {
        let place = self.waiting.binary_search(&row).ok().ok_or(Error::AnswerUnexpected { row })?;
        if let Answer::Label(label) = answer {
            if label as usize >= self.classes {
                return Err(Error::AnswerOutOfRange { row, label, classes: self.classes });
            }
            self.told.tell(row, label);
        }
        self.waiting.remove(place);
        if let Course::Galaxy(galaxy) = &mut self.course {
            galaxy.tell(row, answer);
        }
        Ok(())
    }

    /// Rows of the last ask that have no answer yet, rising.
    pub fn waiting(&self) -> &[usize] {
        &self.waiting
    }

    /// Whether the budget has been asked for and every ask answered.
    pub fn is_complete(&self) -> bool {
        self.waiting.is_empty() && self.asked() == self.budget
    }

    /// What was asked for so far, ask by ask.
    pub fn asks(&self) -> &[Ask] {
        &self.asks
    }

    /// What was asked for so far, in order, with the strategy's account of it.
    pub fn selection(&self) -> Selection {
        match &self.course {
            Course::Once(selection) => (**selection).clone(),
            Course::Direct(_) | Course::Galaxy(_) => {
                Selection::of(self.asks.iter().flat_map(|ask| ask.picks.clone()).collect())
            }
        }
    }

    /// What a conversation that asks once chose; `None` for one that asks again.
    pub fn into_once(self) -> Option<Selection> {
        match self.course {
            Course::Once(selection) => Some(*selection),
            Course::Direct(_) | Course::Galaxy(_) => None,
        }
    }

    fn asked(&self) -> usize {
        self.told.rows() - self.told.free()
    }
}
