//! A run in progress: what its steps share.

use std::path::Path;

use burn::tensor::Device;
use ndarray::Array2;
use tailward_acquisition::Needs;
use tailward_datasets::{PoolManifest, SampleId};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{Complete, Host, Line, Query, Record, RecordWriter};
use tailward_labelling::{Fence, Ledger, Patience};
use tailward_models::classifier::{Classifier, ClassifierConfig};

use super::begun::QueryFile;
use super::checkpoint::Checkpoints;
use super::model::{self, Weights};
use super::setting::Setting;
use super::study::Study;
use super::validation::Validation;
use crate::Error;
use crate::device::Backend;
use crate::inputs::Inputs;
use crate::pool::Unlabelled;
use crate::score::Scores;
use crate::score::outputs::{Cache, Outputs};
use crate::train::vaal;

/// What a run needs besides its definition.
#[derive(Debug)]
pub struct RunInputs<'a> {
    /// The dataset that the definition names, as the definition sees it.
    pub setting: Setting,
    /// The order in which samples are labelled, for a definition that replays one.
    pub replay: Option<&'a [SampleId]>,
    /// The folder that relative paths of index lists start from.
    pub data_dir: &'a Path,
    /// The folder of what is computed once and kept for all runs: features.
    pub cache_dir: &'a Path,
    /// The run's own folder.
    pub folder: &'a Path,
    /// The weights that the definition starts from, if it names any.
    pub weights: Option<Weights>,
    /// What the run computes on.
    pub backend: Backend,
    /// Where and with what the run happens.
    pub host: Host,
    /// How the run's folder is claimed.
    pub claim: Claim<'a>,
}

/// How a run's folder is claimed for this process.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What to do where another process has it.
    pub patience: Patience,
    /// The scheduler's job that this process is of, for whoever finds the folder in use.
    pub job: Option<&'a str>,
}

impl Default for Claim<'_> {
    /// At once, by a person.
    fn default() -> Self {
        Self { patience: Patience::Refuse, job: None }
    }
}

/// A run in progress.
pub(super) struct State<'a> {
    pub(super) definition: &'a RunDefinition,
    pub(super) folder: &'a Path,
    pub(super) weights: Option<Weights>,
    pub(super) classes: usize,
    pub(super) study: Study,
    pub(super) device: Device,
    pub(super) classifier: ClassifierConfig,
    pub(super) pool: PoolManifest,
    pub(super) train_inputs: Inputs,
    pub(super) test_inputs: Inputs,
    pub(super) ledger: Ledger,
    pub(super) record: Record,
    pub(super) writer: RecordWriter,
    pub(super) checkpoints: Checkpoints,
    pub(super) query_file: QueryFile,
    /// Nothing is written once another process has taken over.
    pub(super) fence: Fence,
    pub(super) host: Host,
    /// What early stopping looks at, where the definition stops early.
    pub(super) validation: Option<Validation>,
    /// Every sample that takes part, rising.
    pub(super) everything: Vec<SampleId>,
    /// The samples of the audit, in the order in which they are asked for.
    pub(super) audit: Vec<SampleId>,
    /// The model of the current round, in evaluation form; absent if the round needs no model any more.
    pub(super) model: Option<Classifier>,
    /// The logits of each labelled sample by a head without its label, where a head learns. `[labelled, classes]`
    pub(super) left_out: Option<Array2<f32>>,
    /// Its scores of every sample that takes part, if the pool was evaluated.
    pub(super) scores: Option<Scores>,
}

impl State<'_> {
    /// Writes a query's line; the model and what was written down before it are not needed any more.
    pub(super) fn recorded(
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

    pub(super) fn outputs<'b>(
        &'b self,
        round: usize,
        unlabelled: &'b Unlabelled,
        labelled: &'b [SampleId],
        needs: Needs,
        progress: &'b mut dyn FnMut(vaal::Progress),
    ) -> Outputs<'b> {
        Outputs {
            definition: self.definition,
            needs,
            round,
            model: self.model.as_ref().expect("a round that queries has a model"),
            inputs: &self.train_inputs,
            unlabelled,
            everything: &self.everything,
            labelled,
            left_out: self.left_out.as_ref(),
            progress,
            cache: Cache::default(),
        }
    }

    /// Answers what was requested for a round and has no answer.
    pub(super) fn answer(&mut self, round: usize) -> Result<(), Error> {
        let oracle = self.study.oracle();
        let answers: Vec<(SampleId, u32)> =
            self.ledger.unanswered(round).into_iter().map(|sample| (sample, oracle.answer(sample))).collect();
        Ok(self.ledger.answer(&answers, oracle.name())?)
    }

    pub(super) fn complete(&mut self) -> Result<(), Error> {
        let complete = Complete { rounds: self.record.rounds.len(), ledger_hash: self.ledger.hash() };
        self.writer.append(&Line::Complete(complete.clone()))?;
        self.record.complete = Some(complete);
        self.checkpoints.clear()
    }

    /// Where the run is now, if what is computed here may differ from what was computed where it began.
    pub(super) fn other_host(&self) -> Option<Box<Host>> {
        (!self.host.computes_as(&self.record.header.host)).then(|| Box::new(self.host.clone()))
    }

    pub(super) fn initial_model(&self, round: usize) -> Result<Classifier, Error> {
        let device = self.device.clone().autodiff();
        model::initial_model(self.definition, &self.classifier, self.weights.as_ref(), round, &device)
    }

    pub(super) fn count(&self, labels: &[u32]) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in labels {
            counts[label as usize] += 1;
        }
        counts
    }
}
