//! What a task does with its runs, whatever they do; the binary is a script here.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::desk::{Desk, quoted, words};

/// A submission of one task, made by hand: each run is a line of a shell, which finds its folder in `$run`.
struct Submission {
    desk: Desk,
    folder: PathBuf,
}

impl Submission {
    fn new(settings: &str, runs: &[&str]) -> Self {
        let desk = Desk::new();
        let folder = desk.path("submission");
        for name in ["state", "tasks"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let task = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/reproduce/slurm/task.sh");
        fs::copy(task, folder.join("task.sh")).unwrap();
        fs::write(folder.join("settings.sh"), settings).unwrap();
        let script = desk.program(
            "tailward",
            r#"[ "$1" != --version ] || { echo "tailward 0"; exit; }; run=$2; eval "$3""#,
        );
        fs::copy(script, folder.join("tailward")).unwrap();
        let mut starts = String::new();
        for (number, run) in runs.iter().enumerate() {
            let at = desk.path(&format!("run {number}"));
            fs::create_dir_all(&at).unwrap();
            let at = quoted(&at);
            starts.push_str(&format!("start {number} {at} run {at} {}\n", quoted(Path::new(run))));
        }
        fs::write(folder.join("tasks/3.sh"), starts).unwrap();
        Self { desk, folder }
    }

    /// Task 3: the second of an array whose first is task 2.
    fn task(&self) -> Command {
        self.started(&["2", "1"])
    }

    fn started(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command("bash");
        command.arg(self.folder.join("task.sh")).arg(&self.folder).args(arguments);
        command
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.desk.path(name)).unwrap_or_default()
    }

