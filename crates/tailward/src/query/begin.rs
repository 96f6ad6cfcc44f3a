//! How a query with a state begins: asked for the first time, written down, never in the place of another.

use std::path::Path;

use serde_json::json;
use tailward_acquisition::{Conversation, Strategy};
use tailward_datasets::whole_file::Prepared;
use tailward_labelling::open_query::Begin;
use tailward_labelling::{Lock, OpenQuery, Patience};

use super::pool::Pool;
use super::{Arguments, Names, PickRow, table};
use crate::Error;
use crate::output::{self, say};

/// Asks for the first time. A query of the same question that nobody has answered is gone on with.
///
/// # Errors
///
/// [`Error::Taken`] where the file holds answers, another query, or anything else.
pub(super) fn begin(
    arguments: &Arguments,
    path: &Path,
    strategy: &Strategy,
    pool: Pool,
    conversation: Conversation,
) -> anyhow::Result<()> {
    output::check_apart(arguments.out.as_deref(), path)?;
    let predicted = pool.predicted();
    let classes = pool.classes.count.unwrap_or_default();
    let query = OpenQuery::begin(Begin {
        strategy: strategy.name(),
        samples: pool.samples,
        classes: (classes, pool.classes.names),
        labelled: pool.labels,
        unlabelled: pool.unlabelled,
        predicted,
        conversation,
    });
    output::check_folder(path).map_err(|source| Error::Output { path: path.to_owned(), source })?;
    let _lock = Lock::file(path, Patience::Wait).map_err(Error::from)?;
    let state = match held(path, &query)? {
        true => None,
        false => Some(prepared(path, &query)?),
    };
    let out = output::prepare(arguments.out.as_deref(), &listed(&query, arguments.json)?)?;
    if let Some(state) = state {
        state.put().map_err(|source| Error::Output { path: path.to_owned(), source })?;
    }
    out.put()?;
    say(format_args!("{}", query.standing()));
    Ok(())
}

/// The query's file, but for its name.
///
/// # Errors
///
/// [`Error::Output`].
pub(crate) fn prepared(path: &Path, query: &OpenQuery) -> Result<Prepared, Error> {
    let failed = |source| Error::Output { path: path.to_owned(), source };
    let bytes = query.to_bytes().map_err(failed)?;
    Prepared::new(path, |file| std::io::Write::write_all(file, &bytes)).map_err(failed)
}

/// All samples that wait, as a table or as JSON.
///
/// # Errors
///
/// None that a table in memory can have.
pub(crate) fn listed(query: &OpenQuery, json: bool) -> anyhow::Result<Vec<u8>> {
    let (samples, classes) = (query.samples(), query.classes());
    let names = Names { samples: &samples, classes: classes.names.as_deref() };
    let rows: Vec<PickRow> =
        query.waiting().into_iter().map(|waiting| PickRow::new(waiting, names)).collect();
    if !json {
        return Ok(table(&rows, names)?);
    }
    let object = json!({
        "strategy": query.strategy(),
        "waiting": rows,
        "answers": query.answers(),
        "complete": query.is_complete(),
        "standing": query.standing(),
    });
    let mut content = serde_json::to_vec_pretty(&object)?;
    content.push(b'\n');
    Ok(content)
}

/// Whether the file holds this very query without an answer. An empty file is one that somebody made to have a name.
fn held(path: &Path, query: &OpenQuery) -> Result<bool, Error> {
    let is_new = std::fs::metadata(path).map_or(true, |metadata| metadata.is_file() && metadata.len() == 0);
    if is_new {
        return Ok(false);
    }
    let taken = |reason: String| Error::Taken { path: path.to_owned(), reason };
    let there = OpenQuery::read(path).map_err(|error| {
        taken(format!("the file is there and is not overwritten; choose another --state ({error})"))
    })?;
    let name = path.display();
    match there.answers() {
        0 if there.is_same_question(query) => Ok(true),
        0 => Err(taken(format!(
            "it holds another query, whose samples wait for their answers; list them with `tailward answer --state {name}`, \
             choose another --state, or remove the file if nobody is at it"
        ))),
        answers => Err(taken(format!(
            "it holds {answers} answers and is not overwritten; go on with `tailward answer --state {name}`, have all labels \
             with `tailward answer --state {name} --export FILE`, or choose another --state"
        ))),
    }
}
