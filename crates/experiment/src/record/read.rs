//! A record as it is read back.

use std::path::Path;

use serde::Deserialize;
use tailward_labelling::append_only::whole_lines;

use super::lines::{Complete, FORMAT, Header, Host, Line, Query, Round, first_format};
use super::sweep::Sweep;
use crate::Error;

/// What every later format keeps: it is read before the rest of a header, whose keys a later format may change.
#[derive(Deserialize)]
struct FormatOf {
    #[serde(default = "first_format")]
    format: u32,
}

/// A record as read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The first line.
    pub header: Header,
    /// Rounds, from 0 without a hole.
    pub rounds: Vec<Round>,
    /// Queries, from 0 without a hole.
    pub queries: Vec<Query>,
    /// The sweep, where the definition asks for one.
    pub sweep: Option<Sweep>,
    /// The last line of a run that came to its end.
    pub complete: Option<Complete>,
}

impl Record {
    /// Reads a record. A last line without its line feed is what a crash leaves; it is not part of the record.
    /// `None` if the file does not exist or has no complete first line.
    ///
    /// # Errors
    ///
    /// The file cannot be read, a line is not of the expected form, lines are missing or out of order, or the record has
    /// a later [`FORMAT`].
    pub fn load(path: &Path) -> Result<Option<Self>, Error> {
        let read = || std::fs::read(path);
        let again = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Err(error),
            // Another machine has just written it: what this one knows of the file can be stale.
            _ => read(),
        };
        let mut bytes = match read().or_else(again) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path)(error)),
        };
        // Before text is made of it: a last line can be torn inside a character.
        bytes.truncate(whole_lines(&bytes) as usize);
        let text = String::from_utf8(bytes).map_err(|error| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            Error::io(path)(source)
        })?;
        Self::parse(&text, path)
    }

    /// Parses the text of a record; `path` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Record::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Option<Self>, Error> {
        let mut record: Option<Self> = None;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let Some(line) = line.strip_suffix('\n') else {
                break;
            };
            let number = index + 1;
            let fault = |reason: &str| Error::Record {
                path: path.to_owned(),
                line: number,
                reason: reason.to_owned(),
            };
            if let (None, Ok(FormatOf { format })) = (&record, serde_json::from_str(line))
                && format > FORMAT
            {
                return Err(fault(&format!(
                    "the record has format {format}, and this version of Tailward reads formats up to {FORMAT}: read it with a later version"
                )));
            }
            let parsed = serde_json::from_str(line).map_err(|source| Error::Json {
                path: path.to_owned(),
                line: number,
                source,
            })?;
            match (&mut record, parsed) {
                (None, Line::Header(header)) => {
                    record = Some(Self {
                        header: *header,
                        rounds: vec![],
                        queries: vec![],
                        sweep: None,
                        complete: None,
                    });
                }
                (None, _) => return Err(fault("the first line is not a header")),
                (Some(record), line) => record.push(line).map_err(fault)?,
            }
        }
        Ok(record)
    }

    /// Adds a line, if it is the next that can be.
    fn push(&mut self, line: Line) -> Result<(), &'static str> {
        if self.complete.is_some() {
            return Err("a line follows the run's end");
        }
        match line {
            Line::Header(_) => return Err("a second header"),
            Line::Round(round) => {
                if round.round != self.rounds.len() || self.queries.len() != self.rounds.len() {
                    return Err("a round out of order");
                }
                self.rounds.push(*round);
            }
            Line::Query(query) => {
                if query.round != self.queries.len() || self.queries.len() + 1 != self.rounds.len() {
                    return Err("a query out of order");
                }
                self.queries.push(*query);
            }
            Line::Sweep(sweep) => {
                if self.header.definition.sweep.is_none() || self.rounds.len() != 1 || self.sweep.is_some() {
                    return Err("a sweep out of order");
                }
                self.sweep = Some(*sweep);
            }
            Line::Complete(complete) => {
                if self.header.definition.sweep.is_some() != self.sweep.is_some() {
                    return Err("the run's end without its sweep");
                }
                if complete.rounds != self.rounds.len() || self.queries.len() + 1 != self.rounds.len() {
                    return Err("the run's end does not fit its rounds");
                }
                self.complete = Some(complete);
            }
        }
        Ok(())
    }

    /// Images of each class among those that the query of `round` added, by true label, as
    /// [`Round::images_by_class`]; `None` where there is no such query, or its images were not trained on yet.
    pub fn queried_by_class(&self, round: usize) -> Option<Vec<usize>> {
        let (query, after) = (self.queries.get(round)?, self.rounds.get(round + 1)?);
        let Some(after) = &after.true_class_counts else {
            return Some(query.class_counts.clone());
        };
        let before = self.rounds.get(round)?.images_by_class();
        after.iter().zip(before).map(|(now, then)| now.checked_sub(*then)).collect()
    }

    /// Where the run began, and where it went on if that was elsewhere.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        std::iter::once(&self.header.host).chain(self.rounds.iter().filter_map(|round| round.host.as_deref()))
    }

    /// Whether the run came to its end.
    pub fn is_complete(&self) -> bool {
        self.complete.is_some()
    }
}
