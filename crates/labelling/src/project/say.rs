//! One thing that one annotator says of one image, as events of the ledger.

use tailward_datasets::SampleId;

use super::Project;
use crate::ledger::{Event, Told};
use crate::table::Mark;

/// What ledgers call the requests of the audit.
pub const AUDIT: &str = "audit";

/// What ledgers call the labels that were there at the beginning.
pub const IMPORTED: &str = "imported";

/// Something that is said of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saying<'a> {
    /// The image.
    pub sample: SampleId,
    /// What is said of it.
    pub mark: Mark,
    /// By whom.
    pub annotator: &'a str,
    /// In which way, such as `grid` for many at a time.
    pub how: Option<&'a str>,
    /// Whether it may take the place of something else that the same annotator said.
    pub corrects: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is new.
    New,
    /// It takes the place of what was said before.
    Corrected,
    /// It was known already, and nothing is written.
    Known,
}

impl Project {
    /// The events that a saying comes to; they are not written yet.
    ///
    /// # Errors
    ///
    /// Why it cannot be said, to be read on after the image: the image was never asked for, or the annotator said something else
    /// before and the saying is no correction.
    pub fn events<'a>(&self, saying: Saying<'a>) -> Result<(Effect, Vec<Told<'a>>), String> {
        let Saying { sample, mark, annotator, how, corrects } = saying;
        if self.ledger.standing(sample).is_none() {
            return Err("was never asked for; remove the line, or wait until it is".to_owned());
        }
        let is_audit = self.is_audit(sample);
        let (event, label) = match mark {
            Mark::Label(label) if is_audit => (Event::Audited, Some(label)),
            Mark::Label(label) => (Event::Answered, Some(label)),
            Mark::Skipped => (Event::Skipped, None),
            Mark::Unsure => (Event::Unsure, None),
            Mark::Invalid => (Event::Invalid, None),
        };
        let told = |event, label, cost| Told { event, sample, label, annotator, how, cost, note: None };
        match self.ledger.opinion(sample, annotator) {
            None => Ok((Effect::New, vec![told(event, label, 1.0)])),
            // A correction says what an answer says.
            Some((before, known)) if known == label && (before == event || label.is_some()) => {
                Ok((Effect::Known, Vec::new()))
            }
            Some(_) if !corrects => {
                Err(format!("was answered otherwise by {annotator} before; give --correct to change answers"))
            }
            Some(_) if label.is_some() && !is_audit => {
                Ok((Effect::Corrected, vec![told(Event::Corrected, label, 0.0)]))
            }
            Some(_) => {
                let undone = told(Event::Undone, None, 0.0);
                Ok((Effect::Corrected, vec![undone, told(event, label, 0.0)]))
            }
        }
    }

    /// Whether an image was asked for as part of the audit.
    pub fn is_audit(&self, sample: SampleId) -> bool {
        self.ledger.phase(sample) == Some(AUDIT)
    }
}
