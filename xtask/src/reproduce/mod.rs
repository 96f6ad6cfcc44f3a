//! `cargo xtask reproduce`: an experiment, from data to report.

pub(crate) mod binary;
mod plan;
mod progress;
mod runner;
pub(crate) mod slurm;
mod words;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use tailward_experiment::definition::{Definition, RunDefinition, Scale, Selector};
use tailward_experiment::plan::{WorkRates, run_work};

use crate::experiments::{self, scale_parser};
use crate::{report, workspace};
use plan::Plan;

/// Arguments of `cargo xtask reproduce`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The experiment: the name of a folder in `experiments/`.
    #[arg(required_unless_present = "list")]
    experiment: Option<String>,
    /// How much of the question is asked; by default `paper` on a GPU and `quick` on a CPU.
    #[arg(long, value_parser = scale_parser())]
    scale: Option<Scale>,
    /// What it runs on; by default a CUDA device if the machine has one, else the CPU.
    #[arg(long, value_enum)]
    backend: Option<BackendName>,
    /// Only these strategies.
    #[arg(long = "strategy", value_name = "NAME")]
    strategies: Vec<String>,
    /// Only these imbalance factors.
    #[arg(long = "imbalance", value_name = "FACTOR")]
    imbalance_factors: Vec<f64>,
    /// Only these seeds; seeds that the definition does not name are further repetitions.
    #[arg(long = "seed", value_name = "SEED")]
    seeds: Vec<u64>,
    /// Runs at a time; by default one for each processor on a CPU, and one on a GPU. Where steps are small, several may
    /// share a GPU well; the plan says so, and how much memory their images take.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Only every N-th run, beginning with the M-th (counted from 1): to share an experiment among machines.
    #[arg(long, value_name = "M/N")]
    shard: Option<Shard>,
    /// Say what experiments there are, and do nothing.
    #[arg(long)]
    list: bool,
    /// Say what would run, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Folder of the data themselves [default: datasets/data].
    #[arg(long, env = "TAILWARD_DATA")]
    data_dir: Option<PathBuf>,
    /// Folder of what is computed once from the data and kept for all runs [default: `cache` in the folder of the data].
    #[arg(long, env = "TAILWARD_CACHE")]
    cache_dir: Option<PathBuf>,
    /// Folder of runs [default: runs].
    #[arg(long)]
    out: Option<PathBuf>,
    /// A `tailward` binary that is built already, with the backend's feature; by default it is built.
    #[arg(long, value_name = "FILE")]
    tailward: Option<PathBuf>,
    #[command(flatten)]
    cluster: slurm::Options,
}

/// A backend, by the name of the feature that builds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BackendName {
    Cuda,
    Wgpu,
    Vulkan,
    Metal,
    Flex,
    Ndarray,
}

impl BackendName {
    fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
        }
    }

    fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::Ndarray)
    }

    /// A CUDA device if the machine has one, else the CPU.
    fn detect() -> Self {
        let listed = Command::new("nvidia-smi").arg("--list-gpus").output();
        let has_cuda = listed.is_ok_and(|output| output.status.success() && !output.stdout.is_empty());
        if has_cuda { Self::Cuda } else { Self::Flex }
    }
}

