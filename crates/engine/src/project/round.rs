//! A round that was begun: a query from before its first ask to its last answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rand::Rng;
use serde::{Deserialize, Serialize};
use tailward_acquisition::{Answer, Ask, Conversation};
use tailward_datasets::{SampleId, whole_file};
use tailward_labelling::ledger::Standing;
use tailward_labelling::project::{AUDIT, Project};

use crate::Error;
use crate::rng::{Stream, stream};

/// The file of a query in a project, from before its first ask to its last answer.
const QUERY_FILE: &str = "query.json";

/// An image that was asked for in a round.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedImage {
    /// The image.
    pub sample: SampleId,
    /// Whether it is part of the audit: whoever labels it must not see what is expected.
    pub is_audit: bool,
    /// The strategy's score, higher first.
    pub score: Option<f64>,
    /// The most probable class and its probability, where there is a head.
    pub predicted: Option<(u32, f32)>,
}

impl AskedImage {
    /// Why it was chosen, in a sentence; nothing for an image of the audit, which is labelled blind.
    pub fn why(&self, strategy: &str, classes: &[String]) -> Option<String> {
        if self.is_audit {
            return None;
        }
        let score = self.score.map_or_else(String::new, |score| format!(", with a score of {score:.3}"));
        let predicted = match self.predicted {
            Some((class, probability)) => {
                format!("; the model takes it for {} ({:.0} %)", classes[class as usize], 100.0 * probability)
            }
            None => String::new(),
        };
        Some(format!("Chosen by {strategy}{score}{predicted}."))
    }
}

/// A round that was begun and may not be at its end. The same answers lead to the same asks, whenever they are told.
#[derive(Clone, Debug)]
pub struct Round {
    begun: Begun,
    /// The query as far as it has gone.
    conversation: Conversation,
    /// The answer that the conversation was told for each row.
    told: BTreeMap<usize, Answer>,
}

/// A query on the disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begun {
    pub(super) round: usize,
    /// The images of the audit that are asked for with it.
    pub(super) audit: Vec<SampleId>,
    /// The image of each row of the conversation.
    pub(super) unlabelled: Vec<SampleId>,
    /// The most probable class of each row and its probability, where there is a head.
    pub(super) predicted: Option<Vec<(u32, f32)>>,
    /// How many classes there were when it was begun; those of later ones are no answer to it.
    pub(super) classes: usize,
    /// The query before its first ask.
    pub(super) conversation: Conversation,
}

impl Round {
    /// The round that a project has open; nothing where it has none.
    ///
    /// # Errors
    ///
    /// Its file is damaged.
    pub fn open(project: &Project) -> Result<Option<Self>, Error> {
        Ok(read(&project.folder.join(QUERY_FILE))?.map(Self::of))
    }

    /// Begins a round, on the disk before anything is asked for.
    pub(super) fn begin(project: &Project, begun: Begun) -> Result<Self, Error> {
        let path = project.folder.join(QUERY_FILE);
        whole_file::write(&path, |writer| Ok(serde_json::to_writer(writer, &begun)?))
            .map_err(Error::io(&path))?;
        Ok(Self::of(begun))
    }

    /// Ends a round of which nothing waits.
    pub(super) fn end(self, project: &Project) -> Result<(), Error> {
        let path = project.folder.join(QUERY_FILE);
        std::fs::remove_file(&path).map_err(Error::io(&path))
    }

    fn of(begun: Begun) -> Self {
        let conversation = begun.conversation.clone();
        Self { begun, conversation, told: BTreeMap::new() }
    }

    /// Its number, counted from 1.
    pub fn number(&self) -> usize {
        self.begun.round
    }

