//! One row of the ledger, and the two forms that its file has had.

use serde::{Deserialize, Serialize};
use tailward_datasets::SampleId;

/// What happened to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Its label was asked for.
    Requested,
    /// An annotator told its label.
    Answered,
    /// An annotator passed it over. The request is spent, as it is by the next two.
    Skipped,
    /// An annotator could not tell.
    Unsure,
    /// An annotator said that it is no valid image.
    Invalid,
    /// An annotator put another label in the place of what they had said.
    Corrected,
    /// An annotator took back the last thing that they had said of it.
    Undone,
    /// Somebody decided between annotators.
    Settled,
    /// An annotator told its label for the audit, which nothing is trained on.
    Audited,
}

impl Event {
    /// Whether a row of this event has a label.
    pub fn has_label(self) -> bool {
        matches!(self, Self::Answered | Self::Corrected | Self::Settled | Self::Audited)
    }
}

/// One row of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The round whose model is the first to learn from it; 0 for the initial set.
    pub round: usize,
    /// The batch of requests within the round.
    pub batch: usize,
    /// How many requests the batch has.
    pub batch_size: usize,
    /// What the strategy asked for it, where it asks more than once in a round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What happened.
    pub event: Event,
    /// To which sample.
    pub sample: SampleId,
    /// The label that was told.
    pub label: Option<u32>,
    /// Who told it.
    pub annotator: Option<String>,
    /// In which way, such as `grid` for many at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// What the answer cost, in units of the budget.
    pub cost: f64,
    /// What the annotator noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When, in milliseconds since 1970 (UTC).
    pub unix_ms: u64,
}

/// The form of a ledger's file: which columns it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Before there were people: without `how` and `note`.
    First,
    /// All columns of [`Row`].
    Second,
}

/// Places of the columns that the first form lacks, in the second.
const ADDED: [usize; 2] = [8, 10];

impl Form {
    /// The form of a text that begins with a whole header; what the header should have been, otherwise.
    pub(super) fn of(text: &str) -> Result<Self, &'static str> {
        let forms = [Self::Second, Self::First].into_iter();
        forms.clone().find(|form| text.starts_with(form.header())).ok_or(Self::Second.header())
    }

    /// The header with its line feed.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::First => "round,batch,batch_size,phase,event,sample,label,annotator,cost,unix_ms\n",
            Self::Second => {
                "round,batch,batch_size,phase,event,sample,label,annotator,how,cost,note,unix_ms\n"
            }
        }
    }

    /// The columns of the second form that a line of this form has.
    pub(super) fn complete(self, mut record: csv::StringRecord) -> csv::StringRecord {
        if self == Self::First && record.len() + ADDED.len() == Self::Second.columns() {
            let mut fields: Vec<&str> = record.iter().collect();
            for place in ADDED {
                fields.insert(place, "");
            }
            record = csv::StringRecord::from(fields);
        }
        record
    }

    /// The line of a row, with its line feed.
    ///
    /// # Errors
    ///
    /// Why the row cannot be a line of this form, to be read on after the sample.
    pub(super) fn line(self, row: &Row) -> Result<String, String> {
        // Spelled out: a column that is empty is still a column.
        let Row {
            round,
            batch,
            batch_size,
            phase,
            event,
            sample,
            label,
            annotator,
            how,
            cost,
            note,
            unix_ms,
        } = row;
        for text in [phase, annotator, how, note].into_iter().flatten() {
            if text.contains(['\n', '\r']) {
                return Err(format!("has the text {text:?}, and a ledger has one line for each row"));
            }
        }
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        let before = (round, batch, batch_size, phase, event, sample, label, annotator);
        let written = match (self, how, note) {
            (Self::Second, _, _) => writer.serialize((before, how, cost, note, unix_ms)),
            (Self::First, None, None) => writer.serialize((before, cost, unix_ms)),
            (Self::First, _, _) => {
                return Err(
                    "cannot be noted: the ledger was begun before it had columns for how and note".to_owned()
                );
            }
        };
        written.expect("a row is flat");
        let bytes = writer.into_inner().expect("a vector takes every byte");
        Ok(String::from_utf8(bytes).expect("rows are text"))
    }

    fn columns(self) -> usize {
        self.header().split(',').count()
    }
}
