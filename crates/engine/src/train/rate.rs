//! How fast training goes, measured before it is begun.

use std::time::{Duration, Instant};

use tailward_experiment::definition::TrainingDefinition;
use tailward_models::classifier::Classifier;

use super::classifier::{LabelledSet, Material, NotFinite, Streams, train};
use super::flexmatch::UnlabelledSet;
use crate::inputs::Inputs;

/// What an epoch took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Images that passed through the network.
    pub images: usize,
    /// How long.
    pub took: Duration,
}

impl Epoch {
    /// Images a second.
    pub fn images_per_sec(self) -> f64 {
        self.images as f64 / self.took.as_secs_f64()
    }
}

/// The time of an epoch on the first `count` inputs, which are the unlabelled ones, too, where there are any, by the second of two: the first warms up. Labels are made up, for speed does not
/// depend on them. `model` lives on a device with automatic differentiation.
///
/// # Errors
///
/// The loss is not finite.
///
/// # Panics
///
/// As [`train`].
pub fn time_of_an_epoch(
    training: &TrainingDefinition,
    model: Classifier,
    inputs: &Inputs,
    count: usize,
    streams: Streams,
) -> Result<Epoch, NotFinite> {
    let rows: Vec<usize> = (0..count).collect();
    let labels: Vec<u32> = rows.iter().map(|&row| (row % model.classes()) as u32).collect();
    // Inputs without content teach nothing; a rate this small keeps the loss finite.
    let training =
        TrainingDefinition { epochs: 2, learning_rate: 1e-6, early_stopping: None, ..training.clone() };
    let labelled = LabelledSet { inputs, rows: &rows, labels: &labels };
    let [order, views, strong] = [&streams.order, &streams.augment, &streams.augment].map(Clone::clone);
    let unlabelled = UnlabelledSet { inputs, rows: &rows, order, views, strong };
    let data = Material { labelled, unlabelled: Some(unlabelled), validation: None };
    let mut ends = [(Instant::now(), 0); 2];
    train(&training, model, data, streams, &mut |step| {
        if step.epoch_loss.is_some() {
            ends[step.epoch - 1] = (Instant::now(), step.images);
        }
    })?;
    let [(began, before), (ended, images)] = ends;
    Ok(Epoch { images: images - before, took: ended - began })
}
