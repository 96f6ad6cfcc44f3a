//! `tailward answer`: a person's answers to a query, and what it asks next.

use std::path::PathBuf;

use clap::Args;
use tailward_datasets::whole_file::Prepared;
use tailward_labelling::open_query::{Correction, Labelled, Taken};
use tailward_labelling::{Lock, OpenQuery, Patience};

use crate::Error;
use crate::output::{self, say};
use crate::query::{listed, prepared};

/// Arguments of `tailward answer`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The query's state, as `tailward query --state` wrote it. It is changed.
    #[arg(long, value_name = "FILE.json")]
    state: PathBuf,
    /// Where the samples go that wait for an answer; by default, and for `-`, to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write one object of JSON in place of a table.
    #[arg(long)]
    json: bool,
    /// Let answers take the place of other answers to the same samples.
    #[arg(long, requires = "answers")]
    correct: bool,
    /// Write all labels, those from before the query and those that were answered, as `tailward query --labels` reads them;
    /// `-` for standard output. What waits is then written only where --out says.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Answers: a table with the columns `index` and `label`, in any order, such as the file of --out with a column `label`
    /// filled in. `skip`, `unsure`, `invalid` or nothing for a sample that gets no label; nothing in a file of --out for one
    /// that still waits. Not all samples need be in it. Without answers, what waits is listed.
    #[arg(value_name = "ANSWERS")]
    answers: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  tailward answer --state q.json                              list what waits
  tailward answer --state q.json --out ask.csv answers.csv    take answers, and list what waits next
  tailward answer --state q.json --correct again.csv          change answers
  tailward answer --state q.json --export labels.csv          have all labels, for `tailward query --labels`";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path = arguments.state.as_path();
    check(arguments)?;
    let Stand { query, taken, state, _lock } = stand(arguments)?;
    // Everything that can fail comes before the state moves on, and nobody is asked for what the state does not know.
    let lists = arguments.export.is_none() || arguments.out.is_some();
    let out = match lists {
        true => Some(output::prepare(arguments.out.as_deref(), &listed(&query, arguments.json)?)?),
        false => None,
    };
    let export = match &arguments.export {
        Some(export) => Some(output::prepare(Some(export), &labels(&query)?)?),
        None => None,
    };
    if let Some(state) = state {
        state.put().map_err(|source| Error::Output { path: path.to_owned(), source })?;
    }
    for ready in [out, export].into_iter().flatten() {
        ready.put()?;
    }
    if let Some(taken) = taken {
        tell(&taken);
    }
    say(format_args!("{}", query.standing()));
    Ok(())
}

/// Where the query stands with the answers that were given.
struct Stand {
    query: OpenQuery,
    taken: Option<Taken>,
    /// The query's file, where answers changed it.
    state: Option<Prepared>,
    _lock: Option<Lock>,
}

fn stand(arguments: &Arguments) -> Result<Stand, Error> {
    let path = arguments.state.as_path();
    let Some(answers) = &arguments.answers else {
        // A look needs no lock: the file is always whole, and may lie where nobody may write.
        return Ok(Stand { query: OpenQuery::read(path)?, taken: None, state: None, _lock: None });
    };
    let lock = Lock::file(path, Patience::Wait)?;
    let mut query = OpenQuery::read(path)?;
    let correction = if arguments.correct { Correction::Allowed } else { Correction::Refused };
    let taken = query.tell(answers, correction)?;
    query.go_on();
    let state = prepared(path, &query)?;
    Ok(Stand { query, taken: Some(taken), state: Some(state), _lock: Some(lock) })
}

fn check(arguments: &Arguments) -> Result<(), Error> {
    let path = arguments.state.as_path();
    if !path.exists() {
        let reason = "there is no such file; `tailward query --state` begins a query".to_owned();
        return Err(Error::Input { path: path.to_owned(), reason });
    }
    for out in [&arguments.out, &arguments.export] {
        output::check_apart(out.as_deref(), path)?;
    }
    match (&arguments.out, &arguments.export) {
        (Some(out), Some(export)) if output::is_stdout(Some(out)) && output::is_stdout(Some(export)) => {
            Err(Error::Usage("--out and --export cannot both be standard output".to_owned()))
        }
        (Some(out), Some(export)) => output::check_apart(Some(out), export),
        _ => Ok(()),
    }
}

/// Says what came of the answers.
fn tell(taken: &Taken) {
    let details: Vec<String> = [
        (taken.without_label, "without a label"),
        (taken.again, "known already"),
        (taken.corrected, "corrected"),
        (taken.left, "not filled in yet"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{count} {words}"))
    .collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    say(format_args!("{} answers taken{details}", taken.new));
    if taken.asks_differ {
        say(format_args!(
            "with the corrected labels the query would have asked for other samples; what was asked for stays, and the labels \
             of --export are the corrected ones"
        ));
    }
}

/// All labels as a table.
fn labels(query: &OpenQuery) -> std::io::Result<Vec<u8>> {
    let (samples, classes, labels) = (query.samples(), query.classes(), query.labels());
    let has_annotators = labels.iter().any(|labelled| labelled.annotator.is_some());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["index", "label"];
    header.extend(samples.has_ids().then_some("id"));
    header.extend(classes.names.as_ref().map(|_| "name"));
    header.extend(has_annotators.then_some("annotator"));
    writer.write_record(&header)?;
    for Labelled { sample, label, annotator } in labels {
        let mut record = vec![sample.to_string(), label.to_string()];
        record.extend(samples.id(sample).map(str::to_owned));
        record.extend(classes.names.as_ref().map(|names| names[label as usize].clone()));
        record.extend(has_annotators.then(|| annotator.unwrap_or_default()));
        writer.write_record(&record)?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}
