//! `cargo xtask bench`: every package's benchmarks, and BENCHMARKS.md from them.
//!
//! A benchmark prints one JSON line for each thing it measures: its name, the seconds of each repeat, and details.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Map, Value};
use tailward_experiment::time::now_rfc3339;

use crate::reproduce::binary;
use crate::workspace;

const BENCHMARKS: &str = "BENCHMARKS.md";

/// Between these two lines of BENCHMARKS.md everything is generated.
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Names the interpreter that runs peers in Python.
const PYTHON: &str = "TAILWARD_BENCH_PYTHON";

/// What the names of PyTorch's measurements begin with.
const TORCH: &str = "python/torch/";

/// The wheel beside other packages of Python.
const PEERS: &str = "python/benches/peers.py";

/// The networks in PyTorch.
const SCRIPT: &str = "crates/tailward/benches/python/training.py";

/// Arguments of `cargo xtask bench`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The backend that training is measured on.
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Only benchmarks whose name contains this; BENCHMARKS.md is left as it is.
    #[arg(long)]
    filter: Option<String>,
    /// How much the wheel and its peers in Python are given; `small` shows in a minute that they run, and BENCHMARKS.md is left as
    /// it is.
    #[arg(long, value_enum, default_value_t = Scale::Full)]
    peers: Scale,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scale {
    Full,
    Small,
}

/// What a benchmark prints.
#[derive(Debug, Default, Deserialize)]
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
    for package in ["tailward-acquisition", "tailward-datasets", "tailward-kernels"] {
        let mut command = Command::new(binary::cargo());
        command.args(["bench", "--quiet", "--package", package]);
        if !filter.is_empty() {
            command.args(["--", filter]);
        }
        measurements.extend(measure(command)?);
    }
    measurements.extend(peers(arguments.peers, filter)?);
    let tailward = binary::build(&arguments.backend)?;
    for threads in thread_counts() {
        let mut command = Command::new(&tailward);
        command.args(["bench", "--backend", &arguments.backend, "--filter", filter]);
        command.env("RAYON_NUM_THREADS", threads.to_string());
        measurements.extend(measure(command)?);
        measurements.extend(torch(threads, filter)?);
    }
    compare_with_torch(&mut measurements, &arguments.backend);
    measurements.retain(|it| it.benchmark.contains(filter));
    let table = table(&measurements);
    println!("{table}");
    if arguments.filter.is_none() && arguments.peers == Scale::Full {
        write_table(&table)?;
        println!("wrote {BENCHMARKS}");
    }
    Ok(())
}

/// One thread, and all there are.
fn thread_counts() -> Vec<usize> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    if all == 1 { vec![1] } else { vec![1, all] }
}

/// The wheel beside its peers, by an interpreter that has them: each says for itself what is missing.
fn peers(scale: Scale, filter: &str) -> Result<Vec<Measurement>> {
    let Some(python) = std::env::var_os(PYTHON) else {
        let reason = format!("{PYTHON} names no Python interpreter that has the wheel and its peers");
        let benchmark = "python/wheel".to_owned();
        return Ok(vec![Measurement { benchmark, skipped: Some(reason), ..Measurement::default() }]);
    };
    let scale = match scale {
        Scale::Full => "full",
        Scale::Small => "small",
    };
    let mut command = Command::new(python);
    command.args(["-B", PEERS, scale, filter]);
    measure(command)
}

/// The networks in PyTorch, right after ours, by an interpreter that has `torch`.
fn torch(threads: usize, filter: &str) -> Result<Vec<Measurement>> {
    let Some(python) = std::env::var_os(PYTHON) else {
        let reason = format!("{PYTHON} names no Python interpreter that has torch");
        let benchmark = format!("{TORCH}train-step/threads={threads}");
        return Ok(vec![Measurement { benchmark, skipped: Some(reason), ..Measurement::default() }]);
    };
    let mut command = Command::new(python);
    command.args([SCRIPT, &threads.to_string(), "5"]);
    // The script's names lack the backend.
    let name = filter.split_once('/').map_or(filter, |(first, rest)| {
        if ["flex", "ndarray", "cuda", "wgpu", "vulkan", "metal"].contains(&first) { rest } else { filter }
    });
    command.arg(name);
    measure(command)
}

/// Writes beside each of ours how many times PyTorch's time it took.
fn compare_with_torch(measurements: &mut [Measurement], backend: &str) {
    let median = |seconds: &[f64]| {
        let mut sorted = seconds.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    let theirs: Vec<(String, f64)> = measurements
        .iter()
        .filter_map(|it| Some((it.benchmark.strip_prefix(TORCH)?.to_owned(), median(&it.seconds)?)))
        .collect();
    for ours in measurements {
        // The kernels' names have no backend.
        let name = ours.benchmark.strip_prefix(&format!("{backend}/")).unwrap_or(&ours.benchmark);
        let found = theirs.iter().find(|(theirs, _)| theirs == name);
        if let Some(((_, theirs), own)) = found.zip(median(&ours.seconds)) {
            ours.detail.insert("to_torch".to_owned(), ((own / theirs * 100.0).round() / 100.0).into());
        }
    }
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
