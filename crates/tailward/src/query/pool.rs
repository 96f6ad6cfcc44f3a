//! The samples that a query chooses from, and those that are labelled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::Axis;
use tailward_acquisition::{Arrays, Matrix};
use tailward_labelling::table::{Classes, Samples, read_ids};

use super::arguments::Arguments;
use super::arrays::Read;
use crate::Error;

/// What a strategy chooses from.
#[derive(Debug)]
pub(super) struct Pool {
    /// The unlabelled samples that may be chosen, and the labelled ones.
    pub(super) arrays: Arrays<'static>,
    pub(super) samples: Samples,
    pub(super) classes: Classes,
    pub(super) labels: BTreeMap<usize, u32>,
    /// The sample of each row.
    pub(super) unlabelled: Vec<usize>,
}

/// All samples, with ids where `--ids` has them.
pub(super) fn samples(ids: Option<&Path>, read: &Read) -> Result<Samples, Error> {
    match (ids, read.samples) {
        (Some(path), expected) => {
            let ids = read_ids(path)?;
            match expected {
                Some(expected) if expected != ids.len() => Err(Error::Input {
                    path: path.to_owned(),
                    reason: format!("it has {} ids, and the arrays have {expected} samples", ids.len()),
                }),
                _ => Ok(Samples::new(ids.len(), Some(ids))),
            }
        }
        (None, Some(count)) => Ok(Samples::new(count, None)),
        (None, None) => Err(Error::Usage(
            "nothing says how many samples there are: give --probabilities (or another array), or --ids"
                .to_owned(),
        )),
    }
}

/// The samples that may be chosen if they are unlabelled.
pub(super) fn allowed(arguments: &Arguments, samples: &Samples) -> Result<Vec<bool>, Error> {
    let mut allowed = vec![true; samples.count()];
    if let Some(path) = &arguments.candidates {
        if !path.exists() && path.to_string_lossy().parse::<usize>().is_ok() {
            let words = "names a file; the parameter of batch-bald is --set candidates";
            return Err(Error::Usage(format!("--candidates {} {words}={0}", path.display())));
        }
        let candidates: BTreeSet<usize> = samples.read_list(path)?;
        allowed = (0..samples.count()).map(|sample| candidates.contains(&sample)).collect();
    }
    if let Some(path) = &arguments.exclude {
        for sample in samples.read_list(path)? {
            allowed[sample] = false;
        }
    }
    Ok(allowed)
}

impl Pool {
    /// Takes labelled and unlabelled samples apart, and leaves out what is neither labelled nor allowed.
    pub(super) fn new(
        arrays: Arrays<'static>,
        samples: Samples,
        classes: Classes,
        labels: BTreeMap<usize, u32>,
        allowed: &[bool],
    ) -> Result<Self, Error> {
        let stays = |sample: &usize| allowed[*sample] || labels.contains_key(sample);
        let kept: Vec<usize> = (0..samples.count()).filter(stays).collect();
        let arrays = if kept.len() == samples.count() { arrays } else { of_samples(arrays, &kept) };
        let marks: Vec<Option<u32>> = kept.iter().map(|sample| labels.get(sample).copied()).collect();
        let (arrays, rows) = arrays.split(&marks)?;
        let unlabelled = rows.into_iter().map(|row| kept[row]).collect();
        Ok(Self { arrays, samples, classes, labels, unlabelled })
    }

    /// Labels of each class; empty where nothing says what classes there are.
    pub(super) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.count.unwrap_or_default()];
        for &label in self.labels.values().filter(|_| self.classes.count.is_some()) {
            counts[label as usize] += 1;
        }
        counts
    }

    /// The most probable class of each row, the first of equals, and its probability.
    pub(super) fn predicted(&self) -> Option<Vec<(usize, f32)>> {
        let best = |row: ndarray::ArrayView1<'_, f32>| {
            row.iter().copied().enumerate().fold((0, f32::NEG_INFINITY), |best, (class, probability)| {
                if probability > best.1 { (class, probability) } else { best }
            })
        };
        let probabilities = self.arrays.probabilities.as_ref()?;
        Some(probabilities.view().rows().into_iter().map(best).collect())
    }

    /// What a person should know of these samples.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.unlabelled.is_empty() {
            warnings.push("no sample is left that may be chosen".to_owned());
        }
        let absent = self.counts().iter().filter(|count| **count == 0).count();
        if absent > 0 && !self.labels.is_empty() {
            warnings.push(format!("{absent} of {} classes have no label yet", self.counts().len()));
        }
        warnings
    }
}

/// The arrays of some samples.
fn of_samples(arrays: Arrays<'static>, samples: &[usize]) -> Arrays<'static> {
    let chosen = |array: Option<Matrix<'static>>| array.map(|array| array.select(Axis(0), samples));
    Arrays {
        rows: Some(samples.len()),
        probabilities: chosen(arrays.probabilities),
        logits: chosen(arrays.logits),
        head: arrays.head,
        embeddings: chosen(arrays.embeddings),
        dropout_probabilities: arrays.dropout_probabilities.map(|passes| passes.select(Axis(1), samples)),
        estimates: arrays.estimates.map(|all| samples.iter().map(|&sample| all[sample]).collect()),
        labelled: arrays.labelled,
    }
}
