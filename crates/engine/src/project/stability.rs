//! Whether more labels still change what a head says.

use ndarray::Axis;
use rand::seq::index;
use serde::Serialize;
use tailward_datasets::SampleId;
use tailward_labelling::project::{Project, RoundLine};
use tailward_labelling::statistics::cohens_kappa;

use super::Described;
use super::fit::{Fit, fit_to, predictions};
use crate::rng::{Stream, stream};

/// Images that two heads are compared on, at most.
const COMPARED: usize = 2_000;

/// Rounds whose mean decides.
const ROUNDS: usize = 3;

/// From which agreement on predictions have settled.
const SETTLED: f64 = 0.99;

/// Cohen's κ of what the head of a round and the head of the round before say of images that nobody has labelled; nothing where there
/// was no head before, or where features are learned anew in each round. A sample of 2,000 of them is looked at, the same in every round.
pub(super) fn stability(project: &Project, described: &Described, round: usize, now: &Fit) -> Option<f64> {
    // What was labelled when the round before began.
    let before = round.checked_sub(2)?;
    // Features that learned from today's labels are not those of the head before.
    if described.learned.is_some() {
        return None;
    }
    let labels = project.labels();
    let known = labels.into_iter().filter(|(sample, _)| !project.ledger.is_free(*sample, before));
    let before = fit_to(project, described, known.collect())?;
    let mut rng = stream(project.settings.seed, Stream::Stability, 0);
    let drawn = index::sample(&mut rng, described.samples.len(), described.samples.len().min(COMPARED));
    let is_unlabelled =
        |&row: &usize| now.labelled.binary_search_by_key(&described.samples[row], sample).is_err();
    let rows: Vec<usize> = drawn.into_iter().filter(is_unlabelled).collect();
    let features = described.features.select(Axis(0), &rows);
    let [one, other] = [now, &before].map(|fit| predictions(fit, features.view()));
    cohens_kappa(&one.into_iter().zip(other).collect::<Vec<_>>())
}

fn sample(labelled: &(SampleId, u32)) -> SampleId {
    labelled.0
}

/// Whether predictions have settled, with what that is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settling {
    /// The mean of κ over the last rounds.
    pub kappa: f64,
    /// How many rounds it is the mean of.
    pub rounds: usize,
    /// Whether three rounds have a mean of at least 0.99 (Bloodgood and Vijay-Shanker, *A Method for Stopping Active Learning Based on
    /// Stabilizing Predictions and the Need for User-Adjustable Stopping*, 2009).
    pub is_settled: bool,
}

/// Judges by the last rounds; nothing where there are none to compare.
pub(super) fn settling(rounds: &[&RoundLine]) -> Option<Settling> {
    let last: Vec<f64> = rounds.iter().rev().map_while(|line| line.stability).take(ROUNDS).collect();
    let kappa = last.iter().sum::<f64>() / last.len() as f64;
    let is_settled = last.len() == ROUNDS && kappa >= SETTLED;
    (!last.is_empty()).then_some(Settling { kappa, rounds: last.len(), is_settled })
}
