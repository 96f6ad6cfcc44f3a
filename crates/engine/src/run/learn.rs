//! A round's classifier, from nothing but the labelled set: a network is trained, a head is fitted.

use std::time::Instant;

use ndarray::Array2;
use tailward_datasets::SampleId;
use tailward_experiment::definition::ClassifierDefinition;
use tailward_experiment::progress::Progress;
use tailward_features::Ridge;
use tailward_models::classifier::{Classifier, ClassifierConfig};

use super::model::streams;
use super::state::State;
use crate::Error;
use crate::inputs::Inputs;
use crate::pool::image_rows;
use crate::score::download;
use crate::train::supervised::{LabelledSet, NotFinite, Step, train};

/// A classifier in evaluation form, with what learning it took.
pub(super) struct Learned {
    pub(super) model: Classifier,
    /// The logits of each labelled sample by a head without its label; a network has none. `[labelled, classes]`
    pub(super) left_out: Option<Array2<f32>>,
    /// Mean training loss of each epoch; a head has none.
    pub(super) epoch_losses: Vec<f64>,
    /// Images that were seen, over all epochs.
    pub(super) images: usize,
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
                let data = LabelledSet { inputs: &self.train_inputs, rows: &rows, labels };
                let mut tell = |step| progress(told(round, rows.len(), step));
                let trained = train(training, self.initial_model(round)?, data, streams, &mut tell)
                    .map_err(|NotFinite { epoch, loss }| Error::Diverged { round, epoch, loss })?;
                Ok(Learned {
                    model: trained.model,
                    left_out: None,
                    epoch_losses: trained.epoch_losses,
                    images: trained.images,
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
                    seconds: started.elapsed().as_secs_f64(),
                })
            }
            (
                ClassifierDefinition::Head(_),
                ClassifierConfig::ResNet(_) | ClassifierConfig::Vit(_) | ClassifierConfig::Shallow(_),
            ) => {
                panic!("a definition's head is not built as a network")
            }
        }
    }
}

/// A step of training as it is told.
fn told(round: usize, labelled: usize, step: Step) -> Progress {
    let Step { epoch, images, epoch_loss, elapsed_secs } = step;
    let images_per_sec = images as f64 / elapsed_secs;
    Progress::Training { round, labelled, epoch, images, epoch_loss, images_per_sec }
}
