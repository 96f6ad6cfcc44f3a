//! What to label next.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ndarray::{Array2, ArrayView1, Axis};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use tailward_acquisition::query::{self, Inputs};
use tailward_acquisition::{Answer, Arrays, Conversation, Labelled};
use tailward_datasets::{SampleId, whole_file};
use tailward_labelling::Ledger;
use tailward_labelling::ledger::Standing;
use tailward_labelling::project::{Project, RoundLine};

use super::fit::{Fit, fit, highest, softmax};
use super::standing::accuracy;
use super::{AUDIT, Described};
use crate::Error;
use crate::rng::{Stream, stream};

/// The file of a query in a project, from before its first ask to its last answer.
const QUERY_FILE: &str = "query.json";

/// An image that waits for a label.
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

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The round, counted from 1.
    pub round: usize,
    /// Everything that waits, in the order in which it is shown; images of the audit are strewn in.
    pub images: Vec<AskedImage>,
    /// How many of them wait since before.
    pub waited: usize,
    /// What was done and why, in sentences.
    pub account: Vec<String>,
}

/// A query on the disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    round: usize,
    /// The images of the audit that are asked for with it.
    audit: Vec<SampleId>,
    /// The image of each row of the conversation.
    unlabelled: Vec<SampleId>,
    /// The most probable class of each row and its probability, where there is a head.
    predicted: Option<Vec<(u32, f32)>>,
    /// How many classes there were when it was begun; those of later ones are no answer to it.
    classes: usize,
    /// The query before its first ask.
    conversation: Conversation,
}

/// Asks for the next labels, or again for those that wait: the same call after a kill asks for the same. A strategy that
/// asks in sub-batches asks for the next one once all of the last are answered.
///
/// # Errors
///
/// The budget is spent, nothing is left to ask for, the strategy refuses, or the disk fails.
pub fn ask(project: &mut Project, described: &Described, batch: Option<usize>) -> Result<Asked, Error> {
    let path = project.folder.join(QUERY_FILE);
    if let Some(begun) = read(&path)? {
        let asked = go_on(project, &begun, Vec::new())?;
        if !asked.images.is_empty() {
            return Ok(asked);
        }
        std::fs::remove_file(&path).map_err(Error::io(&path))?;
    }
    let (begun, account) = begin(project, described, batch)?;
    whole_file::write(&path, |writer| Ok(serde_json::to_writer(writer, &begun)?))
        .map_err(Error::io(&path))?;
    go_on(project, &begun, account)
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

fn begin(
    project: &mut Project,
    described: &Described,
    batch: Option<usize>,
) -> Result<(Begun, Vec<String>), Error> {
    let nothing = |reason: String| Error::NothingToAsk { path: project.folder.clone(), reason };
    let left = project.settings.budget.saturating_sub(project.asked().count());
    if left == 0 {
        return Err(nothing(format!(
            "the budget of {} labels is spent; raise `budget` in tailward.toml to go on",
            project.settings.budget
        )));
    }
    let round = project.ledger.rounds().max(1);
    let free: Vec<SampleId> = described
        .samples
        .iter()
        .copied()
        .filter(|&sample| project.ledger.standing(sample).is_none())
        .collect();
    let batch = batch.unwrap_or(project.settings.batch).min(left);
    if project.audit.rows().is_empty() {
        let size = project.settings.audit_size().min(free.len() / 2);
        project.audit.draw(&free, size, &mut stream(project.settings.seed, Stream::Audit, 0))?;
    }
    let reserved: BTreeSet<SampleId> = project.audit.rows().iter().map(|row| row.id).collect();
    let audit: Vec<SampleId> = {
        // As much of each batch as the audit is of the budget.
        let share = (batch * reserved.len()).div_ceil(project.settings.budget);
        let waits = |sample: &SampleId| free.binary_search(sample).is_ok();
        project.audit.rows().iter().map(|row| row.id).filter(waits).take(share).collect()
    };
    let unlabelled: Vec<SampleId> = free.into_iter().filter(|sample| !reserved.contains(sample)).collect();
    let budget = (batch - audit.len()).min(unlabelled.len());
    if budget == 0 && audit.is_empty() {
        return Err(nothing("every image has been asked for".to_owned()));
    }
    let fit = fit(project, described);
    let (arrays, predicted) = arrays(project, described, fit.as_ref(), &unlabelled);
    let strategy = if fit.is_some() { &project.settings.strategy } else { &project.settings.first };
    let mut rng = stream(project.settings.seed, Stream::Query, round);
    let mut counts = vec![0; project.classes.names().len()];
    arrays.labelled.labels.iter().for_each(|&label| counts[label as usize] += 1);
    let inputs = Inputs {
        rows: unlabelled.len(),
        labelled_counts: &counts,
        labels: &arrays.labelled.labels,
        budget,
        rng: &mut rng,
    };
    let conversation = query::begin(strategy, inputs, &mut &arrays)?;
    let classes = counts.len();
    let audited = project.ledger.audited();
    project.rounds.append(RoundLine {
        round,
        strategy: strategy.name(),
        batch: budget + audit.len(),
        labelled: fit.as_ref().map_or(0, |fit| fit.labelled.len()),
        left_out: fit.as_ref().map(|fit| fit.fitted.accuracy),
        audited: audited.len(),
        accuracy: fit.as_ref().and_then(|fit| accuracy(fit, described, &audited)),
        unix_ms: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64),
    })?;
    let mut account = vec![match &fit {
        Some(Fit { labelled, fitted }) => format!(
            "{budget} of {} images are chosen by {}, with a head on {} labels that gets {:.0} % of them right when each is \
             left out.",
            unlabelled.len(),
            strategy.name(),
            labelled.len(),
            100.0 * fitted.accuracy
        ),
        None => format!(
            "{budget} of {} images are chosen by {}, for there are no labels of two classes yet.",
            unlabelled.len(),
            strategy.name()
        ),
    }];
    if !audit.is_empty() {
        account.push(format!(
            "{} belong to the audit: they were drawn at random before anything was chosen, are never trained on, and say how \
             good the labels are.",
            audit.len()
        ));
    }
    Ok((Begun { round, audit, unlabelled, predicted, classes, conversation }, account))
}

