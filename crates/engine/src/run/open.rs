//! Opening a run: a new one, or one that was begun, whose files must agree with each other.

use burn::tensor::Device;
use tailward_datasets::{Images, SampleId};
use tailward_experiment::definition::{ClassifierDefinition, RunDefinition};
use tailward_experiment::record::{Line, RECORD_FILE, Record, RecordWriter};
use tailward_labelling::{Fence, LEDGER_FILE, Ledger};

use super::account;
use super::audit;
use super::begun::QueryFile;
use super::checkpoint::Checkpoints;
use super::model::classifier;
use super::setting::{Setting, check_shape, construct_pool, construct_replayed};
use super::state::{RunInputs, State};
use super::validation::Validation;
use super::zero_shot;
use crate::Error;
use crate::inputs::features::{Pictures, describe};
use crate::inputs::{Inputs, Pixels};
use crate::rng::{Stream, stream};

impl<'a> State<'a> {
    pub(super) fn open(
        definition: &'a RunDefinition,
        inputs: RunInputs<'a>,
        fence: Fence,
    ) -> Result<Self, Error> {
        let setting = &inputs.setting;
        let (shape, classes) = (setting.train.shape, setting.class_names.len());
        let device = inputs.backend.device()?;
        check_shape(definition, shape)?;
        let mut classifier = classifier(definition, shape.channels, classes);
        zero_shot::begin(definition, inputs.data_dir, &mut classifier)?;
        let pool = match inputs.replay {
            Some(order) => construct_replayed(definition, setting, order)?,
            None => construct_pool(definition, setting, inputs.data_dir)?,
        };
        let record_path = inputs.folder.join(RECORD_FILE);
        let ledger_path = inputs.folder.join(LEDGER_FILE);
        let existing = Record::load(&record_path)?;
        match &existing {
            Some(record) if record.header.pool_hash != pool.hash => {
                let found = record.header.pool_hash.clone();
                return Err(Error::OtherPool { path: record_path, found, wanted: pool.hash });
            }
            None if ledger_path.exists() => {
                let reason = "has a ledger but no record; move the folder away".to_owned();
                return Err(Error::Inconsistent { path: inputs.folder.to_owned(), reason });
            }
            _ => {}
        }
        let mut writer = RecordWriter::open(&record_path)?;
        writer.guard(fence.clone());
        let record = match existing {
            Some(record) => record,
            None => {
                let header = account::header(definition, &inputs, &pool, &classifier, &device);
                writer.append(&Line::Header(Box::new(header.clone())))?;
                Record { header, rounds: vec![], queries: vec![], sweep: None, complete: None }
            }
        };
        pool.write(inputs.folder)?;
        let mut ledger = Ledger::open(&ledger_path, pool.initial.iter().chain(&pool.pool).copied())?;
        ledger.guard(fence.clone());
        let mut everything: Vec<SampleId> = pool.initial.iter().chain(&pool.pool).copied().collect();
        everything.sort_unstable();
        let RunInputs {
            setting: Setting { train, test, validation, study, .. }, folder, weights, host, ..
        } = inputs;
        let validation = Validation::of(definition, &pool, &study, validation, &device)?;
        let [train_inputs, test_inputs] = fed(definition, [train, test], &everything, &device);
        let mut state = Self {
            definition,
            folder,
            weights,
            classes,
            study,
            everything,
            audit: audit::drawn(definition, &pool),
            validation,
            scores: None,
            train_inputs,
            test_inputs,
            classifier,
            device,
            pool,
            ledger,
            record,
            writer,
            checkpoints: Checkpoints::new(folder),
            query_file: QueryFile::new(folder),
            fence,
            host,
            model: None,
            left_out: None,
        };
        state.check_consistent()?;
        if let Some(host) = state.other_host() {
            let began = &state.record.header.host;
            tracing::warn!(
                "this run began on {} ({}, kernels {}) and goes on on {} ({}, kernels {}): last digits may differ, and its rounds say so",
                began.device,
                began.processor,
                began.kernels(),
                host.device,
                host.processor,
                host.kernels()
            );
        }
        if state.ledger.requested(0).is_empty() {
            state.ledger.request(0, &state.pool.initial, None)?;
        }
        state.answer(0)?;
        Ok(state)
    }

    /// The ledger has to hold what the record says was asked and told.
    fn check_consistent(&self) -> Result<(), Error> {
        let broken = |reason: String| Error::Inconsistent { path: self.folder.to_owned(), reason };
        let initial = self.ledger.requested(0);
        if !initial.is_empty() && initial != self.pool.initial {
            return Err(broken("the ledger begins with another initial set than the pool has".to_owned()));
        }
        if !self.record.rounds.is_empty() && self.ledger.answers(0).len() != self.pool.initial.len() {
            return Err(broken(
                "the ledger lacks labels of the initial set that the record has used".to_owned(),
            ));
        }
        for query in &self.record.queries {
            let round = query.round + 1;
            if self.count(&self.ledger.answers(round)) != query.class_counts {
                let reason = format!("the ledger's labels of round {round} are not those of the record");
                return Err(broken(reason));
            }
            let chosen = self.ledger.requested(round).get(self.audit_of(query.round).len()..);
            if query.picks.as_ref().is_some_and(|picks| Some(picks.as_slice()) != chosen) {
                let reason = format!("the ledger's requests of round {round} are not those of the record");
                return Err(broken(reason));
            }
        }
        let last = self.record.queries.len() + 1;
        let asked = self.ledger.requested(last).len();
        if asked > self.definition.budget {
            let reason =
                format!("the ledger has {asked} requests of round {last}, above {}", self.definition.budget);
            return Err(broken(reason));
        }
        Ok(())
    }
}

/// What the classifier is fed with: of the training images and of the test images.
fn fed(
    definition: &RunDefinition,
    [train, test]: [Images; 2],
    everything: &[SampleId],
    device: &Device,
) -> [Inputs; 2] {
    match definition.classifier() {
        // The images move to the device: on a CPU there is one copy of them.
        ClassifierDefinition::Network { training, .. } => [train, test]
            .map(|images| Inputs::Pixels(Pixels::upload(images, &training.normalisation, device))),
        ClassifierDefinition::Head(head) => {
            let pictures = Pictures { train: &train, samples: everything, test: &test };
            let mut rng = stream(definition.seed, Stream::Patches, 0);
            describe(&head.patches(), pictures, &mut rng, device).map(Inputs::Features)
        }
    }
}
