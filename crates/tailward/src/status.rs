//! `tailward status`: where a project stands.

use std::path::PathBuf;

use clap::Args;
use tailward_engine::project::{self, Standing};
use tailward_labelling::Patience;
use tailward_labelling::project::Project;
use tailward_labelling::statistics::Interval;

use crate::Error;
use crate::ask::described;
use crate::output;

/// Arguments of `tailward status`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// Write one object of JSON in place of sentences.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let project = Project::open(&arguments.project, Patience::Wait).map_err(Error::from)?;
    let described = described(&project)?;
    let standing = project::standing(&project, &described);
    let content = match arguments.json {
        true => {
            let mut content = serde_json::to_vec_pretty(&standing)?;
            content.push(b'\n');
            content
        }
        false => sentences(&standing).into_bytes(),
    };
    Ok(output::write(None, &content)?)
}

fn sentences(standing: &Standing) -> String {
    let Standing { spent, budget, waiting, labels, accuracy, audited, rounds, unseen, disputed, agreement } =
        standing;
    let mut lines = vec![format!("labels: {spent} of {budget} asked for, {waiting} wait for an answer")];
    let widest = labels.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, count) in labels {
        let note = if *count == 0 { "  (not seen yet)" } else { "" };
        lines.push(format!("  {name:widest$} {count:>6}{note}"));
    }
    lines.push(match accuracy {
        Some(share) => format!(
            "accuracy: {:.1} % (95 %: {:.1} to {:.1} %), by the {audited} images of the audit that are labelled",
            100.0 * share.estimate,
            100.0 * share.low,
            100.0 * share.high
        ),
        None => "accuracy: not known; no image of the audit is labelled, or there are no labels to learn from".to_owned(),
    });
    for line in rounds {
        let Some(Interval { estimate, low, high }) = line.accuracy else { continue };
        lines.push(format!(
            "  round {:>3}: {:>5} labels learned from, {:.1} % ({:.1} to {:.1} %) of {} in the audit",
            line.round,
            line.labelled,
            100.0 * estimate,
            100.0 * low,
            100.0 * high,
            line.audited
        ));
    }
    if let Some(unseen) = unseen {
        lines.push(format!(
            "classes not seen: the next image is of one with a probability of {:.1} %; none has more than {:.1} % (Good-Turing, \
             {audited} images)",
            100.0 * unseen.probability,
            100.0 * unseen.largest_share
        ));
    }
    if let Some(agreement) = agreement {
        lines.push(format!(
            "agreement: Krippendorff's alpha {agreement:.2}; annotators differ about {disputed} images that nobody has settled"
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}
