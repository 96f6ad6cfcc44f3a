//! Where a project stands: what was spent, what is labelled, and how good the head is.

use ndarray::Axis;
use serde::Serialize;
use tailward_datasets::SampleId;
use tailward_labelling::ledger::Standing as Of;
use tailward_labelling::project::{Project, RoundLine};
use tailward_labelling::statistics::{Interval, LEVEL, Unseen, krippendorffs_alpha, unseen, wilson};

use super::Described;
use super::class_standing::{ClassStanding, class_standings};
use super::fit::{Fit, fit, predictions};
use super::stability::{Settling, settling};
use super::suspects::{Suspect, suspects};

/// Where a project stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Labels that were asked for.
    pub spent: usize,
    /// Labels that may be asked for in all.
    pub budget: usize,
    /// Images that wait for an answer.
    pub waiting: usize,
    /// What is known of each class, by number.
    pub classes: Vec<ClassStanding>,
    /// Labels that the head learns from.
    pub labelled: usize,
    /// The share of these that a fit without their own label gets right; on features that know no label, where others are learned.
    pub left_out: Option<f64>,
    /// Labels that the network behind the features learned from, where one does.
    pub learned_from: Option<usize>,
    /// The share of the audit's labels that a head on the other labels gets right, with Wilson's interval. The audit is a plain
    /// random sample, of the images that had no label when it was drawn.
    pub accuracy: Option<Interval>,
    /// Labels of the audit.
    pub audited: usize,
    /// How many images of the audit have labels of two people, and about how many of these they differ.
    pub audited_twice: (usize, usize),
    /// What each round began with.
    pub rounds: Vec<RoundLine>,
    /// What the audit says of classes that are not in it.
    pub unseen: Option<Unseen>,
    /// Images whose answers differ and that nobody has settled.
    pub disputed: usize,
    /// Krippendorff's α of the annotators, where some images have several answers.
    pub agreement: Option<f64>,
    /// Labels that are probably wrong, the least believed first.
    pub suspects: Vec<Suspect>,
    /// Whether more labels still change what the head says.
    pub settling: Option<Settling>,
}

/// Says where a project stands. Accuracy comes from the audit alone, which nothing was trained on or chosen by.
pub fn standing(project: &Project, described: &Described) -> Standing {
    let ledger = &project.ledger;
    let (_, votes) = project.votes();
    let asked: Vec<SampleId> = project.asked().collect();
    let waits = |sample: &&SampleId| ledger.standing(**sample) == Some(Of::Waiting);
    let audited = ledger.audited();
    let of_audit = project.classes.count(audited.iter().map(|(_, label)| *label));
    let head = fit(project, described);
    let predicted = head.as_ref().map(|head| predictions(head, described.features.view()));
    let rounds = project.rounds.by_round();
    Standing {
        spent: asked.len(),
        budget: project.settings.budget,
        waiting: asked.iter().filter(waits).count(),
        classes: class_standings(project, described, head.as_ref().zip(predicted.as_deref())),
        labelled: head.as_ref().map_or(0, |head| head.labelled.len()),
        left_out: head.as_ref().map(|head| head.blind().accuracy),
        learned_from: described.learned.as_ref().map(|learned| learned.labels),
        accuracy: head.as_ref().and_then(|head| accuracy(project, described, head)),
        settling: settling(&rounds),
        rounds: rounds.into_iter().cloned().collect(),
        audited: audited.len(),
        audited_twice: audited_twice(project, &audited),
        unseen: (!audited.is_empty()).then(|| unseen(&of_audit)),
        disputed: project.disputed().len(),
        agreement: krippendorffs_alpha(&votes),
        suspects: head.as_ref().map_or_else(Vec::new, |head| suspects(project, head)),
    }
}

/// How many images of the audit two people labelled, and about how many of these they differ.
fn audited_twice(project: &Project, audited: &[(SampleId, u32)]) -> (usize, usize) {
    let answers = audited.iter().map(|(sample, _)| project.ledger.audits(*sample));
    let twice = answers.filter(|answers| answers.len() > 1);
    twice.fold((0, 0), |(twice, differ), answers| {
        let is_same = answers.iter().all(|(_, label)| *label == answers[0].1);
        (twice + 1, differ + usize::from(!is_same))
    })
}

/// The share of the audit's labels that a head gets right, with Wilson's interval; nothing where none is labelled.
pub fn accuracy(project: &Project, described: &Described, fit: &Fit) -> Option<Interval> {
    let audited = project.ledger.audited();
    let known: Vec<(usize, u32)> = audited
        .iter()
        .filter_map(|(sample, label)| Some((described.samples.binary_search(sample).ok()?, *label)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let rows: Vec<usize> = known.iter().map(|(row, _)| *row).collect();
    let predicted = predictions(fit, described.features.select(Axis(0), &rows).view());
    let right = predicted.iter().zip(&known).filter(|(predicted, (_, label))| **predicted == *label);
    Some(wilson(right.count(), known.len(), LEVEL))
}
