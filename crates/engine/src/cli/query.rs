//! `tailward query`: the strategies on anybody's arrays.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ndarray::{Array2, Axis, CowArray};
use ndarray_npy::ReadNpyExt;
use serde::{Deserialize, Serialize};
use tailward_acquisition::balance::{Problem, Status, certificate, requirement};
use tailward_acquisition::{
    Balance, Error as QueryError, Lambda, Selection, SolverMode, Strategy, validate_probabilities,
};

use crate::Error;
use crate::query::{Inputs, query};
use crate::rng::{Stream, stream};

/// Arguments of `tailward query`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// How samples are chosen.
    #[arg(long, value_enum)]
    strategy: StrategyName,
    /// Balance the classes (CBAL, Eq. 8) with this weight λ.
    #[arg(long, value_name = "LAMBDA")]
    balance: Option<f64>,
    /// How the class-balancing programme is solved.
    #[arg(long, value_enum, default_value = "auto", requires = "balance")]
    solver: SolverName,
    /// Predicted probabilities of all samples, labelled ones included: a NumPy file, [samples, classes], float32 or
    /// float64.
    #[arg(long, value_name = "FILE.npy")]
    probabilities: PathBuf,
    /// What is labelled so far: a CSV file with the columns `index` (a row of the probabilities) and `label`.
    #[arg(long, value_name = "FILE.csv")]
    labels: Option<PathBuf>,
    /// How many samples to choose.
    #[arg(long)]
    budget: usize,
    /// Where the chosen samples go; by default to stdout.
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Seed of the random choices, where a strategy makes any.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StrategyName {
    Random,
    Entropy,
    Margin,
    LeastConfidence,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SolverName {
    Auto,
    Exact,
}

/// One row of the labels' file.
#[derive(Debug, Deserialize)]
struct LabelRow {
    index: usize,
    label: usize,
}

/// One row of the answer.
#[derive(Debug, Serialize)]
struct PickRow {
    /// 1 for what is queried first.
    rank: usize,
    /// Row of the probabilities.
    index: usize,
    /// Higher is queried first.
    score: f64,
    predicted_class: usize,
    predicted_probability: f32,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let strategy = strategy(arguments)?;
    let probabilities = read_probabilities(&arguments.probabilities)?;
    let labels = match &arguments.labels {
        Some(path) => read_labels(path, &probabilities)?,
        None => BTreeMap::new(),
    };
    let candidates: Vec<usize> = (0..probabilities.nrows()).filter(|row| !labels.contains_key(row)).collect();
    let mut counts = vec![0; probabilities.ncols()];
    for &label in labels.values() {
        counts[label] += 1;
    }
    let unlabelled = probabilities.select(Axis(0), &candidates);
    let inputs = Inputs {
        rows: candidates.len(),
        labelled_counts: &counts,
        rng: &mut stream(arguments.seed, Stream::Query, 0),
    };
    let probabilities = || Ok::<_, Error>(CowArray::from(unlabelled.view()));
    let selection = query(&strategy, inputs, probabilities, arguments.budget)?;
    let rows = pick_rows(&selection, &candidates, &unlabelled);
    match &arguments.out {
        Some(path) => write_picks_file(path, &rows)?,
        None => write_picks(std::io::stdout().lock(), &rows)?,
    }
    explain(&strategy, &selection, &rows, &unlabelled, &counts, arguments);
    Ok(())
}

fn strategy(arguments: &Arguments) -> Result<Strategy, Error> {
    let balance = arguments.balance.map(|lambda| Balance {
        lambda: Lambda::Fixed(lambda),
        prediction: None,
        solver: match arguments.solver {
            SolverName::Auto => SolverMode::Auto,
            SolverName::Exact => SolverMode::Exact,
        },
    });
    let strategy = match arguments.strategy {
        StrategyName::Random if balance.is_some() => {
            return Err(Error::Mismatch(
                "--balance needs a strategy with scores; random has none".to_owned(),
            ));
        }
        StrategyName::Random => Strategy::Random {},
        StrategyName::Entropy => Strategy::Entropy { balance },
        StrategyName::Margin => Strategy::Margin { balance },
        StrategyName::LeastConfidence => Strategy::LeastConfidence { balance },
    };
    strategy.validate()?;
    Ok(strategy)
}

/// Reads `[samples, classes]` from a NumPy file of float32 or float64, and checks every row: also those of labelled
/// samples, whose faults would point at a wrong file.
fn read_probabilities(path: &Path) -> Result<Array2<f32>, Error> {
    let input = |reason: String| Error::Input { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|error| input(error.to_string()))?;
    let probabilities = match Array2::<f32>::read_npy(bytes.as_slice()) {
        Ok(array) => array,
        Err(ndarray_npy::ReadNpyError::WrongDescriptor(_)) => Array2::<f64>::read_npy(bytes.as_slice())
            .map_err(|error| input(format!("expected a matrix of float32 or float64: {error}")))?
            .mapv(|value| value as f32),
        Err(error) => return Err(input(format!("expected a matrix of float32 or float64: {error}"))),
    };
    let probabilities = probabilities.as_standard_layout().into_owned();
    validate_probabilities(probabilities.view()).map_err(|error: QueryError| input(error.to_string()))?;
    Ok(probabilities)
}

fn read_labels(path: &Path, probabilities: &Array2<f32>) -> Result<BTreeMap<usize, usize>, Error> {
    let input = |line: usize, reason: String| Error::Input {
        path: path.to_owned(),
        reason: format!("line {line}: {reason}"),
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::Input { path: path.to_owned(), reason: error.to_string() })?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let (samples, classes) = probabilities.dim();
    let mut labels = BTreeMap::new();
    for (row, result) in reader.deserialize().enumerate() {
        let line = row + 2;
        let LabelRow { index, label } = result.map_err(|error: csv::Error| input(line, error.to_string()))?;
        if index >= samples {
            return Err(input(line, format!("index {index} is not a row of the {samples} probabilities")));
        }
        if label >= classes {
            return Err(input(
                line,
                format!("label {label} is not one of the {classes} classes (0 to {})", classes - 1),
            ));
        }
        if labels.insert(index, label).is_some() {
            return Err(input(line, format!("index {index} is labelled twice")));
        }
    }
    Ok(labels)
}

fn pick_rows(selection: &Selection, candidates: &[usize], unlabelled: &Array2<f32>) -> Vec<PickRow> {
    let row = |(position, pick): (usize, &tailward_acquisition::Pick)| {
        let probabilities = unlabelled.row(pick.row);
        let mut predicted_class = 0;
        for (class, probability) in probabilities.iter().enumerate() {
            if *probability > probabilities[predicted_class] {
                predicted_class = class;
            }
        }
        PickRow {
            rank: position + 1,
            index: candidates[pick.row],
            score: pick.score,
            predicted_class,
            predicted_probability: probabilities[predicted_class],
        }
    };
    selection.picks.iter().enumerate().map(row).collect()
}

/// Writes the file whole or not at all.
fn write_picks_file(path: &Path, rows: &[PickRow]) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
    write_picks(&file, rows)?;
    file.persist(path).map_err(|error| Error::io(path)(error.error))?;
    Ok(())
}

