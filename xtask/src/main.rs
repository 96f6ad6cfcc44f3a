//! The driver: `cargo xtask reproduce | fetch | report | people | bench | check-gpu | ci | tidy`.
//!
//! It knows nothing of Burn: runs are processes of the `tailward` binary, which it builds with the backend's feature.

mod bench;
mod check_gpu;
mod ci;
mod claims;
mod experiments;
mod fetch;
mod people;
mod report;
mod reproduce;
mod splice;
mod tidy;
mod wheel;
mod workspace;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Reproduce experiments, fetch datasets, make reports, measure and check.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Run an experiment and write its report.
    Reproduce(reproduce::Arguments),
    /// Download and verify a dataset or pretrained weights; or say where to put them by hand.
    Fetch(fetch::Arguments),
    /// Write an experiment's report from the records there are.
    Report(report::Arguments),
    /// Simulate people with projects on images whose classes are known.
    People(people::Arguments),
    /// Measure, and write BENCHMARKS.md.
    Bench(bench::Arguments),
    /// See whether a GPU's backend works on this machine, and report it.
    CheckGpu(check_gpu::Arguments),
    /// Everything that has to hold before a change lands.
    Ci(ci::Arguments),
    /// Check the architecture's invariants.
    Tidy,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
    let result = match cli.verb {
        Verb::Reproduce(arguments) => reproduce::run(&arguments),
        Verb::Fetch(arguments) => fetch::run(&arguments),
        Verb::Report(arguments) => match arguments.splicing() {
            Some(check) => splice::run(check),
            None => report::run(&arguments),
        },
        Verb::People(arguments) => people::run(&arguments),
        Verb::Bench(arguments) => bench::run(&arguments),
        Verb::CheckGpu(arguments) => check_gpu::run(&arguments),
        Verb::Ci(arguments) => ci::run(&arguments),
        Verb::Tidy => tidy::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
