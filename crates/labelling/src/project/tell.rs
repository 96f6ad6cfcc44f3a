//! What people answered, from a table into the ledger.

use std::path::Path;

use tailward_datasets::SampleId;

use super::{ImageRow, Project};
use crate::Error;
use crate::answers::{self, AnswerRow};
use crate::ledger::{Event, Told};
use crate::table::{Classes, Mark, Samples};

/// What came of a table of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Images that got a label.
    pub labelled: usize,
    /// Images of the audit among them.
    pub audited: usize,
    /// Images that were passed over, or are no valid images, or could not be told.
    pub without_label: usize,
    /// Answers that took the place of another of the same annotator.
    pub corrected: usize,
    /// Answers that were known already.
    pub known: usize,
    /// Rows without an answer yet.
    pub empty: usize,
}

/// How answers are taken.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// Who answered, where the table does not say so.
    pub annotator: &'a str,
    /// What the requests of the audit are called.
    pub audit_phase: &'a str,
    /// Whether an answer may take the place of another one of the same annotator.
    pub corrects: bool,
}

/// Takes answers from a file: a table with a column that names the image (`index` or `path`), one with the `label` (or `skip`,
/// `unsure`, `invalid`; nothing for an image that still waits) and, if you like, the `annotator`; or an export of Label
/// Studio. All of it is taken, or nothing.
///
/// # Errors
///
/// [`Error::Input`] with the place: the file cannot be read, an image or a class does not exist, an image was never asked
/// for, or is answered otherwise than before. The disk fails.
pub fn tell(project: &mut Project, file: &Path, how: Telling<'_>) -> Result<Taken, Error> {
    let paths = project.images.rows().iter().map(|row| row.path.clone()).collect();
    let samples = Samples::new(project.images.rows().len(), Some(paths));
    let names = project.classes.names().to_vec();
    let classes = Classes { count: Some(names.len()), names: Some(names) };
    let names: Vec<String> = project.images.rows().iter().map(ImageRow::exchange_name).collect();
    let rows = answers::read(file, &samples, &classes, &names)?;
    let mut taken = Taken::default();
    let mut told = Vec::new();
    for row in &rows {
        let wrong = |reason: String| Error::Input {
            path: file.to_owned(),
            reason: format!("{}: {} {reason}", row.place, samples.name(row.sample)),
        };
        match row.mark {
            Some(mark) => take(project, row, mark, how, &mut told, &mut taken).map_err(wrong)?,
            None => taken.empty += 1,
        }
    }
    project.ledger.tell(&told)?;
    Ok(taken)
}

fn take<'a>(
    project: &Project,
    row: &'a AnswerRow,
    mark: Mark,
    how: Telling<'a>,
    told: &mut Vec<Told<'a>>,
    taken: &mut Taken,
) -> Result<(), String> {
    let sample = SampleId(row.sample as u32);
    if project.ledger.standing(sample).is_none() {
        return Err("was never asked for; remove the line, or wait until it is".to_owned());
    }
    let annotator = row.annotator.as_deref().unwrap_or(how.annotator);
    let is_audit = project.ledger.phase(sample) == Some(how.audit_phase);
    let (event, label) = match mark {
        Mark::Label(label) if is_audit => (Event::Audited, Some(label)),
        Mark::Label(label) => (Event::Answered, Some(label)),
        Mark::Skipped => (Event::Skipped, None),
        Mark::Unsure => (Event::Unsure, None),
        Mark::Invalid => (Event::Invalid, None),
    };
    let cost = 1.0;
    let says = |event: Event, label: Option<u32>, cost: f64| Told {
        event,
        sample,
        label,
        annotator,
        how: None,
        cost,
        note: None,
    };
    match project.ledger.opinion(sample, annotator) {
        None => told.push(says(event, label, cost)),
        // A correction says what an answer says.
        Some((before, known)) if known == label && (before == event || label.is_some()) => {
            taken.known += 1;
            return Ok(());
        }
        Some(_) if !how.corrects => {
            return Err(format!(
                "was answered otherwise by {annotator} before; give --correct to change answers"
            ));
        }
        Some(_) => {
            taken.corrected += 1;
            if label.is_some() && !is_audit {
                told.push(says(Event::Corrected, label, 0.0));
            } else {
                told.push(says(Event::Undone, None, 0.0));
                told.push(says(event, label, 0.0));
            }
        }
    }
    taken.labelled += usize::from(label.is_some());
    taken.audited += usize::from(event == Event::Audited);
    taken.without_label += usize::from(label.is_none());
    Ok(())
}
