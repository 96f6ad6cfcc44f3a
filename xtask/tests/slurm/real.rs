//! A whole grid on a Slurm of one node: what is submitted ends as a run of this machine would, whatever happens to its tasks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::desk::{Desk, lines, quoted, tailward, timeless, told, words};
use crate::local::LocalSlurm;

const SMOKE: [&str; 5] = ["--scale", "smoke", "--launcher", "slurm", "--time=5"];
const QUICK: [&str; 7] = ["--scale", "quick", "--launcher", "slurm", "--time=30", "--strategy", "random"];

/// The runs that this machine makes of itself, to compare with.
struct Alone {
    desk: Desk,
}

impl Alone {
    fn new(binary: &Path) -> Self {
        let desk = Desk::new();
        told(desk.reproduce(binary, &["--scale", "smoke", "--jobs", "2"]));
        told(desk.reproduce(binary, &["--scale", "quick", "--strategy", "random", "--seed", "0"]));
        Self { desk }
    }

    fn check(&self, desk: &Desk, run: &str) {
        let [there, here] = [desk, &self.desk].map(|desk| timeless(&desk.out().join(run)));
        assert_eq!(there, here, "{run}");
    }
}

fn desk(slurm: &LocalSlurm) -> Desk {
    let mut desk = Desk::new();
    let mut environment = slurm.environment();
    environment.insert("PATH".to_owned(), format!("{}:{}", desk.path("bin").display(), environment["PATH"]));
    desk.environment = environment;
    desk
}

fn rounds(desk: &Desk, run: &str) -> usize {
    let text = fs::read_to_string(desk.out().join(run).join("record.jsonl")).unwrap_or_default();
    text.lines().filter(|line| line.starts_with("{\"line\":\"round\"")).count()
}

/// The job of a submission's first array.
fn job(desk: &Desk, scale: &str, number: u32) -> String {
    let path = desk.submission(scale, number).join("submission.json");
    let submission: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    submission["arrays"][0]["job"].as_str().unwrap().to_owned()
}

fn logs(desk: &Desk, scale: &str, number: u32) -> String {
    let folder = desk.submission(scale, number).join("log");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
}

const RANDOM: &str = "synthetic/quick/if-0.1/random/seed-0";

#[test]
fn a_grid_comes_to_its_end_whatever_happens_to_its_tasks() {
    let Some(binary) = tailward() else { return };
    let Some(slurm) = LocalSlurm::start(4) else { return };
    let alone = Alone::new(&binary);
    one_fails_the_others_do_not_and_it_alone_is_submitted_again(&slurm, &binary, &alone);
    whoever_is_warned_goes_on_and_what_is_cancelled_is_submitted_again(&slurm, &binary, &alone);
    who_is_preempted_and_who_loses_his_node_goes_on(&slurm, &binary, &alone);
}

fn one_fails_the_others_do_not_and_it_alone_is_submitted_again(
    slurm: &LocalSlurm,
    binary: &Path,
    alone: &Alone,
) {
    let desk = desk(slurm);
    // Wrong input for one run, until somebody has mended it.
    let script = format!(
        r#"case "$*" in *entropy/seed-0*) [ -e "$here/mended" ] || {{ echo "error: it is broken" >&2; exit 3; }};; esac
exec {} "$@""#,
        quoted(binary)
    );
    let wrapped = desk.program("wrapped", &script);
    let first =
        told(desk.reproduce(&wrapped, &[&SMOKE[..], &["--jobs", "2", "--gpus-per-task", "1"]].concat()));
    assert!(first.contains("3 runs in 3 tasks (3 tasks, 2 at a time)"), "{first}");
    let again = told(desk.reproduce(&wrapped, &SMOKE));
    assert!(again.contains("0 are left"), "what is queued is not submitted: {again}");
    slurm.wait_for("the first grid", 90, || slurm.is_empty());
    let said = logs(&desk, "smoke", 1);
    assert!(
        said.contains("GPUs: 0") && said.contains("GPUs: 1"),
        "one for each of two tasks at a time: {said}"
    );
    assert!(said.contains("1 of 3 runs are not complete") && said.contains("ended with 3"), "{said}");
    assert!(desk.out().join("synthetic/smoke/report/report.md").is_file(), "the report of what is complete");
    let status = told(desk.reproduce(&wrapped, &["--scale", "smoke", "--status"]));
    assert!(status.contains("2 of 3 runs are complete") && status.contains("ended with 3: "), "{status}");

    fs::write(desk.path("mended"), "").unwrap();
    let second = told(desk.reproduce(&wrapped, &SMOKE));
    assert!(second.contains("2 runs are complete, 0 are queued or running, 1 are left"), "{second}");
    assert_eq!(lines(&desk.submission("smoke", 2).join("runs.jsonl")).len(), 1);
    slurm.wait_for("the run that had failed", 90, || slurm.is_empty());
    let status = told(desk.reproduce(&wrapped, &["--scale", "smoke", "--status"]));
    assert!(status.contains("3 of 3 runs are complete"), "{status}");
    for strategy in ["random", "entropy", "entropy-cb"] {
        alone.check(&desk, &format!("synthetic/smoke/if-0.1/{strategy}/seed-0"));
    }
}

