//! `kill -9` at any moment and the same command again: the ledger and the record are the same as without the kill.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::fixture::{smoke_command, smoke_definition, timeless_ledger, timeless_record};

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
    let left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".bpk"))
        .collect();
    assert!(left.is_empty(), "checkpoints are left: {left:?}");
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
    let mut first = smoke_command("entropy", 0, out.path())
        .args(["--progress", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(first.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let second = smoke_command("entropy", 0, out.path()).output().unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"));
}
