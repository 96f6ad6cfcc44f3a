//! `tailward status`: where a project stands.

use std::path::PathBuf;

use clap::Args;
use tailward_engine::project::{self, ClassStanding, Settling, Standing};
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
    let project = Project::look(&arguments.project).map_err(Error::from)?;
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
    let Standing { spent, budget, waiting, classes, accuracy, audited, rounds, unseen, disputed, .. } =
        standing;
    let mut lines = vec![format!("labels: {spent} of {budget} asked for, {waiting} wait for an answer")];
    lines.extend(table(classes, *audited));
    lines.push(match accuracy {
        Some(share) => {
            format!("accuracy: {}, by the {audited} images of the audit that are labelled", percent(share))
        }
        None => {
            "accuracy: not known; no image of the audit is labelled, or there are no labels to learn from"
                .to_owned()
        }
    });
    if let Some(trained) = standing.learned_from {
        lines.push(format!(
            "  of a head on {} labels, behind a network that was trained on {trained} of them",
            standing.labelled
        ));
    }
    if let (twice @ 1.., differ) = standing.audited_twice {
        lines.push(format!(
            "  of {twice} images of the audit two people gave labels; they differ about {differ}"
        ));
    }
    for line in rounds {
        let Some(share) = &line.accuracy else { continue };
        lines.push(format!(
            "  round {:>3}: {:>5} labels learned from, {} of {} in the audit",
            line.round,
            line.labelled,
            percent(share),
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
    if let Some(agreement) = standing.agreement {
        lines.push(format!(
            "agreement: Krippendorff's alpha {agreement:.2}; annotators differ about {disputed} images that nobody has settled"
        ));
    }
    if !standing.suspects.is_empty() {
        lines.push(format!(
            "suspects: {} labels may be wrong (confident learning, by a head that gets {:.0} % of them right when each is left out); settle \
             them on the page of `tailward label`, key r",
            standing.suspects.len(),
            100.0 * standing.left_out.unwrap_or(0.0)
        ));
    }
    lines.extend(standing.settling.as_ref().map(settling));
    lines.push(String::new());
    lines.join("\n")
}

/// A line for each class.
fn table(classes: &[ClassStanding], audited: usize) -> Vec<String> {
    let widest = classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0).max(5);
    let head = format!(
        "  {:widest$} {:>6}  {:>10}  {:24}  {}",
        "class", "labels", "one more", "share of the pool", "recall"
    );
    let line = |class: &ClassStanding| {
        let cost = match class.cost {
            Some(cost) => format!("{cost:.0} asked"),
            None => String::new(),
        };
        let share = class.share.as_ref().map_or_else(String::new, percent);
        let recall = match &class.recall {
            Some(recall) => percent(recall),
            None if audited > 0 => format!("not enough: {} in the audit", class.audited),
            None => String::new(),
        };
        let note = if class.labels == 0 { "  (no label yet)" } else { "" };
        let line =
            format!("  {:widest$} {:>6}  {cost:>10}  {share:24}  {recall}{note}", class.name, class.labels);
        line.trim_end().to_owned()
    };
    std::iter::once(head).chain(classes.iter().map(line)).collect()
}

/// A share with its interval, in per cent.
pub(crate) fn percent(share: &Interval) -> String {
    let Interval { estimate, low, high } = share;
    format!("{:.1} % ({:.1} to {:.1} %)", 100.0 * estimate, 100.0 * low, 100.0 * high)
}

/// Whether more labels still change anything, with what that is judged by.
pub(crate) fn settling(settling: &Settling) -> String {
    let Settling { kappa, rounds, is_settled } = settling;
    let words = if *is_settled {
        "the head's predictions have settled: more labels of this kind change little"
    } else {
        "more labels still change the head's predictions"
    };
    format!(
        "stopping: {words} (Cohen's kappa of successive heads, mean of the last {rounds}: {kappa:.3}; settled is 0.99 over three)"
    )
}
