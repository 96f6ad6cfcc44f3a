//! `tailward bench`: the engine's parts, measured; one JSON line for each on stdout.

use clap::Args;

/// Arguments of `tailward bench`.
#[derive(Args, Debug)]
pub(super) struct Arguments {}

pub(super) fn run(_arguments: &Arguments) -> anyhow::Result<()> {
    Ok(())
}
