//! `tailward run`: one run, to its end or on from where it was.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tailward_datasets::{DatasetManifest, SampleId, WeightsFormat, WeightsManifest, weights};
use tailward_experiment::definition::{Definition, RunDefinition, Scale, Selector};
use tailward_models::pretrained;

use crate::Error;
use crate::construct::{Setting, Weights};
use crate::device::Backend;
use crate::run::{Progress, RunInputs, run as run_definition};

/// Arguments of `tailward run`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    environment: Environment,
}

/// Where a run finds what it needs, and where it leaves what it writes.
#[derive(Args, Debug)]
pub(super) struct Environment {
    #[command(flatten)]
    folders: Folders,
    /// Folder of runs.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// How progress is told: lines for people on stderr, or JSON lines on stdout.
    #[arg(long, value_enum, default_value = "text")]
    progress: ProgressForm,
}

/// An experiment's protocol at one scale, with one seed.
#[derive(Args, Debug)]
pub(super) struct Protocol {
    /// The experiment's `definition.toml`.
    #[arg(long)]
    definition: PathBuf,
    /// The scale.
    #[arg(long, value_enum)]
    scale: ScaleName,
    /// The seed.
    #[arg(long)]
    seed: u64,
}

/// Which run is meant.
#[derive(Args, Debug)]
pub(super) struct Choice {
    #[command(flatten)]
    protocol: Protocol,
    /// The strategy's name in the definition.
    #[arg(long)]
    strategy: String,
    /// The imbalance factor.
    #[arg(long)]
    imbalance: f64,
}

