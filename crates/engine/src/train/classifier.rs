//! Training one classifier: on the labelled set, and on unlabelled images where the definition says so.

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tailward_experiment::definition::{TrainingDefinition, batch_bounds};
use tailward_models::classifier::Classifier;
use tailward_models::clip_norm::clip_global_norm;
use tailward_models::dropout::mask;

use super::early_stopping::{EarlyStopping, Epoch};
use super::flexmatch::{Account, Consistency, UnlabelledSet};
use super::loss::{Loss, targets};
use super::mixup::Blend;
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

/// Images that early stopping looks at after each epoch. Their labels are true ones, and no budget counts them.
#[derive(Clone, Copy, Debug)]
pub struct ValidationSet<'a> {
    /// The inputs that `rows` are of.
    pub inputs: &'a Inputs,
    /// The validation samples' rows.
    pub rows: &'a [usize],
    /// Their true labels, in the same order.
    pub labels: &'a [u32],
    /// Images in a batch.
    pub batch_size: usize,
}

/// What training is given.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// What is learned from.
    pub labelled: LabelledSet<'a>,
    /// What is learned from as well, where the definition has FlexMatch.
    pub unlabelled: Option<UnlabelledSet<'a>>,
    /// What tells when to stop, where the definition stops early.
    pub validation: Option<ValidationSet<'a>>,
}

impl<'a> From<LabelledSet<'a>> for Material<'a> {
    fn from(labelled: LabelledSet<'a>) -> Self {
        Self { labelled, unlabelled: None, validation: None }
    }
}

/// The streams of random numbers that training draws from.
#[derive(Clone, Debug)]
pub struct Streams {
    /// The order of the images in each epoch.
    pub order: ChaCha8Rng,
    /// Crops, flips and blends.
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
    /// Images that passed through it, over all epochs: without those of batches that were dropped, and with every view of an
    /// unlabelled one.
    pub images: usize,
    /// What early stopping saw.
    pub validated: Option<Validated>,
    /// What FlexMatch learned by.
    pub flexmatch: Option<Account>,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
}

/// What early stopping saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// The loss on the validation images after each epoch, as training measures it.
    pub losses: Vec<f64>,
    /// The epoch, from 1, whose network was kept.
    pub best_epoch: usize,
}