fn write_picks(target: impl Write, rows: &[PickRow]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(target);
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()?;
    Ok(())
}

/// Says on stderr what was chosen and why; stdout is for the picks.
fn explain(
    strategy: &Strategy,
    selection: &Selection,
    rows: &[PickRow],
    unlabelled: &Array2<f32>,
    labelled_counts: &[usize],
    arguments: &Arguments,
) {
    let labelled: usize = labelled_counts.iter().sum();
    eprintln!(
        "{} chose {} of {} unlabelled samples ({labelled} labelled, {} classes)",
        strategy.name(),
        rows.len(),
        unlabelled.nrows(),
        unlabelled.ncols()
    );
    for row in rows.iter().take(5) {
        eprintln!(
            "  {}. sample {}: score {:.4}, predicted class {} (probability {:.3})",
            row.rank, row.index, row.score, row.predicted_class, row.predicted_probability
        );
    }
    if rows.len() > 5 {
        eprintln!("  … {} more", rows.len() - 5);
    }
    match &selection.balance {
        Some(outcome) => {
            let baseline = outcome
                .l1_baseline
                .map_or(String::new(), |l1| format!(", {l1:.3} for the highest scores alone"));
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
        None => {
            let picks: Vec<usize> = selection.picks.iter().map(|pick| pick.row).collect();
            let requirement = requirement(labelled_counts, arguments.budget);
            let problem = Problem {
                probabilities: unlabelled.view(),
                costs: &vec![0.0; unlabelled.nrows()],
                requirement: &requirement,
                lambda: 0.0,
                budget: arguments.budget,
            };
            let (before, after) = (certificate::l1(&problem, &[]), certificate::l1(&problem, &picks));
            eprintln!("distance to balance (l1): {before:.3} before any pick, {after:.3} for these picks");
        }
    }
}
