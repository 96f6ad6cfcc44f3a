//! One run: one strategy, one seed, one definition.
//!
//! The loop is the paper's: train on the labelled set, evaluate, query, label, again. What has happened is on the
//! disk, in the record and the ledger, before the next thing begins, so that a run that was killed goes on where it
//! was: a round is a function of the definition, the seed and the labelled set.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use ndarray::{Array2, CowArray};
use tailward_acquisition::balance::Status;
use tailward_acquisition::{BalanceOutcome, Needs, Selection};
use tailward_datasets::{Dataset, PoolManifest, SampleId};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::record::{
    Balancing, Complete, Header, Line, Query, QueryCost, RECORD_FILE, Record, RecordWriter, Round, RoundCost,
};
use tailward_models::resnet::ResNet;

use crate::Error;
use crate::augment::Augmentation;
use crate::batches::DeviceImages;
use crate::checkpoint::Checkpoints;
use crate::construct::{check_channels, construct_pool, model_config};
use crate::device::Backend;
use crate::evaluate::evaluate;
use crate::ledger::{LEDGER_FILE, Ledger};
use crate::lock::Lock;
use crate::oracle::Simulated;
use crate::pool::{Unlabelled, image_rows};
use crate::query::{self, Inputs};
use crate::rng::{Stream, stream};
use crate::score::{Views, first_not_finite, score};
use crate::train::{LabelledImages, NotFinite, Step, Streams, train};

/// What a run needs besides its definition.
#[derive(Debug)]
pub struct RunInputs<'a> {
    /// The dataset that the definition names.
    pub dataset: &'a Dataset,
    /// The folder that relative paths of index lists start from.
    pub data_dir: &'a Path,
    /// The run's own folder.
    pub folder: &'a Path,
    /// What the run computes on.
    pub backend: Backend,
    /// Where and with what the run happens.
    pub host: tailward_experiment::record::Host,
}

/// What a run is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A step of training.
    Training {
        /// The round.
        round: usize,
        /// The size of its labelled set.
        labelled: usize,
        /// The step.
        step: Step,
    },
    /// A model was trained and evaluated.
    Trained(Box<Round>),
    /// The next samples were chosen and labelled.
    Queried(Box<Query>),
}

/// Runs a definition to its end, or goes on with it.
///
/// # Errors
///
/// See [`Error`]; whatever had been written stays.
pub fn run(
    definition: &RunDefinition,
    inputs: &RunInputs<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Record, Error> {
    std::fs::create_dir_all(inputs.folder).map_err(Error::io(inputs.folder))?;
    let _lock = Lock::acquire(inputs.folder)?;
    let record_path = inputs.folder.join(RECORD_FILE);
    if let Some(record) = Record::load(&record_path)? {
        check_same(definition, &record, inputs.folder)?;
        if record.is_complete() {
            // A crash after the last line can leave a checkpoint.
            Checkpoints::new(inputs.folder).clear()?;
            return Ok(record);
        }
    }
    let mut state = State::open(definition, inputs)?;
    for round in 0..=definition.rounds {
        state.train_and_evaluate(round, progress)?;
        if round < definition.rounds {
            state.query_and_label(round, progress)?;
        }
    }
    state.complete()?;
    Ok(state.record)
}

/// A run in progress.
struct State<'a> {
    definition: &'a RunDefinition,
    inputs: &'a RunInputs<'a>,
    device: Device,
    pool: PoolManifest,
    train_images: DeviceImages,
    test_images: DeviceImages,
    ledger: Ledger,
    record: Record,
    writer: RecordWriter,
    checkpoints: Checkpoints,
    /// The model of the current round, in evaluation form; absent if the round needs no model any more.
    model: Option<ResNet>,
}

impl<'a> State<'a> {
    fn open(definition: &'a RunDefinition, inputs: &'a RunInputs<'a>) -> Result<Self, Error> {
        let dataset = inputs.dataset;
        let device = inputs.backend.device()?;
        check_channels(definition, dataset.train.shape)?;
        let pool = construct_pool(definition, dataset, inputs.data_dir)?;
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
        let record = match existing {
            Some(record) => record,
            None => {
                let header = header(definition, inputs, &pool, &device);
                writer.append(&Line::Header(Box::new(header.clone())))?;
                Record { header, rounds: vec![], queries: vec![], sweep: None, complete: None }
            }
        };
        pool.write(inputs.folder)?;
        let ledger = Ledger::open(&ledger_path, pool.initial.iter().chain(&pool.pool).copied())?;
        let normalisation = &definition.training.normalisation;
        let mut state = Self {
            definition,
            inputs,
            train_images: DeviceImages::upload(&dataset.train, normalisation, &device),
            test_images: DeviceImages::upload(&dataset.test, normalisation, &device),
            device,
            pool,
            ledger,
            record,
            writer,
            checkpoints: Checkpoints::new(inputs.folder),
            model: None,
        };
        state.check_consistent()?;
        let initial = state.pool.initial.clone();
        state.label(0, &initial)?;
        Ok(state)
    }