/// Trains `model`, which must live on a device with automatic differentiation.
///
/// Each epoch visits every image once in a new order; the last, shorter batch is kept, unless it is a single image:
/// batch statistics of one image at the lowest resolution can be degenerate, so it joins the batch before it. Where the
/// definition drops a shorter batch, its images are left out of that epoch.
///
/// With FlexMatch a step sees labelled images, unlabelled ones and strong views of these in one pass, as long as anything is
/// unlabelled, and with early stopping the network of the best epoch is what comes out.
///
/// # Errors
///
/// The mean loss of an epoch, or that on the validation images, is not finite.
///
/// # Panics
///
/// `rows` and `labels` differ in length or are empty; the definition has FlexMatch or stops early, and there are no unlabelled
/// or validation images for it.
pub fn train<'a>(
    training: &TrainingDefinition,
    mut model: Classifier,
    material: impl Into<Material<'a>>,
    mut streams: Streams,
    progress: &mut dyn FnMut(Step),
) -> Result<Trained, NotFinite> {
    let Material { labelled: LabelledSet { inputs, rows, labels }, unlabelled, validation } = material.into();
    assert_eq!(rows.len(), labels.len(), "one label for each image");
    assert!(!rows.is_empty(), "an empty labelled set");
    let started = Instant::now();
    let device = inputs.device();
    let augmentation = Augmentation::from(training);
    let loss_function = Loss::new(training.loss, labels, model.classes(), &device);
    let mut consistency = training.flexmatch.and_then(|flexmatch| {
        let unlabelled = unlabelled.expect("FlexMatch is given unlabelled images");
        // Once all is labelled, nothing is left to be consistent with.
        let is_some = !unlabelled.rows.is_empty();
        is_some.then(|| Consistency::new(flexmatch, augmentation, model.classes(), unlabelled))
    });
    let mut stopping = training.early_stopping.map(|early| {
        let validation = validation.expect("early stopping is given validation images");
        (EarlyStopping::new(early.patience), validation)
    });
    let mut best = None;
    let mut optimiser = optimiser(training);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let batches = batch_bounds(rows.len(), training.batch_size, training.incomplete_batch);
    let seen = batches.last().map_or(0, |last| last.end);
    let beside = consistency.as_ref().map_or(0, Consistency::images_a_step);
    let steps = training.epochs * batches.len();
    let nominal_steps = training.epochs * rows.len() / training.batch_size;
    let mut images = 0;
    let mut epoch_losses = Vec::with_capacity(training.epochs);
    for epoch in 0..training.epochs {
        order.shuffle(&mut streams.order);
        if let Some(consistency) = &mut consistency {
            consistency.begin_epoch();
        }
        let mut loss_sum = Tensor::<1>::zeros([1], &device);
        for (batch, bounds) in batches.iter().enumerate() {
            let chosen = &order[bounds.clone()];
            let batch_rows: Vec<usize> = chosen.iter().map(|&index| rows[index]).collect();
            let batch_labels: Vec<u32> = chosen.iter().map(|&index| labels[index]).collect();
            let mut batch_inputs = inputs.augmented_batch(&batch_rows, &augmentation, &mut streams.augment);
            let blend = training.mixup.map(|mixup| Blend::draw(mixup, &mut streams.augment));
            if let Some(blend) = blend {
                batch_inputs = blend.batch(batch_inputs);
            }
            let mut drawn = None;
            if let Some(consistency) = &mut consistency {
                let (joined, of_unlabelled) = consistency.joined(batch_inputs);
                (batch_inputs, drawn) = (joined, Some(of_unlabelled));
            }
            let passing = chosen.len() + if drawn.is_some() { beside } else { 0 };
            let batch_inputs = batch_inputs.for_training();
            let output = match &mut streams.dropout {
                None => model.forward(batch_inputs), // [batch, classes]
                Some(Dropout { rate, width, rng }) => {
                    let mask = mask([passing, *width], *rate, rng, &device); // [batch, width]
                    model.forward_with_dropout(batch_inputs, Tensor::from_inner(mask))
                }
            };
            let (logits, on_unlabelled) = match (&mut consistency, drawn) {
                (Some(consistency), Some(drawn)) => {
                    let (logits, loss) = consistency.parted(output, drawn, &device);
                    (logits, Some(loss))
                }
                _ => (output.logits, None),
            };
            let mut loss = match blend {
                Some(blend) => blend.loss(&loss_function, logits, &batch_labels, &device),
                None => loss_function.forward(logits, targets(batch_labels, &device)), // [1]
            };
            if let Some(on_unlabelled) = on_unlabelled {
                loss = loss + on_unlabelled;
            }
            loss_sum = loss_sum + loss.clone().inner() * chosen.len() as f64;
            let mut gradients = GradientsParams::from_grads(loss.backward(), &model);
            if let Some(norm) = training.clip_norm {
                gradients = clip_global_norm(gradients, &model, norm);
            }
            let step = epoch * batches.len() + batch;
            let position = Position { epoch, step, steps, nominal_steps };
            let rate = learning_rate(training.learning_rate, &training.schedule, position);
            model = optimiser.step(rate, model, gradients);
            images += passing;
            if batch + 1 < batches.len() {
                let elapsed_secs = started.elapsed().as_secs_f64();
                progress(Step { epoch: epoch + 1, images, epoch_loss: None, elapsed_secs });
            }
        }
        if let Some(consistency) = &mut consistency {
            consistency.end_epoch();
        }
        // The only synchronisation with the device: once an epoch. (FlexMatch and early stopping have their own.)
        let loss = f64::from(loss_sum.into_scalar::<f32>()) / seen as f64;
        if !loss.is_finite() {
            return Err(NotFinite { epoch: epoch + 1, loss });
        }
        epoch_losses.push(loss);
        let elapsed_secs = started.elapsed().as_secs_f64();
        progress(Step { epoch: epoch + 1, images, epoch_loss: Some(loss), elapsed_secs });
        if let Some((stopping, validation)) = &mut stopping {
            let scored = model.valid();
            let loss = validation_loss(&scored, &loss_function, *validation, &device);
            if !loss.is_finite() {
                return Err(NotFinite { epoch: epoch + 1, loss });
            }
            match stopping.tell(loss) {
                Epoch::Best => best = Some(scored),
                Epoch::Other => {}
                Epoch::Last => break,
            }
        }
    }
    let validated = stopping.map(|(stopping, _)| Validated {
        best_epoch: stopping.best_epoch().expect("there was an epoch"),
        losses: stopping.into_losses(),
    });
    Ok(Trained {
        model: best.unwrap_or_else(|| model.valid()),
        epoch_losses,
        images,
        validated,
        flexmatch: consistency.map(Consistency::account),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// What training minimises, on images as they are, by a network in evaluation form: the mean over batches, by their sizes.
fn validation_loss(model: &Classifier, loss: &Loss, set: ValidationSet<'_>, device: &Device) -> f64 {
    let ValidationSet { inputs, rows, labels, batch_size } = set;
    let mut sum = 0.0;
    for (rows, labels) in rows.chunks(batch_size).zip(labels.chunks(batch_size)) {
        let logits = model.forward(inputs.batch(rows)).logits;
        let of_batch = loss.forward(Tensor::from_inner(logits), targets(labels.iter().copied(), device));
        sum += f64::from(of_batch.into_scalar::<f32>()) * rows.len() as f64;
    }
    sum / rows.len() as f64
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;
    use tailward_datasets::{ImageShape, Images};
    use tailward_experiment::definition::{
        EarlyStopping as Early, Normalisation, Optimiser, Schedule, Validation,
    };
    use tailward_models::classifier::ClassifierConfig;
    use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};

    use super::*;
    use crate::device::Backend;
    use crate::inputs::Pixels;

    /// What comes out of training that stopped early is the network of the best epoch, its running statistics included: its loss on
    /// the validation images is the lowest that was seen.
    #[test]
    fn the_best_network_is_kept_whole() {
        let shape = ImageShape { channels: 3, height: 8, width: 8 };
        let pixels = (0..60 * shape.len()).map(|at| (at * 29 % 256) as u8).collect();
        let normalisation = Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] };
        let training = TrainingDefinition {
            epochs: 30,
            batch_size: 8,
            incomplete_batch: None,
            learning_rate: 0.05,
            schedule: Schedule::Constant {},
            optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true },
            weight_decay: 0.0,
            clip_norm: None,
            loss: None,
            mixup: None,
            flexmatch: None,
            early_stopping: Some(Early { patience: 3, validation: Validation::Unused { images: 20 } }),
            crop_padding: 0,
            horizontal_flip: false,
            normalisation: normalisation.clone(),
        };
        let config = ClassifierConfig::ResNet(ResNetConfig {
            channels: 3,
            classes: 4,
            stem: Stem::Cifar,
            block: BlockKind::Basic,
            blocks: vec![1],
            widths: vec![4],
        });
        let device = Backend::compiled()[0].device().unwrap();
        let inputs = Inputs::Pixels(Pixels::upload(Images { shape, pixels }, &normalisation, &device));
        let rows: Vec<usize> = (0..60).collect();
        let labels: Vec<u32> = rows.iter().map(|&row| (row * 7 % 4) as u32).collect();
        let rng = ChaCha8Rng::seed_from_u64(3);
        let validation =
            ValidationSet { inputs: &inputs, rows: &rows[40..], labels: &labels[40..], batch_size: 7 };
        let material = Material {
            labelled: LabelledSet { inputs: &inputs, rows: &rows[..40], labels: &labels[..40] },
            unlabelled: None,
            validation: Some(validation),
        };
        let model = config.init(&mut rng.clone(), &device.clone().autodiff());
        let streams = Streams { order: rng.clone(), augment: rng, dropout: None };
        let trained = train(&training, model, material, streams, &mut |_| {}).unwrap();
        let Validated { losses, best_epoch } = trained.validated.unwrap();
        assert!(losses.len() < 30 && best_epoch == losses.len() - 3, "{losses:?}, best {best_epoch}");
        let loss = Loss::new(None, &labels, 4, &device);
        let found = validation_loss(&trained.model, &loss, validation, &device);
        assert!((found - losses[best_epoch - 1]).abs() < 1e-6, "{found} is not the best of {losses:?}");
    }
}
