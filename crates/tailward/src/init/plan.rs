//! What `init` understands before it writes anything.

use std::path::{Path, PathBuf};

use tailward_datasets::folder::Walk;
use tailward_labelling::known::{self, Known};
use tailward_labelling::project::{ClassTable, understood};
use tailward_labelling::table::Classes;

use super::arguments::Arguments;
use crate::Error;
use crate::output::say;

/// Where labels are taken from.
pub(super) enum Source {
    Folders,
    File(PathBuf, Known),
    Nowhere,
}

/// What was understood before anything is written.
pub(super) struct Plan {
    pub(super) classes: Vec<String>,
    pub(super) source: Source,
}

impl Plan {
    pub(super) fn new(arguments: &Arguments, found: &Walk) -> anyhow::Result<Self> {
        let mut classes: Vec<String> = arguments.classes.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(file) = &arguments.classes_file {
            classes = Classes::read(file).map_err(Error::from)?.names.unwrap_or_default();
        }
        let by_folder = understood(found.files.iter().map(|file| file.path.as_path()));
        let source = match arguments.labels.as_deref() {
            Some(word) if word == Path::new("none") => Source::Nowhere,
            Some(word) if word == Path::new("folders") => {
                if by_folder.is_none() {
                    return Err(Error::Usage(
                        "--labels folders: the images do not lie in one folder for each class; leave it out, or give a table"
                            .to_owned(),
                    )
                    .into());
                }
                Source::Folders
            }
            Some(file) => Source::File(file.to_owned(), known::read(file).map_err(Error::from)?),
            None if by_folder.is_some() => Source::Folders,
            None => Source::Nowhere,
        };
        match (&source, by_folder) {
            (Source::Folders, Some(by_folder)) if classes.is_empty() => {
                classes = by_folder.classes.into_keys().collect();
            }
            (Source::File(_, known), _) if classes.is_empty() => classes = known.classes(),
            (Source::File(file, known), _) => check_classes(file, known, &classes)?,
            _ => {}
        }
        ClassTable::check(&classes).map_err(Error::Usage)?;
        Ok(Self { classes, source })
    }

    pub(super) fn say(&self, arguments: &Arguments, found: &Walk) {
        say(format_args!(
            "{}: {} files{}",
            arguments.images.display(),
            found.files.len(),
            if found.hidden > 0 {
                format!(", and {} hidden ones that are passed over", found.hidden)
            } else {
                String::new()
            }
        ));
        match &self.source {
            Source::Folders => {
                say(format_args!(
                    "labels: the folders that images lie in, as their classes (--labels none if they are not)"
                ));
            }
            Source::File(file, known) => {
                say(format_args!(
                    "labels: {} of {}, which is {}",
                    known.labels.len(),
                    file.display(),
                    known.form
                ));
            }
            Source::Nowhere => say(format_args!("labels: none yet")),
        }
        let names: Vec<&str> = self.classes.iter().take(20).map(String::as_str).collect();
        let more = if self.classes.len() > 20 { ", …" } else { "" };
        say(format_args!("classes: {} ({}{more})", self.classes.len(), names.join(", ")));
    }
}

/// Refuses labels of classes that were not named.
fn check_classes(file: &Path, known: &Known, classes: &[String]) -> Result<(), Error> {
    match known.labels.iter().find(|label| !classes.contains(&label.class)) {
        None => Ok(()),
        Some(label) => Err(Error::Input {
            path: file.to_owned(),
            reason: format!(
                "{}: `{}` is labelled {}, which is none of the classes that were named; name it as well, or leave --classes out \
                 to have those of the file",
                label.place, label.file, label.class
            ),
        }),
    }
}
