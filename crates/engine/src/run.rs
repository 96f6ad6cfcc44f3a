//! One run: one strategy, one seed, one definition.
//!
//! The loop is the paper's: train on the labelled set, evaluate, query, label, again. What has happened is on the
//! disk, in the record and the ledger, before the next thing begins, so that a run that was killed goes on where it
//! was: a round is a function of the definition, the seed and the labelled set.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use tailward_acquisition::query::{self, Inputs};
use tailward_acquisition::{Answer, Lambda, LambdaRule, Phase, Selection, Strategy, random};
use tailward_datasets::{Dataset, PoolManifest, SampleId};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::record::{
    Complete, Discriminating, Evaluation, Line, Query, QueryCost, RECORD_FILE, Record, RecordWriter, Round,
    RoundCost,
};
use tailward_models::resnet::ResNet;

use crate::Error;
use crate::account;
use crate::batches::DeviceImages;
use crate::begun::{Begun, QueryFile};
use crate::checkpoint::Checkpoints;
use crate::construct::{
    Weights, check_channels, construct_pool, construct_replayed, initial_model, model_config, streams,
};
use crate::device::Backend;
use crate::evaluate::{evaluate, evaluate_logits};
use crate::ledger::{LEDGER_FILE, Ledger};
use crate::lock::Lock;
use crate::oracle::Simulated;
use crate::outputs::{Cache, Outputs, score_everything, scores_everything};
use crate::pool::{Unlabelled, image_rows};
use crate::rng::{Stream, stream};
use crate::score::{Scores, first_not_finite};
use crate::sweep::sweep;
use crate::train::{LabelledImages, NotFinite, Step, train, vaal};

/// What a run needs besides its definition.
#[derive(Debug)]
pub struct RunInputs<'a> {
    /// The dataset that the definition names, its classes merged as the definition says.
    pub dataset: &'a Dataset,
    /// What annotators say of each training image, where it is not the truth.
    pub told: Option<&'a [u32]>,
    /// The order in which samples are labelled, for a definition that replays one.
    pub replay: Option<&'a [SampleId]>,
    /// The folder that relative paths of index lists start from.
    pub data_dir: &'a Path,
    /// The run's own folder.
    pub folder: &'a Path,
    /// The weights that the definition starts from, if it names any.
    pub weights: Option<Weights>,
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
    /// VAAL's networks are being trained for a query.
    Networks {
        /// The round.
        round: usize,
        /// How far they are.
        progress: vaal::Progress,
    },
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
            QueryFile::new(inputs.folder).remove()?;
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
    if let Some(wanted) = &definition.sweep {
        state.sweep(&wanted.lambdas, progress)?;
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
    query_file: QueryFile,
    /// Every sample that takes part, rising.
    everything: Vec<SampleId>,
    /// The model of the current round, in evaluation form; absent if the round needs no model any more.
    model: Option<ResNet>,
    /// Its scores of every sample that takes part, if the pool was evaluated.
    scores: Option<Scores>,
}

