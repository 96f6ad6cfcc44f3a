//! Where a project stands: what was spent, what is labelled, and how good the head is.

use ndarray::Axis;
use serde::Serialize;
use tailward_datasets::SampleId;
use tailward_labelling::ledger::Standing as Of;
use tailward_labelling::project::{Project, RoundLine};
use tailward_labelling::statistics::{Interval, Unseen, krippendorffs_alpha, unseen, wilson};

use super::Described;
use super::fit::{Fit, fit, highest};

/// The level of intervals.
const LEVEL: f64 = 0.95;

/// Where a project stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Labels that were asked for.
    pub spent: usize,
    /// Labels that may be asked for in all.
    pub budget: usize,
    /// Images that wait for an answer.
    pub waiting: usize,
    /// Labels of each class, those of the audit left out.
    pub labels: Vec<(String, usize)>,
    /// The share of the audit's labels that a head on the other labels gets right, with Wilson's interval. The audit is a plain
    /// random sample, of the images that had no label when it was drawn.
    pub accuracy: Option<Interval>,
    /// Labels of the audit.
    pub audited: usize,
    /// What each round began with.
    pub rounds: Vec<RoundLine>,
    /// What the audit says of classes that are not in it.
    pub unseen: Option<Unseen>,
    /// Images whose answers differ and that nobody has settled.
    pub disputed: usize,
    /// Krippendorff's α of the annotators, where some images have several answers.
    pub agreement: Option<f64>,
}

/// Says where a project stands. Accuracy comes from the audit alone, which nothing was trained on or chosen by.
pub fn standing(project: &Project, described: &Described) -> Standing {
    let ledger = &project.ledger;
    let names = project.classes.names();
    let mut labels: Vec<(String, usize)> = names.iter().map(|name| (name.clone(), 0)).collect();
    for label in project.labels().into_values() {
        labels[label as usize].1 += 1;
    }
    let (_, votes) = project.votes();
    let asked: Vec<SampleId> = project.asked().collect();
    let waits = |sample: &&SampleId| ledger.standing(**sample) == Some(Of::Waiting);
    let audited = ledger.audited();
    let mut of_audit = vec![0; names.len()];
    audited.iter().for_each(|(_, label)| of_audit[*label as usize] += 1);
    Standing {
        spent: asked.len(),
        budget: project.settings.budget,
        waiting: asked.iter().filter(waits).count(),
        labels,
        accuracy: fit(project, described).and_then(|fit| accuracy(&fit, described, &audited)),
        rounds: project.rounds.by_round().into_iter().cloned().collect(),
        audited: audited.len(),
        unseen: (!audited.is_empty()).then(|| unseen(&of_audit)),
        disputed: project.disputed().len(),
        agreement: krippendorffs_alpha(&votes),
    }
}

/// The share of the audit's labels that a head gets right, with Wilson's interval; nothing where none is labelled.
pub(super) fn accuracy(fit: &Fit, described: &Described, audited: &[(SampleId, u32)]) -> Option<Interval> {
    let known: Vec<(usize, u32)> = audited
        .iter()
        .filter_map(|(sample, label)| Some((described.samples.binary_search(sample).ok()?, *label)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let rows: Vec<usize> = known.iter().map(|(row, _)| *row).collect();
    let logits = fit.fitted.ridge.logits(described.features.select(Axis(0), &rows).view());
    let right =
        logits.rows().into_iter().zip(&known).filter(|(row, (_, label))| highest(*row) == *label as usize);
    Some(wilson(right.count(), known.len(), LEVEL))
}
