//! `tailward run`: one run, to its end or on from where it was.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tailward_engine::run::{Claim, RunInputs, Setting, run as run_definition};
use tailward_experiment::definition::RunDefinition;
use tailward_labelling::Patience;

use crate::environment::Environment;
use crate::output;
use crate::progress::ProgressForm;
use crate::sample_order;

/// Arguments of `tailward run`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The run's definition, as `cargo xtask reproduce` and `tailward replay` write it.
    #[arg(value_name = "RUN.toml")]
    definition: PathBuf,
    /// Where the run keeps what it writes; by default the folder that the definition is in.
    #[arg(long)]
    folder: Option<PathBuf>,
    #[command(flatten)]
    environment: Environment,
    /// Wait so many seconds for a folder that another process works on, before this one gives up: a file server may take 90
    /// to notice that a machine has died.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    lock_wait: u64,
    /// The scheduler's job that this is, for whoever finds the folder in use.
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
    /// How progress is told.
    #[arg(long, value_enum, default_value = "text")]
    progress: ProgressForm,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let definition = load(&arguments.definition)?;
    let folder = arguments.folder.as_deref().unwrap_or_else(|| folder_of(&arguments.definition));
    let patience = match arguments.lock_wait {
        0 => Patience::Refuse,
        seconds => Patience::For(Duration::from_secs(seconds)),
    };
    let claim = Claim { patience, job: arguments.job.as_deref() };
    start(&definition, folder, claim, &arguments.environment, arguments.progress)
}

/// Reads a run's definition.
pub(crate) fn load(path: &Path) -> anyhow::Result<RunDefinition> {
    Ok(RunDefinition::load(path).map_err(tailward_engine::Error::from)?)
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Starts a run in its folder, or goes on with it.
pub(crate) fn start(
    definition: &RunDefinition,
    folder: &Path,
    claim: Claim<'_>,
    environment: &Environment,
    progress: ProgressForm,
) -> anyhow::Result<()> {
    let backend = environment.backend()?;
    let data_dir = &environment.data_dir;
    let replay = definition.replay.as_ref();
    let replay = replay.map(|replay| sample_order::of_replay(folder, data_dir, replay)).transpose()?;
    let manifest = environment.manifest(definition)?;
    let of_data = tailward_engine::Error::from;
    let cache_dir = &environment.cache_dir();
    let dataset = tailward_datasets::open(&manifest, data_dir, cache_dir).map_err(of_data)?;
    let mut setting = Setting::new(definition, dataset, data_dir)?;
    if definition.wants_validation_split()
        && let Some(images) =
            tailward_datasets::open_validation(&manifest, data_dir, cache_dir).map_err(of_data)?
    {
        setting = setting.with_validation(definition, manifest.classes, images)?;
    }
    let inputs = RunInputs {
        setting,
        replay: replay.as_deref(),
        data_dir,
        cache_dir,
        folder,
        weights: environment.weights(definition)?,
        backend,
        host: tailward_engine::host::describe(backend, crate::version::REVISION),
        claim,
    };
    let record = run_definition(definition, inputs, &mut |it| progress.tell(&it))?;
    if progress == ProgressForm::Text
        && let Some(last) = record.rounds.last()
    {
        let words = format!(
            "{}: {} labels, accuracy {:.4}, balanced accuracy {:.4}\n",
            definition.label(),
            last.labelled,
            last.evaluation.accuracy,
            last.evaluation.balanced_accuracy
        );
        output::write(None, words.as_bytes())?;
    }
    Ok(())
}
