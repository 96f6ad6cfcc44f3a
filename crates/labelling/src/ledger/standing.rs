//! What the rows of a sample come to: its label is a fold over them and stored nowhere.

use super::row::{Event, Row};

/// Where a sample stands that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has said anything of it, or what was said has been taken back.
    Waiting,
    /// Everybody who gave it a label gave this one, or somebody settled on it.
    Labelled(u32),
    /// Annotators gave it different labels, and nobody has settled which holds.
    Disputed,
    /// It was passed over, and nobody has given it a label.
    Skipped,
    /// Nobody who looked at it could tell.
    Unsure,
    /// It is no valid image.
    Invalid,
    /// It was labelled for the audit alone.
    Audited,
}

/// Something that was said of a sample and has not been taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    event: Event,
    label: Option<u32>,
    annotator: Option<String>,
}

/// A sample's place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) round: usize,
    pub(super) batch: usize,
    pub(super) batch_size: usize,
    pub(super) phase: Option<String>,
    said: Vec<Said>,
}

impl Entry {
    /// The entry that a request begins.
    pub(super) fn begun_by(row: &Row) -> Self {
        let Row { round, batch, batch_size, phase, .. } = row.clone();
        Self { round, batch, batch_size, phase, said: Vec::new() }
    }

    /// Whether a row can follow what was said so far.
    ///
    /// # Errors
    ///
    /// Why not, to be read on after the sample.
    pub(super) fn check(&self, row: &Row) -> Result<(), String> {
        let Row { event, label, annotator, .. } = row;
        let by = annotator.as_deref().unwrap_or("nobody named");
        if event.has_label() != label.is_some() {
            let has = if label.is_some() { "a label" } else { "no label" };
            return Err(format!("is {} with {has}", past(*event)));
        }
        let own = |wanted: fn(Event) -> bool| {
            self.said.iter().any(|said| said.annotator == *annotator && wanted(said.event))
        };
        match event {
            Event::Requested => Err("was requested before".to_owned()),
            Event::Answered | Event::Skipped | Event::Unsure | Event::Invalid if own(is_opinion) => {
                Err(format!("is answered twice by {by}; another label is a correction"))
            }
            Event::Corrected if !own(is_opinion) => {
                Err(format!("is corrected by {by}, who has said nothing of it"))
            }
            Event::Undone if !own(|_| true) => Err(format!("has nothing that {by} could take back")),
            Event::Audited if own(|event| event == Event::Audited) => {
                Err(format!("is audited twice by {by}"))
            }
            _ => Ok(()),
        }
    }

    /// Takes a row that has been checked.
    pub(super) fn apply(&mut self, row: &Row) {
        let Row { event, label, annotator, .. } = row.clone();
        if event == Event::Undone {
            let last = self.said.iter().rposition(|said| said.annotator == annotator);
            last.map(|place| self.said.remove(place));
        } else {
            self.said.push(Said { event, label, annotator });
        }
    }

    /// Where the sample stands.
    pub(super) fn standing(&self) -> Standing {
        if let Some(label) = self.settled() {
            return Standing::Labelled(label);
        }
        let mut label = None;
        let mut without = Standing::Waiting;
        for (place, said) in self.said.iter().enumerate().filter(|(_, said)| is_opinion(said.event)) {
            let later = &self.said[place + 1..];
            if later.iter().any(|other| other.annotator == said.annotator && is_opinion(other.event)) {
                continue; // The same annotator has corrected it since.
            }
            match (said.label, label) {
                (Some(new), Some(old)) if new != old => return Standing::Disputed,
                (Some(new), _) => label = Some(new),
                (None, _) => without = passed_over(said.event),
            }
        }
        match (label, without) {
            (Some(label), _) => Standing::Labelled(label),
            (None, Standing::Waiting) if self.audited().is_some() => Standing::Audited,
            (None, without) => without,
        }
    }

    /// The label that somebody settled on last.
    pub(super) fn settled(&self) -> Option<u32> {
        self.said.iter().rev().find(|said| said.event == Event::Settled)?.label
    }

    /// Each annotator's label, by their last opinion; who passed it over has none.
    pub(super) fn opinions(&self) -> Vec<(&str, u32)> {
        let last = |(place, said): &(usize, &Said)| {
            let later = &self.said[place + 1..];
            !later.iter().any(|other| other.annotator == said.annotator && is_opinion(other.event))
        };
        let opinions = self.said.iter().enumerate().filter(|(_, said)| is_opinion(said.event)).filter(last);
        opinions.filter_map(|(_, said)| Some((said.annotator.as_deref()?, said.label?))).collect()
    }

    /// What an annotator said last of it and has not taken back.
    pub(super) fn opinion(&self, annotator: &str) -> Option<(Event, Option<u32>)> {
        let own = self.said.iter().rev().find(|said| said.annotator.as_deref() == Some(annotator))?;
        Some((own.event, own.label))
    }

    /// Who has said something of it; the same annotator may be there twice.
    pub(super) fn spoke(&self) -> Vec<&str> {
        let said = self.said.iter().filter(|said| said.event != Event::Settled);
        said.filter_map(|said| said.annotator.as_deref()).collect()
    }

    /// Each annotator's label in the audit.
    pub(super) fn audits(&self) -> Vec<(&str, u32)> {
        let audits = self.said.iter().filter(|said| said.event == Event::Audited);
        audits.filter_map(|said| Some((said.annotator.as_deref()?, said.label?))).collect()
    }

    /// The label that the audit found, if it was part of it.
    pub(super) fn audited(&self) -> Option<u32> {
        self.said.iter().rev().find(|said| said.event == Event::Audited)?.label
    }
}

fn is_opinion(event: Event) -> bool {
    matches!(event, Event::Answered | Event::Skipped | Event::Unsure | Event::Invalid | Event::Corrected)
}

fn passed_over(event: Event) -> Standing {
    match event {
        Event::Unsure => Standing::Unsure,
        Event::Invalid => Standing::Invalid,
        _ => Standing::Skipped,
    }
}

/// The event in a sentence about a sample.
fn past(event: Event) -> &'static str {
    match event {
        Event::Requested => "requested",
        Event::Answered => "answered",
        Event::Skipped => "skipped",
        Event::Unsure => "marked as unsure",
        Event::Invalid => "marked as invalid",
        Event::Corrected => "corrected",
        Event::Undone => "taken back",
        Event::Settled => "settled",
        Event::Audited => "audited",
    }
}
