//! The driver with real runs at smoke scale: plan, skip, go on, fail apart from others, report.
//!
//! It starts the binary that the package of workspace tests builds, so these tests need `cargo test --workspace`; with
//! `--package xtask` alone they say that they are skipped.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

// Written past the test harness, which keeps what passing tests print to itself.
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The project's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The `tailward` binary that stands beside the driver's.
fn tailward() -> Option<PathBuf> {
    let name = format!("tailward-under-test{}", std::env::consts::EXE_SUFFIX);
    let path = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name(name);
    if !path.is_file() {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not built", path.display());
        return None;
    }
    Some(path)
}

fn reproduce(binary: &Path, out: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["reproduce", "synthetic", "--scale", "smoke", "--backend", "flex"])
        .arg("--tailward")
        .arg(binary)
        .arg("--data-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("data"))
        .arg("--out")
        .arg(out)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn runs_fail_apart_are_skipped_when_complete_and_end_in_a_report() {
    let Some(binary) = tailward() else { return };
    let out = tempfile::tempdir().unwrap();
    // One run's folder holds something that is not a record.
    let broken = out.path().join("synthetic/smoke/if-0.1/entropy/seed-0");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("record.jsonl"), "not a record\n").unwrap();
    let first = reproduce(&binary, out.path(), &["--jobs", "2"]);
    let (told, warned) = (text(&first.stdout), text(&first.stderr));
    assert_eq!(first.status.code(), Some(1), "{told}{warned}");
    assert!(warned.contains("failed: synthetic/smoke if 0.1 entropy seed 0"), "{warned}");
    assert!(warned.contains("1 of 3 runs failed"), "{warned}");
    for strategy in ["random", "entropy-cb"] {
        let record = out.path().join(format!("synthetic/smoke/if-0.1/{strategy}/seed-0/record.jsonl"));
        assert!(std::fs::read_to_string(record).unwrap().contains("\"line\":\"complete\""), "{strategy}");
    }
    let report = out.path().join("synthetic/smoke/report");
    for file in ["report.md", "report.html", "results.csv"] {
        assert!(report.join(file).is_file(), "{file}");
    }
    // Mended, the same command runs what failed and nothing else.
    std::fs::remove_file(broken.join("record.jsonl")).unwrap();
    let second = reproduce(&binary, out.path(), &["--jobs", "2"]);
    let (told, warned) = (text(&second.stdout), text(&second.stderr));
    assert!(second.status.success(), "{told}{warned}");
    assert!(told.contains("1 of 3 runs to do"), "{told}");
    assert!(
        warned.contains("entropy seed 0: complete") && !warned.contains("random seed 0: round"),
        "{warned}"
    );
    let third = reproduce(&binary, out.path(), &[]);
    assert!(third.status.success() && text(&third.stdout).contains("0 of 3 runs to do"));
    let page = std::fs::read_to_string(report.join("report.md")).unwrap();
    assert!(page.contains("smoke scale"), "a scaled-down run says so");
    assert!(page.contains("cargo xtask reproduce synthetic --scale smoke"), "a report carries its command");
}

#[test]
fn plans_are_told_and_nothing_is_done() {
    let Some(binary) = tailward() else { return };
    let out = tempfile::tempdir().unwrap();
    let planned =
        reproduce(&binary, out.path(), &["--dry-run", "--shard", "2/3", "--seed", "7", "--seed", "7"]);
    let told = text(&planned.stdout);
    assert!(planned.status.success(), "{}", text(&planned.stderr));
    assert!(told.contains("entropy seed 7") && told.contains("1 of 1 runs to do"), "{told}");
    assert!(told.contains("expected to take about"), "{told}");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn experiments_are_listed_and_unknown_ones_are_named() {
    let xtask = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).current_dir(root()).output().unwrap()
    };
    let listed = xtask(&["reproduce", "--list"]);
    let told = text(&listed.stdout);
    assert!(
        listed.status.success()
            && ["cifar10 ", "cifar100", "synthetic"].iter().all(|name| told.contains(name))
    );
    let unknown = xtask(&["reproduce", "cifar1000"]);
    assert!(!unknown.status.success());
    assert!(
        text(&unknown.stderr).contains("there is no experiment `cifar1000` (there are: cifar10, cifar100")
    );
    for (arguments, words) in [
        (&["--strategy", "entropi"][..], &["entropi", "entropy-cb"][..]),
        (&["--imbalance", "0.2"], &["0.2", "0.1"]),
        (&["--scale", "paper"], &["paper", "quick"]),
        (&["--scale", "huge"], &["huge", "quick"]),
    ] {
        let refused = xtask(&[&["reproduce", "synthetic"], arguments].concat());
        assert!(!refused.status.success());
        for word in words {
            assert!(text(&refused.stderr).contains(word), "`{word}` is not in: {}", text(&refused.stderr));
        }
    }
}
