//! What the binary says when it is asked wrongly, and the exit codes that it documents.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture::{data_dir, run_command, smoke_definition, tailward};

fn told(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The `run.toml` of the smoke run of the synthetic experiment with a change, in a folder of its own.
fn changed(folder: &Path, from: &str, to: &str) -> PathBuf {
    let text = smoke_definition("entropy", 0).to_toml();
    assert!(text.contains(from), "the definition has no `{from}`:\n{text}");
    let path = folder.join("run.toml");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    path
}

/// The smoke run of random sampling, which ends well in the folder where its `run.toml` lies: the path of that.
fn run_to_its_end(folder: &Path) -> PathBuf {
    let run = smoke_definition("random", 0).write(folder).unwrap();
    let (code, words) = told(&mut run_command(&run));
    assert_eq!(code, Some(0), "{words}");
    run
}

#[test]
fn wrong_definitions_are_named_with_file_and_key() {
    for (from, to, words) in [
        ("epochs = 2", "epochs = 0", &["run.toml", "training.epochs", "is 0"][..]),
        ("epochs = 2", "epoches = 2", &["run.toml", "epoches", "unknown field"]),
        ("momentum = 0.9\n", "", &["run.toml", "training.momentum", "is absent"]),
        ("weight_decay = 0.0005\n", "", &["run.toml", "weight_decay", "missing field"]),
        ("learning_rate = 0.05", "learning_rate = -1.0", &["run.toml", "training.learning_rate", "-1"]),
        ("name = \"entropy\"", "name = \"../entropy\"", &["run.toml", "strategy.name", "../entropy"]),
        ("initial = 40", "initial = 41", &["41"]),
        ("budget = 40", "budget = 4000", &["4000"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (code, told) = told(&mut run_command(&changed(folder.path(), from, to)));
        assert_eq!(code, Some(3), "{from} → {to}: {told}");
        for word in words {
            assert!(told.contains(word), "`{word}` is not in: {told}");
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_with_its_own_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let run = changed(folder.path(), "learning_rate = 0.05", "learning_rate = 1e30");
    let (code, told) = told(&mut run_command(&run));
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("round 0") && told.contains("epoch"), "{told}");
}

/// A record's header names the source that the binary was built from, whatever lies in the source's folder when it runs.
#[test]
fn a_record_names_the_revision_of_the_binary() {
    let folder = tempfile::tempdir().unwrap();
    run_to_its_end(folder.path());
    let record = std::fs::read_to_string(folder.path().join("record.jsonl")).unwrap();
    let header: serde_json::Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    let host = &header["host"];
    let expected =
        format!("tailward {} ({})\n", host["tailward"].as_str().unwrap(), host["revision"].as_str().unwrap());
    let version = tailward().arg("--version").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&version.stdout), expected);
}

/// A run goes where its `run.toml` lies, wherever that is: what a bug report needs is one file.
#[test]
fn a_run_needs_nothing_but_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_to_its_end(folder.path());
    assert!(folder.path().join("record.jsonl").is_file() && folder.path().join("ledger.csv").is_file());
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, second) = told(run_command(&run).arg("--folder").arg(elsewhere.path()));
    assert_eq!(code, Some(0), "{second}");
    assert!(elsewhere.path().join("record.jsonl").is_file());
    // Another run in the same folder is refused before anything is written.
    let error = smoke_definition("random", 1).write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("run.toml is of another run"), "{error}");
}

/// A list that is replayed is kept beside the run, which can then be started again from its file alone.
#[test]
fn a_replayed_run_is_whole_in_its_folder() {
    let out = tempfile::tempdir().unwrap();
    let indices = out.path().join("indices.csv");
    let lines: String = (0..60).map(|index| format!("{}\n", index * 37 % 5000)).collect();
    std::fs::write(&indices, lines).unwrap();
    let replay = || {
        let mut command = tailward();
        command
            .args(["replay", "--definition", "experiments/synthetic/definition.toml", "--scale", "smoke"])
            .args(["--seed", "0", "--initial", "40", "--budget", "20", "--data-dir"])
            .arg(data_dir())
            .arg("--out")
            .arg(out.path())
            .arg(&indices);
        command
    };
    let (code, first) = told(&mut replay());
    assert_eq!(code, Some(0), "{first}");
    let folder = out.path().join("synthetic/smoke/if-1/replay/seed-0");
    let record = std::fs::read_to_string(folder.join("record.jsonl")).unwrap();
    assert!(record.contains("\"line\":\"complete\""));
    std::fs::remove_file(&indices).unwrap();
    let (code, again) = told(&mut run_command(&folder.join("run.toml")));
    assert_eq!(code, Some(0), "{again}");
    // A list that is not the one that the run replays is refused.
    std::fs::write(folder.join("indices.txt"), "1\n2\n").unwrap();
    let (code, other) = told(&mut run_command(&folder.join("run.toml")));
    assert_eq!(code, Some(3), "{other}");
    assert!(other.contains("indices.txt") && other.contains("checksum"), "{other}");
}

#[test]
fn missing_and_damaged_data_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = changed(folder.path(), "dataset = \"synthetic10\"", "dataset = \"cifar100\"");
    let empty = tempfile::tempdir().unwrap();
    let (code, missing) = told(tailward().arg("run").arg(&run).arg("--data-dir").arg(empty.path()));
    assert_eq!(code, Some(3), "{missing}");
    assert!(
        missing.contains("cifar-100-binary") && missing.contains("cargo xtask fetch cifar100"),
        "{missing}"
    );

    let damaged = tempfile::tempdir().unwrap();
    let source = data_dir().join("synthetic10");
    let target = damaged.path().join("synthetic10");
    std::fs::create_dir(&target).unwrap();
    std::fs::copy(source.join("test.bin"), target.join("test.bin")).unwrap();
    let mut bytes = std::fs::read(source.join("train.bin")).unwrap();
    bytes[12_345] ^= 1;
    std::fs::write(target.join("train.bin"), bytes).unwrap();
    let run = smoke_definition("entropy", 0).write(empty.path()).unwrap();
    let (code, broken) = told(tailward().arg("run").arg(&run).arg("--data-dir").arg(damaged.path()));
    assert_eq!(code, Some(3), "{broken}");
    assert!(broken.contains("train.bin"), "{broken}");
}

#[test]
fn a_backend_that_was_not_built_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = smoke_definition("entropy", 0).write(folder.path()).unwrap();
    let command = |backend| {
        let mut command = tailward();
        command.arg("run").arg(&run).args(["--backend", backend, "--data-dir"]).arg(data_dir());
        command
    };
    let (code, cuda) = told(&mut command("cuda"));
    assert_eq!(code, Some(1), "{cuda}");
    assert!(cuda.contains("`cuda`") && cuda.contains("flex"), "{cuda}");
    let (code, unknown) = told(&mut command("abacus"));
    assert_eq!(code, Some(2), "{unknown}");
    assert!(unknown.contains("abacus") && unknown.contains("flex"), "{unknown}");
}

#[test]
fn help_names_the_exit_codes() {
    let output = tailward().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes: 0 done"));
}
