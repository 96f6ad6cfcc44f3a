//! What Slurm says is queued or running. It forgets a job minutes after its end: what has ended is read from records.

use anyhow::Result;

use super::program::said;

/// A task in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queued {
    /// The job of its array.
    pub(super) array: String,
    /// Its index in the array.
    pub(super) index: usize,
    /// The array's name.
    pub(super) name: String,
    /// Slurm's word for what it does, in small letters.
    pub(super) state: String,
}

/// All tasks of whoever runs this.
///
/// # Errors
///
/// Slurm does not answer: what is queued is not known then.
pub(super) fn ask() -> Result<Vec<Queued>> {
    let user = said("id", &["-un"])?;
    let listed = said(
        "squeue",
        &["--noheader", "--array", "--all", "--states=all", "--user", user.trim(), "--format=%F|%K|%T|%j"],
    )?;
    Ok(parse(&listed))
}

/// What Slurm says for some minutes of a task that has ended for good.
const ENDED: [&str; 10] = [
    "boot_fail",
    "cancelled",
    "completed",
    "deadline",
    "failed",
    "node_fail",
    "out_of_memory",
    "preempted",
    "revoked",
    "timeout",
];

/// One line a task: array, index, state, name. Jobs that are of no array have no index, and are not ours.
fn parse(listed: &str) -> Vec<Queued> {
    let queued = |line: &str| {
        let mut cells = line.trim().splitn(4, '|');
        let (array, index, state, name) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        Some(Queued {
            array: array.to_owned(),
            index: index.parse().ok()?,
            name: name.to_owned(),
            state: state.to_lowercase(),
        })
    };
    listed.lines().filter_map(queued).filter(|task| !ENDED.contains(&task.state.as_str())).collect()
}

/// The largest array that this Slurm takes, in tasks.
pub(super) fn largest_array() -> usize {
    /// What a Slurm takes that was not told otherwise.
    const DEFAULT: usize = 1000;
    let configuration = said("scontrol", &["show", "config"]).unwrap_or_default();
    let line = configuration.lines().find(|line| line.trim_start().starts_with("MaxArraySize"));
    // Indices end one below it, and begin at 0.
    line.and_then(|line| line.split('=').nth(1)?.trim().parse().ok())
        .filter(|&size| size > 0)
        .unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_queue_are_read_and_jobs_that_are_of_no_array_passed_over() {
        let listed = "12|3|RUNNING|tailward-a|b\n12|4|PENDING|tailward-a|b\n15|N/A|PENDING|other\n12|5|CANCELLED|tailward-a|b\n\n";
        let task = |index: usize, state: &str| Queued {
            array: "12".to_owned(),
            index,
            name: "tailward-a|b".to_owned(),
            state: state.to_owned(),
        };
        assert_eq!(parse(listed), [task(3, "running"), task(4, "pending")]);
    }
}
