//! `cargo xtask ci`: everything that has to hold before a change lands, in the order in which it fails fastest.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::Array2;
use ndarray_npy::write_npy;

use crate::reproduce::binary::{built, cargo, driver};
use crate::wheel::Environment;
use crate::{check_gpu, experiments, splice, tidy, workspace};

/// Arguments of `cargo xtask ci`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

/// Tests that ran, over all packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: usize,
    failed: usize,
}

pub(crate) fn run(_arguments: &Arguments) -> Result<()> {
    let given = std::env::var_os("TAILWARD_DATA");
    let data_dir = workspace::data_dir(given.as_deref().map(Path::new))?;
    workspace::enter()?;
    let mut failed = Vec::new();
    let mut step = |name: &str, result: Result<()>, started: Instant| {
        let secs = started.elapsed().as_secs_f64();
        match result {
            Ok(()) => println!("== {name}: ok ({secs:.0} s)"),
            Err(error) => {
                println!("== {name}: FAILED ({secs:.0} s): {error:#}");
                failed.push(name.to_owned());
            }
        }
    };
    let now = Instant::now;
    let started = now();
    step("fmt", checked(&["fmt", "--all", "--check"], &[]), started);
    let started = now();
    step("tidy", tidy::run(), started);
    let started = now();
    step("README and RESULTS as the records are", splice::run(true), started);
    let started = now();
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    step("clippy", checked(&clippy, &[]), started);
    let started = now();
    let (totals, result) = tests();
    step("test", result, started);
    let started = now();
    // With the examples, so that dependencies have the features that clippy has checked them with.
    let doc = ["doc", "--workspace", "--no-deps", "--lib", "--bin", "xtask", "--examples", "--locked"];
    step("doc", checked(&doc, &[("RUSTDOCFLAGS", "--deny warnings")]), started);
    let binary = built("debug")?.with_file_name(format!("{UNDER_TEST}{}", std::env::consts::EXE_SUFFIX));
    for experiment in [
        "synthetic",
        "direct-synthetic",
        "labelbench-fmow",
        "labelbench-fmow-features",
        "labelbench-iwildcam-noise10",
    ] {
        let started = now();
        step(&format!("reproduce {experiment} --scale smoke"), smoke(experiment, &binary), started);
    }
    for experiment in ["cifar100", "lambda", "direct-cifar100-k10-noise10", "labelbench-cifar100-k10"] {
        let name = format!("reproduce {experiment} --scale smoke");
        let started = now();
        match has_data("cifar100", &data_dir)? {
            true => step(&name, smoke(experiment, &binary), started),
            false => println!("== {name}: skipped, the data are not there"),
        }
    }
    let started = now();
    step("the crates that can be published", crates_for_others(), started);
    let started = now();
    match Environment::make()? {
        Ok(environment) => step("the wheel", environment.check(&binary), started),
        Err(reason) => println!("== the wheel is not tested: {reason}"),
    }
    let started = now();
    step("commands of the README", readme(&data_dir, &binary), started);
    let started = now();
    match VULKAN.iter().any(|name| std::env::var_os(name).is_some()) {
        true => step("wgpu, compared with the processor", wgpu(), started),
        false => {
            println!("== wgpu is not run: none of {} names a Vulkan driver", VULKAN.join(", "));
            let check =
                ["check", "--package", "tailward", "--no-default-features", "--features", "wgpu", "--locked"];
            step("check of the wgpu feature", checked(&check, &[]), started);
        }
    }
    println!("{} passed, {} failed", totals.passed, totals.failed);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// The `tailward` that the tests have built. What runs here runs with it: a build in the release profile would take ten minutes to
/// say the same.
const UNDER_TEST: &str = "tailward-under-test";

/// What names a Vulkan driver to the loader.
const VULKAN: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// What `cargo xtask check-gpu --backend wgpu` does, on whatever Vulkan there is, with a build that tunes no kernels.
fn wgpu() -> Result<()> {
    let features = ["--no-default-features", "--features", "flex,wgpu-plain"];
    let build =
        [&["build", "--profile", "stand-in", "--package", "tailward", "--locked"][..], &features].concat();
    checked(&build, &[])?;
    let tailward = Some(built("stand-in")?);
    check_gpu::run(&check_gpu::Arguments { backend: check_gpu::Gpu::Wgpu, tailward })
}

/// The crates that can be published, as others meet them: their examples, the strategies without their solver, and what would be published.
fn crates_for_others() -> Result<()> {
    // The tests have built them; built for a package alone, its dependencies would have other features and be built once more.
    let examples = built("debug")?.with_file_name("examples");
    for example in ["entropy", "balanced", "direct_conversation", "imbalanced_pool"] {
        let status = Command::new(examples.join(format!("{example}{}", std::env::consts::EXE_SUFFIX)))
            .status()
            .with_context(|| format!("failed to start the example {example}"))?;
        if !status.success() {
            bail!("the example {example} ended with {status}");
        }
    }
    let without_solver = ["--package", "tailward-acquisition", "--all-targets", "--no-default-features"];
    checked(&[&["check", "--locked"][..], &without_solver].concat(), &[])?;
    for package in ["tailward-acquisition", "tailward-datasets"] {
        // What is published is what is committed; a work tree may hold more.
        checked(&["publish", "--dry-run", "--package", package, "--locked", "--allow-dirty"], &[])?;
    }
    Ok(())
}

/// A command of this driver.
fn driven(arguments: &[&str]) -> Result<()> {
    println!("== cargo xtask {}", arguments.join(" "));
    let status =
        Command::new(driver()?).args(arguments).status().context("failed to start this driver again")?;
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}

fn checked(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    println!("== cargo {}", arguments.join(" "));
    let status = Command::new(cargo())
        .args(arguments)
        .envs(environment.iter().copied())
        .status()
        .context("failed to start cargo")?;
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}

/// The README's command for all tests; what they print is passed on while their totals are counted.
fn tests() -> (Totals, Result<()>) {
    let mut totals = Totals::default();
    let result = run_tests(&mut totals);
    (totals, result)
}

fn run_tests(totals: &mut Totals) -> Result<()> {
    let arguments = ["test", "--workspace", "--no-fail-fast", "--locked"];
    println!("== cargo {}", arguments.join(" "));
    let mut child = Command::new(cargo())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .context("failed to start cargo")?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.context("failed to read what the tests print")?;
            totals.add(&line);
            println!("{line}");
        }
    }
    let status = child.wait().context("failed to wait for cargo")?;
    if !status.success() {
        bail!("{status}");
    }
    if totals.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

