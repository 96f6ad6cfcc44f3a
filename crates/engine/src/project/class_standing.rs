//! What is known of each class.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use serde::Serialize;
use tailward_datasets::SampleId;
use tailward_labelling::project::Project;
use tailward_labelling::statistics::{
    Interval, LEVEL, Recall, Stratum, black_box_shift, clopper_pearson, confusion, recall,
};

use super::Described;
use super::fit::Fit;
use crate::rng::{Stream, stream};

/// How many of the last rounds say what a label costs.
const RECENT: usize = 2;

/// Images of the audit for each class that a correction needs.
const FOR_A_CONFUSION: usize = 10;

/// Images of a class in the audit that a correction of its share needs: of fewer, resampling knows too little.
const ENOUGH: usize = 5;

/// A correction of more classes takes long, and no audit is large enough for it.
const MOST_CLASSES: usize = 30;

/// Resampled audits.
const RESAMPLED: usize = 200;

/// What is known of a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassStanding {
    /// Its name.
    pub name: String,
    /// Images that are labelled so, those of the audit left out.
    pub labels: usize,
    /// Labels that were asked for in the last two rounds for each of the class that came of it: about what one more costs. Nothing where
    /// none came.
    pub cost: Option<f64>,
    /// Images of it in the audit.
    pub audited: usize,
    /// Its share of the pool by the audit alone, with the exact interval of Clopper and Pearson.
    pub share: Option<Interval>,
    /// Its share of the pool by what the head predicts, corrected by how it errs on the audit (black-box shift estimation), with an
    /// interval over resampled audits. Nothing where that says no more than the audit alone, as with a head that errs much.
    pub corrected_share: Option<Interval>,
    /// The share of its images that the head takes for it, with an interval that minds the images which nobody has found. Nothing where
    /// fewer than five are in the audit.
    pub recall: Option<Interval>,
}

/// Says what is known of each class. `predictions` are the head's, for each described image.
pub(super) fn class_standings(
    project: &Project,
    described: &Described,
    head: Option<(&Fit, &[u32])>,
) -> Vec<ClassStanding> {
    let names = project.classes.names();
    let known = project.labels();
    let labels = project.classes.count(known.values().copied());
    let audited = project.ledger.audited();
    let of_audit = project.classes.count(audited.iter().map(|(_, label)| *label));
    let costs = costs(project, &known);
    let seen = head.map(|(_, predictions)| Seen::of(project, described, &audited, predictions));
    let corrected = seen.as_ref().and_then(|seen| seen.corrected(project.settings.seed));
    let share =
        |class: usize| (!audited.is_empty()).then(|| clopper_pearson(of_audit[class], audited.len(), LEVEL));
    let class = |(class, name): (usize, &String)| ClassStanding {
        name: name.clone(),
        labels: labels[class],
        cost: costs[class],
        audited: of_audit[class],
        share: share(class),
        corrected_share: corrected
            .as_ref()
            .and_then(|corrected| better(corrected[class], share(class)?, of_audit[class])),
        recall: seen.as_ref().and_then(|seen| seen.recall(class as u32)),
    };
    names.iter().enumerate().map(class).collect()
}

/// What a head says of the images that the audit was drawn from.
struct Seen {
    /// How many they are.
    population: usize,
    /// How many are predicted as each class.
    predicted: Vec<usize>,
    /// The prediction and the label of each image of the audit.
    pairs: Vec<(u32, u32)>,
}

impl Seen {
    fn of(
        project: &Project,
        described: &Described,
        audited: &[(SampleId, u32)],
        predictions: &[u32],
    ) -> Self {
        // Labels that were there at the beginning are no part of what the audit was drawn from.
        let known: BTreeSet<SampleId> = project.ledger.requested(0).iter().copied().collect();
        let drawn_from =
            described.samples.iter().zip(predictions).filter(|(sample, _)| !known.contains(sample));
        let predicted = project.classes.count(drawn_from.map(|(_, prediction)| *prediction));
        let population = predicted.iter().sum();
        let pair = |&(sample, label): &(SampleId, u32)| {
            Some((predictions[described.samples.binary_search(&sample).ok()?], label))
        };
        let pairs: Vec<(u32, u32)> = audited.iter().filter_map(pair).collect();
        Self { population, predicted, pairs }
    }

    /// The share of each class, corrected by how the head errs, with intervals over resampled audits; nothing where the audit has fewer
    /// than ten images for each class.
    fn corrected(&self, seed: u64) -> Option<Vec<Interval>> {
        let classes = self.predicted.len();
        if self.pairs.len() < FOR_A_CONFUSION * classes || classes > MOST_CLASSES {
            return None;
        }
        let shares: Vec<f64> =
            self.predicted.iter().map(|&count| count as f64 / self.population as f64).collect();
        let by = |pairs: &[(u32, u32)]| black_box_shift(confusion(pairs, classes).view(), &shares);
        let mut rng = stream(seed, Stream::Resampled, 0);
        let resampled: Vec<Vec<f64>> = (0..RESAMPLED)
            .map(|_| {
                let draw = |_| self.pairs[rng.random_range(0..self.pairs.len())];
                by(&(0..self.pairs.len()).map(draw).collect::<Vec<_>>())
            })
            .collect();
        let interval = |(class, estimate): (usize, f64)| {
            let mut found: Vec<f64> = resampled.iter().map(|shares| shares[class]).collect();
            found.sort_by(f64::total_cmp);
            let outside = (RESAMPLED as f64 * (1.0 - LEVEL) / 2.0) as usize;
            Interval { estimate, low: found[outside], high: found[RESAMPLED - 1 - outside] }
        };
        Some(by(&self.pairs).into_iter().enumerate().map(interval).collect())
    }

    fn recall(&self, class: u32) -> Option<Interval> {
        let stratum = |is_predicted: bool| {
            let drawn = self.pairs.iter().filter(|(prediction, _)| (*prediction == class) == is_predicted);
            let predicted = self.predicted[class as usize];
            Stratum {
                population: if is_predicted { predicted } else { self.population - predicted },
                drawn: drawn.clone().count(),
                counted: drawn.filter(|(_, label)| *label == class).count(),
            }
        };
        match recall(stratum(true), stratum(false), LEVEL) {
            Recall::Known(interval) => Some(interval),
            Recall::NotEnough(_) => None,
        }
    }
}

/// The corrected share, where it says more than the audit alone.
fn better(corrected: Interval, alone: Interval, in_audit: usize) -> Option<Interval> {
    let is_narrower = corrected.high - corrected.low < alone.high - alone.low;
    (in_audit >= ENOUGH && is_narrower).then_some(corrected)
}

/// Labels that were asked for in the last rounds, those of the audit left out, for each of a class that came of it.
fn costs(project: &Project, labels: &BTreeMap<SampleId, u32>) -> Vec<Option<f64>> {
    let rounds = project.ledger.rounds();
    let recent: Vec<SampleId> = (rounds.saturating_sub(RECENT).max(1)..rounds)
        .flat_map(|round| project.ledger.requested(round).iter().copied())
        .filter(|&sample| !project.is_audit(sample))
        .collect();
    let found = project.classes.count(recent.iter().filter_map(|sample| labels.get(sample).copied()));
    found.into_iter().map(|found| (found > 0).then(|| recent.len() as f64 / found as f64)).collect()
}
