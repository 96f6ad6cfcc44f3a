//! What the tests share: a small dataset, a small definition, and the binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tailward_datasets::DatasetManifest;
use tailward_engine::device::Backend;
use tailward_engine::run::{Claim, RunInputs, Setting};
use tailward_experiment::definition::{Definition, RunDefinition, Scale, Selector};

/// A folder of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The binary, from the project's root.
pub(crate) fn tailward() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tailward-under-test"));
    command.current_dir(project("")).env_remove("TAILWARD_DATA");
    command
}

/// The manifest of the generated dataset of ten classes.
pub(crate) fn synthetic_manifest() -> DatasetManifest {
    DatasetManifest::load(&project("datasets/synthetic10.toml")).unwrap()
}

/// A folder with the generated dataset, made once for all tests of the process and removed with the build.
pub(crate) fn data_dir() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
        tailward_datasets::prepare(&synthetic_manifest(), &folder, &folder.join("cache")).unwrap();
        folder
    })
}

/// A folder of what is computed once, beside it.
fn cache_dir() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| data_dir().join("cache"))
}

/// What a run on the processor is given besides its definition, with generated images.
pub(crate) fn run_inputs(setting: Setting, folder: &Path) -> RunInputs<'_> {
    RunInputs {
        setting,
        replay: None,
        data_dir: data_dir(),
        cache_dir: cache_dir(),
        folder,
        weights: None,
        backend: Backend::Flex,
        host: tailward_engine::host::describe(Backend::Flex, "unknown"),
        claim: Claim::default(),
    }
}

/// The smoke run of the synthetic experiment with a strategy.
pub(crate) fn smoke_definition(strategy: &str, seed: u64) -> RunDefinition {
    let definition = Definition::load(&project("experiments/synthetic/definition.toml")).unwrap();
    let selector =
        Selector { strategies: vec![strategy.to_owned()], seeds: vec![seed], ..Selector::default() };
    definition.runs(Scale::Smoke, &selector).unwrap().remove(0)
}

/// The command that runs it, in the folder that the driver would give it below `out`.
pub(crate) fn smoke_command(strategy: &str, seed: u64, out: &Path) -> Command {
    let definition = smoke_definition(strategy, seed);
    run_command(&definition.write(&out.join(definition.folder())).unwrap())
}

/// The command that runs a `run.toml`.
pub(crate) fn run_command(run: &Path) -> Command {
    let mut command = tailward();
    command.arg("run").arg(run).args(["--backend", "flex", "--data-dir"]).arg(data_dir());
    command
}

/// A record's lines without what depends on when and how fast they were made.
pub(crate) fn timeless_record(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("record.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            let object = value.as_object_mut().unwrap();
            for key in ["cost", "host", "started"] {
                object.remove(key);
            }
            value
        })
        .collect()
}

/// A ledger's rows without their times.
pub(crate) fn timeless_ledger(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("ledger.csv")).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}
