//! `kill -9` at any moment and the same command again: the ledger and the record are the same as without the kill.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tailward_experiment::definition::{Definition, Scale, Selector};
use tailward_labelling::{Lock, Patience};

use crate::fixture::{
    project, run_command, smoke_command, smoke_definition, timeless_ledger, timeless_record,
};

/// Kills that the test has to land on a running process.
const KILLS: usize = 24;

#[test]
fn a_run_that_is_killed_many_times_ends_the_same() {
    let strategy = "entropy-cb";
    let reference = tempfile::tempdir().unwrap();
    let output = smoke_command(strategy, 0, reference.path()).args(["--progress", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.iter().filter(|&&byte| byte == b'\n').count();
    let folder = smoke_definition(strategy, 0).folder();
    let expected_record = timeless_record(&reference.path().join(&folder));
    let expected_ledger = timeless_ledger(&reference.path().join(&folder));

    let mut rng = ChaCha8Rng::seed_from_u64(20_261_122);
    let mut killed = 0;
    let mut finished = 0;
    while killed < KILLS || finished == 0 {
        let out = tempfile::tempdir().unwrap();
        while !kill_once(strategy, out.path(), rng.random_range(0..lines), rng.random_range(0..60)) {
            killed += 1;
        }
        finished += 1;
        assert_eq!(timeless_record(&out.path().join(&folder)), expected_record);
        assert_eq!(timeless_ledger(&out.path().join(&folder)), expected_ledger);
        assert_eq!(checkpoints(&out.path().join(&folder)), [""; 0]);
    }
}

/// Starts the run, lets it tell `lines` lines and `milliseconds` pass, and kills it. Returns whether it had come to its
/// end before that.
fn kill_once(strategy: &str, out: &std::path::Path, lines: usize, milliseconds: u64) -> bool {
    let mut child = smoke_command(strategy, 0, out)
        .args(["--progress", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..lines {
        line.clear();
        if told.read_line(&mut line).unwrap() == 0 {
            break;
        }
    }
    std::thread::sleep(Duration::from_millis(milliseconds));
    child.kill().unwrap();
    // The pipe must not fill up while the process is waited for; it is dead or done by now.
    drop(told);
    child.wait().unwrap().success()
}

#[test]
fn a_complete_run_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join(smoke_definition("random", 0).folder());
    assert!(smoke_command("random", 0, out.path()).output().unwrap().status.success());
    let before = std::fs::read(folder.join("record.jsonl")).unwrap();
    assert!(smoke_command("random", 0, out.path()).output().unwrap().status.success());
    assert_eq!(std::fs::read(folder.join("record.jsonl")).unwrap(), before);
    assert_eq!(checkpoints(&folder), [""; 0]);
}

/// The models that are left in a run's folder.
fn checkpoints(folder: &std::path::Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".bpk")).collect()
}

#[test]
fn a_folder_of_another_definition_is_refused_with_its_own_exit_code() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join(smoke_definition("random", 0).folder());
    assert!(smoke_command("random", 0, out.path()).output().unwrap().status.success());
    let path = folder.join("record.jsonl");
    let hash = smoke_definition("random", 0).hash();
    let text = std::fs::read_to_string(&path).unwrap().replace(&hash, &"0".repeat(64));
    std::fs::write(&path, &text).unwrap();
    let output = smoke_command("random", 0, out.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "nothing of it was changed");
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join(smoke_definition("entropy", 0).folder());
    std::fs::create_dir_all(&folder).unwrap();
    let lock = Lock::folder(&folder, Patience::Refuse).unwrap();
    let output = smoke_command("entropy", 0, out.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use by another process"));
    drop(lock);
    assert!(smoke_command("entropy", 0, out.path()).output().unwrap().status.success());
}

/// A machine that was given up as failed may have let go of its lock a moment ago only.
#[test]
fn who_waits_for_a_folder_gets_it_when_it_is_free() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join(smoke_definition("random", 0).folder());
    std::fs::create_dir_all(&folder).unwrap();
    let lock = Lock::folder(&folder, Patience::Refuse).unwrap();
    let begun = Instant::now();
    let short = smoke_command("random", 0, out.path()).args(["--lock-wait", "1"]).output().unwrap();
    assert!(short.status.code() == Some(5) && begun.elapsed() >= Duration::from_secs(1));
    let waiting = smoke_command("random", 0, out.path()).args(["--lock-wait", "60"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!folder.join("record.jsonl").exists(), "nothing is written in a folder that another has");
    drop(lock);
    assert!(waiting.wait_with_output().unwrap().status.success());
}

/// A machine that was given up as failed may still be running, and a file system may have no locks: what was taken over is not written
/// to any more.
#[test]
fn a_run_that_was_taken_over_writes_nothing_more() {
    let out = tempfile::tempdir().unwrap();
    let definition = Definition::load(&project("experiments/synthetic/definition.toml")).unwrap();
    let selector = Selector { strategies: vec!["entropy".to_owned()], ..Selector::default() };
    let definition = definition.runs(Scale::Quick, &selector).unwrap().remove(0);
    let folder = out.path().join(definition.folder());
    let run = definition.write(&folder).unwrap();
    let first = run_command(&run).args(["--job", "7_1"]).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let answers = || {
        std::fs::read_to_string(folder.join("ledger.csv")).unwrap_or_default().matches(",answered,").count()
    };
    while answers() < 200 {
        assert!(Instant::now() < until, "the run did not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It trains now, for longer than a moment.
    std::thread::sleep(Duration::from_millis(100));
    let signature = std::fs::read_to_string(folder.join(".lock")).unwrap();
    assert!(signature.ends_with("\n7_1\n"), "{signature}");
    let kept = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    std::fs::write(folder.join(".lock"), "99\nnode9\n1\n7_1\n").unwrap();
    let [record, ledger] = ["record.jsonl", "ledger.csv"].map(kept);
    let output = first.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{words}");
    assert!(words.contains("was taken over by another process (process 99 on node9, job 7_1)"), "{words}");
    assert_eq!(["record.jsonl", "ledger.csv"].map(kept), [record, ledger]);
}

/// When the driver is killed, its runs must not live on and hold their folders.
#[test]
fn a_run_that_nobody_listens_to_stops_and_can_go_on() {
    let out = tempfile::tempdir().unwrap();
    let mut child = smoke_command("entropy", 0, out.path())
        .args(["--progress", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(smoke_command("entropy", 0, out.path()).output().unwrap().status.success());
}

/// Files of a run that were changed or removed by hand are noticed; nothing is trained on what is left.
#[test]
fn a_ledger_that_contradicts_the_record_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join(smoke_definition("entropy", 0).folder());
    assert!(smoke_command("entropy", 0, out.path()).output().unwrap().status.success());
    let record = std::fs::read_to_string(folder.join("record.jsonl")).unwrap();
    let ledger = std::fs::read_to_string(folder.join("ledger.csv")).unwrap();
    let unfinished: String = record.split_inclusive('\n').take(3).collect(); // header, round 0, query 0
    let first_label =
        ledger.lines().find(|line| line.contains("answered") && line.starts_with("1,")).unwrap();
    let mut cells: Vec<String> = first_label.split(',').map(str::to_owned).collect();
    cells[6] = ((cells[6].parse::<u32>().unwrap() + 1) % 10).to_string();
    for (name, ledger) in [
        (
            "a ledger that lost its rows",
            Some(ledger.lines().take(1).map(|line| format!("{line}\n")).collect()),
        ),
        ("a ledger with another label", Some(ledger.replace(first_label, &cells.join(",")))),
        ("no ledger", None),
    ] {
        std::fs::write(folder.join("record.jsonl"), &unfinished).unwrap();
        let _ = std::fs::remove_file(folder.join("ledger.csv"));
        if let Some(text) = ledger {
            let text: String = text;
            std::fs::write(folder.join("ledger.csv"), text).unwrap();
        }
        let output = smoke_command("entropy", 0, out.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(std::fs::read_to_string(folder.join("record.jsonl")).unwrap(), unfinished, "{name}");
    }
    // The other way round: a ledger without the record that explains it.
    std::fs::write(folder.join("ledger.csv"), &ledger).unwrap();
    std::fs::remove_file(folder.join("record.jsonl")).unwrap();
    let output = smoke_command("entropy", 0, out.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A checkpoint is a convenience: a damaged one costs time and nothing else.
#[test]
fn a_damaged_checkpoint_is_trained_again() {
    let reference = tempfile::tempdir().unwrap();
    let folder = smoke_definition("entropy-cb", 0).folder();
    assert!(smoke_command("entropy-cb", 0, reference.path()).output().unwrap().status.success());
    let expected = timeless_record(&reference.path().join(&folder));

    let run = reference.path().join(&folder);
    let record = std::fs::read_to_string(run.join("record.jsonl")).unwrap();
    let ledger = std::fs::read_to_string(run.join("ledger.csv")).unwrap();
    let to_round_0: String = record.split_inclusive('\n').take(2).collect();
    let initial: String = ledger
        .split_inclusive('\n')
        .filter(|line| line.starts_with("round") || line.starts_with("0,"))
        .collect();
    std::fs::write(run.join("record.jsonl"), to_round_0).unwrap();
    std::fs::write(run.join("ledger.csv"), initial).unwrap();
    std::fs::write(run.join("model-round-000.bpk"), "damaged").unwrap();
    let output = smoke_command("entropy-cb", 0, reference.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("trained again"));
    assert_eq!(timeless_record(&run), expected);
}
