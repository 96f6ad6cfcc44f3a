//! The head of a project: fitted to what is labelled, and what it says of everything.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use tailward_datasets::SampleId;
use tailward_features::{Fitted, Ridge};
use tailward_labelling::project::Project;

use super::Described;
pub(super) use crate::score::softmax::softmax;

/// What a head that was fitted to the labelled images says.
#[derive(Debug)]
pub struct Fit {
    /// The labelled images that it was fitted to, rising, with their labels.
    pub labelled: Vec<(SampleId, u32)>,
    /// The head.
    pub fitted: Fitted,
    /// A head on features that know no label, where those of the other have learned from labels.
    pub(super) unlearned: Option<Fitted>,
}

impl Fit {
    /// The fit whose outputs without an image's own label know nothing of that label.
    pub fn blind(&self) -> &Fitted {
        self.unlearned.as_ref().unwrap_or(&self.fitted)
    }
}

/// Fits a head to everything that is labelled but the audit; nothing as long as there are not two classes to tell apart.
pub fn fit(project: &Project, described: &Described) -> Option<Fit> {
    fit_to(project, described, project.labels())
}

/// Fits a head to some labels.
pub(super) fn fit_to(
    project: &Project,
    described: &Described,
    labels: BTreeMap<SampleId, u32>,
) -> Option<Fit> {
    let known: BTreeMap<SampleId, usize> =
        described.samples.iter().enumerate().map(|(row, &sample)| (sample, row)).collect();
    let labelled: Vec<(SampleId, u32)> =
        labels.into_iter().filter(|(sample, _)| known.contains_key(sample)).collect();
    let first = labelled.first().map(|(_, label)| *label)?;
    if labelled.iter().all(|(_, label)| *label == first) {
        return None;
    }
    let rows: Vec<usize> = labelled.iter().map(|(sample, _)| known[sample]).collect();
    let labels: Vec<u32> = labelled.iter().map(|(_, label)| *label).collect();
    let fit_on = |features: &Array2<f32>| {
        let features = features.select(Axis(0), &rows);
        Ridge::fit(features.view(), &labels, project.classes.names().len())
    };
    Some(Fit {
        fitted: fit_on(&described.features),
        unlearned: described.learned.as_ref().map(|learned| fit_on(&learned.unlearned)),
        labelled,
    })
}

/// What a head takes images for. `features`: `[images, dims]`
pub(super) fn predictions(fit: &Fit, features: ArrayView2<f32>) -> Vec<u32> {
    let logits = fit.fitted.ridge.logits(features);
    logits.rows().into_iter().map(|row| highest(row) as u32).collect()
}

/// The place of the highest value, the first of those that tie.
pub fn highest(row: ArrayView1<f32>) -> usize {
    (1..row.len()).fold(0, |best, place| if row[place] > row[best] { place } else { best })
}
