//! `tailward query`: the strategies on anybody's arrays.

mod arrays;
mod state;
mod strategy;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use ndarray::{ArcArray2, ArrayView2};
use serde::Serialize;
use tailward_acquisition::balance::{Problem, Status, certificate, requirement};
use tailward_acquisition::query::{Inputs, begin};
use tailward_acquisition::{BalanceOutcome, Conversation, Lambda, Pick, Selection, Strategy};

use crate::Error;
use arrays::{Arrays, Candidates, Files};
pub(super) use state::State;
use tailward_datasets::whole_file;
use tailward_engine::rng::{Stream, stream};

/// Arguments of `tailward query`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: strategy::Options,
    /// Predicted probabilities of all samples, labelled ones included: a NumPy file, [samples, classes]. Every array is
    /// float32 or float64.
    #[arg(long, value_name = "FILE.npy")]
    probabilities: Option<PathBuf>,
    /// Outputs before the softmax of all samples: [samples, classes].
    #[arg(long, value_name = "FILE.npy")]
    logits: Option<PathBuf>,
    /// Weights of the last layer, without its biases: [classes, embedding].
    #[arg(long, value_name = "FILE.npy")]
    head: Option<PathBuf>,
    /// Features before the head of all samples: [samples, embedding].
    #[arg(long, value_name = "FILE.npy")]
    embeddings: Option<PathBuf>,
    /// Predicted probabilities in passes with dropout: [passes, samples, classes].
    #[arg(long, value_name = "FILE.npy")]
    dropout_probabilities: Option<PathBuf>,
    /// A discriminator's estimates that a sample is labelled, in [0, 1]: [samples].
    #[arg(long, value_name = "FILE.npy")]
    estimates: Option<PathBuf>,
    /// What is labelled so far: a CSV file with the columns `index` (a row of the arrays) and `label`.
    #[arg(long, value_name = "FILE.csv")]
    labels: Option<PathBuf>,
    /// How many samples to choose.
    #[arg(long)]
    budget: usize,
    /// Where the chosen samples go; by default to stdout.
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Keep the query here, to go on with it by `tailward answer`: for strategies that ask again when they have been
    /// answered (direct and galaxy), which print only what they ask for first.
    #[arg(long, value_name = "FILE.json")]
    state: Option<PathBuf>,
    /// Seed of the random choices, where a strategy makes any.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// One row of the answer.
#[derive(Debug, Serialize)]
pub(super) struct PickRow {
    /// 1 for what is queried first.
    rank: usize,
    /// Row of the probabilities.
    index: usize,
    /// Higher is queried first.
    score: f64,
    /// Empty where there are no probabilities, as is the next.
    predicted_class: Option<usize>,
    predicted_probability: Option<f32>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let arrays = Arrays::read(&Files {
        probabilities: arguments.probabilities.clone(),
        logits: arguments.logits.clone(),
        head: arguments.head.clone(),
        embeddings: arguments.embeddings.clone(),
        dropout_probabilities: arguments.dropout_probabilities.clone(),
        estimates: arguments.estimates.clone(),
    })?;
    let strategy = arguments.options.strategy(arrays.passes())?;
    let labels = match &arguments.labels {
        Some(path) => arrays.read_labels(path)?,
        None => BTreeMap::new(),
    };
    let unlabelled: Vec<usize> = (0..arrays.samples).filter(|row| !labels.contains_key(row)).collect();
    let mut counts = vec![0; arrays.classes.unwrap_or_default()];
    for &label in labels.values().filter(|_| arrays.classes.is_some()) {
        counts[label] += 1;
    }
    let told: Vec<u32> = labels.values().map(|&label| label as u32).collect();
    let mut candidates = Candidates::new(&arrays, &unlabelled, &labels);
    let inputs = Inputs {
        rows: unlabelled.len(),
        labelled_counts: &counts,
        labels: &told,
        budget: arguments.budget,
        rng: &mut stream(arguments.seed, Stream::Query, 0),
    };
    if arguments.state.is_some() && arrays.classes.is_none() {
        let option =
            "an array with classes beside --state (--probabilities or --logits), to know an answer by"
                .to_owned();
        return Err(Error::MissingArray { option }.into());
    }
    if let (Some(classes), Some(dims)) = (arrays.classes, arrays.features())
        && let Some(plan) = strategy.memory_plan(inputs.rows, classes, dims, inputs.budget)
    {
        eprintln!("{} keeps {plan}", strategy.name());
    }
    let conversation = begin(&strategy, inputs, &mut candidates)?;
    let predicted = candidates.predicted();
    if let Some(path) = &arguments.state {
        return keep(&strategy, conversation, &unlabelled, predicted, (path, arguments.out.as_deref()));
    }
    let selection = conversation
        .into_once()
        .ok_or_else(|| Error::MissingArray { option: "--state, for it asks more than once".to_owned() })?;
    let rows = pick_rows(&selection, &unlabelled, predicted);
    print(arguments.out.as_deref(), &rows)?;
    let classes = arrays.classes.map_or(String::new(), |classes| format!(", {classes} classes"));
    eprintln!(
        "{} chose {} of {} unlabelled samples ({} labelled{classes})",
        strategy.name(),
        rows.len(),
        unlabelled.len(),
        labels.len(),
    );
    explain(&strategy, &selection, &rows, predicted, &counts);
    Ok(())
}