impl Totals {
    /// Counts a line such as `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| -> usize {
            let words: Vec<&str> = result.split([' ', ';']).filter(|word| !word.is_empty()).collect();
            let at = words.iter().position(|&it| it == word);
            at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
    }
}

/// A smoke run from nothing, and its report.
fn smoke(experiment: &str, binary: &Path) -> Result<()> {
    let out = Path::new("target").join("ci-runs");
    if out.join(experiment).exists() {
        std::fs::remove_dir_all(out.join(experiment))
            .context("failed to remove the runs of an earlier time")?;
    }
    let out_text = out.display().to_string();
    let binary = binary.display().to_string();
    let options = ["--scale", "smoke", "--backend", "flex", "--out", &out_text, "--tailward", &binary];
    driven(&[&["reproduce", experiment][..], &options].concat())?;
    let report = out.join(experiment).join("smoke").join("report").join("report.html");
    if !report.is_file() {
        bail!("{} was not written", report.display());
    }
    Ok(())
}

/// Every command of the README. The long ones are planned and not run; the tests have run already.
fn readme(data_dir: &Path, binary: &Path) -> Result<()> {
    let text = std::fs::read_to_string("README.md").context("failed to read README.md")?;
    let folder = Path::new("target").join("ci-readme");
    if folder.exists() {
        // A query that an earlier time left answered would not be begun again.
        std::fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let mut ran = 0;
    for command in commands(&text) {
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        match words[..] {
            ["test", ..] => {}
            ["xtask", "fetch", dataset] if !has_data(dataset, data_dir)? => {
                println!("== {command}: skipped, the data are not there");
            }
            ["xtask", "reproduce", ..] if !words.contains(&"synthetic") && !words.contains(&"--list") => {
                let dry: Vec<&str> =
                    words.iter().copied().filter(|&word| word != "--dry-run").chain(["--dry-run"]).collect();
                driven(&dry[1..])?;
            }
            ["xtask", "reproduce", "synthetic", ..] => {
                let binary = binary.display().to_string();
                driven(&[&words[1..], &["--tailward", &binary]].concat())?;
            }
            ["xtask", ref arguments @ ..] => driven(arguments)?,
            ["run", "--release", "--package", "tailward", "--", ref arguments @ ..] => {
                query(arguments, binary, &folder)?;
            }
            _ => checked(&words, &[])?,
        }
        ran += 1;
    }
    if ran < 5 {
        bail!("README.md has only {ran} commands: this step no longer finds them");
    }
    Ok(())
}

/// The cargo commands of a document's shell blocks, without comments, continued lines joined.
fn commands(document: &str) -> Vec<String> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let joined: String = blocks.collect::<String>().replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned())
        .filter(|line| line.starts_with("cargo "))
        .collect()
}

