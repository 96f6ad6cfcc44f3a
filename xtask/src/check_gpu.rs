//! `cargo xtask check-gpu`: whether a GPU's backend works on this machine. What it prints is a report to be pasted into an
//! issue; the exit code is 0 only if everything in it passed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::reproduce::binary;
use crate::workspace;

/// Arguments of `cargo xtask check-gpu`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The backend that is checked.
    #[arg(long, value_enum)]
    pub(crate) backend: Gpu,
    /// A `tailward` binary that is built already, with the features `flex` and the backend's; by default it is built.
    #[arg(long, value_name = "FILE")]
    pub(crate) tailward: Option<PathBuf>,
}

/// A backend for GPUs, by the name of the feature that builds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gpu {
    Cuda,
    Wgpu,
    Vulkan,
    Metal,
}

impl Gpu {
    fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        }
    }
}

/// What the binary says of its device.
#[derive(Debug, Deserialize)]
struct Device {
    name: String,
    /// Whether it is a processor that stands in for a GPU.
    software: bool,
}

/// How thoroughly CubeCL tunes kernels.
const TUNING: &str = "CUBECL_AUTOTUNE_LEVEL";

/// Where the smoke run goes.
const OUT: &str = "target/check-gpu";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let given = arguments.tailward.as_ref().map(std::path::absolute).transpose()?;
    workspace::enter()?;
    let backend = arguments.backend.name();
    let binary = match given {
        Some(binary) => binary,
        None => binary::build(&format!("flex,{backend}"))?,
    };
    let device = device(&binary, backend)?;
    let mut tuning = None;
    // CubeCL (0.11) measures how fast memory is with buffers of 1 GiB, so that it can stop tuning early. A processor that
    // stands in for a GPU need not give as much. At level `full` it tries every kernel and measures no memory.
    if device.software && std::env::var_os(TUNING).is_none() {
        eprintln!("{} is a processor that stands in for a GPU: {TUNING} is set to full", device.name);
        tuning = Some((TUNING, "full"));
    }
    let mut failed = Vec::new();
    let status = Command::new(&binary)
        .args(["check", "--backend", backend])
        .envs(tuning)
        .status()
        .with_context(|| format!("failed to start {}", binary.display()))?;
    if !status.success() {
        println!("\n**FAILED**: `tailward check` ended with {status}\n");
        failed.push("tailward check");
    }
    let started = Instant::now();
    match smoke(&binary, backend, &device, tuning) {
        Ok(()) => println!("The smoke runs of `synthetic`: ok ({:.0} s)", started.elapsed().as_secs_f64()),
        Err(error) => {
            println!("The smoke runs of `synthetic`: **FAILED**: {error:#}");
            failed.push("the smoke runs");
        }
    }
    if !failed.is_empty() {
        bail!("{} failed on {}", failed.join(" and "), device.name);
    }
    Ok(())
}

/// Asks the binary for its device; without one there is nothing to check.
fn device(binary: &Path, backend: &str) -> Result<Device> {
    let output = Command::new(binary)
        .args(["check", "--backend", backend, "--device"])
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("failed to start {}", binary.display()))?;
    if !output.status.success() {
        bail!("the {backend} backend finds no device: {}", output.status);
    }
    serde_json::from_slice(&output.stdout).context("failed to read what the binary says of its device")
}

/// The smoke runs of the generated images, from nothing, and the report; one of them on a processor that stands in for a GPU.
fn smoke(binary: &Path, backend: &str, device: &Device, tuning: Option<(&str, &str)>) -> Result<()> {
    if Path::new(OUT).exists() {
        std::fs::remove_dir_all(OUT).with_context(|| format!("failed to remove {OUT}"))?;
    }
    let mut command = Command::new(binary::driver()?);
    command.args(["reproduce", "synthetic", "--scale", "smoke", "--backend", backend, "--out", OUT]);
    if device.software {
        command.args(["--strategy", "entropy-cb", "--seed", "0"]);
    }
    let output = command
        .arg("--tailward")
        .arg(binary)
        .envs(tuning)
        .output()
        .context("failed to start the smoke run")?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> =
        told.lines().filter(|line| line.contains("failed") || line.contains("error")).collect();
    bail!("{}: {}", output.status, lines.join("; "))
}
