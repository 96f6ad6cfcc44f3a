//! `tailward query`: the strategies on anybody's arrays.

mod arguments;
mod arrays;
mod begin;
mod explain;
mod help;
mod picks;
mod pool;
mod strategy;

use std::collections::BTreeMap;
use std::path::Path;

use tailward_acquisition::query::{Inputs, begin};
use tailward_acquisition::{Conversation, Pick, Strategy};
use tailward_engine::rng::{Stream, stream};
use tailward_labelling::open_query::Waiting;
use tailward_labelling::table::{Classes, Labels};

use crate::Error;
use crate::output::{self, say};
pub(crate) use arguments::Arguments;
use arrays::{Normalise, Read};
pub(crate) use begin::{listed, prepared};
use explain::Account;
pub(crate) use help::strategies as help;
pub(crate) use picks::{Names, PickRow, table};
use pool::Pool;
pub(crate) use strategy::{GONE, named, names_without_network};

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for input in arguments.inputs() {
        output::check_apart(arguments.out.as_deref(), input)?;
    }
    let normalise = if arguments.normalise { Normalise::All } else { Normalise::Rounded };
    let read = Read::files(&arguments.files(), normalise)?;
    let strategy = arguments.options.strategy(read.passes())?;
    read.check_needs(arguments.options.name(), &strategy.needs())?;
    let asks_again = matches!(strategy, Strategy::Direct { .. } | Strategy::Galaxy { .. });
    if asks_again && arguments.state.is_none() {
        let name = arguments.options.name();
        return Err(
            Error::Usage(format!("the strategy {name} needs --state, for it asks more than once")).into()
        );
    }
    for note in &read.notes {
        say(format_args!("{note}"));
    }
    let classes = classes(arguments.classes.as_deref(), &read)?;
    if arguments.state.is_some() && classes.count.is_none() {
        let words = "needs an array with classes beside --state (--probabilities or --logits), to know an answer by, or \
                     --classes";
        return Err(Error::Usage(format!("the strategy {} {words}", arguments.options.name())).into());
    }
    let samples = pool::samples(arguments.ids.as_deref(), &read)?;
    let labels = match &arguments.labels {
        Some(path) => Labels::read(path, &samples, &classes).map_err(Error::from)?.labelled(),
        None => BTreeMap::new(),
    };
    let allowed = pool::allowed(arguments, &samples)?;
    let pool = Pool::new(read.arrays, samples, classes, labels, &allowed)?;
    let counts = pool.counts();
    let told: Vec<u32> = pool.labels.values().copied().collect();
    let inputs = Inputs {
        rows: pool.unlabelled.len(),
        labelled_counts: &counts,
        labels: &told,
        budget: arguments.budget,
        rng: &mut stream(arguments.seed, Stream::Query, 0),
    };
    if let (Some(classes), Some(embeddings)) = (pool.classes.count, &pool.arrays.embeddings)
        && let Some(plan) = strategy.memory_plan(inputs.rows, classes, embeddings.ncols(), inputs.budget)
    {
        say(format_args!("{} keeps {plan}", strategy.name()));
    }
    let conversation = begin(&strategy, inputs, &mut &pool.arrays).map_err(Error::from)?;
    match &arguments.state {
        Some(path) => begin::begin(arguments, path, &strategy, pool, conversation),
        None => choose(arguments, &strategy, &pool, conversation),
    }
}

/// Chooses once and for all.
fn choose(
    arguments: &Arguments,
    strategy: &Strategy,
    pool: &Pool,
    conversation: Conversation,
) -> anyhow::Result<()> {
    let selection = conversation
        .into_once()
        .ok_or_else(|| Error::Usage("give --state, for it asks more than once".to_owned()))?;
    let predicted = pool.predicted();
    let names = Names { samples: &pool.samples, classes: pool.classes.names.as_deref() };
    let row = |(position, pick): (usize, &Pick)| {
        let waiting = Waiting {
            rank: position + 1,
            sample: pool.unlabelled[pick.row],
            score: pick.score,
            predicted: predicted.as_ref().map(|predicted| predicted[pick.row]),
        };
        PickRow::new(waiting, names)
    };
    let rows: Vec<PickRow> = selection.picks.iter().enumerate().map(row).collect();
    let account = Account {
        strategy,
        selection: &selection,
        rows: &rows,
        predicted: pool.arrays.probabilities.as_ref().map(|array| array.view()),
        labelled_counts: &pool.counts(),
    };
    let content = if arguments.json {
        let mut object = account.json(&pool.warnings())?;
        object.insert("samples".to_owned(), pool.samples.count().into());
        object.insert("unlabelled".to_owned(), pool.unlabelled.len().into());
        object.insert("labelled".to_owned(), pool.labels.len().into());
        let mut content = serde_json::to_vec_pretty(&object)?;
        content.push(b'\n');
        content
    } else {
        table(&rows, names)?
    };
    output::write(arguments.out.as_deref(), &content)?;
    for warning in pool.warnings() {
        say(format_args!("warning: {warning}"));
    }
    let classes = pool.classes.count.map_or(String::new(), |classes| format!(", {classes} classes"));
    say(format_args!(
        "{} chose {} of {} unlabelled samples ({} labelled{classes})",
        strategy.name(),
        rows.len(),
        pool.unlabelled.len(),
        pool.labels.len(),
    ));
    account.explain();
    Ok(())
}

/// The classes, by number and by name.
fn classes(names: Option<&Path>, read: &Read) -> Result<Classes, Error> {
    let Some(path) = names else { return Ok(Classes { count: read.classes, names: None }) };
    let classes = Classes::read(path)?;
    match (classes.count, read.classes) {
        (Some(found), Some(expected)) if found != expected => Err(Error::Input {
            path: path.to_owned(),
            reason: format!("it names {found} classes, and the arrays have {expected}"),
        }),
        _ => Ok(classes),
    }
}
