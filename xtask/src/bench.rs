//! `cargo xtask bench`: every package's benchmarks, and BENCHMARKS.md from them.
//!
//! A benchmark prints one JSON line for each thing it measures: its name, the seconds of each repeat, and details.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};
use tailward_experiment::time::now_rfc3339;

use crate::reproduce::binary;
use crate::workspace;

const BENCHMARKS: &str = "BENCHMARKS.md";

/// Between these two lines of BENCHMARKS.md everything is generated.
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Arguments of `cargo xtask bench`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The backend that training is measured on.
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Only benchmarks whose name contains this; BENCHMARKS.md is left as it is.
    #[arg(long)]
    filter: Option<String>,
}

/// What a benchmark prints.
#[derive(Debug, Deserialize)]
struct Measurement {
    benchmark: String,
    #[serde(default)]
    seconds: Vec<f64>,
    #[serde(default)]
    detail: Map<String, Value>,
    skipped: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    workspace::enter()?;
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let mut measurements = Vec::new();
    for package in ["tailward-acquisition", "tailward-datasets"] {
        let mut command = Command::new(binary::cargo());
        command.args(["bench", "--quiet", "--package", package]);
        if !filter.is_empty() {
            command.args(["--", filter]);
        }
        measurements.extend(measure(command)?);
    }
    let mut command = Command::new(binary::build(&arguments.backend)?);
    command.args(["bench", "--backend", &arguments.backend, "--filter", filter]);
    measurements.extend(measure(command)?);
    measurements.retain(|it| it.benchmark.contains(filter));
    let table = table(&measurements);
    println!("{table}");
    if arguments.filter.is_none() {
        write_table(&table)?;
        println!("wrote {BENCHMARKS}");
    }
    Ok(())
}

fn measure(mut command: Command) -> Result<Vec<Measurement>> {
    eprintln!("running {command:?}");
    let output = command.stderr(Stdio::inherit()).output().context("failed to start a benchmark")?;
    if !output.status.success() {
        bail!("a benchmark failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout).context("a benchmark printed something else than text")?;
    text.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).with_context(|| format!("failed to read {line}")))
        .collect()
}

/// Markdown: the machine, then a row for each measurement.
fn table(measurements: &[Measurement]) -> String {
    let mut text =
        format!("Measured on {} with `cargo xtask bench`: {}\n\n", &now_rfc3339()[..10], machine());
    text.push_str(
        "| benchmark | min (s) | median (s) | max (s) | detail |\n| --- | ---: | ---: | ---: | --- |\n",
    );
    for measurement in measurements {
        let Measurement { benchmark, seconds, detail, skipped } = measurement;
        let mut sorted = seconds.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let row = match (sorted.first(), sorted.get(sorted.len() / 2), sorted.last()) {
            (Some(min), Some(median), Some(max)) => {
                let cell = |value: &f64| format!("{value:.4}");
                format!(
                    "| `{benchmark}` | {} | {} | {} | {} |",
                    cell(min),
                    cell(median),
                    cell(max),
                    details(detail)
                )
            }
            _ => {
                let reason = skipped.as_deref().unwrap_or("nothing was measured");
                format!("| `{benchmark}` | — | — | — | skipped: {reason} |")
            }
        };
        let _ = writeln!(text, "{row}");
    }
    text
}

/// The details that are single values; lists and nested ones stay in the benchmark's own output.
fn details(detail: &Map<String, Value>) -> String {
    let shown: Vec<String> = detail
        .iter()
        .filter_map(|(key, value)| match value {
            Value::Number(number) if key.ends_with("_bytes") => {
                Some(format!("{} {:.1} MB", key.trim_end_matches("_bytes"), number.as_f64()? / 1e6))
            }
            Value::Number(number) if number.is_f64() => Some(format!("{key} {:.3e}", number.as_f64()?)),
            Value::Number(number) => Some(format!("{key} {number}")),
            Value::String(text) => Some(format!("{key} {text}")),
            _ => None,
        })
        .collect();
    shown.join(", ")
}

/// The machine, as far as the operating system tells.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?.split_once(':').map(|(_, model)| model.trim().to_owned())
        })
        .unwrap_or_else(|| "an unknown processor".to_owned());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc
        .map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{model}, {threads} logical processors, {}, {rustc}", std::env::consts::OS)
}

/// Puts the table between the markers of BENCHMARKS.md.
fn write_table(table: &str) -> Result<()> {
    let path = Path::new(BENCHMARKS);
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {BENCHMARKS}"))?;
    let (before, rest) =
        text.split_once(BEGIN).with_context(|| format!("{BENCHMARKS} has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{BENCHMARKS} has no line {END}"))?;
    let text = format!("{before}{BEGIN}\n{table}{END}{after}");
    std::fs::write(path, text).with_context(|| format!("failed to write {BENCHMARKS}"))
}
