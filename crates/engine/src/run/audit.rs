//! The blind sample that accuracy is measured on, and how near it is to the truth, which only a simulated study knows.

use std::collections::BTreeSet;

use rand::seq::index;
use tailward_acquisition::Needs;
use tailward_datasets::{PoolManifest, SampleId};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::record::AuditLine;
use tailward_labelling::ledger::{Event, Told};
use tailward_labelling::project::AUDIT;
use tailward_labelling::statistics::{LEVEL, wilson};
use tailward_models::classifier::Classifier;

use super::state::State;
use crate::Error;
use crate::pool::image_rows;
use crate::project::highest;
use crate::rng::{Stream, stream};
use crate::score::{first_not_finite, score};

/// The samples of a run's audit, in the order in which they are asked for; none where the definition has no audit.
pub(super) fn drawn(definition: &RunDefinition, pool: &PoolManifest) -> Vec<SampleId> {
    let size = definition.audit_size().min(pool.pool.len() / 2);
    if size == 0 {
        return Vec::new();
    }
    let mut rng = stream(definition.seed, Stream::Audit, 0);
    index::sample(&mut rng, pool.pool.len(), size).into_iter().map(|place| pool.pool[place]).collect()
}

impl State<'_> {
    /// The samples of the audit that are labelled together with the query of a round.
    pub(super) fn audit_of(&self, round: usize) -> &[SampleId] {
        let until = |queries| self.definition.audited_after(queries).min(self.audit.len());
        &self.audit[until(round)..until(round + 1)]
    }

    /// Asks for the labels of the audit's share of a query, before anything is chosen, and has them told.
    pub(super) fn label_audit(&mut self, round: usize) -> Result<(), Error> {
        let audit = self.audit_of(round).to_vec();
        let asked = self.ledger.requested(round + 1);
        if asked.is_empty() && !audit.is_empty() {
            self.ledger.request(round + 1, &audit, Some(AUDIT))?;
        } else if asked.get(..audit.len()) != Some(audit.as_slice()) {
            let reason =
                format!("the ledger's requests of round {} do not begin with the audit's", round + 1);
            return Err(Error::Inconsistent { path: self.folder.to_owned(), reason });
        }
        let oracle = self.study.oracle();
        let waiting: BTreeSet<SampleId> = self.ledger.unanswered(round + 1).into_iter().collect();
        let told: Vec<Told<'_>> = audit
            .iter()
            .filter(|sample| waiting.contains(sample))
            .map(|&sample| Told {
                event: Event::Audited,
                sample,
                label: Some(oracle.answer(sample)),
                annotator: oracle.name(),
                how: None,
                cost: 1.0,
                note: None,
            })
            .collect();
        Ok(self.ledger.tell(&told)?)
    }

    /// What the audit says of a round's model, beside what is true; nothing before anything of it is labelled.
    pub(super) fn audit_line(&self, round: usize, model: &Classifier) -> Result<Option<AuditLine>, Error> {
        let audited = self.definition.audited_after(round).min(self.audit.len());
        if audited == 0 {
            return Ok(None);
        }
        let learned: BTreeSet<SampleId> =
            self.ledger.labelled(round).into_iter().map(|(sample, _)| sample).collect();
        let others: Vec<SampleId> =
            self.everything.iter().copied().filter(|sample| !learned.contains(sample)).collect();
        let needs = Needs { logits: true, ..Needs::default() };
        let rows = image_rows(&others);
        let scores = score(model, &self.train_inputs, &rows, needs, &self.definition.scoring, None);
        let logits = scores.logits.unwrap_or_default();
        if let Some(row) = first_not_finite(&logits) {
            return Err(Error::NotFinite { round, sample: others[row] });
        }
        let predicted: Vec<u32> = logits.rows().into_iter().map(|row| highest(row) as u32).collect();
        let share = |labels: &[u32]| {
            let right = predicted.iter().zip(labels).filter(|(one, other)| one == other).count();
            right as f64 / labels.len() as f64
        };
        let truth = self.study.true_labels(&others);
        let oracle = self.study.oracle();
        let told: Vec<u32> = others.iter().map(|&sample| oracle.answer(sample)).collect();
        let is_right = |sample: &&SampleId| {
            let place = others.binary_search(sample).expect("nothing was learned from the audit");
            predicted[place] == told[place]
        };
        let right = self.audit[..audited].iter().filter(is_right).count();
        Ok(Some(AuditLine {
            right,
            of: audited,
            interval: wilson(right, audited, LEVEL),
            others: others.len(),
            agreement: share(&told),
            accuracy: share(&truth),
        }))
    }
}
