//! `tailward replay`: train on a selection that was made elsewhere, in its order.

use std::path::PathBuf;

use clap::Args;
use tailward_acquisition::Strategy;
use tailward_datasets::{SampleId, order_sha256};
use tailward_engine::run::Claim;
use tailward_experiment::definition::{
    Definition, NamedStrategy, PoolDefinition, ReplayDefinition, RunDefinition, Scale, Selector,
};

use crate::Error;
use crate::environment::Environment;
use crate::progress::ProgressForm;
use crate::sample_order;

/// Arguments of `tailward replay`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The experiment's `definition.toml`, whose protocol is followed.
    #[arg(long)]
    definition: PathBuf,
    /// The scale: smoke, quick or paper.
    #[arg(long)]
    scale: Scale,
    /// The seed.
    #[arg(long)]
    seed: u64,
    /// The name of the selection, for folders and plots.
    #[arg(long, default_value = "replay")]
    name: String,
    /// Size of the initial set; by default that of the definition's scale.
    #[arg(long)]
    initial: Option<usize>,
    /// Labels in a round; by default that of the definition's scale.
    #[arg(long)]
    budget: Option<usize>,
    /// Folder of runs.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    #[command(flatten)]
    environment: Environment,
    /// How progress is told.
    #[arg(long, value_enum, default_value = "text")]
    progress: ProgressForm,
    /// The samples in the order in which they were labelled: one index of a training image a line.
    #[arg(value_name = "INDICES")]
    indices: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let order = sample_order::read(&arguments.indices)?;
    let definition = definition(arguments, &order)?;
    let folder = arguments.out.join(definition.folder());
    definition.write(&folder).map_err(tailward_engine::Error::from)?;
    sample_order::keep(&folder, &order)?;
    crate::run::start(&definition, &folder, Claim::default(), &arguments.environment, arguments.progress)
}

/// The run: the scale's protocol with the list in place of a strategy.
fn definition(arguments: &Arguments, order: &[SampleId]) -> anyhow::Result<RunDefinition> {
    let of_engine = tailward_engine::Error::from;
    let whole = Definition::load(&arguments.definition).map_err(of_engine)?;
    let selector = Selector { seeds: vec![arguments.seed], ..Selector::default() };
    let runs = whole.runs(arguments.scale, &selector).map_err(of_engine)?;
    let Some(mut run) = runs.into_iter().next() else {
        anyhow::bail!("the scale has no run to take the protocol from");
    };
    let of_scale = match &run.pool {
        PoolDefinition::Uniform { initial, .. } | PoolDefinition::Drawn { initial, .. } => Some(*initial),
        PoolDefinition::IndexLists { .. } => None,
    };
    let initial = arguments.initial.or(of_scale);
    let initial = initial
        .ok_or_else(|| Error::Usage("give --initial, for the replay has to begin somewhere".to_owned()))?;
    let budget = arguments.budget.unwrap_or(run.budget);
    let rest = order.len().checked_sub(initial).filter(|rest| budget > 0 && rest % budget == 0);
    let Some(rest) = rest else {
        let samples = order.len();
        let reason = format!(
            "has {samples} indices, which is not an initial set of {initial} and rounds of {budget}: give --initial and \
             --budget that fit"
        );
        return Err(Error::Input { path: arguments.indices.clone(), reason }.into());
    };
    let (name, label) = (arguments.name.clone(), arguments.name.clone());
    run.strategy = NamedStrategy { name, label, baseline: None, query: Strategy::Random {}.into() };
    run.replay = Some(ReplayDefinition { sha256: order_sha256(order), samples: order.len(), path: None });
    run.pool = PoolDefinition::Uniform { initial, size: None };
    (run.imbalance_factor, run.budget, run.rounds, run.sweep) = (1.0, budget, rest / budget, None);
    Ok(run)
}
