//! What a run's model says of its pool, computed once for whatever its strategy asks for.

use std::time::Instant;

use burn::tensor::Device;
use ndarray::Array2;
use tailward_acquisition::query::Pool;
use tailward_acquisition::{Embeddings, Matrix, Needs};
use tailward_datasets::SampleId;
use tailward_experiment::definition::{ClassifierDefinition, RunDefinition, ScoringDefinition};
use tailward_models::classifier::Classifier;

use super::softmax::softmax;
use super::{Scores, Views, dropout_pass, first_not_finite, head, score};
use crate::Error;
use crate::inputs::{Augmentation, Inputs};
use crate::pool::{Unlabelled, image_rows};
use crate::rng::{Stream, stream};
use crate::train::vaal::{self, Account, Progress};

/// A trained model in front of a pool.
pub struct Outputs<'a> {
    /// The run's definition.
    pub definition: &'a RunDefinition,
    /// What the strategy that chooses in this round needs.
    pub needs: Needs,
    /// The round that the model is of.
    pub round: usize,
    /// The model, in evaluation form.
    pub model: &'a Classifier,
    /// The inputs of all training samples.
    pub inputs: &'a Inputs,
    /// The unlabelled samples.
    pub unlabelled: &'a Unlabelled,
    /// Every sample that takes part, rising.
    pub everything: &'a [SampleId],
    /// The labelled samples, in the order in which they were labelled.
    pub labelled: &'a [SampleId],
    /// The logits of each of them by a head without its label, where a head learns: what a head says of samples that it
    /// was fitted to would be too sure. `[labelled, classes]`
    pub left_out: Option<&'a Array2<f32>>,
    /// Who is told how the training of VAAL's networks goes on.
    pub progress: &'a mut dyn FnMut(Progress),
    /// What has been computed.
    pub cache: Cache,
}

/// What has been computed, and what it took.
#[derive(Debug, Default)]
pub struct Cache {
    /// The scores of every sample that takes part, for definitions that score all of them together.
    pub everything: Option<Scores>,
    probabilities: Option<Matrix<'static>>,
    logits: Option<Matrix<'static>>,
    unlabelled_embeddings: Option<Matrix<'static>>,
    labelled_probabilities: Option<Matrix<'static>>,
    labelled_embeddings: Option<Matrix<'static>>,
    estimates: Option<Vec<f32>>,
    /// What VAAL's networks learned, if there are any.
    pub account: Option<Account>,
    /// The model's passes, in seconds.
    pub score_secs: f64,
    /// Training of VAAL's networks, in seconds, if there are any.
    pub train_secs: Option<f64>,
}

impl std::fmt::Debug for Outputs<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Outputs").field("round", &self.round).finish_non_exhaustive()
    }
}

/// One pass over every sample that takes part, for evaluation and for whatever a strategy of these needs wants.
pub fn score_everything(
    wanted: Needs,
    model: &Classifier,
    inputs: &Inputs,
    samples: &[SampleId],
    scoring: &ScoringDefinition,
) -> Scores {
    let needs = Needs {
        probabilities: true,
        logits: true,
        embeddings: wanted.embeddings || wanted.labelled_embeddings || wanted.dropout_passes > 0,
        ..Needs::default()
    };
    score(model, inputs, &image_rows(samples), needs, scoring, None)
}

impl Outputs<'_> {
    /// One pass over the unlabelled samples, for everything that the strategy needs of them.
    fn pass(&mut self) -> Result<(), Error> {
        let known = &self.cache;
        if known.probabilities.is_some() || known.logits.is_some() || known.unlabelled_embeddings.is_some() {
            return Ok(());
        }
        let wanted = self.needs;
        let needs = Needs {
            // A sweep measures the entropy of every choice.
            probabilities: wanted.probabilities || self.definition.sweep.is_some(),
            logits: wanted.logits,
            // A pass with dropout starts from the embeddings: only the head is repeated.
            embeddings: wanted.embeddings || wanted.dropout_passes > 0,
            ..Needs::default()
        };
        let scores = self.score(self.unlabelled.samples(), needs, Stream::Views)?;
        self.cache.probabilities = scores.probabilities.map(Matrix::from);
        self.cache.logits = scores.logits.map(Matrix::from);
        self.cache.unlabelled_embeddings = scores.embeddings.map(Matrix::from);
        Ok(())
    }

    /// One pass over the labelled samples, likewise.
    fn labelled_pass(&mut self) -> Result<(), Error> {
        if self.cache.labelled_probabilities.is_some() || self.cache.labelled_embeddings.is_some() {
            return Ok(());
        }
        let wanted = self.needs;
        if self.labelled.is_empty() {
            let (classes, dims) = (self.model.classes(), self.definition.classifier().embedding());
            self.cache.labelled_probabilities = Some(Array2::zeros((0, classes)).into());
            self.cache.labelled_embeddings = Some(Array2::zeros((0, dims)).into());
            return Ok(());
        }
        let needs = Needs {
            probabilities: wanted.labelled_probabilities,
            embeddings: wanted.labelled_embeddings,
            ..Needs::default()
        };
        let mut scores = self.score(self.labelled, needs, Stream::LabelledViews)?;
        if let Some(logits) = self.left_out {
            scores.probabilities = wanted.labelled_probabilities.then(|| softmax(logits.view()));
        }
        self.cache.labelled_probabilities = scores.probabilities.map(Matrix::from);
        self.cache.labelled_embeddings = scores.embeddings.map(Matrix::from);
        Ok(())
    }

    fn score(&mut self, samples: &[SampleId], needs: Needs, views: Stream) -> Result<Scores, Error> {
        let started = Instant::now();
        let scoring = &self.definition.scoring;
        if self.definition.scores_together() {
            if self.cache.everything.is_none() {
                let scores = score_everything(self.needs, self.model, self.inputs, self.everything, scoring);
                self.cache.everything = Some(scores);
            }
            let row = |sample| self.everything.binary_search(sample).expect("a sample that takes part");
            let rows: Vec<usize> = samples.iter().map(row).collect();
            let all = self.cache.everything.as_ref().expect("scored just now");
            let scores = all.select(&rows);
            self.cache.score_secs += started.elapsed().as_secs_f64();
            return self.checked(scores, samples);
        }
        let views = match self.definition.classifier() {
            ClassifierDefinition::Network { training, .. } if scoring.augmented_pool => Some(Views {
                augmentation: Augmentation::from(training),
                rng: stream(self.definition.seed, views, self.round),
            }),
            _ => None,
        };
        let rows = image_rows(samples);
        let scores = score(self.model, self.inputs, &rows, needs, scoring, views);
        self.cache.score_secs += started.elapsed().as_secs_f64();
        self.checked(scores, samples)
    }

    fn checked(&self, scores: Scores, samples: &[SampleId]) -> Result<Scores, Error> {
        for outputs in [&scores.probabilities, &scores.logits, &scores.embeddings].into_iter().flatten() {
            if let Some(row) = first_not_finite(outputs) {
                return Err(Error::NotFinite { round: self.round, sample: samples[row] });
            }
        }
        Ok(scores)
    }

    /// A definition that was read from a file has been checked; one that was made otherwise may ask for what there is not.
    fn needs_network(&self, what: &str) -> Error {
        Error::Mismatch(format!("`{}` needs {what}, and this run has none", self.definition.strategy.name))
    }

    fn device(&self) -> Device {
        self.inputs.device()
    }
}

