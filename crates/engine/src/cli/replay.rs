//! `tailward replay`: train on a selection that was made elsewhere, in its order.

use std::path::{Path, PathBuf};

use clap::Args;
use tailward_acquisition::Strategy;
use tailward_datasets::{SampleId, order_sha256};
use tailward_experiment::definition::{
    NamedStrategy, PoolDefinition, ReplayDefinition, RunDefinition, Selector,
};

use super::run::{Environment, Protocol};
use crate::Error;

/// Arguments of `tailward replay`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    protocol: Protocol,
    #[command(flatten)]
    environment: Environment,
    /// The name of the selection, for folders and plots.
    #[arg(long, default_value = "replay")]
    name: String,
    /// Size of the initial set; by default that of the definition's scale.
    #[arg(long)]
    initial: Option<usize>,
    /// Labels in a round; by default that of the definition's scale.
    #[arg(long)]
    budget: Option<usize>,
    /// The samples in the order in which they were labelled: one index of a training image a line.
    #[arg(value_name = "INDICES")]
    indices: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let order = read(&arguments.indices)?;
    let definition = definition(arguments, &order)?;
    super::run::start(&definition, &arguments.environment, Some(&order))
}

/// The run: the scale's protocol with the list in place of a strategy.
fn definition(arguments: &Arguments, order: &[SampleId]) -> Result<RunDefinition, Error> {
    let (whole, scale) = arguments.protocol.load()?;
    let selector = Selector { seeds: vec![arguments.protocol.seed()], ..Selector::default() };
    let Some(mut run) = whole.runs(scale, &selector)?.into_iter().next() else {
        return Err(Error::Mismatch("the scale has no run to take the protocol from".to_owned()));
    };
    let of_scale = match &run.pool {
        PoolDefinition::Uniform { initial, .. } | PoolDefinition::Drawn { initial, .. } => Some(*initial),
        PoolDefinition::IndexLists { .. } => None,
    };
    let initial = arguments.initial.or(of_scale);
    let initial = initial.ok_or_else(|| Error::MissingArray { option: "--initial".to_owned() })?;
    let budget = arguments.budget.unwrap_or(run.budget);
    let rest = order.len().checked_sub(initial).filter(|rest| budget > 0 && rest % budget == 0);
    let Some(rest) = rest else {
        let samples = order.len();
        let reason = format!(
            "has {samples} indices, which is not an initial set of {initial} and rounds of {budget}: give --initial and \
             --budget that fit"
        );
        return Err(Error::Input { path: arguments.indices.clone(), reason });
    };
    let (name, label) = (arguments.name.clone(), arguments.name.clone());
    run.strategy = NamedStrategy { name, label, baseline: None, query: Strategy::Random {} };
    run.replay = Some(ReplayDefinition { sha256: order_sha256(order), samples: order.len() });
    run.pool = PoolDefinition::Uniform { initial, size: None };
    (run.imbalance_factor, run.budget, run.rounds, run.sweep) = (1.0, budget, rest / budget, None);
    Ok(run)
}

/// One index a line; empty lines are none.
fn read(path: &Path) -> Result<Vec<SampleId>, Error> {
    let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut order = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let index = line.trim().parse::<u32>();
        let index = index.map_err(|error| wrong(format!("line {}: `{line}`: {error}", number + 1)))?;
        order.push(SampleId(index));
    }
    Ok(order)
}
