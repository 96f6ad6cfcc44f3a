//! A submission: a folder with all that its tasks need, so that what was built or changed since does not reach them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tailward_datasets::whole_file;

use super::manifest::{self, RUNS_FILE, RunLine};
use super::queue::Queued;
use crate::experiments;
use crate::reproduce::{binary, words};

/// What was submitted, in the folder of a submission.
const SUBMISSION_FILE: &str = "submission.json";

/// What every task does.
pub(super) const TASK: &str = include_str!("task.sh");
pub(super) const REPORT: &str = include_str!("report.sh");

/// What was submitted, as `submission.json` keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Submission {
    /// When, in RFC 3339 form (UTC).
    pub(super) submitted: String,
    /// The project's git revision, with `-dirty` where files differ from it; a binary that was brought may be of another.
    pub(super) revision: String,
    /// What the submission's binary says of itself.
    pub(super) tailward: String,
    /// SHA-256 of the binary.
    pub(super) tailward_sha256: String,
    pub(super) arrays: Vec<Submitted>,
    /// The job that writes the report.
    pub(super) report: Option<String>,
}

/// An array of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Submitted {
    /// Its name in the queue, which no other array of this folder of runs has.
    pub(super) name: String,
    /// The first of its tasks.
    pub(super) first_task: usize,
    /// What sbatch was given.
    pub(super) sbatch: Vec<String>,
    /// The job that sbatch made of it; nothing if this was cut short before sbatch had answered.
    pub(super) job: Option<String>,
}

/// What a submission is written from.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    pub(super) experiment: &'a str,
    pub(super) binary: &'a Path,
    pub(super) lines: &'a [RunLine],
    /// What each task is told.
    pub(super) settings: Settings<'a>,
}

/// What a task is told of its submission.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    pub(super) cpus: usize,
    /// The shortest time limit of a task, in seconds.
    pub(super) limit: u64,
    /// Lines of a shell, each of which has to succeed.
    pub(super) setup: &'a [String],
    /// What the report's driver is given.
    pub(super) report: &'a [String],
}

impl Settings<'_> {
    /// As the scripts read them.
    pub(super) fn text(&self) -> String {
        let mut text = format!("cpus={}\nlimit={}\n", self.cpus, self.limit);
        if !self.setup.is_empty() {
            let lines: String =
                self.setup.iter().map(|line| format!("{line}\n[ $? = 0 ] || return 1\n")).collect();
            text.push_str(&format!("setup() {{\n{lines}}}\n"));
        }
        text.push_str(&format!("report=({})\n", words::line(self.report)));
        text
    }
}

/// The tasks' files: what starts their runs.
pub(super) fn task_texts(lines: &[RunLine]) -> Result<BTreeMap<usize, String>> {
    let mut texts: BTreeMap<usize, String> = BTreeMap::new();
    for line in lines {
        let folder = words::quoted(&words::path_text(&line.folder)?);
        let words = words::line(&line.arguments);
        texts.entry(line.task).or_default().push_str(&format!("start {} {folder} {words}\n", line.run));
    }
    Ok(texts)
}

