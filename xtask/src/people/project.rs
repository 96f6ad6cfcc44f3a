//! A project from its first command to the end of its budget.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::annotator::opinions;
use super::outcome::Outcome;
use super::pictures::Pictures;

/// What is done.
pub(super) struct Plan<'a> {
    pub(super) tailward: &'a Path,
    pub(super) folder: PathBuf,
    /// What this way to choose is called.
    pub(super) arm: &'a str,
    /// Of `tailward init`.
    pub(super) options: &'a [String],
    pub(super) seed: u64,
    pub(super) budget: usize,
    pub(super) batch: usize,
    pub(super) errors: f64,
}

/// A row of the tables that `ask`, `export` and `predict` write.
#[derive(Debug, Deserialize)]
struct Row {
    path: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    predicted: String,
}

#[derive(Debug, Deserialize)]
struct Status {
    labelled: usize,
    accuracy: Option<Share>,
}

#[derive(Debug, Deserialize)]
struct Share {
    estimate: f64,
    low: f64,
    high: f64,
}

/// The exit code of a verb that finds nothing to do.
const NOTHING: i32 = 3;

/// Does what a person does with a project, until nothing more may be asked for. A project that was begun goes on.
pub(super) fn simulate(plan: &Plan<'_>, pictures: &Pictures) -> Result<Outcome> {
    let began = Instant::now();
    let parent = plan.folder.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("failed to make {}", parent.display()))?;
    let classes = plan.folder.with_extension("classes.txt");
    let names: Vec<&str> = pictures.classes.keys().map(String::as_str).collect();
    std::fs::write(&classes, names.join("\n")).context("failed to write the classes")?;
    let mut init = plan.verb("init");
    init.arg("--images").arg(&pictures.folder).args(["--labels", "none", "--classes-file"]).arg(&classes);
    init.args(["--budget", &plan.budget.to_string(), "--batch", &plan.batch.to_string()]);
    init.args(["--seed", &plan.seed.to_string()]).args(plan.options);
    output(&mut init)?;
    let said = opinions(pictures, plan.errors, plan.seed);
    let answers = plan.folder.with_extension("answers.csv");
    loop {
        let asked = plan.verb("ask").output().context("failed to start tailward")?;
        if asked.status.code() == Some(NOTHING) && said_of(&asked).contains("is spent") {
            break;
        }
        let mut writer = csv::Writer::from_path(&answers).context("failed to write answers")?;
        writer.write_record(["path", "label"])?;
        for Row { path, .. } in rows(&checked(asked)?)? {
            let label = said.get(path.as_str()).with_context(|| format!("{path} is not among the images"))?;
            writer.write_record([path.as_str(), label])?;
        }
        writer.flush()?;
        output(plan.verb("tell").arg(&answers))?;
    }
    let status: Status = serde_json::from_slice(&output(plan.verb("status").arg("--json"))?.stdout)?;
    let seconds = began.elapsed().as_secs_f64();
    let share = status.accuracy.context("no image of the audit is labelled")?;
    let exported = rows(&output(&mut plan.verb("export"))?)?;
    let predicted = rows(&output(plan.verb("predict").arg(&pictures.folder))?)?;
    let truth = |path: &String| pictures.truth[path].as_str();
    let is_learned = |row: &&Row| row.status == "labelled";
    let rare = exported.iter().filter(is_learned).filter(|row| pictures.is_rare(truth(&row.path))).count();
    let is_labelled: BTreeMap<&str, bool> =
        exported.iter().map(|row| (row.path.as_str(), !row.label.is_empty())).collect();
    let mut right: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in predicted.iter().filter(|row| is_labelled.get(row.path.as_str()) == Some(&false)) {
        let (hits, of) = right.entry(truth(&row.path)).or_default();
        *hits += usize::from(truth(&row.path) == row.predicted);
        *of += 1;
    }
    let (hits, of) = right.values().fold((0, 0), |(hits, of), class| (hits + class.0, of + class.1));
    let shares = right.values().map(|(hits, of)| *hits as f64 / *of as f64);
    Ok(Outcome {
        arm: plan.arm.to_owned(),
        seed: plan.seed,
        labelled: status.labelled,
        rare,
        rare_of: pictures.rare(),
        audit: share.estimate,
        audit_low: share.low,
        audit_high: share.high,
        accuracy: hits as f64 / of.max(1) as f64,
        balanced_accuracy: shares.sum::<f64>() / right.len().max(1) as f64,
        seconds,
    })
}

impl Plan<'_> {
    fn verb(&self, verb: &str) -> Command {
        let mut command = Command::new(self.tailward);
        command.arg(verb).arg(&self.folder);
        command
    }
}

fn output(command: &mut Command) -> Result<Output> {
    checked(command.output().context("failed to start tailward")?)
}

fn checked(output: Output) -> Result<Output> {
    if !output.status.success() {
        bail!("tailward ended with {}: {}", output.status, said_of(&output).trim());
    }
    Ok(output)
}

fn said_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn rows(output: &Output) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}
