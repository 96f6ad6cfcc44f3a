//! A round's classifier, from nothing but the labelled set: a network is trained, a head is fitted.

use std::time::Instant;

use ndarray::Array2;
use tailward_datasets::SampleId;
use tailward_experiment::definition::ClassifierDefinition;
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{FlexMatchLine, ValidationLine};
use tailward_features::Ridge;
use tailward_models::classifier::{Classifier, ClassifierConfig};

use super::model::streams;
use super::state::State;
use super::validation::Validation;
use crate::Error;
use crate::inputs::Inputs;
use crate::pool::{Unlabelled, image_rows};
use crate::rng::{Stream, stream};
use crate::score::download;
use crate::train::classifier::{LabelledSet, Material, NotFinite, Step, Validated, train};
use crate::train::flexmatch::{Account, UnlabelledSet};

/// A classifier in evaluation form, with what learning it took.
pub(super) struct Learned {
    pub(super) model: Classifier,
    /// The logits of each labelled sample by a head without its label; a network has none. `[labelled, classes]`
    pub(super) left_out: Option<Array2<f32>>,
    /// Mean training loss of each epoch; a head has none.
    pub(super) epoch_losses: Vec<f64>,
    /// Images that were seen, over all epochs.
    pub(super) images: usize,
    /// What early stopping saw.
    pub(super) validation: Option<ValidationLine>,
    /// What FlexMatch learned by.
    pub(super) flexmatch: Option<FlexMatchLine>,
    /// Wall-clock time, in seconds.
    pub(super) seconds: f64,
}

impl State<'_> {
    /// Learns from the labelled samples of a round.
    pub(super) fn learn(
        &self,
        round: usize,
        samples: &[SampleId],
        labels: &[u32],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Learned, Error> {
        let rows = image_rows(samples);
        match (self.definition.classifier(), &self.classifier) {
            (ClassifierDefinition::Network { training, .. }, config) => {
                let streams = streams(self.definition, config, round);
                let unlabelled = training.flexmatch.map(|_| {
                    let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, round).without(&self.audit);
                    image_rows(unlabelled.samples())
                });
                let seed = self.definition.seed;
                let material = Material {
                    labelled: LabelledSet { inputs: &self.train_inputs, rows: &rows, labels },
                    unlabelled: unlabelled.as_deref().map(|rows| UnlabelledSet {
                        inputs: &self.train_inputs,
                        rows,
                        order: stream(seed, Stream::Unlabelled, round),
                        views: stream(seed, Stream::UnlabelledViews, round),
                        strong: stream(seed, Stream::StrongViews, round),
                    }),
                    validation: self.validation.as_ref().map(|validation| {
                        validation.set(&self.train_inputs, self.definition.scoring.batch_size)
                    }),
                };
                let mut tell = |step| progress(told(round, rows.len(), step));
                let trained = train(training, self.initial_model(round)?, material, streams, &mut tell)
                    .map_err(|NotFinite { epoch, loss }| Error::Diverged { round, epoch, loss })?;
                Ok(Learned {
                    model: trained.model,
                    left_out: None,
                    epoch_losses: trained.epoch_losses,
                    images: trained.images,
                    validation: trained.validated.map(|Validated { losses, best_epoch }| ValidationLine {
                        images: self.validation.as_ref().map_or(0, Validation::len),
                        losses,
                        best_epoch,
                    }),
                    flexmatch: unlabelled
                        .zip(trained.flexmatch)
                        .map(|(rows, account)| self.pseudo_labelled(&rows, account)),
                    seconds: trained.seconds,
                })
            }
            (ClassifierDefinition::Head(_), ClassifierConfig::Head(config)) => {
                let started = Instant::now();
                let Inputs::Features(features) = &self.train_inputs else {
                    panic!("a head is fed with features")
                };
                let is_told_apart = labels.iter().any(|label| *label != labels[0]);
                let (model, left_out) = if is_told_apart {
                    let features = download(features.batch(&rows));
                    let fitted = Ridge::fit(features.view(), labels, config.classes);
                    let weights = fitted.ridge.weights().iter().copied().collect();
                    let bias = fitted.ridge.intercept().to_vec();
                    (config.with_weights(weights, bias, &self.device), fitted.left_out)
                } else {
                    // Nothing is told apart by less than two classes: the one that there are labels of is the most probable,
                    // and without any label every class is as probable as any other.
                    let mut bias = vec![0.0; config.classes];
                    labels.iter().take(1).for_each(|&label| bias[label as usize] = 1.0);
                    let left_out =
                        Array2::from_shape_fn((rows.len(), config.classes), |(_, class)| bias[class]);
                    let weights = vec![0.0; config.dims * config.classes];
                    (config.with_weights(weights, bias, &self.device), left_out)
                };
                Ok(Learned {
                    model: Classifier::Head(model),
                    left_out: Some(left_out),
                    epoch_losses: Vec::new(),
                    images: rows.len(),
                    validation: None,
                    flexmatch: None,
                    seconds: started.elapsed().as_secs_f64(),
                })
            }
            (
                ClassifierDefinition::Head(_),
                ClassifierConfig::ResNet(_)
                | ClassifierConfig::Vit(_)
                | ClassifierConfig::Linear(_)
                | ClassifierConfig::Shallow(_),
            ) => {
                panic!("a definition's head is not built as a network")
            }
        }
    }
}

impl State<'_> {
    /// What a record says of pseudo-labels: only here, after training, are they compared with the truth.
    fn pseudo_labelled(&self, rows: &[usize], account: Account) -> FlexMatchLine {
        let Account { used, pseudo_labels } = account;
        let truth = &self.study.truth.train;
        let confident = rows.iter().zip(&pseudo_labels).filter_map(|(&row, label)| Some((row, (*label)?)));
        let (rows, labels): (Vec<usize>, Vec<u32>) = confident.unzip();
        let right = rows.iter().zip(&labels).filter(|&(&row, &label)| truth[row] == label).count();
        FlexMatchLine { used, class_counts: self.count(&labels), right }
    }
}

/// A step of training as it is told.
fn told(round: usize, labelled: usize, step: Step) -> Progress {
    let Step { epoch, images, epoch_loss, elapsed_secs } = step;
    let images_per_sec = images as f64 / elapsed_secs;
    Progress::Training { round, labelled, epoch, images, epoch_loss, images_per_sec }
}