    /// Starts the task as Slurm would, tells it by USR1 that its time is over once some of its runs have written `begun`, and says how it
    /// ended.
    fn warned(&self, array: Option<&str>, runs: &[usize]) -> (std::process::ExitStatus, String) {
        let mut command = self.task();
        if let Some(array) = array {
            command = self.started(&["2"]);
            command.env("SLURM_ARRAY_JOB_ID", array).env("SLURM_ARRAY_TASK_ID", "1");
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !runs.iter().all(|run| self.desk.path(&format!("run {run}/begun")).exists()) {
            assert!(Instant::now() < until, "the run did not begin");
            std::thread::sleep(Duration::from_millis(20));
        }
        let signalled = Command::new("kill").args(["-USR1", &child.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        let output = child.wait_with_output().unwrap();
        (output.status, words(&output))
    }
}

#[test]
fn the_worst_exit_code_counts_and_what_cannot_become_better_is_not_tried_again() {
    let note = r#"echo "$RAYON_NUM_THREADS" >>"$run/starts"; "#;
    let runs = [format!("{note}exit 0"), format!("{note}exit 4"), format!("{note}exit 1")];
    let task = Submission::new("cpus=7\n", &runs.each_ref().map(String::as_str));
    let first = task.task().output().unwrap();
    assert_eq!(first.status.code(), Some(4), "{}", words(&first));
    assert!(words(&first).contains("run 1 ended with 4"), "{}", words(&first));
    let second = task.task().output().unwrap();
    assert_eq!(second.status.code(), Some(4));
    assert!(
        words(&second).contains("run 1 ended with 4 before and is not tried again"),
        "{}",
        words(&second)
    );
    // Seven processors for three runs; the second was started once.
    assert_eq!(
        (task.text("run 0/starts"), task.text("run 1/starts")),
        ("2\n2\n".to_owned(), "2\n".to_owned())
    );
}

#[test]
fn each_run_gets_one_of_several_gpus_and_all_of_them_share_a_single_one() {
    let run = r#"echo "$CUDA_VISIBLE_DEVICES" >"$run/gpu""#;
    for (devices, expected) in [("4,6", ["4", "6", "4"]), ("5", ["5", "5", "5"])] {
        let task = Submission::new("cpus=3\n", &[run; 3]);
        let output = task.task().env("CUDA_VISIBLE_DEVICES", devices).output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        let got: Vec<String> =
            (0..3).map(|number| task.text(&format!("run {number}/gpu")).trim().to_owned()).collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn a_task_begins_with_what_it_is_set_up_with() {
    let task =
        Submission::new("setup() {\nexport GREETING='a b'\n}\n", &[r#"echo "$GREETING" >"$run/greeting""#]);
    assert!(task.task().output().unwrap().status.success());
    assert_eq!(task.text("run 0/greeting"), "a b\n");
}

/// A run that notes a line of its record and waits to be ended.
const KEPT: &str = r#"echo '{"line":"round"}' >>"$run/record.jsonl"; touch "$run/begun"; exec sleep 60"#;

#[test]
fn a_task_whose_time_is_over_has_itself_queued_again_by_its_name_in_the_array() {
    let task = Submission::new("", &[KEPT, "exit 0", r#"trap "" TERM; touch "$run/begun"; sleep 1; exit 0"#]);
    task.desk.program("scontrol", r#"echo "$*" >>"$here/requeued""#);
    let (status, said) = task.warned(Some("12"), &[0, 2]);
    assert!(status.success(), "{status}: {said}");
    assert_eq!(task.text("requeued"), "requeue 12_1\n");
    assert!(said.contains("1 runs go on when this task is started again"), "{said}");
    // A run that came to its end all the same is noted as such.
    assert_eq!(task.text("submission/state/run-2.exit"), "0\n");
    assert_eq!(task.text("submission/state/run-0.exit"), "");
}

#[test]
fn a_task_that_kept_nothing_is_not_queued_again() {
    // The first line of a record is no round.
    let task = Submission::new(
        "",
        &[r#"echo '{"line":"header"}' >>"$run/record.jsonl"; touch "$run/begun"; exec sleep 60"#],
    );
    task.desk.program("scontrol", r#"echo "$*" >>"$here/requeued""#);
    fs::write(task.desk.path("run 0/record.jsonl"), "{\"line\":\"round\"}\n").unwrap();
    let (status, said) = task.warned(Some("12"), &[0]);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("the limit is below one round"), "{said}");
    assert_eq!(task.text("requeued"), "");
}

#[test]
fn without_slurm_a_task_whose_time_is_over_asks_to_be_started_again() {
    let task = Submission::new("", &[KEPT]);
    let (status, said) = task.warned(None, &[0]);
    assert_eq!((status.code(), status.signal()), (Some(75), None), "{said}");
}

#[test]
fn a_task_that_was_only_just_begun_is_queued_again_whatever_was_kept() {
    let task = Submission::new("limit=3600\n", &[r#"touch "$run/begun"; exec sleep 60"#]);
    task.desk.program("scontrol", r#"echo "$*" >>"$here/requeued""#);
    let (status, said) = task.warned(Some("12"), &[0]);
    assert!(status.success(), "{said}");
    assert_eq!(task.text("requeued"), "requeue 12_1\n");
}

#[test]
fn a_queue_that_does_not_answer_at_once_is_asked_again() {
    let task = Submission::new("", &[KEPT]);
    task.desk.program("scontrol", r#"echo "$*" >>"$here/requeued"; [ "$(wc -l <"$here/requeued")" -gt 1 ]"#);
    let (status, said) = task.warned(Some("12"), &[0]);
    assert!(status.success(), "{said}");
    assert_eq!(task.text("requeued"), "requeue 12_1\nrequeue 12_1\n");
}

#[test]
fn what_a_task_is_set_up_with_has_to_succeed_and_may_go_elsewhere() {
    let run = r#"echo ran >"$run/ran""#;
    let broken = Submission::new("setup() {\nno-such-module\n[ $? = 0 ] || return 1\n}\n", &[run]);
    let output = broken.task().output().unwrap();
    assert_eq!(
        (output.status.code(), broken.text("run 0/ran")),
        (Some(1), String::new()),
        "{}",
        words(&output)
    );
    assert!(words(&output).contains("what --setup says failed"), "{}", words(&output));
    let away = Submission::new("setup() {\ncd /\necho \"$NOT_SET\" >/dev/null\n}\n", &[run]);
    let output = away.task().output().unwrap();
    assert!(output.status.success() && away.text("run 0/ran") == "ran\n", "{}", words(&output));
}

#[test]
fn a_task_that_is_ended_takes_its_runs_with_it() {
    let task = Submission::new("", &[r#"echo $$ >"$run/begun"; exec sleep 60"#]);
    let mut child = task.task().stdout(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while task.text("run 0/begun").is_empty() {
        assert!(Instant::now() < until, "the run did not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let run = task.text("run 0/begun");
    assert!(
        !Path::new("/proc").join(run.trim()).exists() || cfg!(not(target_os = "linux")),
        "the run lives on"
    );
    assert_eq!(task.text("submission/state/run-0.exit"), "", "it did not come to an end of its own");
}

/// A machine that was given up still notes how its run ended; that is not the task's word any more.
#[test]
fn a_task_that_was_started_again_elsewhere_has_no_say_any_more() {
    let task = Submission::new("", &[r#"echo elsewhere >"$run/../submission/state/task-3.mark"; exit 5"#]);
    assert_eq!(task.task().output().unwrap().status.code(), Some(5));
    assert_eq!(task.text("submission/state/run-0.exit"), "");
}