    /// Tells the strategy what was answered, and asks for what it wants next: the requests are in the ledger afterwards. Gives the
    /// images that are new.
    ///
    /// # Errors
    ///
    /// The disk fails, or an answer does not belong to the query.
    pub fn go_on(&mut self, project: &mut Project) -> Result<BTreeSet<SampleId>, Error> {
        let mut new = BTreeSet::new();
        let mut request = |project: &mut Project, samples: Vec<SampleId>, phase: Option<&str>| {
            let is_new = |sample: &SampleId| project.ledger.standing(*sample).is_none();
            let samples: Vec<SampleId> = samples.into_iter().filter(is_new).collect();
            new.extend(&samples);
            project.ledger.request(self.begun.round, &samples, phase)
        };
        request(project, self.begun.audit.clone(), Some(AUDIT))?;
        let labels = project.labels();
        let answer = |project: &Project, row: usize| {
            answer(project, &labels, self.begun.unlabelled[row], self.begun.classes)
        };
        // What the strategy was told may have been corrected or taken back since: then it is asked anew.
        if self.told.iter().any(|(&row, told)| answer(project, row) != Some(*told)) {
            self.conversation = self.begun.conversation.clone();
            self.told.clear();
        }
        loop {
            let asked: Vec<usize> = self.conversation.asks().last().map(rows).unwrap_or_default();
            for row in asked {
                if let (false, Some(answer)) = (self.told.contains_key(&row), answer(project, row)) {
                    self.conversation.tell(row, answer)?;
                    self.told.insert(row, answer);
                }
            }
            let Some(ask) = self.conversation.ask() else { return Ok(new) };
            let samples = rows(&ask).into_iter().map(|row| self.begun.unlabelled[row]).collect();
            request(project, samples, ask.phase.map(|phase| phase.name()))?;
        }
    }

    /// Everything that it has asked for so far, in the order in which it is shown: at random, the same in every call and whatever
    /// follows, which does not tell the images of the audit.
    pub fn images(&self, project: &Project) -> Vec<AskedImage> {
        let picks = self.conversation.asks().iter().flat_map(|ask| &ask.picks);
        let chosen = picks.map(|pick| AskedImage {
            sample: self.begun.unlabelled[pick.row],
            is_audit: false,
            score: Some(pick.score),
            predicted: self.begun.predicted.as_ref().map(|predicted| predicted[pick.row]),
        });
        let audit = self.begun.audit.iter();
        let audit = audit.map(|&sample| AskedImage { sample, is_audit: true, score: None, predicted: None });
        let mut images: Vec<AskedImage> = chosen.chain(audit).collect();
        let mut rng = stream(project.settings.seed, Stream::AskOrder, self.begun.round);
        images.sort_by_cached_key(|image| {
            rng.set_word_pos(2 * u128::from(image.sample.0));
            rng.next_u64()
        });
        images
    }

    /// The images that wait for a label: nothing was said of them, or the answers leave open what holds. In the order of
    /// [`images`](Self::images).
    pub fn waiting(&self, project: &Project) -> Vec<AskedImage> {
        let labels = project.labels();
        let waits = |image: &AskedImage| match image.is_audit {
            true => project.ledger.standing(image.sample) == Some(Standing::Waiting),
            false => answer(project, &labels, image.sample, self.begun.classes).is_none(),
        };
        self.images(project).into_iter().filter(waits).collect()
    }
}

fn rows(ask: &Ask) -> Vec<usize> {
    ask.picks.iter().map(|pick| pick.row).collect()
}

fn read(path: &Path) -> Result<Option<Begun>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path)(error)),
    };
    let damaged = |error: serde_json::Error| Error::Inconsistent {
        path: path.to_owned(),
        reason: format!(
            "{error}; if it was changed by hand, undo that, or remove the file to have a new query"
        ),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

/// What a strategy is told of an image; nothing while it waits, or while its answers leave its label open.
fn answer(
    project: &Project,
    labels: &BTreeMap<SampleId, u32>,
    sample: SampleId,
    classes: usize,
) -> Option<Answer> {
    match project.ledger.standing(sample)? {
        Standing::Waiting => None,
        Standing::Labelled(_) | Standing::Disputed => {
            let label = *labels.get(&sample)?;
            Some(if (label as usize) < classes { Answer::Label(label) } else { Answer::None })
        }
        Standing::Skipped | Standing::Unsure | Standing::Invalid | Standing::Audited => Some(Answer::None),
    }
}