fn whoever_is_warned_goes_on_and_what_is_cancelled_is_submitted_again(
    slurm: &LocalSlurm,
    binary: &Path,
    alone: &Alone,
) {
    let desk = desk(slurm);
    let quick = [&QUICK[..], &["--seed", "0"]].concat();
    told(desk.reproduce(binary, &quick));
    slurm.wait_for("a round", 90, || rounds(&desk, RANDOM) > 0);
    let array = job(&desk, "quick", 1);
    slurm.told("scancel", &["--signal=USR1", "--batch", &format!("{array}_0")]);
    slurm.wait_for("the task's second start", 60, || logs(&desk, "quick", 1).contains("restart 1"));
    assert!(logs(&desk, "quick", 1).contains("1 runs go on when this task is started again"));
    let before = rounds(&desk, RANDOM);
    slurm.told("scancel", &[&array]);
    slurm.wait_for("the end of what was cancelled", 60, || slurm.is_empty());
    assert!(rounds(&desk, RANDOM) >= before && before > 0);
    let again = told(desk.reproduce(binary, &quick));
    assert!(again.contains("1 are left"), "{again}");
    slurm.wait_for("the end of the run", 120, || slurm.is_empty());
    alone.check(&desk, RANDOM);
}

fn who_is_preempted_and_who_loses_his_node_goes_on(slurm: &LocalSlurm, binary: &Path, alone: &Alone) {
    let desk = desk(slurm);
    let quick = [&QUICK[..], &["--seed", "0", "--cpus-per-task", "4"]].concat();
    told(desk.reproduce(binary, &quick));
    slurm.wait_for("a round", 90, || rounds(&desk, RANDOM) > 0);
    // Somebody who matters more takes the whole node for a moment.
    let urgent =
        ["--parsable", "--partition=urgent", "--cpus-per-task=4", "--output=/dev/null", "--wrap=sleep 1"];
    assert!(!slurm.told("sbatch", &urgent).is_empty());
    slurm.wait_for("the start after preemption", 60, || logs(&desk, "quick", 1).contains("restart 1"));
    let node = slurm.told("sinfo", &["--noheader", "--format=%n"]);
    let down = [&format!("nodename={}", node.trim()), "state=down", "reason=test"];
    slurm.told("scontrol", &[&["update"][..], &down].concat());
    slurm.told("scontrol", &["update", down[0], "state=resume"]);
    slurm.wait_for("the end of the run", 120, || slurm.is_empty());
    let said = logs(&desk, "quick", 1);
    assert!(said.contains("restart 2"), "{said}");
    alone.check(&desk, RANDOM);
    let status =
        desk.reproduce(binary, &["--scale", "quick", "--status", "--strategy", "random", "--seed", "0"]);
    assert!(words(&status).contains("1 of 1 runs are complete"), "{}", words(&status));
}