    /// The ledger has to hold what the record says was asked and told.
    fn check_consistent(&self) -> Result<(), Error> {
        let broken = |reason: String| Error::Inconsistent { path: self.inputs.folder.to_owned(), reason };
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
        }
        let last = self.record.queries.len() + 1;
        let asked = self.ledger.requested(last).len();
        if asked != 0 && asked != self.definition.budget {
            let reason =
                format!("the ledger has {asked} requests of round {last}, not {}", self.definition.budget);
            return Err(broken(reason));
        }
        Ok(())
    }

    /// Trains the model of a round and evaluates it, unless the record has it and nothing needs the model.
    fn train_and_evaluate(&mut self, round: usize, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        self.model = None;
        let recorded = self.record.rounds.len() > round;
        if recorded && (self.record.queries.len() > round || round == self.definition.rounds) {
            return Ok(());
        }
        if recorded {
            // A checkpoint only saves time: the round can be trained again and gives the same model.
            match self.checkpoints.load(round, self.initial_model(round)) {
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
        let rows = image_rows(&samples);
        let seed = self.definition.seed;
        let streams = Streams {
            order: stream(seed, Stream::Order, round),
            augment: stream(seed, Stream::Augment, round),
        };
        let data = LabelledImages { images: &self.train_images, rows: &rows, labels: &labels };
        let trained =
            train(&self.definition.training, self.initial_model(round), data, streams, &mut |step| {
                progress(Progress::Training { round, labelled: rows.len(), step });
            })
            .map_err(|NotFinite { epoch, loss }| Error::Diverged { round, epoch, loss })?;
        let started = Instant::now();
        let test_labels = &self.inputs.dataset.test.labels;
        let batch_size = self.definition.scoring.batch_size;
        let evaluation = evaluate(&trained.model, &self.test_images, test_labels, batch_size)
            .map_err(|image| Error::TestNotFinite { round, image })?;
        let images = (rows.len() * self.definition.training.epochs) as f64;
        let line = Round {
            round,
            labelled: rows.len(),
            class_counts: self.count(&labels),
            epoch_losses: trained.epoch_losses,
            evaluation,
            cost: RoundCost {
                train_secs: trained.seconds,
                train_images_per_sec: images / trained.seconds,
                evaluate_secs: started.elapsed().as_secs_f64(),
            },
        };
        if round < self.definition.rounds {
            self.checkpoints.save(round, &trained.model)?;
        }
        self.model = Some(trained.model);
        if !recorded {
            self.writer.append(&Line::Round(Box::new(line.clone())))?;
            self.record.rounds.push(line.clone());
        }
        progress(Progress::Trained(Box::new(line)));
        Ok(())
    }

    /// Chooses the samples of the next round with the model of this one, and has them labelled.
    fn query_and_label(&mut self, round: usize, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        if self.record.queries.len() > round {
            return Ok(());
        }
        let budget = self.definition.budget;
        // What was asked for before a crash is not offered again, but it was on offer when it was chosen.
        let asked = self.ledger.requested(round + 1).to_vec();
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, round);
        if unlabelled.len() < budget {
            return Err(Error::BudgetAbovePool { round, budget, unlabelled: unlabelled.len() });
        }
        let labelled_labels: Vec<u32> =
            self.ledger.labelled(round).into_iter().map(|(_, label)| label).collect();
        let (selection, cost) = self.select(round, &unlabelled, &self.count(&labelled_labels))?;
        let picks: Vec<SampleId> = selection.picks.iter().map(|pick| unlabelled.sample(pick.row)).collect();
        let repeated = asked.is_empty() || asked == picks;
        if !repeated && self.inputs.backend.is_deterministic() {
            let reason =
                format!("the ledger's requests of round {} are not what the query chooses", round + 1);
            return Err(Error::Inconsistent { path: self.inputs.folder.to_owned(), reason });
        }
        // On a GPU the last bits differ from time to time; what was asked stays asked, and has no account.
        let account = selection.balance.filter(|_| repeated);
        self.label(round + 1, if asked.is_empty() { &picks } else { &asked })?;
        let line = Query {
            round,
            budget,
            unlabelled: unlabelled.len(),
            class_counts: self.count(&self.ledger.answers(round + 1)),
            picks: repeated.then_some(picks),
            balance: account.map(balancing),
            cover: None,
            discriminator: None,
            cost,
        };
        self.writer.append(&Line::Query(Box::new(line.clone())))?;
        self.record.queries.push(line.clone());
        self.checkpoints.remove(round)?;
        progress(Progress::Queried(Box::new(line)));
        Ok(())
    }

    fn select(
        &self,
        round: usize,
        unlabelled: &Unlabelled,
        labelled_counts: &[usize],
    ) -> Result<(Selection, QueryCost), Error> {
        let started = Instant::now();
        let mut score_secs = 0.0;
        let inputs = Inputs {
            rows: unlabelled.len(),
            labelled_counts,
            rng: &mut stream(self.definition.seed, Stream::Query, round),
        };
        let probabilities = || {
            let probabilities = self.probabilities(round, unlabelled)?;
            score_secs = started.elapsed().as_secs_f64();
            Ok::<_, Error>(CowArray::from(probabilities))
        };
        let strategy = &self.definition.strategy.query;
        let selection = query::query(strategy, inputs, probabilities, self.definition.budget)?;
        let select_secs = started.elapsed().as_secs_f64() - score_secs;
        Ok((selection, QueryCost { score_secs, select_secs, train_secs: None }))
    }

    /// The model's pass over the unlabelled samples: `[unlabelled, classes]`.
    fn probabilities(&self, round: usize, unlabelled: &Unlabelled) -> Result<Array2<f32>, Error> {
        let scoring = &self.definition.scoring;
        let model = self.model.as_ref().expect("a round that queries has a model");
        let views = scoring.augmented_pool.then(|| Views {
            augmentation: Augmentation::from(&self.definition.training),
            rng: stream(self.definition.seed, Stream::Views, round),
        });
        let rows = image_rows(unlabelled.samples());
        let needs = Needs { probabilities: true, ..Needs::default() };
        let scores = score(model, &self.train_images, &rows, needs, scoring.batch_size, views);
        let probabilities = scores.probabilities.expect("the scores that were asked for");
        match first_not_finite(&probabilities) {
            Some(row) => Err(Error::NotFinite { round, sample: unlabelled.sample(row) }),
            None => Ok(probabilities),
        }
    }

    /// Requests samples for a round, unless they have been, and answers what has no answer.
    fn label(&mut self, round: usize, samples: &[SampleId]) -> Result<(), Error> {
        if self.ledger.requested(round).is_empty() {
            self.ledger.request(round, samples)?;
        }
        let oracle = Simulated::new(&self.inputs.dataset.train.labels);
        let answers: Vec<(SampleId, u32)> =
            self.ledger.unanswered(round).into_iter().map(|sample| (sample, oracle.answer(sample))).collect();
        self.ledger.answer(&answers, oracle.name())
    }

    fn complete(&mut self) -> Result<(), Error> {
        let complete = Complete { rounds: self.record.rounds.len(), ledger_hash: self.ledger.hash() };
        self.writer.append(&Line::Complete(complete.clone()))?;
        self.record.complete = Some(complete);
        self.checkpoints.clear()
    }

    fn initial_model(&self, round: usize) -> ResNet {
        let device = self.device.clone().autodiff();
        let mut rng = stream(self.definition.seed, Stream::Init, round);
        model_config(self.definition, self.inputs.dataset).init(&mut rng, &device)
    }

    fn count(&self, labels: &[u32]) -> Vec<usize> {
        let mut counts = vec![0; self.inputs.dataset.class_names.len()];
        for &label in labels {
            counts[label as usize] += 1;
        }
        counts
    }
}

