//! How fast training goes, measured before it is begun.

use std::time::{Duration, Instant};

use tailward_experiment::definition::TrainingDefinition;
use tailward_models::classifier::Classifier;

use super::supervised::{LabelledSet, NotFinite, Streams, train};
use crate::inputs::Inputs;

/// The time of an epoch on the first `count` inputs, by the second of two: the first warms up. Labels are made up, for speed does not
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
) -> Result<Duration, NotFinite> {
    let rows: Vec<usize> = (0..count).collect();
    let labels: Vec<u32> = rows.iter().map(|&row| (row % model.classes()) as u32).collect();
    // Inputs without content teach nothing; a rate this small keeps the loss finite.
    let training = TrainingDefinition { epochs: 2, learning_rate: 1e-6, ..training.clone() };
    let data = LabelledSet { inputs, rows: &rows, labels: &labels };
    let mut ends = [Instant::now(); 2];
    train(&training, model, data, streams, &mut |step| {
        if step.epoch_loss.is_some() {
            ends[step.epoch - 1] = Instant::now();
        }
    })?;
    Ok(ends[1] - ends[0])
}
