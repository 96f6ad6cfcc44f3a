//! Submitting, with programs that stand in for Slurm's.

use std::fs;
use std::path::Path;

use crate::desk::{Desk, lines, tailward, told, words};

/// sbatch that numbers its jobs from 41 and notes what it was given, squeue that says what `queue` says, and a Slurm that takes arrays of
/// two tasks.
fn with_slurm(desk: &Desk) {
    desk.program(
        "sbatch",
        r#"[ "$1" != --version ] || { echo "slurm 22.05.8"; exit; }
[ "$1" != --test-only ] || { [ ! -e "$here/refuses" ] || { echo "sbatch: error: no such partition" >&2; exit 1; }; exit 0; }
printf '%s\n' "$@" END >>"$here/calls"
echo $((40 + $(grep -c '^END$' "$here/calls")))
"#,
    );
    desk.program("squeue", r#"[ ! -e "$here/silent" ] || { echo "slurm_load_jobs error" >&2; exit 1; }; cat "$here/queue" 2>/dev/null; exit 0"#);
    desk.program("scontrol", r#"echo "MaxArraySize            = 2""#);
}

/// A `tailward` that begins a record and ends as the name of its run's strategy says.
fn quick_binary(desk: &Desk) -> std::path::PathBuf {
    desk.program("quick-tailward", r#"[ "$1" = run ] || { echo "tailward 0.1.0"; exit; }"#)
}

fn calls(desk: &Desk) -> Vec<Vec<String>> {
    let text = fs::read_to_string(desk.path("calls")).unwrap_or_default();
    text.split_terminator("END\n").map(|call| call.lines().map(str::to_owned).collect()).collect()
}

const SMOKE: [&str; 5] = ["--scale", "smoke", "--launcher", "slurm", "--time=1:00:00"];

#[test]
fn what_is_submitted_is_in_one_folder_and_nothing_is_submitted_twice() {
    let desk = Desk::new();
    with_slurm(&desk);
    let binary = quick_binary(&desk);
    let more = [
        "--jobs",
        "2",
        "--sbatch-arg=--partition=long",
        "--setup",
        "module load cuda",
        "--cpus-per-task",
        "4",
    ];
    let first = told(desk.reproduce(&binary, &[&SMOKE[..], &more].concat()));
    assert!(first.contains("0 runs are complete, 0 are queued or running, 3 are left"), "{first}");
    assert!(
        first.contains("submitted as 41 and 42; the report of what is complete in the end: job 43"),
        "{first}"
    );
    assert!(first.contains("--status") && first.contains("scancel 41 42 43"), "{first}");

    let folder = desk.submission("smoke", 1);
    let calls_made = calls(&desk);
    let expected = |indices: &str, name: &str, first: &str| {
        let folder = folder.display();
        [
            "--parsable",
            &format!("--job-name=tailward-synthetic-smoke-1-{name}"),
            &format!("--array={indices}"),
            &format!("--output={folder}/log/%A_%a.txt"),
            "--open-mode=append",
            "--requeue",
            "--signal=B:USR1@120",
            "--time=01:00:00",
            "--cpus-per-task=4",
            "--partition=long",
            &format!("{folder}/task.sh"),
            &format!("{folder}"),
            first,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    assert_eq!(calls_made[..2], [expected("0-1%1", "1", "0"), expected("0-0%1", "2", "2")]);
    assert!(calls_made[2].contains(&"--dependency=afterany:41:42".to_owned()), "{:?}", calls_made[2]);
    assert!(calls_made[2].contains(&"--kill-on-invalid-dep=yes".to_owned()), "{:?}", calls_made[2]);

    let runs = lines(&folder.join("runs.jsonl"));
    assert_eq!(runs.iter().map(|run| run["task"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    for run in &runs {
        let run_folder = std::path::Path::new(run["folder"].as_str().unwrap());
        assert!(run_folder.join("run.toml").is_file() && run_folder.starts_with(desk.out()));
        assert_eq!(run["definition_hash"].as_str().unwrap().len(), 64);
    }
    for file in [
        "tailward",
        "driver",
        "task.sh",
        "report.sh",
        "experiments/synthetic/definition.toml",
        "datasets/synthetic10.toml",
        "tasks/2.sh",
    ] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert!(folder.join("log").is_dir(), "sbatch starts nothing whose log has no folder");
    let settings = fs::read_to_string(folder.join("settings.sh")).unwrap();
    assert!(
        settings.contains("cpus=4\nlimit=3600\nsetup() {\nmodule load cuda\n[ $? = 0 ] || return 1\n}\n"),
        "{settings}"
    );
    let submission: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("submission.json")).unwrap()).unwrap();
    assert_eq!((&submission["arrays"][1]["job"], &submission["report"]), (&"42".into(), &"43".into()));
    assert_eq!(submission["tailward"], "tailward 0.1.0");

    // Two wait or run: the third is submitted, and no other.
    let queue = "41|0|RUNNING|tailward-synthetic-smoke-1-1\n41|1|PENDING|tailward-synthetic-smoke-1-1\n7|0|RUNNING|other\n";
    fs::write(desk.path("queue"), queue).unwrap();
    let status = told(desk.reproduce(&binary, &["--scale", "smoke", "--status"]));
    assert_eq!(status.matches("(41_").count(), 2, "{status}");
    assert!(status.contains("running (41_0)") && status.contains("0 of 3 runs are complete"), "{status}");
    let second = told(desk.reproduce(&binary, &SMOKE));
    assert!(second.contains("0 runs are complete, 2 are queued or running, 1 are left"), "{second}");
    assert_eq!(lines(&desk.submission("smoke", 2).join("runs.jsonl"))[0]["label"], runs[2]["label"]);
    // All three do: nothing is submitted.
    fs::write(desk.path("queue"), format!("{queue}44|0|PENDING|tailward-synthetic-smoke-2-1\n")).unwrap();
    let before = calls(&desk).len();
    let third = told(desk.reproduce(&binary, &SMOKE));
    assert!(third.contains("3 are queued or running, 0 are left"), "{third}");
    assert_eq!(calls(&desk).len(), before);

    // A submission that was cut short before sbatch had answered is found by its name.
    let path = desk.submission("smoke", 2).join("submission.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"job\": \"44\"", "\"job\": null")).unwrap();
    let fourth = told(desk.reproduce(&binary, &SMOKE));
    assert!(fourth.contains("3 are queued or running, 0 are left"), "{fourth}");
}

#[test]
fn runs_share_a_task_and_a_dry_run_shows_all_and_writes_nothing() {
    let desk = Desk::new();
    with_slurm(&desk);
    let binary = quick_binary(&desk);
    let dry = told(desk.reproduce(&binary, &[&SMOKE[..], &["--runs-per-task", "2", "--dry-run"]].concat()));
    assert!(dry.contains("3 runs in 2 tasks (2 tasks, all at a time) of 2 processors and 0 GPUs"), "{dry}");
    for part in
        ["--array=0-1 ", "--cpus-per-task=2", "--- tasks/1.sh\nstart 2 ", "\"run\":2", "scontrol requeue"]
    {
        assert!(dry.contains(part), "{part}: {dry}");
    }
    // The manifest and what starts a task, word for word.
    let (_, rest) = dry.split_once("--- runs.jsonl\n").unwrap();
    let (runs, rest) = rest.split_once("--- settings.sh\n").unwrap();
    let (settings, tasks) = rest.split_once("--- tasks/0.sh\n").unwrap();
    let out = desk.out().display().to_string();
    let mut data = std::path::absolute(Path::new(env!("CARGO_TARGET_TMPDIR")).join("data")).unwrap();
    data = data.components().collect();
    let data = data.display().to_string();
    let first = runs.lines().next().unwrap();
    let run = "synthetic/smoke/if-0.1/entropy/seed-0";
    let hash = &serde_json::from_str::<serde_json::Value>(first).unwrap()["definition_hash"];
    assert_eq!(
        first,
        format!(
            r#"{{"task":0,"run":0,"label":"synthetic/smoke if 0.1 entropy seed 0","folder":"{out}/{run}","definition_hash":{hash},"arguments":["run","{out}/{run}/run.toml","--datasets","datasets","--weights","weights","--data-dir","{data}","--cache-dir","{data}/cache","--backend","flex","--lock-wait","180"]}}"#
        )
    );
    let start =
        |run: &str| format!("'{out}/{run}' run '{out}/{run}/run.toml'").replace("$HOME's", r"$HOME'\''s");
    let words = format!(
        "start 0 {} --datasets datasets --weights weights --data-dir {data} --cache-dir {data}/cache --backend flex --lock-wait 180\n",
        start(run)
    );
    assert!(tasks.starts_with(&words), "{words}\n{tasks}");
    let report =
        format!("report=(synthetic --scale smoke --out '{out}')\n").replace("$HOME's", r"$HOME'\''s");
    assert_eq!(settings, format!("cpus=2\nlimit=3600\n{report}"));
    assert!(!desk.out().exists() && calls(&desk).is_empty());
}

#[test]
fn what_cannot_be_submitted_is_refused_with_what_to_do() {
    let desk = Desk::new();
    let binary = quick_binary(&desk);
    let refused = |arguments: &[&str], reason: &str| {
        let output = desk.reproduce(&binary, arguments);
        assert!(!output.status.success() && words(&output).contains(reason), "{reason}: {}", words(&output));
    };
    if std::env::var("PATH")
        .unwrap()
        .split(':')
        .all(|folder| !std::path::Path::new(folder).join("sbatch").exists())
    {
        refused(&SMOKE, "`--shard M/N` shares an experiment among machines");
    }
    with_slurm(&desk);
    refused(&SMOKE[..4], "Say it with `--time`");
    refused(&[&SMOKE[..4], &["--time", "soon"]].concat(), "`soon` is no time as Slurm takes it");
    refused(&[&SMOKE[..], &["--sbatch-arg=--time=5"]].concat(), "use --time");
    refused(&[&SMOKE[..], &["--sbatch-arg=-c4"]].concat(), "use --cpus-per-task");
    refused(&[&SMOKE[..], &["--sbatch-arg=-Mother"]].concat(), "asked of this cluster alone");
    refused(&[&SMOKE[..], &["--sbatch-arg=long"]].concat(), "write it as `--sbatch-arg=--name=value`");
    refused(&["--scale", "smoke", "--runs-per-task", "2"], "--launcher");
    fs::write(desk.path("silent"), "").unwrap();
    refused(&SMOKE, "runs could be submitted twice");
    fs::remove_file(desk.path("silent")).unwrap();
    fs::write(desk.path("refuses"), "").unwrap();
    refused(&SMOKE, "no such partition");
    assert!(calls(&desk).is_empty() && !desk.submission("smoke", 1).exists());
    fs::remove_file(desk.path("refuses")).unwrap();

    // Another run's record: the driver names it in place of queueing what must fail.
    let broken = desk.out().join("synthetic/smoke/if-0.1/entropy/seed-0");
    fs::create_dir_all(&broken).unwrap();
    fs::write(broken.join("record.jsonl"), "not a record\n").unwrap();
    refused(&SMOKE, "synthetic/smoke if 0.1 entropy seed 0 will fail");

    let elsewhere = desk
        .command(env!("CARGO_BIN_EXE_xtask"))
        .args(["reproduce", "synthetic", "--backend", "flex", "--out", "/tmp/tailward-runs", "--tailward"])
        .arg(&binary)
        .args(SMOKE)
        .output()
        .unwrap();
    assert!(words(&elsewhere).contains("which every machine has for itself"), "{}", words(&elsewhere));
}

/// Whoever has the binary and the folder needs neither the project nor this driver.
#[test]
fn a_task_runs_by_hand_as_another_engine_would_start_it() {
    let Some(binary) = tailward() else { return };
    let desk = Desk::new();
    with_slurm(&desk);
    told(
        desk.reproduce(
            &binary,
            &[&SMOKE[..], &["--strategy", "random", "--seed", "0", "--seed", "1"]].concat(),
        ),
    );
    let folder = desk.submission("smoke", 1);
    let task = |index: &str| {
        let mut command = desk.command("bash");
        command.arg(folder.join("task.sh")).arg(&folder).args(["0", index]);
        command
    };
    told(task("1").current_dir("/").output().unwrap());
    let status = told(desk.reproduce(
        &binary,
        &["--scale", "smoke", "--status", "--strategy", "random", "--seed", "0", "--seed", "1"],
    ));
    assert!(status.contains("1 of 2 runs are complete"), "{status}");
    // The report names what is missing.
    let report = desk.command("bash").arg(folder.join("report.sh")).arg(&folder).output().unwrap();
    assert_eq!(report.status.code(), Some(1), "{}", words(&report));
    assert!(
        words(&report).contains("1 of 2 runs are not complete")
            && words(&report).contains("it has no record"),
        "{}",
        words(&report)
    );
    told(task("0").output().unwrap());
    told(desk.command("bash").arg(folder.join("report.sh")).arg(&folder).output().unwrap());
    assert!(desk.out().join("synthetic/smoke/report/report.md").is_file());
    // What records took says how long the next may take.
    let next =
        told(desk.reproduce(&binary, &[&SMOKE[..4], &["--strategy", "random", "--seed", "2"]].concat()));
    assert!(
        next.contains("each for at most 00:30:00 (") && next.contains("expected, by 2 records)"),
        "{next}"
    );
    let missing = task("9").output().unwrap();
    assert_eq!(missing.status.code(), Some(2), "{}", words(&missing));
}
