//! What the binary says when it is asked wrongly, and the exit codes that it documents.

use crate::fixture::{data_dir, project, tailward};

fn run(definition: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String) {
    let out = tempfile::tempdir().unwrap();
    let output = tailward()
        .arg("run")
        .arg("--definition")
        .arg(definition)
        .args(["--data-dir"])
        .arg(data_dir())
        .arg("--out")
        .arg(out.path())
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const SMOKE: [&str; 8] = ["--scale", "smoke", "--strategy", "entropy", "--imbalance", "0.1", "--seed", "0"];

fn synthetic() -> String {
    std::fs::read_to_string(project("experiments/synthetic/definition.toml")).unwrap()
}

/// The synthetic definition with a change of its smoke scale, in a folder of its own.
fn changed(from: &str, to: &str) -> tempfile::TempDir {
    let text = synthetic();
    let (before, smoke) = text.split_once("[scales.smoke]").unwrap();
    assert!(smoke.contains(from), "the definition has no `{from}`");
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{before}[scales.smoke]{}", smoke.replacen(from, to, 1));
    std::fs::write(folder.path().join("definition.toml"), text).unwrap();
    folder
}

#[test]
fn wrong_definitions_are_named_with_file_and_key() {
    for (from, to, words) in [
        ("epochs = 2", "epochs = 0", &["definition.toml", "scales.smoke.training.epochs"][..]),
        ("epochs = 2", "epoches = 2", &["definition.toml", "epoches", "unknown field"]),
        ("momentum = 0.9\n", "", &["definition.toml", "training.momentum", "is absent"]),
        ("weight_decay = 5e-4\n", "", &["definition.toml", "weight_decay", "missing field"]),
        ("learning_rate = 0.05", "learning_rate = -1.0", &["scales.smoke.training.learning_rate", "-1"]),
        ("initial = 40", "initial = 41", &["41"]),
        ("budget = 40", "budget = 4000", &["4000"]),
    ] {
        let folder = changed(from, to);
        let (code, told) = run(&folder.path().join("definition.toml"), &SMOKE);
        assert_eq!(code, Some(3), "{from} → {to}: {told}");
        for word in words {
            assert!(told.contains(word), "`{word}` is not in: {told}");
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_with_its_own_exit_code() {
    let folder = changed("learning_rate = 0.05", "learning_rate = 1e30");
    let (code, told) = run(&folder.path().join("definition.toml"), &SMOKE);
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("round 0") && told.contains("epoch"), "{told}");
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let definition = project("experiments/synthetic/definition.toml");
    for (arguments, words) in [
        (
            ["--scale", "smoke", "--strategy", "entropi", "--imbalance", "0.1", "--seed", "0"],
            ["entropi", "entropy-cb"],
        ),
        (["--scale", "smoke", "--strategy", "entropy", "--imbalance", "0.2", "--seed", "0"], ["0.2", "0.1"]),
        (
            ["--scale", "paper", "--strategy", "entropy", "--imbalance", "0.1", "--seed", "0"],
            ["paper", "quick"],
        ),
    ] {
        let (code, told) = run(&definition, &arguments);
        assert_eq!(code, Some(3), "{told}");
        for word in words {
            assert!(told.contains(word), "`{word}` is not in: {told}");
        }
    }
}

#[test]
fn missing_and_damaged_data_are_named() {
    let empty = tempfile::tempdir().unwrap();
    let definition = project("experiments/cifar100/definition.toml");
    let output = tailward()
        .arg("run")
        .arg("--definition")
        .arg(&definition)
        .args(SMOKE)
        .arg("--data-dir")
        .arg(empty.path())
        .arg("--out")
        .arg(empty.path().join("runs"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("cifar-100-binary") && told.contains("cargo xtask fetch cifar100"), "{told}");

    let damaged = tempfile::tempdir().unwrap();
    let source = data_dir().join("synthetic10");
    let target = damaged.path().join("synthetic10");
    std::fs::create_dir(&target).unwrap();
    std::fs::copy(source.join("test.bin"), target.join("test.bin")).unwrap();
    let mut bytes = std::fs::read(source.join("train.bin")).unwrap();
    bytes[12_345] ^= 1;
    std::fs::write(target.join("train.bin"), bytes).unwrap();
    let output = tailward()
        .args(["run", "--definition", "experiments/synthetic/definition.toml"])
        .args(SMOKE)
        .arg("--data-dir")
        .arg(damaged.path())
        .arg("--out")
        .arg(empty.path().join("runs"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("train.bin"), "{told}");
}

#[test]
fn a_backend_that_was_not_built_is_named() {
    let mut arguments = SMOKE.to_vec();
    arguments.extend(["--backend", "cuda"]);
    let (code, told) = run(&project("experiments/synthetic/definition.toml"), &arguments);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("`cuda`") && told.contains("flex"), "{told}");
}

#[test]
fn help_names_the_exit_codes() {
    let output = tailward().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes: 0 done"));
}
