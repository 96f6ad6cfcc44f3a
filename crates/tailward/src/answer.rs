//! `tailward answer`: a person's answers to a query, and what it asks next.

use std::path::PathBuf;

use clap::Args;

use crate::query::{State, print};

/// Arguments of `tailward answer`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The query's state, as `tailward query --state` wrote it. It is changed.
    #[arg(long, value_name = "FILE.json")]
    state: PathBuf,
    /// Where the samples go that are asked for next; by default to stdout.
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Answers: a CSV file with the columns `index` and `label`, in any order; an empty label for a sample that gets none.
    /// Not all samples need be in it.
    #[arg(value_name = "ANSWERS.csv")]
    answers: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut state = State::read(&arguments.state)?;
    let told = state.tell(&arguments.answers)?;
    let ask = state.ask();
    // Before anybody is asked: a sample that was printed is one that the state knows of.
    state.write(&arguments.state)?;
    eprintln!("{told} answers taken; {}", state.standing());
    let rows = ask.map(|ask| state.rows(&ask)).unwrap_or_default();
    print(arguments.out.as_deref(), &rows)
}
