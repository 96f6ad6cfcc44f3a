//! What a run writes: a header before anything else, then one flushed JSON line for each thing that happened.
//!
//! A record is append-only. A last line that was cut off by a crash is dropped when the record is opened again;
//! everything before it stands. Nothing in a record depends on when or how fast it was made, except the fields named
//! `cost` and the header's `host` and `started`.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::definition::RunDefinition;

/// The record's file name in a run's folder.
pub const RECORD_FILE: &str = "record.jsonl";

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Line {
    /// The first line.
    Header(Box<Header>),
    /// A model was trained on the labelled set and evaluated.
    Round(Box<Round>),
    /// The model of a round was used to choose the next samples.
    Query(Box<Query>),
    /// The run came to its end.
    Complete(Complete),
}

/// What ran, on what, with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The resolved definition.
    pub definition: RunDefinition,
    /// [`RunDefinition::hash`].
    pub definition_hash: String,
    /// Hash of the initial set and the pool.
    pub pool_hash: String,
    /// Images of each class in the initial set.
    pub initial_class_counts: Vec<usize>,
    /// Images of each class in the pool, the initial set apart.
    pub pool_class_counts: Vec<usize>,
    /// The classes' names.
    pub class_names: Vec<String>,
    /// Images of each class in the test set.
    pub test_class_counts: Vec<usize>,
    /// Trainable parameters of the model.
    pub parameters: usize,
    /// Where and with what the run was started.
    pub host: Host,
    /// Start, in RFC 3339 form (UTC).
    pub started: String,
}

/// Where and with what a run was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Version of Tailward.
    pub tailward: String,
    /// Git revision of the source, with `-dirty` when it was changed; `unknown` outside a repository.
    pub revision: String,
    /// Version of Burn.
    pub burn: String,
    /// The backend.
    pub device: String,
    /// The processor's model name.
    pub processor: String,
    /// Logical processors that the process may use.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
}

/// A model was trained and evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// 0 for the initial set.
    pub round: usize,
    /// Size of the labelled set.
    pub labelled: usize,
    /// Labels of each class in the labelled set, as the oracle gave them.
    pub class_counts: Vec<usize>,
    /// Mean training loss of each epoch.
    pub epoch_losses: Vec<f64>,
    /// On the test set, after the last epoch.
    pub evaluation: Evaluation,
    /// What it took.
    pub cost: RoundCost,
}

/// Results on the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Share of test images whose most probable class is theirs (top-1), in [0, 1].
    pub accuracy: f64,
    /// Mean of the per-class accuracies over the classes that the test set has, in [0, 1].
    pub balanced_accuracy: f64,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// For each class, the share of its test images that were recognised; `None` where the test set has none.
    pub per_class_accuracy: Vec<Option<f64>>,
}

/// What a round took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundCost {
    /// Training, in seconds.
    pub train_secs: f64,
    /// Training throughput, in images per second.
    pub train_images_per_sec: f64,
    /// Evaluation on the test set, in seconds.
    pub evaluate_secs: f64,
}

/// The next samples were chosen and labelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The round whose model chose, counted from 0.
    pub round: usize,
    /// Labels asked for.
    pub budget: usize,
    /// Unlabelled samples that there were to choose from.
    pub unlabelled: usize,
    /// Labels of each class among the answers.
    pub class_counts: Vec<usize>,
    /// The class-balancing programme's account, where the strategy has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balancing>,
    /// What it took.
    pub cost: QueryCost,
}

/// The account of one class-balancing programme (CBAL, Eq. 8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balancing {
    /// ‖Ω − Pᵀz‖₁ of what the score alone would have chosen.
    pub l1_baseline: f64,
    /// ‖Ω − Pᵀz‖₁ of what was chosen.
    pub l1: f64,
    /// The objective of what was chosen.
    pub objective: f64,
    /// A certified lower bound on the best objective.
    pub bound: f64,
    /// `(objective − bound) / max(1, |bound|)`.
    pub relative_gap: f64,
    /// Whether the choice is proven to be the best.
    pub optimal: bool,
}

/// What a query took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryCost {
    /// The model's pass over the unlabelled samples, in seconds.
    pub score_secs: f64,
    /// The choice on the host, in seconds.
    pub select_secs: f64,
}