/// Makes the folder of a submission, all but `submission.json`.
pub(super) fn write(folder: &Path, contents: &Contents<'_>) -> Result<()> {
    let make = |name: &str| -> Result<PathBuf> {
        let path = folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("failed to make {}", path.display()))?;
        Ok(path)
    };
    let put = |name: &str, text: &str| -> Result<()> {
        let path = folder.join(name);
        whole_file::write_bytes(&path, text.as_bytes())
            .with_context(|| format!("failed to write {}", path.display()))
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("failed to make {}", parent.display()))?;
    }
    // Two submissions at once do not share a folder, whatever the file system says of locks.
    fs::create_dir(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    // sbatch never starts a script whose log's folder is not there.
    for name in ["log", "state", "tasks"] {
        make(name)?;
    }
    copy(contents.binary, &folder.join("tailward"))?;
    copy(&binary::driver()?, &folder.join("driver"))?;
    let definition = make("experiments")?.join(contents.experiment);
    fs::create_dir_all(&definition).with_context(|| format!("failed to make {}", definition.display()))?;
    for name in ["definition.toml", "expected.toml"] {
        let path = experiments::folder(contents.experiment).join(name);
        if path.is_file() {
            copy(&path, &definition.join(name))?;
        }
    }
    for name in [experiments::DATASETS, experiments::WEIGHTS] {
        let to = make(name)?;
        for path in manifests(Path::new(name))? {
            copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    for (task, text) in task_texts(contents.lines)? {
        put(&format!("tasks/{task}.sh"), &text)?;
    }
    put(RUNS_FILE, &manifest::text(contents.lines)?)?;
    put("settings.sh", &contents.settings.text())?;
    put("task.sh", TASK)?;
    put("report.sh", REPORT)
}

/// The manifests of a folder.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("failed to list {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("failed to copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

impl Submission {
    /// Writes what was submitted so far, whole or not at all.
    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(SUBMISSION_FILE);
        let text = serde_json::to_string_pretty(self).context("failed to write the submission down")?;
        whole_file::write_bytes(&path, format!("{text}\n").as_bytes())
            .with_context(|| format!("failed to write {}", path.display()))
    }

    fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(SUBMISSION_FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// The task that a line of the queue is of, if it is of this submission.
    fn task(&self, queued: &Queued) -> Option<usize> {
        // Numbers begin anew when a Slurm is set up anew, and a submission that was cut short knows none.
        let is_it = |array: &&Submitted| {
            array.name == queued.name && array.job.as_ref().is_none_or(|job| *job == queued.array)
        };
        Some(self.arrays.iter().find(is_it)?.first_task + queued.index)
    }
}

/// The folders of submissions by their numbers.
fn numbered(folder: &Path) -> Result<BTreeMap<u64, PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.with_context(|| format!("failed to list {}", folder.display()))?,
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry.with_context(|| format!("failed to list {}", folder.display()))?.path();
        if let Some(number) = path.file_name().and_then(|name| name.to_str()?.parse().ok()) {
            found.insert(number, path);
        }
    }
    Ok(found)
}

/// The number that the next submission gets.
pub(super) fn next_number(folder: &Path) -> Result<u64> {
    Ok(numbered(folder)?.keys().last().map_or(1, |last| last + 1))
}

/// The submissions of a folder, the first first; what has no `submission.json` was never handed to sbatch.
fn submissions(folder: &Path) -> Result<impl Iterator<Item = PathBuf>> {
    Ok(numbered(folder)?.into_values().filter(|path| path.join(SUBMISSION_FILE).is_file()))
}

/// How the runs of all submissions of a folder stand in the queue, by the hashes of their definitions: Slurm's word and the task's name, such as
/// `running (12_3)`. What is not queued is not in it.
pub(super) fn standings(folder: &Path, queued: &[Queued]) -> Result<BTreeMap<String, String>> {
    let mut standings = BTreeMap::new();
    for path in submissions(folder)? {
        let submission = Submission::load(&path)?;
        let mut of_tasks: BTreeMap<usize, String> = BTreeMap::new();
        for queued in queued {
            if let Some(task) = submission.task(queued) {
                of_tasks.insert(task, format!("{} ({}_{})", queued.state, queued.array, queued.index));
            }
        }
        if of_tasks.is_empty() {
            continue;
        }
        for line in manifest::read(&path.join(RUNS_FILE))? {
            if let Some(standing) = of_tasks.get(&line.task) {
                standings.insert(line.definition_hash, standing.clone());
            }
        }
    }
    Ok(standings)
}

/// The exit codes that runs ended with in the last submission that had them, by the hashes of their definitions.
pub(super) fn endings(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut endings = BTreeMap::new();
    for path in submissions(folder)? {
        for line in manifest::read(&path.join(RUNS_FILE))? {
            let state = path.join("state").join(format!("run-{}.exit", line.run));
            match fs::read_to_string(state) {
                Ok(code) => endings.insert(line.definition_hash, code.trim().to_owned()),
                Err(_no_run_has_ended_here) => endings.remove(&line.definition_hash),
            };
        }
    }
    Ok(endings)
}