/// What a run reads, and what it runs on.
#[derive(Args, Debug)]
pub(super) struct Folders {
    /// Folder of dataset manifests.
    #[arg(long, default_value = "datasets")]
    datasets: PathBuf,
    /// Folder of the data themselves.
    #[arg(long, env = "TAILWARD_DATA", default_value = "datasets/data")]
    data_dir: PathBuf,
    /// Folder of manifests of pretrained weights.
    #[arg(long, default_value = "weights")]
    weights: PathBuf,
    /// The backend; by default the first that the binary has.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScaleName {
    Smoke,
    Quick,
    Paper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProgressForm {
    Text,
    Json,
}

/// One line of `--progress json`.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum ProgressLine<'a> {
    Training {
        round: usize,
        labelled: usize,
        epoch: usize,
        images: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch_loss: Option<f64>,
        images_per_sec: f64,
    },
    Trained(&'a tailward_experiment::record::Round),
    Networks {
        round: usize,
        iteration: usize,
        iterations: usize,
    },
    Queried(&'a tailward_experiment::record::Query),
}

impl Protocol {
    /// The experiment and the scale.
    pub(super) fn load(&self) -> Result<(Definition, Scale), Error> {
        let scale = match self.scale {
            ScaleName::Smoke => Scale::Smoke,
            ScaleName::Quick => Scale::Quick,
            ScaleName::Paper => Scale::Paper,
        };
        let read = std::fs::read_to_string(&self.definition);
        let text =
            read.map_err(|error| Error::Input { path: self.definition.clone(), reason: error.to_string() })?;
        Ok((Definition::parse(&text, &self.definition)?, scale))
    }

    /// The seed.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }
}

impl Choice {
    /// The run that the arguments mean.
    pub(super) fn definition(&self) -> Result<RunDefinition, Error> {
        let (definition, scale) = self.protocol.load()?;
        let selector = Selector {
            strategies: vec![self.strategy.clone()],
            imbalance_factors: vec![self.imbalance],
            seeds: vec![self.protocol.seed],
        };
        Ok(definition.runs(scale, &selector)?.remove(0))
    }
}

impl Folders {
    /// The manifest of the run's dataset.
    pub(super) fn manifest(&self, definition: &RunDefinition) -> Result<DatasetManifest, Error> {
        Ok(DatasetManifest::load(&self.datasets.join(format!("{}.toml", definition.dataset)))?)
    }

    /// The verified weights that the run starts from, if its definition names any.
    fn weights(&self, definition: &RunDefinition) -> Result<Option<Weights>, Error> {
        let Some(name) = &definition.model.pretrained else { return Ok(None) };
        let manifest = WeightsManifest::load(&self.weights.join(format!("{name}.toml")))?;
        let format = match manifest.format {
            WeightsFormat::Pytorch => pretrained::WeightsFormat::Pytorch,
            WeightsFormat::Safetensors => pretrained::WeightsFormat::Safetensors,
        };
        Ok(Some(Weights { path: weights::verify(&manifest, &self.data_dir)?, format }))
    }

    /// The backend asked for, or the first there is.
    pub(super) fn backend(&self) -> anyhow::Result<Backend> {
        match self.backend.or_else(|| Backend::compiled().first().copied()) {
            Some(backend) => Ok(backend),
            None => anyhow::bail!("this binary was built without any backend"),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    start(&arguments.choice.definition()?, &arguments.environment, None)
}

/// Starts a run, or goes on with it.
pub(super) fn start(
    definition: &RunDefinition,
    environment: &Environment,
    replay: Option<&[SampleId]>,
) -> anyhow::Result<()> {
    let folders = &environment.folders;
    let backend = folders.backend()?;
    let dataset =
        tailward_datasets::read(&folders.manifest(definition)?, &folders.data_dir).map_err(Error::from)?;
    let setting = Setting::new(definition, dataset, &folders.data_dir)?;
    let folder = environment.out.join(definition.folder());
    let inputs = RunInputs {
        dataset: &setting.dataset,
        told: setting.told.as_deref(),
        replay,
        data_dir: &folders.data_dir,
        folder: &folder,
        weights: folders.weights(definition)?,
        backend,
        host: crate::host::describe(backend),
    };
    let record = run_definition(definition, &inputs, &mut |progress| match environment.progress {
        ProgressForm::Text => tell_person(&progress),
        ProgressForm::Json => {
            if let Err(error) = tell_program(&progress) {
                // Whoever started this run is gone. It must not go on alone and hold the folder: the same command
                // starts it again where it is now.
                eprintln!("error: nobody listens any more ({error}); stopping");
                std::process::exit(1);
            }
        }
    })?;
    if environment.progress == ProgressForm::Text
        && let Some(last) = record.rounds.last()
    {
        println!(
            "{}: {} labels, accuracy {:.4}, balanced accuracy {:.4}",
            definition.label(),
            last.labelled,
            last.evaluation.accuracy,
            last.evaluation.balanced_accuracy
        );
    }
    Ok(())
}

fn tell_program(progress: &Progress) -> std::io::Result<()> {
    let line = match progress {
        Progress::Training { round, labelled, step } => ProgressLine::Training {
            round: *round,
            labelled: *labelled,
            epoch: step.epoch,
            images: step.images,
            epoch_loss: step.epoch_loss,
            images_per_sec: step.images as f64 / step.elapsed_secs,
        },
        Progress::Trained(round) => ProgressLine::Trained(round),
        Progress::Networks { round, progress } => ProgressLine::Networks {
            round: *round,
            iteration: progress.iteration,
            iterations: progress.iterations,
        },
        Progress::Queried(query) => ProgressLine::Queried(query),
    };
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, &line)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

fn tell_person(progress: &Progress) {
    match progress {
        Progress::Training { round, labelled, step } => {
            if let Some(loss) = step.epoch_loss {
                let images_per_sec = (step.images as f64 / step.elapsed_secs).round();
                tracing::debug!(
                    round,
                    labelled,
                    epoch = step.epoch,
                    loss,
                    images_per_sec,
                    "trained an epoch"
                );
            }
        }
        Progress::Trained(round) => tracing::info!(
            round = round.round,
            labelled = round.labelled,
            accuracy = round.evaluation.accuracy,
            balanced_accuracy = round.evaluation.balanced_accuracy,
            images_per_sec = round.cost.train_images_per_sec.round(),
            "trained"
        ),
        Progress::Networks { round, progress } => tracing::debug!(
            round,
            iteration = progress.iteration,
            iterations = progress.iterations,
            "trained the networks of the query"
        ),
        Progress::Queried(query) => tracing::info!(
            round = query.round,
            budget = query.budget,
            score_secs = query.cost.score_secs,
            select_secs = query.cost.select_secs,
            "queried"
        ),
    }
}