/// The run came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// Rounds that were trained, `rounds + 1` of the definition.
    pub rounds: usize,
    /// SHA-256 of the ledger without its times, in hexadecimal.
    pub ledger_hash: String,
}

/// A record as read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The first line.
    pub header: Header,
    /// Rounds, from 0 without a hole.
    pub rounds: Vec<Round>,
    /// Queries, from 0 without a hole.
    pub queries: Vec<Query>,
    /// The last line of a run that came to its end.
    pub complete: Option<Complete>,
}

impl Record {
    /// Reads a record. A last line without its line feed is what a crash leaves; it is not part of the record.
    /// `None` if the file does not exist or has no complete first line.
    ///
    /// # Errors
    ///
    /// The file cannot be read, a line is not of the expected form, or lines are missing or out of order.
    pub fn load(path: &Path) -> Result<Option<Self>, Error> {
        let mut bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path)(error)),
        };
        // Before text is made of it: a last line can be torn inside a character.
        bytes.truncate(whole_lines(&bytes));
        let text = String::from_utf8(bytes).map_err(|error| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            Error::io(path)(source)
        })?;
        Self::parse(&text, path)
    }

    /// Parses the text of a record; `path` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Record::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Option<Self>, Error> {
        let mut record: Option<Self> = None;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let Some(line) = line.strip_suffix('\n') else {
                break;
            };
            let number = index + 1;
            let parsed = serde_json::from_str(line).map_err(|source| Error::Json {
                path: path.to_owned(),
                line: number,
                source,
            })?;
            let fault = |reason: &str| Error::Record {
                path: path.to_owned(),
                line: number,
                reason: reason.to_owned(),
            };
            match (&mut record, parsed) {
                (None, Line::Header(header)) => {
                    record = Some(Self { header: *header, rounds: vec![], queries: vec![], complete: None });
                }
                (None, _) => return Err(fault("the first line is not a header")),
                (Some(record), line) => record.push(line).map_err(fault)?,
            }
        }
        Ok(record)
    }

    /// Adds a line, if it is the next that can be.
    fn push(&mut self, line: Line) -> Result<(), &'static str> {
        if self.complete.is_some() {
            return Err("a line follows the run's end");
        }
        match line {
            Line::Header(_) => return Err("a second header"),
            Line::Round(round) => {
                if round.round != self.rounds.len() || self.queries.len() != self.rounds.len() {
                    return Err("a round out of order");
                }
                self.rounds.push(*round);
            }
            Line::Query(query) => {
                if query.round != self.queries.len() || self.queries.len() + 1 != self.rounds.len() {
                    return Err("a query out of order");
                }
                self.queries.push(*query);
            }
            Line::Complete(complete) => {
                if complete.rounds != self.rounds.len() || self.queries.len() + 1 != self.rounds.len() {
                    return Err("the run's end does not fit its rounds");
                }
                self.complete = Some(complete);
            }
        }
        Ok(())
    }

    /// Whether the run came to its end.
    pub fn is_complete(&self) -> bool {
        self.complete.is_some()
    }
}

/// Appends lines to a record; each is on the disk when [`RecordWriter::append`] returns.
#[derive(Debug)]
pub struct RecordWriter {
    file: File,
    path: PathBuf,
}

impl RecordWriter {
    /// Opens a record for appending; what a crash left of a last line is cut off first.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, read or cut.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = open_append_only(path)?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Appends one line and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// The disk is full or fails.
    pub fn append(&mut self, line: &Line) -> Result<(), Error> {
        let mut text = serde_json::to_string(line).expect("a record holds nothing that JSON cannot");
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(Error::io(&self.path))?;
        self.file.sync_data().map_err(Error::io(&self.path))
    }
}

/// Opens a file of lines for appending, first cutting off a last line that has no line feed: it was being written
/// when the process died, and nobody was told that it had been.
///
/// # Errors
///
/// The file cannot be opened, read or cut.
pub fn open_append_only(path: &Path) -> Result<File, Error> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(Error::io(path))?;
    let kept = whole_lines(&bytes);
    if kept < bytes.len() {
        file.set_len(kept as u64).map_err(Error::io(path))?;
    }
    file.seek(SeekFrom::End(0)).map_err(Error::io(path))?;
    Ok(file)
}

/// The length of what comes before a last line without its line feed.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)
}
