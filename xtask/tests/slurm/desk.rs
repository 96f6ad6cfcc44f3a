//! A folder in which the driver submits, and what the tests read there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The `tailward` binary that stands beside the driver's; nothing, with a message, where only this package was built.
pub(crate) fn tailward() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("tailward-under-test");
    if !path.is_file() {
        // Written past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "skipped: {} is not built", path.display());
        return None;
    }
    Some(path)
}

/// Runs in a folder whose name a shell would stumble over, and programs that stand before the others on the path.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    /// What is set for every command.
    pub(crate) environment: BTreeMap<String, String>,
}

impl Desk {
    /// Not in `/tmp`, which nothing may be submitted from.
    pub(crate) fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("a $HOME's ").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        let environment = BTreeMap::from([("PATH".to_owned(), path)]);
        Self { folder, environment }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("runs")
    }

    /// A program on the path, as a script of a shell.
    pub(crate) fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.path("bin").join(name);
        let script = format!("#!/usr/bin/env bash\nhere={}\n{script}", quoted(self.folder.path()));
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.envs(&self.environment).current_dir(root());
        for name in ["SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT", "TAILWARD_DATA"] {
            command.env_remove(name);
        }
        command
    }

    /// `cargo xtask reproduce synthetic` on the CPU.
    pub(crate) fn reproduce(&self, binary: &Path, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_xtask"))
            .args(["reproduce", "synthetic", "--backend", "flex", "--tailward"])
            .arg(binary)
            .arg("--data-dir")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("data"))
            .arg("--out")
            .arg(self.out())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// The folder of a submission.
    pub(crate) fn submission(&self, scale: &str, number: u32) -> PathBuf {
        self.out().join(format!("synthetic/{scale}/slurm/{number}"))
    }
}

/// What a command said on both streams.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a command that has to succeed said.
pub(crate) fn told(output: Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, words(&output));
    words(&output)
}

pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The lines of a file of JSON lines.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A record and its ledger without hosts and times.
pub(crate) fn timeless(folder: &Path) -> (Vec<Value>, Vec<String>) {
    let mut record = lines(&folder.join("record.jsonl"));
    for line in &mut record {
        for key in ["cost", "host", "started"] {
            line.as_object_mut().unwrap().remove(key);
        }
    }
    let ledger = fs::read_to_string(folder.join("ledger.csv")).unwrap();
    (record, ledger.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect())
}