/// The record's account of how the classes were balanced.
fn balancing(outcome: BalanceOutcome) -> Balancing {
    let certificate = outcome.certificate.as_ref();
    Balancing {
        lambda: outcome.lambda,
        l1_baseline: outcome.l1_baseline,
        l1: outcome.l1,
        objective: certificate.map(|certificate| certificate.objective),
        bound: certificate.map(|certificate| certificate.bound),
        relative_gap: certificate.map(|certificate| certificate.relative_gap),
        optimal: certificate.map(|certificate| certificate.status == Status::Optimal),
    }
}

fn check_same(definition: &RunDefinition, record: &Record, folder: &Path) -> Result<(), Error> {
    let wanted = definition.hash();
    if record.header.definition_hash == wanted {
        return Ok(());
    }
    let found = record.header.definition_hash.clone();
    Err(Error::OtherDefinition { path: PathBuf::from(folder), found, wanted })
}

fn header(
    definition: &RunDefinition,
    inputs: &RunInputs<'_>,
    pool: &PoolManifest,
    device: &Device,
) -> Header {
    let dataset = inputs.dataset;
    let mut rng = stream(definition.seed, Stream::Init, 0);
    Header {
        definition: definition.clone(),
        definition_hash: definition.hash(),
        pool_hash: pool.hash.clone(),
        initial_class_counts: pool.class_counts_initial.clone(),
        pool_class_counts: pool.class_counts_pool.clone(),
        class_names: dataset.class_names.clone(),
        test_class_counts: dataset.test.class_counts(dataset.class_names.len()),
        parameters: model_config(definition, dataset).init(&mut rng, device).trainable_parameters(),
        host: inputs.host.clone(),
        started: tailward_experiment::time::now_rfc3339(),
    }
}
