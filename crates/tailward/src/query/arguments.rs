//! The options of `tailward query`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::arrays::Files;
use super::strategy::Options;

/// Arguments of `tailward query`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) options: Options,
    /// Predicted probabilities of all samples, labelled ones included: [samples, classes]. Every array is NumPy's .npy (any
    /// kind of number), .npz (of one array, or file.npz:name) or a table of numbers (.csv, .tsv).
    #[arg(long, value_name = "FILE")]
    pub(super) probabilities: Option<PathBuf>,
    /// Outputs before the softmax of all samples: [samples, classes].
    #[arg(long, value_name = "FILE")]
    pub(super) logits: Option<PathBuf>,
    /// Weights of the last layer, without its biases: [classes, embedding].
    #[arg(long, value_name = "FILE")]
    pub(super) head: Option<PathBuf>,
    /// Features before the head of all samples: [samples, embedding].
    #[arg(long, value_name = "FILE")]
    pub(super) embeddings: Option<PathBuf>,
    /// Predicted probabilities in passes with dropout: [passes, samples, classes].
    #[arg(long, value_name = "FILE")]
    pub(super) dropout_probabilities: Option<PathBuf>,
    /// A discriminator's estimates that a sample is labelled, in [0, 1]: [samples].
    #[arg(long, value_name = "FILE")]
    pub(super) estimates: Option<PathBuf>,
    /// Divide every row of probabilities by its sum. Without it, rows that sum to 1 within 0.01 are put right, and others
    /// refused.
    #[arg(long)]
    pub(super) normalise: bool,
    /// What is labelled so far: a table with the columns `index` (a row of the arrays) and `label`. An empty label is none.
    #[arg(long, value_name = "FILE")]
    pub(super) labels: Option<PathBuf>,
    /// Names of the classes, one a line in the order of the arrays' columns: labels may be names then.
    #[arg(long, value_name = "FILE")]
    pub(super) classes: Option<PathBuf>,
    /// Ids or paths of the samples, one a line in the order of the arrays' rows, or a table with such a column. They are
    /// carried into the picks, and understood in labels and answers.
    #[arg(long, value_name = "FILE")]
    pub(super) ids: Option<PathBuf>,
    /// Samples that may not be chosen: rows or ids, one a line or in a table.
    #[arg(long, value_name = "FILE")]
    pub(super) exclude: Option<PathBuf>,
    /// Samples that alone may be chosen: rows or ids, one a line or in a table.
    #[arg(long, value_name = "FILE")]
    pub(super) candidates: Option<PathBuf>,
    /// How many samples to choose.
    #[arg(long)]
    pub(super) budget: usize,
    /// Where the chosen samples go; by default, and for `-`, to standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Write one object of JSON in place of a table: picks, balance, cover, counts and warnings.
    #[arg(long)]
    pub(super) json: bool,
    /// Keep the query here, to go on with it by `tailward answer`: for strategies that ask again when they have been
    /// answered (direct and galaxy), which print only what they ask for first.
    #[arg(long, value_name = "FILE.json")]
    pub(super) state: Option<PathBuf>,
    /// Seed of the random choices, where a strategy makes any.
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
}

impl Arguments {
    /// All files that are read, none of which may be written to.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Path> {
        let arrays = [&self.probabilities, &self.logits, &self.head, &self.embeddings];
        let more = [&self.dropout_probabilities, &self.estimates];
        let tables = [&self.labels, &self.classes, &self.ids, &self.exclude, &self.candidates];
        arrays.into_iter().chain(more).chain(tables).flatten().map(PathBuf::as_path)
    }

    /// The files of the arrays.
    pub(super) fn files(&self) -> Files {
        Files {
            probabilities: self.probabilities.clone(),
            logits: self.logits.clone(),
            head: self.head.clone(),
            embeddings: self.embeddings.clone(),
            dropout_probabilities: self.dropout_probabilities.clone(),
            estimates: self.estimates.clone(),
        }
    }
}