/// A part of an experiment's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    index: usize,
    count: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not of the form M/N with 1 ≤ M ≤ N");
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let index: usize = index.parse().map_err(|error| format!("{}: {error}", wrong()))?;
        let count: usize = count.parse().map_err(|error| format!("{}: {error}", wrong()))?;
        if index == 0 || index > count {
            return Err(wrong());
        }
        Ok(Self { index, count })
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let data_dir = workspace::data_dir(arguments.data_dir.as_deref())?;
    let cache_dir = workspace::cache_dir(arguments.cache_dir.as_deref(), &data_dir)?;
    let out = workspace::runs_dir(arguments.out.as_deref())?;
    let tailward = arguments.tailward.as_ref().map(std::path::absolute).transpose()?;
    workspace::enter()?;
    let Some(experiment) = arguments.experiment.as_deref().filter(|_| !arguments.list) else {
        return list();
    };
    let definition = experiments::load(experiment)?;
    let backend = arguments.backend.unwrap_or_else(BackendName::detect);
    let scale = arguments.scale.unwrap_or_else(|| default_scale(&definition, backend));
    let runs = chosen_runs(arguments, &definition, scale)?;
    let manifest = experiments::manifest(definition.dataset_at(scale)?)?;
    let plan = Plan::new(&runs, &manifest, &cache_dir, &out);
    if arguments.cluster.status {
        return slurm::status(&plan, &std::path::absolute(&out)?, &scale_folder(&out, &definition, scale));
    }
    println!("{}", heading(arguments, &definition, scale, backend));
    println!("{}", definition.question);
    if !arguments.dry_run {
        eprintln!("verifying {} in {}", manifest.title, data_dir.display());
        tailward_datasets::prepare(&manifest, &data_dir, &cache_dir)?;
        let weights: BTreeSet<&str> = runs.iter().filter_map(|run| run.classifier().pretrained()).collect();
        for weights in weights {
            tailward_datasets::weights::verify(&experiments::weights(weights)?, &data_dir)?;
        }
    }
    let binary = match (tailward, arguments.dry_run) {
        (Some(path), _) => path,
        (None, true) => binary::built("release")?,
        (None, false) => binary::build(backend.name())?,
    };
    if arguments.cluster.launcher.is_some() {
        let command = command_line(arguments, experiment, scale, backend);
        let paths = [&out, &data_dir, &cache_dir, &binary].map(PathBuf::as_path);
        return launch(arguments, &definition, scale, backend, &plan, paths, &command);
    }
    let jobs = jobs(arguments, backend, &plan);
    let settings = runner::Settings {
        binary: &binary,
        backend: backend.name(),
        data_dir: &data_dir,
        cache_dir: &cache_dir,
        out: &out,
        jobs,
        limit_threads: backend.is_cpu(),
    };
    println!("{}", plan.describe(measured_rates(&settings, &plan), jobs));
    if !backend.is_cpu() {
        println!("{}", plan.on_a_gpu(jobs));
    }
    if arguments.dry_run {
        return Ok(());
    }
    let failed = runner::run_all(&settings, &plan);
    for failure in &failed {
        eprintln!("failed: {failure}");
    }
    let folder = report::default_folder(&out, &definition, scale);
    let command = command_line(arguments, experiment, scale, backend);
    let written = report::write(&definition, scale, &out, &folder, command)?;
    for path in written.iter().filter(|path| path.extension().is_some_and(|it| it != "svg")) {
        println!("wrote {}", path.display());
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{} of {} runs failed; the same command tries them again", failed.len(), runs.len())
}

/// The folder of an experiment's scale below the folder of runs.
fn scale_folder(out: &Path, definition: &Definition, scale: Scale) -> PathBuf {
    out.join(&definition.name).join(scale.to_string())
}

/// Hands the runs to a scheduler, or shows what would be handed over.
fn launch(
    arguments: &Arguments,
    definition: &Definition,
    scale: Scale,
    backend: BackendName,
    plan: &Plan,
    paths: [&Path; 4],
    command: &str,
) -> Result<()> {
    let [out, data_dir, cache_dir, binary] = paths.map(std::path::absolute);
    let (out, data_dir, cache_dir, binary) = (out?, data_dir?, cache_dir?, binary?);
    let report = ["--scale".to_owned(), scale.to_string(), "--out".to_owned()];
    let request = slurm::Request {
        experiment: &definition.name,
        runs: &scale_folder(&out, definition, scale),
        backend: backend.name(),
        on_a_gpu: !backend.is_cpu(),
        plan,
        records: &report::records(definition, scale, &out),
        at_a_time: arguments.jobs.map(usize::from),
        options: &arguments.cluster,
        report: [&[definition.name.clone()][..], &report, &[out.display().to_string()]].concat(),
        status: format!("{command} --status"),
        out: &out,
        data_dir: &data_dir,
        cache_dir: &cache_dir,
        binary: &binary,
    };
    if arguments.dry_run { slurm::dry_run(&request) } else { slurm::submit(&request) }
}

/// On a CPU several runs of one thread each get more done than one run of several threads (BENCHMARKS.md).
fn jobs(arguments: &Arguments, backend: BackendName, plan: &Plan) -> usize {
    let wanted = match arguments.jobs {
        Some(jobs) => usize::from(jobs),
        None if backend.is_cpu() => std::thread::available_parallelism().map_or(1, usize::from),
        None => 1,
    };
    wanted.clamp(1, plan.pending().count().max(1))
}

fn list() -> Result<()> {
    for name in experiments::names()? {
        let definition = experiments::load(&name)?;
        let scales: Vec<String> = definition.scales.keys().map(Scale::to_string).collect();
        println!("{name:<12} {} [{}]", definition.title, scales.join(", "));
    }
    Ok(())
}

