//! Other programs: Slurm's, and those that tell of this machine and the project.

use std::process::Command;

use anyhow::{Context, Result, bail};

/// What a program prints.
pub(super) fn said(program: &str, arguments: &[&str]) -> Result<String> {
    // What a person set for his own eyes would hide some of the queue.
    let narrows = |name: &String| name.starts_with("SQUEUE_");
    let mut command = Command::new(program);
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(narrows) {
        command.env_remove(name);
    }
    let output = command.args(arguments).output().with_context(|| format!("failed to start {program}"))?;
    if !output.status.success() {
        // The first line says what is wrong; those after it often repeat it.
        let words = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{program} ended with {}: {}",
            output.status,
            words.trim().lines().next().unwrap_or("it says nothing")
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
