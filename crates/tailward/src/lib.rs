//! The command line: one file for each verb.
//!
//! Data goes to stdout, everything else to stderr. Exit codes: 0 done; 1 something failed; 2 the command line is
//! wrong; 3 input is missing or wrong; 4 numbers are not finite; 5 a folder or file belongs to something else; 6 the device
//! failed; 101 a bug.

mod answer;
mod ask;
mod bench;
mod check;
mod environment;
mod error;
mod export;
mod init;
mod label;
mod made_up;
mod output;
mod predict;
mod probe;
mod progress;
mod query;
mod replay;
mod report;
mod run;
mod sample_order;
mod status;
mod tell;
mod train;
mod version;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use error::Error;
use error::words;
use tailward_engine::failure::Work;
use tailward_engine::guard;

/// Deep active learning for imbalanced image pools.
#[derive(Parser, Debug)]
#[command(name = "tailward", version = version::VERSION, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 done, also where the reader of a pipe has had enough; 1 something failed; 2 the \
                          command line is wrong; 3 input is missing or wrong; 4 numbers are not finite; 5 a folder or file \
                          belongs to something else; 6 the device failed: no memory, lost, not there; 101 a bug, which should \
                          be reported with what it says.";

#[derive(Subcommand, Debug)]
enum Verb {
    /// Begin a project on a folder of images, or take in what is new in it.
    Init(init::Arguments),
    /// Choose which images of a project to label next.
    Ask(ask::Arguments),
    /// Label the images that wait, on a page in the browser.
    Label(label::Arguments),
    /// Take in what people answered.
    Tell(tell::Arguments),
    /// Say where a project stands.
    Status(status::Arguments),
    /// Write a page on where a project stands, with plots and images.
    Report(report::Arguments),
    /// Write the model that a project's labels make.
    Train(train::Arguments),
    /// Say what new images show, by what a project has learned.
    Predict(predict::Arguments),
    /// Write the labels of a project for other programs.
    Export(export::Arguments),
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
    /// Compare this binary's device with the processor, and measure it (what `cargo xtask check-gpu` starts).
    Check(check::Arguments),
    /// Measure the engine's parts (what `cargo xtask bench` starts).
    #[command(hide = true)]
    Bench(bench::Arguments),
}

impl Verb {
    /// Whether the thread that performs it does the arithmetic: the page's server has threads of its own for that, and what only
    /// reads and writes files needs none.
    fn computes_here(&self) -> bool {
        match self {
            Self::Ask(_) | Self::Train(_) | Self::Predict(_) | Self::Run(_) | Self::Replay(_) => true,
            Self::Query(_) | Self::Answer(_) | Self::Probe(_) | Self::Check(_) | Self::Bench(_) => true,
            Self::Init(_) | Self::Label(_) | Self::Tell(_) => false,
            Self::Status(_) | Self::Report(_) | Self::Export(_) => false,
        }
    }

    /// As it is written on the command line.
    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Ask(_) => "ask",
            Self::Label(_) => "label",
            Self::Tell(_) => "tell",
            Self::Status(_) => "status",
            Self::Report(_) => "report",
            Self::Train(_) => "train",
            Self::Predict(_) => "predict",
            Self::Export(_) => "export",
            Self::Run(_) => "run",
            Self::Replay(_) => "replay",
            Self::Query(_) => "query",
            Self::Answer(_) => "answer",
            Self::Probe(_) => "probe",
            Self::Check(_) => "check",
            Self::Bench(_) => "bench",
        }
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return failed(&error),
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // Nobody need listen on standard error.
        .log_internal_errors(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,tailward=info")),
        )
        .init();
    guard::watch();
    if cli.verb.computes_here() {
        compute_on_this_thread();
    }
    // A run says more exactly what it was doing.
    let work = Work {
        device: "the device".to_owned(),
        doing: format!("doing `tailward {}`", cli.verb.name()),
        afterwards: "",
    };
    let mut result = None;
    let guarded = guard::guarded(&work, || {
        result = Some(perform(cli.verb));
        Ok(())
    });
    match (result, guarded) {
        // The verb's own error says more than what the device did once it was over.
        (Some(Err(error)), _) => failed(&error),
        (_, Err(error)) => failed(&error.into()),
        (_, Ok(())) => ExitCode::SUCCESS,
    }
}

/// Makes this thread one of Rayon's, as many as there are then: what it hands out is computed here at once, where it would wake
/// another thread and sleep until that is done, for every kernel of a step of training.
fn compute_on_this_thread() {
    if let Err(error) = rayon::ThreadPoolBuilder::new().use_current_thread().build_global() {
        tracing::warn!("the main thread only hands out work and does none: {error}");
    }
}

fn perform(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Init(arguments) => init::run(&arguments),
        Verb::Ask(arguments) => ask::run(&arguments),
        Verb::Label(arguments) => label::run(&arguments),
        Verb::Tell(arguments) => tell::run(&arguments),
        Verb::Status(arguments) => status::run(&arguments),
        Verb::Report(arguments) => report::run(&arguments),
        Verb::Train(arguments) => train::run(&arguments),
        Verb::Predict(arguments) => predict::run(&arguments),
        Verb::Export(arguments) => export::run(&arguments),
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Replay(arguments) => replay::run(&arguments),
        Verb::Query(arguments) => query::run(&arguments),
        Verb::Answer(arguments) => answer::run(&arguments),
        Verb::Probe(arguments) => probe::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Bench(arguments) => bench::run(&arguments),
    }
}

/// The command line; ends the process where it asks for help or is wrong, but for options that have another name now.
fn parse() -> anyhow::Result<Cli> {
    let command = Cli::command().mut_subcommand("query", |query| query.after_help(query::help()));
    let parsed = command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let option = match (error.kind(), error.get(ContextKind::InvalidArg)) {
            (ErrorKind::UnknownArgument, Some(ContextValue::String(option))) => option.clone(),
            _ => error.exit(),
        };
        match query::GONE.iter().find(|(gone, _)| *gone == option) {
            Some((_, now)) => {
                Error::Usage(format!("there is no option {option} any more; write {now}")).into()
            }
            None => error.exit(),
        }
    })
}

/// Says why, in a sentence, and gives the exit code.
fn failed(error: &anyhow::Error) -> ExitCode {
    output::say(format_args!("error: {}", words(error)));
    ExitCode::from(exit_code(error))
}

/// The exit code that says what kind of error it was.
fn exit_code(error: &anyhow::Error) -> u8 {
    let ours = error.downcast_ref::<Error>().map(Error::exit_code);
    ours.or_else(|| error.downcast_ref::<tailward_engine::Error>().map(tailward_engine::Error::exit_code))
        .unwrap_or(1)
}
