//! What sbatch is given.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use super::program::said;
use super::tasks::Array;
use crate::reproduce::words::path_text;

/// How long before its time is over a task is told so, in seconds; Slurm may do it a minute earlier.
const WARNING: u32 = 120;

/// The minutes that a report may take.
const REPORT_MINUTES: u32 = 30;

/// What each task of an array gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) cpus: usize,
    pub(super) gpus: usize,
}

/// The arguments for an array of a submission's folder. `more` comes last of the options, so that it counts.
pub(super) fn for_array(
    folder: &Path,
    array: &Array,
    name: &str,
    time: &str,
    share: Share,
    more: &[String],
) -> Result<Vec<String>> {
    let folder = path_text(folder)?;
    let mut arguments = vec![
        "--parsable".to_owned(),
        format!("--job-name={name}"),
        format!("--array={}", array.indices()),
        format!("--output={}/log/%A_%a.txt", folder.replace('%', "%%")),
        "--open-mode=append".to_owned(),
        "--requeue".to_owned(),
        format!("--signal=B:USR1@{WARNING}"),
        format!("--time={time}"),
        format!("--cpus-per-task={}", share.cpus),
    ];
    if share.gpus > 0 {
        arguments.push(format!("--gres=gpu:{}", share.gpus));
    }
    arguments.extend(more.iter().cloned());
    arguments.extend([format!("{folder}/task.sh"), folder, array.tasks.start.to_string()]);
    Ok(arguments)
}

/// The arguments for the report, once all tasks of these jobs have ended in whatever way.
pub(super) fn for_report(folder: &Path, name: &str, jobs: &[String], more: &[String]) -> Result<Vec<String>> {
    let folder = path_text(folder)?;
    let mut arguments = vec![
        "--parsable".to_owned(),
        format!("--job-name={name}"),
        "--kill-on-invalid-dep=yes".to_owned(),
        format!("--output={}/log/report.txt", folder.replace('%', "%%")),
        "--open-mode=append".to_owned(),
        format!("--time={REPORT_MINUTES}"),
    ];
    // A report needs no GPU, and comes after the arrays whatever these come after.
    let is_of_a_gpu = |argument: &String| {
        ["--gres", "--gpus", "-G"].iter().any(|name| argument.starts_with(name))
            || argument.contains("-per-gpu")
    };
    arguments.extend(more.iter().filter(|argument| !is_of_a_gpu(argument)).cloned());
    arguments.push(format!("--dependency=afterany:{}", jobs.join(":")));
    arguments.extend([format!("{folder}/report.sh"), folder]);
    Ok(arguments)
}

/// Asks whether Slurm would take it, and submits nothing.
pub(super) fn test(arguments: &[String]) -> Result<()> {
    let test = [&["--test-only".to_owned()][..], arguments].concat();
    said("sbatch", &test.iter().map(String::as_str).collect::<Vec<_>>()).map(drop)
}

/// Submits, and says the job's number.
pub(super) fn submit(arguments: &[String]) -> Result<String> {
    let said = said("sbatch", &arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
    // The number, and after a semicolon the cluster's name.
    let job = said.trim().split(';').next().unwrap_or_default().to_owned();
    if job.is_empty() || !job.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("sbatch answered `{}`, which is no job's number", said.trim());
    }
    Ok(job)
}

/// Refuses what would make another submission of it than the one that is written down.
pub(super) fn check_arguments(arguments: &[String]) -> Result<()> {
    let better = BTreeMap::from([
        ("--time", "--time"),
        ("-t", "--time"),
        ("--cpus-per-task", "--cpus-per-task"),
        ("-c", "--cpus-per-task"),
        ("--array", "--runs-per-task and --jobs"),
        ("-a", "--runs-per-task and --jobs"),
    ]);
    const OURS: [&str; 6] = ["--job-name", "-J", "--wrap", "--output", "-o", "--parsable"];
    const ELSEWHERE: [&str; 3] = ["--clusters", "--cluster", "-M"];
    for argument in arguments {
        // `--name=value`, or `-n` with whatever follows.
        let name = match argument.split_once('=') {
            Some((name, _)) if name.starts_with("--") => name,
            _ if argument.starts_with("--") => argument,
            _ => argument.get(..2).unwrap_or(argument),
        };
        if let Some(better) = better.get(name) {
            bail!("`{argument}` is not for --sbatch-arg: use {better}");
        }
        if OURS.contains(&name) {
            bail!("`{argument}` is not for --sbatch-arg: the driver sets it");
        }
        if ELSEWHERE.contains(&name) {
            bail!(
                "`{argument}`: what is queued is asked of this cluster alone; give the command on the other one"
            );
        }
        if !argument.starts_with('-') {
            bail!("`{argument}` is no argument of sbatch by itself: write it as `--sbatch-arg=--name=value`");
        }
    }
    Ok(())
}