impl<'a> State<'a> {
    fn open(definition: &'a RunDefinition, inputs: &'a RunInputs<'a>) -> Result<Self, Error> {
        let dataset = inputs.dataset;
        let device = inputs.backend.device()?;
        check_channels(definition, dataset.train.shape)?;
        let pool = match inputs.replay {
            Some(order) => construct_replayed(definition, dataset, order)?,
            None => construct_pool(definition, dataset, inputs.data_dir)?,
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
        let record = match existing {
            Some(record) => record,
            None => {
                let header = account::header(definition, inputs, &pool, &device);
                writer.append(&Line::Header(Box::new(header.clone())))?;
                Record { header, rounds: vec![], queries: vec![], sweep: None, complete: None }
            }
        };
        pool.write(inputs.folder)?;
        let ledger = Ledger::open(&ledger_path, pool.initial.iter().chain(&pool.pool).copied())?;
        let normalisation = &definition.training.normalisation;
        let mut everything: Vec<SampleId> = pool.initial.iter().chain(&pool.pool).copied().collect();
        everything.sort_unstable();
        let mut state = Self {
            definition,
            inputs,
            everything,
            scores: None,
            train_images: DeviceImages::upload(&dataset.train, normalisation, &device),
            test_images: DeviceImages::upload(&dataset.test, normalisation, &device),
            device,
            pool,
            ledger,
            record,
            writer,
            checkpoints: Checkpoints::new(inputs.folder),
            query_file: QueryFile::new(inputs.folder),
            model: None,
        };
        state.check_consistent()?;
        if state.ledger.requested(0).is_empty() {
            state.ledger.request(0, &state.pool.initial, None)?;
        }
        state.answer(0)?;
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
            if query.picks.as_ref().is_some_and(|picks| picks != self.ledger.requested(round)) {
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

    /// Trains the model of a round and evaluates it, unless the record has it and nothing needs the model.
    fn train_and_evaluate(&mut self, round: usize, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
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
        if recorded {
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
        let rows = image_rows(&samples);
        let config = model_config(self.definition, self.inputs.dataset);
        let streams = streams(self.definition, &config, round);
        let data = LabelledImages { images: &self.train_images, rows: &rows, labels: &labels };
        let trained =
            train(&self.definition.training, self.initial_model(round)?, data, streams, &mut |step| {
                progress(Progress::Training { round, labelled: rows.len(), step });
            })
            .map_err(|NotFinite { epoch, loss }| Error::Diverged { round, epoch, loss })?;
        let started = Instant::now();
        let test_labels = &self.inputs.dataset.test.labels;
        let scoring = &self.definition.scoring;
        let evaluation = evaluate(&trained.model, &self.test_images, test_labels, scoring)
            .map_err(|image| Error::TestNotFinite { round, image })?;
        let pool_evaluation =
            if scoring.evaluate_pool { Some(self.evaluate_pool(round, &trained.model)?) } else { None };
        let line = Round {
            round,
            labelled: rows.len(),
            class_counts: self.count(&labels),
            true_class_counts: self.inputs.told.map(|_| self.count(&self.truth(&samples))),
            epoch_losses: trained.epoch_losses,
            evaluation,
            pool_evaluation,
            cost: RoundCost {
                train_secs: trained.seconds,
                train_images_per_sec: trained.images as f64 / trained.seconds,
                evaluate_secs: started.elapsed().as_secs_f64(),
            },
        };
        if !is_last || sweeps {
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

    /// Evaluates a model on every sample that takes part, and keeps the scores for the query.
    fn evaluate_pool(&mut self, round: usize, model: &ResNet) -> Result<Evaluation, Error> {
        let scores = score_everything(self.definition, model, &self.train_images, &self.everything);
        let logits = scores.logits.as_ref().expect("logits were asked for");
        if let Some(row) = first_not_finite(logits) {
            return Err(Error::NotFinite { round, sample: self.everything[row] });
        }
        let evaluation = evaluate_logits(logits, &self.truth(&self.everything));
        self.scores = scores_everything(self.definition).then_some(scores);
        Ok(evaluation)
    }

    /// True labels, for measuring only.
    fn truth(&self, samples: &[SampleId]) -> Vec<u32> {
        samples.iter().map(|sample| self.inputs.dataset.train.labels[sample.index()]).collect()
    }

    /// Has the samples of the next round chosen with the model of this one, and labelled: the query asks, the oracle
    /// answers, until the budget is spent.
    fn query_and_label(&mut self, round: usize, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        if self.record.queries.len() > round {
            return Ok(());
        }
        if let Some(order) = self.inputs.replay {
            return self.replay(round, order, progress);
        }
        let budget = self.definition.budget;
        // What was asked for before a crash is not offered again, but it was on offer when it was chosen.
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, round);
        if unlabelled.len() < budget {
            return Err(Error::BudgetAbovePool { round, budget, unlabelled: unlabelled.len() });
        }
        let Begun { mut conversation, discriminator, mut cost, .. } = match self.query_file.read(round)? {
            Some(begun) => begun,
            None => {
                let begun = self.begin(round, &unlabelled, progress)?;
                self.query_file.write(&begun)?;
                begun
            }
        };
        let mut asked = 0;
        loop {
            let started = Instant::now();
            let Some(ask) = conversation.ask() else { break };
            cost.select_secs += started.elapsed().as_secs_f64();
            let samples: Vec<SampleId> = ask.picks.iter().map(|pick| unlabelled.sample(pick.row)).collect();
            let end = asked + samples.len();
            if asked == self.ledger.requested(round + 1).len() {
                self.ledger.request(round + 1, &samples, ask.phase.map(Phase::name))?;
            } else if self.ledger.requested(round + 1).get(asked..end) != Some(samples.as_slice()) {
                let reason =
                    format!("the ledger's requests of round {} are not what the query chooses", round + 1);
                return Err(Error::Inconsistent { path: self.inputs.folder.to_owned(), reason });
            }
            asked = end;
            self.answer(round + 1)?;
            for (pick, sample) in ask.picks.iter().zip(samples) {
                let label = self.ledger.label(sample).expect("every request is answered");
                conversation.tell(pick.row, Answer::Label(label))?;
            }
        }
        let selection = conversation.selection();
        let line = Query {
            round,
            budget,
            unlabelled: unlabelled.len(),
            class_counts: self.count(&self.ledger.answers(round + 1)),
            picks: Some(self.ledger.requested(round + 1).to_vec()),
            phases: account::phases(&conversation),
            balance: selection.balance.map(account::balancing),
            cover: selection.cover.map(account::covering),
            discriminator,
            cost,
        };
        self.recorded(round, line, progress)
    }

    /// Has the next samples of a list labelled.
    fn replay(
        &mut self,
        round: usize,
        order: &[SampleId],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        let budget = self.definition.budget;
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, round).len();
        let start = self.pool.initial.len() + round * budget;
        let samples = &order[start..start + budget];
        if self.ledger.requested(round + 1).is_empty() {
            self.ledger.request(round + 1, samples, None)?;
        }
        self.answer(round + 1)?;
        let line = Query {
            round,
            budget,
            unlabelled,
            class_counts: self.count(&self.ledger.answers(round + 1)),
            picks: Some(samples.to_vec()),
            phases: None,
            balance: None,
            cover: None,
            discriminator: None,
            cost: QueryCost::default(),
        };
        self.recorded(round, line, progress)
    }

    /// Writes a query's line; the model and what was written down before it are not needed any more.
    fn recorded(
        &mut self,
        round: usize,
        line: Query,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        self.writer.append(&Line::Query(Box::new(line.clone())))?;
        self.record.queries.push(line.clone());
        self.checkpoints.remove(round)?;
        self.query_file.remove()?;
        progress(Progress::Queried(Box::new(line)));
        Ok(())
    }

    /// Lets the strategy look at the pool.
    fn begin(
        &mut self,
        round: usize,
        unlabelled: &Unlabelled,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Begun, Error> {
        let started = Instant::now();
        let strategy = self.strategy(round)?;
        let (labelled, labels): (Vec<SampleId>, Vec<u32>) = self.ledger.labelled(round).into_iter().unzip();
        let mut tell = |it| progress(Progress::Networks { round, progress: it });
        let scores = self.scores.take();
        let mut outputs = self.outputs(round, unlabelled, &labelled, &mut tell);
        outputs.cache.everything = scores;
        let inputs = Inputs {
            rows: unlabelled.len(),
            labelled_counts: &self.count(&labels),
            labels: &labels,
            budget: self.definition.budget,
            rng: &mut stream(self.definition.seed, Stream::Query, round),
        };
        let (classes, dims) = (inputs.labelled_counts.len(), self.definition.model.embedding());
        if let Some(plan) = strategy.memory_plan(inputs.rows, classes, dims, inputs.budget) {
            tracing::info!("{} keeps {plan}", strategy.name());
        }
        let conversation = query::begin(&strategy, inputs, &mut outputs)?;
        let Cache { score_secs, train_secs, account, .. } = outputs.cache;
        let select_secs = started.elapsed().as_secs_f64() - score_secs - train_secs.unwrap_or(0.0);
        let discriminator = match account {
            Some(account) => {
                Some(self.discriminating(round, unlabelled.len(), &conversation.selection(), account)?)
            }
            None => None,
        };
        Ok(Begun {
            round,
            conversation,
            discriminator,
            cost: QueryCost { score_secs, select_secs, train_secs },
        })
    }

    /// The strategy of a round: a weight that a rule found in the first round is kept (CBAL, Section 4.1).
    fn strategy(&self, round: usize) -> Result<Strategy, Error> {
        let strategy = &self.definition.strategy.query;
        if round == 0 || strategy.lambda() != Some(Lambda::Rule(LambdaRule::Auto)) {
            return Ok(strategy.clone());
        }
        let first = self.record.queries.first().and_then(|query| query.balance.as_ref()?.lambda);
        first.map(|lambda| strategy.with_lambda(lambda)).ok_or_else(|| Error::Inconsistent {
            path: self.inputs.folder.to_owned(),
            reason: "the record's first query does not say which lambda its rule found".to_owned(),
        })
    }

    fn outputs<'b>(
        &'b self,
        round: usize,
        unlabelled: &'b Unlabelled,
        labelled: &'b [SampleId],
        progress: &'b mut dyn FnMut(vaal::Progress),
    ) -> Outputs<'b> {
        Outputs {
            definition: self.definition,
            round,
            model: self.model.as_ref().expect("a round that queries has a model"),
            images: &self.train_images,
            unlabelled,
            everything: &self.everything,
            labelled,
            progress,
            cache: Cache::default(),
        }
    }

    /// What VAAL's networks learned, with how far the choice is from what random sampling would have chosen.
    fn discriminating(
        &self,
        round: usize,
        unlabelled: usize,
        selection: &Selection,
        account: vaal::Account,
    ) -> Result<Discriminating, Error> {
        let mut rng = stream(self.definition.seed, Stream::Query, round);
        let drawn = random::query(unlabelled, self.definition.budget, &mut rng)?;
        Ok(account::discriminating(unlabelled, selection, &drawn, account))
    }

    /// Sweeps the weight of the strategy's class-balancing term with the first model.
    fn sweep(&mut self, lambdas: &[f64], progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        if self.record.sweep.is_some() {
            return Ok(());
        }
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, 0);
        let budget = self.definition.budget;
        if unlabelled.len() < budget {
            return Err(Error::BudgetAbovePool { round: 0, budget, unlabelled: unlabelled.len() });
        }
        let (labelled, labels): (Vec<SampleId>, Vec<u32>) = self.ledger.labelled(0).into_iter().unzip();
        let mut tell = |it| progress(Progress::Networks { round: 0, progress: it });
        let mut outputs = self.outputs(0, &unlabelled, &labelled, &mut tell);
        let inputs = Inputs {
            rows: unlabelled.len(),
            labelled_counts: &self.count(&labels),
            labels: &labels,
            budget,
            rng: &mut stream(self.definition.seed, Stream::Query, 0),
        };
        // For measuring only: the choice is made before anybody looks at these.
        let truth = self.truth(unlabelled.samples());
        let mut line = sweep(&self.definition.strategy.query, inputs, &mut outputs, lambdas, &truth)?;
        line.cost.score_secs = outputs.cache.score_secs;
        line.cost.train_secs = outputs.cache.train_secs;
        self.writer.append(&Line::Sweep(Box::new(line.clone())))?;
        self.record.sweep = Some(line);
        self.checkpoints.remove(0)
    }

    /// Answers what was requested for a round and has no answer.
    fn answer(&mut self, round: usize) -> Result<(), Error> {
        let oracle = Simulated::new(self.inputs.told.unwrap_or(&self.inputs.dataset.train.labels));
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

    fn initial_model(&self, round: usize) -> Result<ResNet, Error> {
        let device = self.device.clone().autodiff();
        initial_model(self.definition, self.inputs.dataset, self.inputs.weights.as_ref(), round, &device)
    }

    fn count(&self, labels: &[u32]) -> Vec<usize> {
        let mut counts = vec![0; self.inputs.dataset.class_names.len()];
        for &label in labels {
            counts[label as usize] += 1;
        }
        counts
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