/// What the strategies are given.
fn arrays(
    project: &Project,
    described: &Described,
    fit: Option<&Fit>,
    unlabelled: &[SampleId],
) -> (Arrays, Option<Vec<(u32, f32)>>) {
    let rows = |samples: &mut dyn Iterator<Item = SampleId>| -> Array2<f32> {
        let rows: Vec<usize> =
            samples.filter_map(|sample| described.samples.binary_search(&sample).ok()).collect();
        described.features.select(Axis(0), &rows)
    };
    let embeddings = rows(&mut unlabelled.iter().copied());
    let count = Some(unlabelled.len());
    let Some(Fit { labelled, fitted }) = fit else {
        let embeddings = Some(embeddings.into_shared());
        return (Arrays { rows: count, embeddings, ..Arrays::default() }, None);
    };
    let of_labelled = rows(&mut labelled.iter().map(|(sample, _)| *sample));
    let logits = fitted.ridge.logits(embeddings.view());
    let probabilities = softmax(logits.view());
    let most = |row: ArrayView1<f32>| {
        let class = highest(row);
        (class as u32, row[class])
    };
    let predicted = probabilities.rows().into_iter().map(most).collect();
    debug_assert_eq!(probabilities.ncols(), project.classes.names().len());
    let arrays = Arrays {
        rows: count,
        probabilities: Some(probabilities.into_shared()),
        logits: Some(logits.into_shared()),
        head: Some(fitted.ridge.head().into_shared()),
        embeddings: Some(embeddings.into_shared()),
        labelled: Labelled {
            labels: labelled.iter().map(|(_, label)| *label).collect(),
            // What the head says of its own images would be too sure.
            probabilities: Some(softmax(fitted.left_out.view()).into_shared()),
            embeddings: Some(of_labelled.into_shared()),
        },
        ..Arrays::default()
    };
    (arrays, Some(predicted))
}

/// Replays the ledger's answers into a query, and asks for what comes next.
fn go_on(project: &mut Project, begun: &Begun, account: Vec<String>) -> Result<Asked, Error> {
    let mut new: BTreeSet<SampleId> = BTreeSet::new();
    let mut request = |ledger: &mut Ledger,
                       samples: &mut dyn Iterator<Item = SampleId>,
                       phase: Option<&str>| {
        let samples: Vec<SampleId> = samples.filter(|&sample| ledger.standing(sample).is_none()).collect();
        new.extend(&samples);
        ledger.request(begun.round, &samples, phase)
    };
    request(&mut project.ledger, &mut begun.audit.iter().copied(), Some(AUDIT))?;
    let labels = project.labels();
    let mut conversation = begun.conversation.clone();
    let mut images = Vec::new();
    while let Some(ask) = conversation.ask() {
        let sample = |row: usize| begun.unlabelled[row];
        let phase = ask.phase.map(|phase| phase.name());
        request(&mut project.ledger, &mut ask.picks.iter().map(|pick| sample(pick.row)), phase)?;
        for pick in &ask.picks {
            match answer(project, &labels, sample(pick.row), begun.classes) {
                Some(answer) => conversation.tell(pick.row, answer)?,
                None => images.push(AskedImage {
                    sample: sample(pick.row),
                    is_audit: false,
                    score: Some(pick.score),
                    predicted: begun.predicted.as_ref().map(|predicted| predicted[pick.row]),
                }),
            }
        }
    }
    let waits = |sample: &SampleId| project.ledger.standing(*sample) == Some(Standing::Waiting);
    let audit = begun.audit.iter().copied().filter(waits);
    images.extend(audit.map(|sample| AskedImage { sample, is_audit: true, score: None, predicted: None }));
    // The same order in every call, which does not tell the images of the audit.
    images.sort_by_key(|image| image.sample);
    images.shuffle(&mut stream(project.settings.seed, Stream::AskOrder, begun.round));
    let waited = images.iter().filter(|image| !new.contains(&image.sample)).count();
    Ok(Asked { round: begun.round, images, waited, account })
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