/// The answers of somebody who says class 0 of everything that the query before asked for.
fn answers(folder: &Path) -> Result<()> {
    let Ok(asked) = std::fs::read_to_string(folder.join("ask.csv")) else { return Ok(()) };
    let indices = asked.lines().skip(1).filter_map(|line| line.split(',').nth(1));
    let rows: String = indices.map(|index| format!("{index},0\n")).collect();
    std::fs::write(folder.join("answers.csv"), format!("index,label\n{rows}"))
        .context("failed to write answers.csv")
}

/// The README's query, in a folder that has the files it reads.
fn query(arguments: &[&str], binary: &Path, folder: &Path) -> Result<()> {
    let (rows, classes) = (2_000_usize, 10_usize);
    let weight = |(row, class): (usize, usize)| 1.0 + ((row * 31 + class * class * 17) % 97) as f32;
    let mut probabilities = Array2::from_shape_fn((rows, classes), weight);
    for mut row in probabilities.rows_mut() {
        let sum = row.sum();
        row /= sum;
    }
    write_npy(folder.join("p.npy"), &probabilities).context("failed to write p.npy")?;
    let labels: String = (0..100).map(|row| format!("{row},{}\n", row % classes)).collect();
    std::fs::write(folder.join("labels.csv"), format!("index,label\n{labels}"))
        .context("failed to write labels.csv")?;
    answers(folder)?;
    println!("== tailward {}", arguments.join(" "));
    let status = Command::new(std::path::absolute(binary)?)
        .args(arguments)
        .current_dir(folder)
        .status()
        .with_context(|| format!("failed to start {}", binary.display()))?;
    if !status.success() || !folder.join("picks.csv").is_file() {
        bail!("the query failed: {status}");
    }
    Ok(())
}

/// Whether a dataset's files are in the data folder.
fn has_data(dataset: &str, data_dir: &Path) -> Result<bool> {
    Ok(experiments::manifest(dataset)?.folder_in(data_dir).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_shell_blocks() {
        let document =
            "text\n```sh\ncargo a b   # why\nls\ncargo c \\\n    d\n```\ncargo e\n```sh\ncargo f\n```\n";
        let found: Vec<String> =
            commands(document).iter().map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(found, ["cargo a b", "cargo c d", "cargo f"]);
    }

    #[test]
    fn totals_are_counted_over_packages() {
        let mut totals = Totals::default();
        totals.add(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.1s",
        );
        totals.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        totals.add("test something ... ok");
        assert_eq!(totals, Totals { passed: 15, failed: 2 });
    }
}
