//! The command line: one file for each verb.
//!
//! Data goes to stdout, everything else to stderr. Exit codes: 0 done; 1 something failed; 2 the command line is
//! wrong; 3 input is missing or wrong; 4 numbers are not finite; 5 a folder belongs to something else.

mod answer;
mod bench;
mod environment;
mod error;
mod probe;
mod progress;
mod query;
mod replay;
mod run;
mod sample_order;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::Error;

/// Deep active learning for imbalanced image pools.
#[derive(Parser, Debug)]
#[command(name = "tailward", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 something failed; 2 the command line is wrong; 3 input is missing or \
                          wrong; 4 numbers are not finite; 5 a folder belongs to something else.";

#[derive(Subcommand, Debug)]
enum Verb {
    /// One run of an experiment, from its `run.toml`: one strategy, one imbalance factor, one seed.
    Run(run::Arguments),
    /// Train on a selection that was made elsewhere, in its order.
    Replay(replay::Arguments),
    /// Choose what to label next, from arrays.
    Query(Box<query::Arguments>),
    /// Answer a query that asks again, and see what it asks for next.
    Answer(answer::Arguments),
    /// Measure how fast a run would go on this device.
    Probe(probe::Arguments),
    /// Measure the engine's parts (what `cargo xtask bench` starts).
    #[command(hide = true)]
    Bench(bench::Arguments),
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,tailward=info")),
        )
        .init();
    let result = match cli.verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Replay(arguments) => replay::run(&arguments),
        Verb::Query(arguments) => query::run(&arguments),
        Verb::Answer(arguments) => answer::run(&arguments),
        Verb::Probe(arguments) => probe::run(&arguments),
        Verb::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// The exit code that says what kind of error it was.
fn exit_code(error: &anyhow::Error) -> u8 {
    let ours = error.downcast_ref::<Error>().map(Error::exit_code);
    ours.or_else(|| error.downcast_ref::<tailward_engine::Error>().map(tailward_engine::Error::exit_code))
        .unwrap_or(1)
}
