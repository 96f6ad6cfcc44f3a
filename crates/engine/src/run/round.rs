//! A round's model: trained on the labelled set from scratch, and evaluated.

use std::collections::HashSet;
use std::time::Instant;

use ndarray::Axis;
use tailward_acquisition::Needs;
use tailward_datasets::SampleId;
use tailward_experiment::definition::ClassifierDefinition;
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{Evaluation, Line, Round, RoundCost};
use tailward_models::classifier::Classifier;

use super::state::State;
use crate::Error;
use crate::score::average_precision::average_precision;
use crate::score::evaluate::{evaluate, evaluate_logits};
use crate::score::first_not_finite;
use crate::score::outputs::score_everything;

impl State<'_> {
    /// Trains the model of a round and evaluates it, unless the record has it and nothing needs the model.
    pub(super) fn train_and_evaluate(
        &mut self,
        round: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        self.model = None;
        self.scores = None;
        let recorded = self.record.rounds.len() > round;
        let sweeps = self.definition.sweep.is_some() && self.record.sweep.is_none();
        let is_last = round == self.definition.rounds;
        if recorded && (self.record.queries.len() > round || (is_last && !sweeps)) {
            return Ok(());
        }
        if recorded && !sweeps && self.query_file.read(round)?.is_some() {
            // The model has said what it had to say.
            return Ok(());
        }
        // A head is fitted again, in the time that a file takes.
        let is_kept = matches!(self.definition.classifier(), ClassifierDefinition::Network { .. });
        if recorded && is_kept {
            // A checkpoint only saves time: the round can be trained again and gives the same model.
            match self.checkpoints.load(round, self.initial_model(round)?) {
                Ok(Some(model)) => {
                    self.model = Some(model);
                    return Ok(());
                }
                Ok(None) => {}
                Err(error) => tracing::warn!("{error}; round {round} is trained again"),
            }
        }
        let labelled = self.ledger.labelled(round);
        let (samples, labels): (Vec<SampleId>, Vec<u32>) = labelled.iter().copied().unzip();
        let learned = self.learn(round, &samples, &labels, progress)?;
        let started = Instant::now();
        let test_labels = &self.study.truth.test;
        let scoring = &self.definition.scoring;
        let evaluation = evaluate(&learned.model, &self.test_inputs, test_labels, scoring)
            .map_err(|image| Error::TestNotFinite { round, image })?;
        let on_pool =
            if scoring.evaluate_pool { Some(self.evaluate_pool(round, &learned.model)?) } else { None };
        let (pool_evaluation, pool_average_precision) = on_pool.unzip();
        let audit = self.audit_line(round, &learned.model)?;
        let told_apart = self.study.told.is_some();
        let line = Round {
            round,
            labelled: samples.len(),
            class_counts: self.count(&labels),
            true_class_counts: told_apart.then(|| self.count(&self.study.true_labels(&samples))),
            epoch_losses: learned.epoch_losses,
            validation: learned.validation,
            flexmatch: learned.flexmatch,
            evaluation,
            pool_evaluation,
            pool_average_precision,
            audit,
            host: self.other_host(),
            cost: RoundCost {
                train_secs: learned.seconds,
                train_images_per_sec: learned.images as f64 / learned.seconds.max(f64::MIN_POSITIVE),
                evaluate_secs: started.elapsed().as_secs_f64(),
            },
        };
        if is_kept && (!is_last || sweeps) {
            self.fence.check()?;
            self.checkpoints.save(round, &learned.model)?;
        }
        self.model = Some(learned.model);
        self.left_out = learned.left_out;
        if !recorded {
            self.writer.append(&Line::Round(Box::new(line.clone())))?;
            self.record.rounds.push(line.clone());
        }
        progress(Progress::Trained(Box::new(line)));
        Ok(())
    }

    /// Evaluates a model on every sample that takes part, and the lists of its classes on those without a label; keeps the
    /// scores for the query.
    fn evaluate_pool(
        &mut self,
        round: usize,
        model: &Classifier,
    ) -> Result<(Evaluation, Vec<Option<f64>>), Error> {
        // Where a selection is replayed, nobody is asked.
        let is_asked = self.definition.replay.is_none();
        let needs = if is_asked { self.strategy(round)?.needs() } else { Needs::default() };
        let scoring = &self.definition.scoring;
        let scores = score_everything(needs, model, &self.train_inputs, &self.everything, scoring);
        let logits = scores.logits.as_ref().expect("logits were asked for");
        if let Some(row) = first_not_finite(logits) {
            return Err(Error::NotFinite { round, sample: self.everything[row] });
        }
        let labels = self.study.true_labels(&self.everything);
        let evaluation = evaluate_logits(logits, &labels);
        let labelled: HashSet<SampleId> =
            self.ledger.labelled(round).into_iter().map(|(sample, _)| sample).collect();
        let unlabelled: Vec<usize> =
            (0..labels.len()).filter(|&row| !labelled.contains(&self.everything[row])).collect();
        let labels_of_unlabelled: Vec<u32> = unlabelled.iter().map(|&row| labels[row]).collect();
        let lists = average_precision(&logits.select(Axis(0), &unlabelled), &labels_of_unlabelled);
        self.scores = self.definition.scores_together().then_some(scores);
        Ok((evaluation, lists))
    }
}
