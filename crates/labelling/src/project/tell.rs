//! What people answered, from a table into the ledger.

use std::path::Path;

use tailward_datasets::SampleId;

use super::say::{Effect, Saying};
use super::{ClassTable, ImageRow, Project};
use crate::Error;
use crate::answers::{self, AnswerRow, Answers};
use crate::ledger::Told;
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
    /// Classes that were not there before.
    pub new_classes: usize,
}

/// How answers are taken.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// Who answered, where the table does not say so.
    pub annotator: &'a str,
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
    let Answers { rows, new_classes } = answers::read(file, &samples, &classes, &names)?;
    ClassTable::check(&[project.classes.names(), &new_classes].concat())
        .map_err(|reason| Error::Input { path: file.to_owned(), reason })?;
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
    taken.new_classes = new_classes.len();
    if !new_classes.is_empty() {
        project.classes.add(&new_classes)?;
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
    let saying = Saying {
        sample: SampleId(row.sample as u32),
        mark,
        annotator: row.annotator.as_deref().unwrap_or(how.annotator),
        how: None,
        corrects: how.corrects,
    };
    let (effect, events) = project.events(saying)?;
    match effect {
        Effect::Known => {
            taken.known += 1;
            return Ok(());
        }
        Effect::Corrected => taken.corrected += 1,
        Effect::New => {}
    }
    told.extend(events);
    let has_label = matches!(mark, Mark::Label(_));
    taken.labelled += usize::from(has_label);
    taken.audited += usize::from(has_label && project.is_audit(saying.sample));
    taken.without_label += usize::from(!has_label);
    Ok(())
}
