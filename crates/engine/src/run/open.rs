//! Opening a run: a new one, or one that was begun, whose files must agree with each other.

use burn::tensor::Device;
use tailward_datasets::{SampleId, StoredImages};
use tailward_experiment::definition::{ClassifierDefinition, RunDefinition};
use tailward_experiment::record::{Line, RECORD_FILE, Record, RecordWriter};
use tailward_labelling::{Fence, LEDGER_FILE, Ledger};

use super::account;
use super::audit;
use super::begun::QueryFile;
use super::checkpoint::Checkpoints;
use super::frozen::{self, Frozen, Kept};
use super::model::classifier;
use super::setting::{Setting, check_shape, construct_pool, construct_replayed};
use super::state::{RunInputs, State};
use super::validation::Validation;
use super::zero_shot;
use crate::Error;
use crate::inputs::{Inputs, Pixels, features};
use crate::rng::{Stream, stream};

impl<'a> State<'a> {
    pub(super) fn open(
        definition: &'a RunDefinition,
        inputs: RunInputs<'a>,
        fence: Fence,
    ) -> Result<Self, Error> {
        let setting = &inputs.setting;
        let (shape, classes) = (setting.train.shape(), setting.class_names.len());
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
        let RunInputs { setting, folder, weights, host, cache_dir, backend, .. } = inputs;
        let Setting { dataset, train, test, validation, study, .. } = setting;
        let (validation, labels) = validation.unzip();
        let pictures = Pictures { dataset: &dataset, train, test, validation };
        let kept = Kept { weights: weights.as_ref(), cache_dir, backend };
        let fed = Fed::of(definition, pictures, kept, &everything, &device)?;
        let split = fed.validation.zip(labels);
        let validation = Validation::of(definition, &pool, &study, split)?;
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
            train_inputs: fed.train,
            test_inputs: fed.test,
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

/// The images of a run.
struct Pictures<'a> {
    dataset: &'a str,
    train: StoredImages,
    test: StoredImages,
    /// The dataset's own validation images, where they are looked at.
    validation: Option<StoredImages>,
}

/// What the classifier is fed with.
struct Fed {
    train: Inputs,
    test: Inputs,
    /// Of the dataset's own validation images, where they are looked at.
    validation: Option<Inputs>,
}

impl Fed {
    /// Images that are not described move to the device: on a CPU there is one copy of them.
    fn of(
        definition: &RunDefinition,
        pictures: Pictures<'_>,
        kept: Kept<'_>,
        everything: &[SampleId],
        device: &Device,
    ) -> Result<Self, Error> {
        let Pictures { dataset, train, test, validation } = pictures;
        match definition.classifier() {
            ClassifierDefinition::Network { model, training } => match model.frozen() {
                None => {
                    let inputs = |images: StoredImages| {
                        Inputs::Pixels(Pixels::upload(images, &training.normalisation, device))
                    };
                    Ok(Self { train: inputs(train), test: inputs(test), validation: validation.map(inputs) })
                }
                Some(features) => {
                    let frozen = Frozen { features, training, kept };
                    let pictures = frozen::Pictures {
                        dataset,
                        train: &train,
                        test: &test,
                        validation: validation.as_ref(),
                    };
                    let frozen::Described { train, test, validation } =
                        frozen.describe(pictures, everything, device)?;
                    let [train, test] = [train, test].map(Inputs::Features);
                    Ok(Self { train, test, validation: validation.map(Inputs::Features) })
                }
            },
            ClassifierDefinition::Head(head) => {
                let pictures = features::Pictures { train: &train, samples: everything, test: &test };
                let mut rng = stream(definition.seed, Stream::Patches, 0);
                let described = features::describe(&head.patches(), pictures, &mut rng, device)?;
                let [train, test] = described.map(Inputs::Features);
                Ok(Self { train, test, validation: None })
            }
        }
    }
}
