//! What to label next.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView1, Axis};
use tailward_acquisition::query::{self, Inputs};
use tailward_acquisition::{Arrays, Labelled};
use tailward_datasets::SampleId;
use tailward_labelling::clock::now_ms;
use tailward_labelling::project::{Project, RoundLine};
use tailward_labelling::statistics::unseen;

use super::Described;
use super::fit::{Fit, fit, highest, softmax};
use super::round::{AskedImage, Begun, Round, stranded};
use super::stability::stability;
use super::standing::accuracy;
use crate::Error;
use crate::rng::{Stream, stream};

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

/// Asks again for what waits: the same call after a kill asks for the same. A strategy that asks in sub-batches asks for the next
/// one once all of the last are answered. Gives nothing once all of a round is answered; the round is at its end then.
///
/// # Errors
///
/// The file of the round is damaged, or the disk fails.
pub fn waiting(project: &mut Project) -> Result<Option<Asked>, Error> {
    if let Some(mut round) = Round::open(project)? {
        let new = round.go_on(project)?;
        let images = round.waiting(project);
        if !images.is_empty() {
            let waited = images.iter().filter(|image| !new.contains(&image.sample)).count();
            return Ok(Some(Asked { round: round.number(), images, waited, account: Vec::new() }));
        }
        round.end(project)?;
    }
    let images = stranded(project);
    if !images.is_empty() {
        let account = vec![
            "What waits is of a round whose file is lost; no strategy learns from it what it wanted."
                .to_owned(),
        ];
        let round = project.ledger.rounds().saturating_sub(1);
        return Ok(Some(Asked { round, waited: images.len(), images, account }));
    }
    Ok(None)
}

/// Asks for the labels of a new round, where nothing is [`waiting`].
///
/// # Errors
///
/// The budget is spent, nothing is left to ask for, the strategy refuses, or the disk fails.
pub fn begin(project: &mut Project, described: &Described, batch: Option<usize>) -> Result<Asked, Error> {
    let (begun, account) = begun(project, described, batch)?;
    let mut round = Round::begin(project, begun)?;
    round.go_on(project)?;
    Ok(Asked { round: round.number(), images: round.waiting(project), waited: 0, account })
}

fn begun(
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
    let counts = project.classes.count(arrays.labelled.labels.iter().copied());
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
        left_out: fit.as_ref().map(|fit| fit.blind().accuracy),
        audited: audited.len(),
        accuracy: fit.as_ref().and_then(|fit| accuracy(project, described, fit)),
        stability: fit.as_ref().and_then(|fit| stability(project, described, round, fit)),
        unix_ms: now_ms(),
    })?;
    let mut account = vec![match &fit {
        Some(fit) => format!(
            "{budget} of {} images are chosen by {}, with a {} on {} labels{}",
            unlabelled.len(),
            strategy.name(),
            if described.learned.is_some() { "network that was trained" } else { "head" },
            fit.labelled.len(),
            match described.learned {
                // It knows them by heart.
                Some(_) => ".".to_owned(),
                None => format!(
                    " that gets {:.0} % of them right when each is left out.",
                    100.0 * fit.fitted.accuracy
                ),
            }
        ),
        None => format!(
            "{budget} of {} images are chosen by {}, for there are no labels of two classes yet.",
            unlabelled.len(),
            strategy.name()
        ),
    }];
    let without: Vec<&str> = project
        .classes
        .names()
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| name.as_str())
        .collect();
    if fit.is_some() && !without.is_empty() {
        account.push(format!("No label yet of: {}.", without.join(", ")));
    }
    if !audited.is_empty() {
        let unseen = unseen(&project.classes.count(audited.iter().map(|(_, label)| *label)));
        account.push(format!(
            "A random image of the pool is of a class that the {} images of the audit do not have with a probability of {:.1} % \
             (Good-Turing).",
            audited.len(),
            100.0 * unseen.probability
        ));
    }
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
) -> (Arrays<'static>, Option<Vec<(u32, f32)>>) {
    let rows = |samples: &mut dyn Iterator<Item = SampleId>| -> Array2<f32> {
        let rows: Vec<usize> =
            samples.filter_map(|sample| described.samples.binary_search(&sample).ok()).collect();
        described.features.select(Axis(0), &rows)
    };
    let embeddings = rows(&mut unlabelled.iter().copied());
    let count = Some(unlabelled.len());
    let Some(Fit { labelled, fitted, .. }) = fit else {
        let embeddings = Some(embeddings.into());
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
        probabilities: Some(probabilities.into()),
        logits: Some(logits.into()),
        head: Some(fitted.ridge.head().into()),
        embeddings: Some(embeddings.into()),
        labelled: Labelled {
            labels: labelled.iter().map(|(_, label)| *label).collect(),
            // What the head says of its own images would be too sure.
            probabilities: Some(softmax(fitted.left_out.view()).into()),
            embeddings: Some(of_labelled.into()),
        },
        ..Arrays::default()
    };
    (arrays, Some(predicted))
}