fn chosen_runs(arguments: &Arguments, definition: &Definition, scale: Scale) -> Result<Vec<RunDefinition>> {
    let selector = Selector {
        strategies: arguments.strategies.clone(),
        imbalance_factors: arguments.imbalance_factors.clone(),
        seeds: arguments.seeds.clone(),
    };
    let runs = definition.runs(scale, &selector)?;
    let Some(Shard { index, count }) = arguments.shard else { return Ok(runs) };
    let part: Vec<RunDefinition> = runs.into_iter().skip(index - 1).step_by(count).collect();
    if part.is_empty() {
        bail!("shard {index}/{count} has no runs");
    }
    Ok(part)
}

fn heading(arguments: &Arguments, definition: &Definition, scale: Scale, backend: BackendName) -> String {
    let mut heading =
        format!("{}: {} at {scale} scale on {}", definition.name, definition.title, backend.name());
    if arguments.scale.is_none() {
        let other = definition.scales.keys().filter(|&&other| other != scale).map(Scale::to_string);
        let other: Vec<String> = other.map(|scale| format!("--scale {scale}")).collect();
        heading.push_str(&format!(" (also: {})", other.join(", ")));
    }
    heading
}

/// The command that repeats what is happening, with what was chosen by default written out.
fn command_line(arguments: &Arguments, experiment: &str, scale: Scale, backend: BackendName) -> String {
    let mut command =
        format!("cargo xtask reproduce {experiment} --scale {scale} --backend {}", backend.name());
    for strategy in &arguments.strategies {
        command.push_str(&format!(" --strategy {strategy}"));
    }
    for factor in &arguments.imbalance_factors {
        command.push_str(&format!(" --imbalance {factor}"));
    }
    for seed in &arguments.seeds {
        command.push_str(&format!(" --seed {seed}"));
    }
    if let Some(Shard { index, count }) = arguments.shard {
        command.push_str(&format!(" --shard {index}/{count}"));
    }
    if let Some(out) = &arguments.out {
        command.push_str(&format!(" --out {}", words::quoted(&out.display().to_string())));
    }
    command
}

/// `paper` on a GPU, `quick` on a CPU, or the next smaller scale that the experiment has.
fn default_scale(definition: &Definition, backend: BackendName) -> Scale {
    let wanted = if backend.is_cpu() { Scale::Quick } else { Scale::Paper };
    definition.scales.keys().copied().rfind(|&scale| scale <= wanted).unwrap_or(wanted)
}

/// What the probe measures. Without it there is a plan all the same, only no time.
fn measured_rates(settings: &runner::Settings<'_>, plan: &Plan) -> Option<WorkRates> {
    let run = plan.pending().next()?;
    if !settings.binary.is_file() {
        eprintln!("the time is estimated once {} is built", settings.binary.display());
        return None;
    }
    // VAAL's networks are measured on the first run that has any.
    let has_networks = |run: &&RunDefinition| run_work(run, plan.sizes, 0).vaal_images > 0;
    match probe(settings, plan.pending().find(has_networks).unwrap_or(run)) {
        Ok(rates) => Some(rates),
        Err(error) => {
            eprintln!("the time cannot be estimated: {error:#}");
            None
        }
    }
}

/// Measures how fast the first pending run would go with its share of the machine; all runs of a scale share the model.
fn probe(settings: &runner::Settings<'_>, run: &RunDefinition) -> Result<WorkRates> {
    eprintln!("measuring the speed of this machine");
    let mut file = tempfile::NamedTempFile::new().context("failed to write what the probe reads")?;
    file.write_all(run.to_toml().as_bytes()).context("failed to write what the probe reads")?;
    let output = settings.command("probe", file.path()).output().context("failed to start the probe")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("the probe ended with {}, as a run may where memory is short: {}", output.status, said.trim());
    }
    serde_json::from_slice(&output.stdout).context("failed to read what the probe measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_without_a_published_protocol_has_a_default_on_every_machine() {
        let path =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/synthetic/definition.toml");
        let definition = Definition::load(&path).unwrap();
        assert_eq!(default_scale(&definition, BackendName::Cuda), Scale::Quick);
        assert_eq!(default_scale(&definition, BackendName::Flex), Scale::Quick);
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        for wrong in ["0/3", "4/3", "3", "a/3", "1/"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