impl Pool<'static> for Outputs<'_> {
    type Error = Error;

    fn probabilities(&mut self) -> Result<Matrix<'static>, Error> {
        self.pass()?;
        Ok(self.cache.probabilities.clone().expect("a pass computes what the strategy needs"))
    }

    fn logits(&mut self) -> Result<Matrix<'static>, Error> {
        self.pass()?;
        Ok(self.cache.logits.clone().expect("a pass computes what the strategy needs"))
    }

    fn head(&mut self) -> Result<Matrix<'static>, Error> {
        Ok(head(self.model).into())
    }

    fn labelled_probabilities(&mut self) -> Result<Matrix<'static>, Error> {
        self.labelled_pass()?;
        let found = self.cache.labelled_probabilities.clone();
        Ok(found.expect("a pass computes what the strategy needs"))
    }

    fn unlabelled_embeddings(&mut self) -> Result<Matrix<'static>, Error> {
        self.pass()?;
        Ok(self.cache.unlabelled_embeddings.clone().expect("a pass computes what the strategy needs"))
    }

    fn embeddings(&mut self) -> Result<Embeddings<'static>, Error> {
        let unlabelled = self.unlabelled_embeddings()?;
        self.labelled_pass()?;
        let labelled = self.cache.labelled_embeddings.clone().expect("the embeddings that were asked for");
        Ok(Embeddings { unlabelled, labelled })
    }

    fn dropout_pass(&mut self, pass: usize) -> Result<Matrix<'static>, Error> {
        let embeddings = self.unlabelled_embeddings()?;
        let started = Instant::now();
        let rate = self.definition.classifier().dropout();
        let rate = rate.ok_or_else(|| self.needs_network("passes of a network with dropout"))?;
        // One stream for each pass: what a pass draws does not depend on how many there are.
        let mut rng = stream(self.definition.seed, Stream::MonteCarlo, self.round);
        rng.set_stream(pass as u64);
        let batch_size = self.definition.scoring.batch_size;
        let probabilities =
            dropout_pass(self.model, embeddings.view(), rate, &mut rng, batch_size, &self.device());
        self.cache.score_secs += started.elapsed().as_secs_f64();
        match first_not_finite(&probabilities) {
            Some(row) => Err(Error::NotFinite { round: self.round, sample: self.unlabelled.sample(row) }),
            None => Ok(probabilities.into()),
        }
    }

    fn estimates(&mut self) -> Result<Vec<f32>, Error> {
        if let Some(estimates) = &self.cache.estimates {
            return Ok(estimates.clone());
        }
        let started = Instant::now();
        let networks = self.definition.strategy.query.networks.as_ref();
        let networks = networks.expect("a definition that was validated has networks where they are trained");
        let setting = vaal::Setting { networks, seed: self.definition.seed, round: self.round };
        let labelled = image_rows(self.labelled);
        let unlabelled = image_rows(self.unlabelled.samples());
        let Inputs::Pixels(images) = self.inputs else {
            return Err(self.needs_network("networks that are trained on images"));
        };
        let data = vaal::Images { images, labelled: &labelled, unlabelled: &unlabelled };
        let trained = vaal::train(setting, data, self.progress)?;
        let train_secs = started.elapsed().as_secs_f64();
        let (estimates, account) = trained.estimate(setting, data)?;
        self.cache.train_secs = Some(train_secs);
        self.cache.score_secs += started.elapsed().as_secs_f64() - train_secs;
        self.cache.account = Some(account);
        self.cache.estimates = Some(estimates.clone());
        Ok(estimates)
    }
}
