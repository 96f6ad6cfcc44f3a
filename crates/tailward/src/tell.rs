//! `tailward tell`: what people answered.

use std::path::PathBuf;

use clap::Args;
use tailward_labelling::Patience;
use tailward_labelling::project::{Project, Telling, tell};

use crate::Error;
use crate::output::say;

/// Arguments of `tailward tell`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// Answers: the tables of `tailward ask` with the column `label` filled in (`skip`, `unsure` or `invalid` for an image that
    /// gets no label, nothing for one that still waits; a column `annotator` says who answered), what the offline page downloads, or
    /// exports of Label Studio as JSON, JSON_MIN or CSV.
    #[arg(required = true, value_name = "ANSWERS")]
    answers: Vec<PathBuf>,
    /// Who answered, where a table does not say so.
    #[arg(long, value_name = "NAME", default_value = "me")]
    annotator: String,
    /// Let answers take the place of other answers of the same annotator.
    #[arg(long)]
    correct: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut project = Project::open(&arguments.project, Patience::MOMENT).map_err(Error::from)?;
    let how = Telling { annotator: &arguments.annotator, corrects: arguments.correct };
    for answers in &arguments.answers {
        let taken = tell(&mut project, answers, how).map_err(Error::from)?;
        let details: Vec<String> = [
            (taken.audited, "of the audit"),
            (taken.without_label, "without a label"),
            (taken.corrected, "corrected"),
            (taken.known, "known already"),
            (taken.new_classes, "classes that are new"),
            (taken.empty, "still without an answer"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
        say(format_args!("{}: {} labels taken{details}", answers.display(), taken.labelled));
    }
    Ok(())
}
