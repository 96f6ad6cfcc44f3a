//! Training one classifier from scratch on the labelled set.

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tailward_experiment::definition::{TrainingDefinition, batch_bounds};
use tailward_models::classifier::Classifier;
use tailward_models::dropout::mask;

use super::loss::Loss;
use super::optimiser::optimiser;
use super::schedule::{Position, learning_rate};
use crate::inputs::{Augmentation, Inputs};

/// What a classifier learns from.
#[derive(Clone, Copy, Debug)]
pub struct LabelledSet<'a> {
    /// The inputs of all training samples.
    pub inputs: &'a Inputs,
    /// The labelled samples' rows.
    pub rows: &'a [usize],
    /// Their labels, in the same order.
    pub labels: &'a [u32],
}

/// The streams of random numbers that training draws from.
#[derive(Clone, Debug)]
pub struct Streams {
    /// The order of the images in each epoch.
    pub order: ChaCha8Rng,
    /// Crops and flips.
    pub augment: ChaCha8Rng,
    /// Dropout before the head, if there is any.
    pub dropout: Option<Dropout>,
}

/// Dropout of the embeddings before the head, with masks drawn on the host.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// The share of entries that are set to 0, in [0, 1).
    pub rate: f64,
    /// Entries of an embedding.
    pub width: usize,
    /// Where the masks come from.
    pub rng: ChaCha8Rng,
}

/// One finished step, for whoever shows progress. The loss stays on the device until the epoch ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Images seen so far, over all epochs.
    pub images: usize,
    /// The mean loss of the epoch, at its last step.
    pub epoch_loss: Option<f64>,
    /// Seconds since training began.
    pub elapsed_secs: f64,
}

/// Training was stopped because the loss is not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotFinite {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Its mean loss.
    pub loss: f64,
}

/// A trained classifier, ready for scoring: without automatic differentiation, batch normalisation with its running
/// statistics.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The classifier.
    pub model: Classifier,
    /// Mean training loss of each epoch.
    pub epoch_losses: Vec<f64>,
    /// Images that training saw, over all epochs: without those of batches that were dropped.
    pub images: usize,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
}

/// Trains `model`, which must live on a device with automatic differentiation.
///
/// Each epoch visits every image once in a new order; the last, shorter batch is kept, unless it is a single image:
/// batch statistics of one image at the lowest resolution can be degenerate, so it joins the batch before it. Where the
/// definition drops a shorter batch, its images are left out of that epoch.
///
/// # Errors
///
/// The mean loss of an epoch is not finite.
///
/// # Panics
///
/// `rows` and `labels` differ in length or are empty.
pub fn train(
    training: &TrainingDefinition,
    mut model: Classifier,
    data: LabelledSet<'_>,
    mut streams: Streams,
    progress: &mut dyn FnMut(Step),
) -> Result<Trained, NotFinite> {
    let LabelledSet { inputs, rows, labels } = data;
    assert_eq!(rows.len(), labels.len(), "one label for each image");
    assert!(!rows.is_empty(), "an empty labelled set");
    let started = Instant::now();
    let device = inputs.device();
    let augmentation = Augmentation::from(training);
    let loss_function = Loss::new(training.loss, labels, model.classes(), &device);
    let mut optimiser = optimiser(training);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let batches = batch_bounds(rows.len(), training.batch_size, training.incomplete_batch);
    let seen = batches.last().map_or(0, |last| last.end);
    let steps = training.epochs * batches.len();
    let mut epoch_losses = Vec::with_capacity(training.epochs);
    for epoch in 0..training.epochs {
        order.shuffle(&mut streams.order);
        let mut loss_sum = Tensor::<1>::zeros([1], &device);
        for (batch, bounds) in batches.iter().enumerate() {
            let chosen = &order[bounds.clone()];
            let batch_rows: Vec<usize> = chosen.iter().map(|&index| rows[index]).collect();
            let batch_inputs = inputs.augmented_batch(&batch_rows, &augmentation, &mut streams.augment);
            let targets = targets(chosen, labels, &device);
            let batch_inputs = batch_inputs.for_training();
            let output = match &mut streams.dropout {
                None => model.forward(batch_inputs), // [batch, classes]
                Some(Dropout { rate, width, rng }) => {
                    let mask = mask([chosen.len(), *width], *rate, rng, &device); // [batch, width]
                    model.forward_with_dropout(batch_inputs, Tensor::from_inner(mask))
                }
            };
            let loss = loss_function.forward(output.logits, targets); // [1]
            loss_sum = loss_sum + loss.clone().inner() * chosen.len() as f64;
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let position = Position { epoch, step: epoch * batches.len() + batch, steps };
            let rate = learning_rate(training.learning_rate, &training.schedule, position);
            model = optimiser.step(rate, model, gradients);
            if batch + 1 < batches.len() {
                let images = epoch * seen + bounds.end;
                let elapsed_secs = started.elapsed().as_secs_f64();
                progress(Step { epoch: epoch + 1, images, epoch_loss: None, elapsed_secs });
            }
        }
        // The only synchronisation with the device: once an epoch.
        let loss = f64::from(loss_sum.into_scalar::<f32>()) / seen as f64;
        if !loss.is_finite() {
            return Err(NotFinite { epoch: epoch + 1, loss });
        }
        epoch_losses.push(loss);
        progress(Step {
            epoch: epoch + 1,
            images: (epoch + 1) * seen,
            epoch_loss: Some(loss),
            elapsed_secs: started.elapsed().as_secs_f64(),
        });
    }
    Ok(Trained {
        model: model.valid(),
        epoch_losses,
        images: training.epochs * seen,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn targets(chosen: &[usize], labels: &[u32], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i32> = chosen.iter().map(|&index| labels[index] as i32).collect();
    let count = labels.len();
    Tensor::from_data(TensorData::new(labels, [count]), device)
}
