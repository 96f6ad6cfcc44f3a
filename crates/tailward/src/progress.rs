//! How progress is told: of a run to a person on stderr or as lines of JSON on stdout, of a project as a bar.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use tailward_experiment::progress::Progress;

use crate::output::say;

/// The form in which progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressForm {
    /// Lines for people on stderr.
    Text,
    /// A line of JSON for each thing that happens, on stdout.
    Json,
}

impl ProgressForm {
    /// Tells what happens.
    ///
    /// Where nobody reads the lines of JSON any more the process ends: whoever started this run is gone. It must not go on
    /// alone and hold the folder; the same command starts it again where it is now.
    pub(crate) fn tell(self, progress: &Progress) {
        match self {
            Self::Text => tell_person(progress),
            Self::Json => {
                if let Err(error) = tell_program(progress) {
                    say(format_args!("error: nobody listens any more ({error}); stopping"));
                    std::process::exit(1);
                }
            }
        }
    }
}

fn tell_program(progress: &Progress) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, progress)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

fn tell_person(progress: &Progress) {
    match progress {
        Progress::Training { epoch_loss: None, .. } => {}
        Progress::Training { round, labelled, epoch, epoch_loss: Some(loss), images_per_sec, .. } => {
            let images_per_sec = images_per_sec.round();
            tracing::debug!(round, labelled, epoch, loss, images_per_sec, "trained an epoch");
        }
        Progress::Trained(round) => tracing::info!(
            round = round.round,
            labelled = round.labelled,
            accuracy = round.evaluation.accuracy,
            balanced_accuracy = round.evaluation.balanced_accuracy,
            images_per_sec = round.cost.train_images_per_sec.round(),
            "trained"
        ),
        Progress::Networks { round, iteration, iterations } => {
            tracing::debug!(round, iteration, iterations, "trained the networks of the query");
        }
        Progress::Queried(query) => tracing::info!(
            round = query.round,
            budget = query.budget,
            score_secs = query.cost.score_secs,
            select_secs = query.cost.select_secs,
            "queried"
        ),
    }
}

/// A bar on a terminal, with how long the rest will take; nothing elsewhere.
pub(crate) fn bar(length: usize, doing: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {human_pos} of {human_len}, {eta} left")
        .unwrap_or_else(|error| panic!("the template of the bar is wrong: {error}"));
    ProgressBar::new(length as u64).with_style(style).with_message(doing)
}
