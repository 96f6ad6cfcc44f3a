//! Training one classifier from scratch on the labelled set.

pub mod loss;
pub mod schedule;
pub mod vaal;

use std::time::Instant;

use burn::module::Module;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tailward_experiment::definition::{TrainingDefinition, batch_bounds};
use tailward_models::dropout::mask;
use tailward_models::resnet::ResNet;

use crate::augment::Augmentation;
use crate::batches::DeviceImages;
use loss::Loss;
use schedule::{Position, learning_rate};

/// What a classifier learns from.
#[derive(Clone, Copy, Debug)]
pub struct LabelledImages<'a> {
    /// All training images.
    pub images: &'a DeviceImages,
    /// The labelled images' rows.
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
    pub model: ResNet,
    /// Mean training loss of each epoch.
    pub epoch_losses: Vec<f64>,
    /// Images that training saw, over all epochs: without those of batches that were dropped.
    pub images: usize,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
}

/// The optimiser as PyTorch defines it: coupled weight decay on every parameter; no dampening of momentum.
///
/// # Panics
///
/// The definition names neither Adam nor a momentum: it was not validated.
pub fn optimizer(training: &TrainingDefinition) -> ModuleOptimizer {
    let decay = (training.weight_decay > 0.0).then(|| WeightDecayConfig::new(training.weight_decay as f32));
    if let Some(adam) = training.adam {
        return AdamConfig::new()
            .with_beta_1(adam.beta_1 as f32)
            .with_beta_2(adam.beta_2 as f32)
            .with_epsilon(adam.epsilon as f32)
            .with_weight_decay(decay)
            .init();
    }
    let momentum = training.momentum.expect("a definition that was validated has a momentum");
    let momentum = (momentum > 0.0).then(|| {
        // Burn's default dampening is 0.1; PyTorch's is 0.
        MomentumConfig::new()
            .with_momentum(momentum)
            .with_dampening(0.0)
            .with_nesterov(training.nesterov == Some(true))
    });
    SgdConfig::new().with_momentum(momentum).with_weight_decay(decay).init()
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
    mut model: ResNet,
    data: LabelledImages<'_>,
    mut streams: Streams,
    progress: &mut dyn FnMut(Step),
) -> Result<Trained, NotFinite> {
    let LabelledImages { images, rows, labels } = data;
    assert_eq!(rows.len(), labels.len(), "one label for each image");
    assert!(!rows.is_empty(), "an empty labelled set");
    let started = Instant::now();
    let device = images.device();
    let augmentation = Augmentation::from(training);
    let loss_function = Loss::new(training.loss, labels, model.classes(), &device);
    let mut optimizer = optimizer(training);
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
            let inputs = images.augmented_batch(&batch_rows, &augmentation, &mut streams.augment);
            let targets = targets(chosen, labels, &device);
            let inputs = Tensor::from_inner(inputs);
            let output = match &mut streams.dropout {
                None => model.forward(inputs), // [batch, classes]
                Some(Dropout { rate, width, rng }) => {
                    let mask = mask([chosen.len(), *width], *rate, rng, &device); // [batch, width]
                    model.forward_with_dropout(inputs, Tensor::from_inner(mask))
                }
            };
            let loss = loss_function.forward(output.logits, targets); // [1]
            loss_sum = loss_sum + loss.clone().inner() * chosen.len() as f64;
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let position = Position { epoch, step: epoch * batches.len() + batch, steps };
            let rate = learning_rate(training.learning_rate, &training.schedule, position);
            model = optimizer.step(rate, model, gradients);
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
