//! What the page is told, as JSON: by the server after every press, or once and for all in the offline file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tailward_datasets::SampleId;

use super::keys::class_keys;
use crate::Error;
use crate::ledger::Event;
use crate::project::{Project, Settings};
use crate::table::Mark;

/// A class on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassLine {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The key that answers it, if it has one.
    pub key: Option<char>,
    /// How many images have it as their label, those of the audit included.
    pub count: usize,
}

/// The classes of a project with so many labels of each.
///
/// # Errors
///
/// [`Error::Input`]: a key in `tailward.toml` cannot be one.
///
/// # Panics
///
/// When there is no count for a class.
pub fn class_lines(project: &Project, counts: &[usize]) -> Result<Vec<ClassLine>, Error> {
    let names = project.classes.names();
    let keys = class_keys(names, &project.settings.keys)
        .map_err(|reason| Error::Input { path: project.folder.join(Settings::FILE), reason })?;
    let line = |(place, name): (usize, &String)| ClassLine {
        id: place as u32,
        name: name.clone(),
        key: keys[place],
        count: counts[place],
    };
    Ok(names.iter().enumerate().map(line).collect())
}

/// Where the work stands for one annotator.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct State {
    /// The project's name.
    pub project: String,
    /// Who works here.
    pub annotator: String,
    /// The round, counted from 1.
    pub round: usize,
    /// The classes by their numbers.
    pub classes: Vec<ClassLine>,
    /// The images to look at, in their order.
    pub queue: Vec<SampleId>,
    /// Images of the round that wait for anybody.
    pub waiting: usize,
    /// Images of the round.
    pub asked: usize,
    /// Images whose answers differ and that nobody has settled.
    pub disputed: usize,
    /// Labels that were asked for so far.
    pub spent: usize,
    /// Labels that may be asked for in all.
    pub budget: usize,
    /// What was done and why, in sentences.
    pub account: Vec<String>,
    /// Why nothing more can be asked for.
    pub problem: Option<String>,
}

/// One thing that is said of one image on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// The image.
    pub sample: SampleId,
    /// What is said of it.
    pub mark: Mark,
    /// In which way.
    pub how: How,
}

/// How an image was shown when somebody spoke of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Alone.
    Single,
    /// Among others that the head takes for the same class: this invites to agree, and can be told apart in the ledger.
    Grid,
    /// With what others said of it.
    Resolve,
}

impl How {
    /// As ledgers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Grid => "grid",
            Self::Resolve => "resolve",
        }
    }
}

/// What an annotator said of an image, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The image.
    pub sample: SampleId,
    /// What happened last.
    pub event: Event,
    /// The label, if it has one.
    pub label: Option<u32>,
}

/// What an annotator said of the last so many images, in its order; of each image what stands.
pub fn history(project: &Project, annotator: &str, most: usize) -> Vec<Said> {
    let mut seen = BTreeSet::new();
    let said = |sample: SampleId| {
        let (event, label) = project.ledger.opinion(sample, annotator)?;
        // Which images the audit has is not told.
        let event = if event == Event::Audited { Event::Answered } else { event };
        Some(Said { sample, event, label })
    };
    let last = project.ledger.said_by(annotator).rev().filter(|&sample| seen.insert(sample));
    let mut said: Vec<Said> = last.filter_map(said).take(most).collect();
    said.reverse();
    said
}

/// An image with what there is to settle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// The image.
    pub sample: SampleId,
    /// The labels that it was given, with who gave them.
    pub given: Vec<(String, u32)>,
    /// What the head takes it for, and how probable that is; it did not learn from this image.
    pub suggested: Option<(u32, f32)>,
    /// Whether the answers differ; else its label is suspected to be wrong.
    pub is_disputed: bool,
}
