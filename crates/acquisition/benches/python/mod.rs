//! The Python way, measured beside ours on the same arrays.
//!
//! `TAILWARD_BENCH_PYTHON` names an interpreter; without it the lines of Python say that they were skipped.

use std::path::Path;
use std::process::Command;

use ndarray::ArrayViewD;
use serde_json::{Value, json};

const INTERPRETER: &str = "TAILWARD_BENCH_PYTHON";

/// The interpreter, if one is named; else a line that says that this benchmark was skipped.
pub(crate) fn interpreter(benchmark: &str) -> Option<String> {
    let named = std::env::var(INTERPRETER).ok();
    if named.is_none() {
        let reason = format!("{INTERPRETER} names no interpreter");
        println!("{}", json!({ "benchmark": benchmark, "skipped": reason }));
    }
    named
}

/// Writes the arrays and the task, and starts a script of this folder on them, which prints its own line.
///
/// # Panics
///
/// If the script fails, as it does when a package is missing.
pub(crate) fn run(interpreter: &str, script: &str, arrays: &[(&str, ArrayViewD<f32>)], task: &Value) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, array) in arrays {
        ndarray_npy::write_npy(folder.path().join(format!("{name}.npy")), array).expect("room for an array");
    }
    std::fs::write(folder.path().join("task.json"), task.to_string()).expect("room for the task");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/python").join(script);
    let status = Command::new(interpreter)
        .arg("-B")
        .arg(script)
        .arg(folder.path())
        .status()
        .expect("start the interpreter");
    assert!(status.success(), "{interpreter} ended with {status}");
}