/// Asks for the first time, with the state written down before anybody is asked.
fn keep(
    strategy: &Strategy,
    conversation: Conversation,
    unlabelled: &[usize],
    predicted: Option<&ArcArray2<f32>>,
    (path, out): (&Path, Option<&Path>),
) -> anyhow::Result<()> {
    let best = |array: &ArcArray2<f32>| {
        array.rows().into_iter().map(|row| most_probable(row.iter().copied())).collect()
    };
    let mut state = State {
        strategy: strategy.name(),
        unlabelled: unlabelled.to_vec(),
        predicted: predicted.map(best),
        conversation,
    };
    let ask = state.ask();
    state.write(path)?;
    eprintln!("{}", state.standing());
    print(out, &ask.map(|ask| state.rows(&ask)).unwrap_or_default())
}

/// Prints samples to a file, whole or not at all, or to stdout.
pub(super) fn print(out: Option<&Path>, rows: &[PickRow]) -> anyhow::Result<()> {
    match out {
        Some(path) => Ok(whole_file::write(path, |file| write_picks(file, rows))
            .map_err(|source| Error::Output { path: path.to_owned(), source })?),
        None => Ok(write_picks(std::io::stdout().lock(), rows)?),
    }
}

fn pick_rows(
    selection: &Selection,
    unlabelled: &[usize],
    predicted: Option<&ArcArray2<f32>>,
) -> Vec<PickRow> {
    let row = |(position, pick): (usize, &Pick)| {
        let best = predicted.map(|probabilities| most_probable(probabilities.row(pick.row).iter().copied()));
        PickRow {
            rank: position + 1,
            index: unlabelled[pick.row],
            score: pick.score,
            predicted_class: best.map(|(class, _)| class),
            predicted_probability: best.map(|(_, probability)| probability),
        }
    };
    selection.picks.iter().enumerate().map(row).collect()
}

/// The first class with the highest probability, and that probability.
fn most_probable(probabilities: impl Iterator<Item = f32>) -> (usize, f32) {
    probabilities.enumerate().fold((0, f32::NEG_INFINITY), |best, (class, probability)| {
        if probability > best.1 { (class, probability) } else { best }
    })
}

fn write_picks(target: impl Write, rows: &[PickRow]) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(target);
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()
}

/// Says on stderr what was chosen and why; stdout is for the picks.
fn explain(
    strategy: &Strategy,
    selection: &Selection,
    rows: &[PickRow],
    predicted: Option<&ArcArray2<f32>>,
    labelled_counts: &[usize],
) {
    for row in rows.iter().take(5) {
        let prediction = match (row.predicted_class, row.predicted_probability) {
            (Some(class), Some(probability)) => {
                format!(", predicted class {class} (probability {probability:.3})")
            }
            _ => String::new(),
        };
        eprintln!("  {}. sample {}: score {:.4}{prediction}", row.rank, row.index, row.score);
    }
    if rows.len() > 5 {
        eprintln!("  … {} more", rows.len() - 5);
    }
    match (&selection.balance, predicted) {
        (Some(outcome), _) => explain_balance(strategy, outcome),
        (None, Some(probabilities)) => tell_distance(selection, probabilities.view(), labelled_counts),
        (None, None) => {}
    }
    if let Some(cover) = &selection.cover {
        eprintln!(
            "cover: every sample but {} within {:.6} of a labelled one or a pick; no choice gets below {:.6} (gap {:.1} %)",
            cover.outliers,
            cover.radius,
            cover.bound,
            100.0 * cover.relative_gap
        );
    }
}

fn explain_balance(strategy: &Strategy, outcome: &BalanceOutcome) {
    if let Some(lambda) = outcome.lambda {
        let found =
            if matches!(strategy.lambda(), Some(Lambda::Rule(_))) { ", found by the rule" } else { "" };
        eprintln!("lambda {lambda}{found}");
    }
    let baseline =
        outcome.l1_baseline.map_or(String::new(), |l1| format!(", {l1:.3} for the highest scores alone"));
    eprintln!(
        "distance to balance (l1): {:.3} before any pick{baseline}, {:.3} for these picks",
        outcome.l1_before, outcome.l1
    );
    if let Some(certificate) = &outcome.certificate {
        let status = match certificate.status {
            Status::Optimal => "proven optimal".to_owned(),
            Status::Gap => format!("relative gap {:.2e}", certificate.relative_gap),
        };
        eprintln!(
            "objective {:.6}, lower bound {:.6}, gap {:.2e}: {status}",
            certificate.objective, certificate.bound, certificate.gap
        );
    }
}

/// How far from balance the labelled set is before and after a choice that did not look at it.
fn tell_distance(selection: &Selection, probabilities: ArrayView2<'_, f32>, labelled_counts: &[usize]) {
    let picks: Vec<usize> = selection.picks.iter().map(|pick| pick.row).collect();
    let requirement = requirement(labelled_counts, picks.len());
    let costs = vec![0.0; probabilities.nrows()];
    let problem =
        Problem { probabilities, costs: &costs, requirement: &requirement, lambda: 0.0, budget: picks.len() };
    let (before, after) = (certificate::l1(&problem, &[]), certificate::l1(&problem, &picks));
    eprintln!("distance to balance (l1): {before:.3} before any pick, {after:.3} for these picks");
}
