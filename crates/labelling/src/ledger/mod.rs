//! Every label that was asked for, and everything that was said of it: append-only, on the disk before anybody is told.
//!
//! The file has one row for each event. A batch of requests is written as one unit whose size stands in every row;
//! a unit that a crash cut short is dropped when the ledger is opened again, because nobody was asked yet. An answer is
//! never dropped.

mod history;
mod row;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tailward_datasets::SampleId;

use crate::clock::now_ms;
use crate::{Access, AppendOnly, Error, Fence};
use history::History;
use row::Form;
use standing::Entry;

pub use row::{Event, Row};
pub use standing::Standing;

/// The ledger's file name in a folder of a run or a project.
pub const LEDGER_FILE: &str = "ledger.csv";

/// Something that is said of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told<'a> {
    /// What; anything but a request.
    pub event: Event,
    /// Of which sample.
    pub sample: SampleId,
    /// The label, for an event that [has one](Event::has_label).
    pub label: Option<u32>,
    /// By whom.
    pub annotator: &'a str,
    /// In which way, such as `grid` for many at a time.
    pub how: Option<&'a str>,
    /// What it cost, in units of the budget.
    pub cost: f64,
    /// What the annotator noted; one line.
    pub note: Option<&'a str>,
}

/// The ledger of a run or a project.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: AppendOnly,
    form: Form,
    members: BTreeSet<SampleId>,
    entries: BTreeMap<SampleId, Entry>,
    requests: Vec<Vec<SampleId>>,
    history: History,
    batches: Vec<usize>,
    digest: Sha256,
}

impl Ledger {
    /// Opens a ledger, or begins one. Only `members` (the initial set and the pool) can be asked for.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or holds a row that contradicts the rows before it.
    pub fn open(path: &Path, members: impl IntoIterator<Item = SampleId>) -> Result<Self, Error> {
        Self::with_access(path, members, Access::Append)
    }

    /// Opens a ledger as [`open`](Self::open) does, or looks at one that another process may be writing.
    pub(crate) fn with_access(
        path: &Path,
        members: impl IntoIterator<Item = SampleId>,
        access: Access,
    ) -> Result<Self, Error> {
        let (file, text) = AppendOnly::with_text(path, access)?;
        let mut ledger = Self {
            path: path.to_owned(),
            file,
            form: Form::Second,
            members: members.into_iter().collect(),
            entries: BTreeMap::new(),
            requests: Vec::new(),
            history: History::default(),
            batches: Vec::new(),
            digest: Sha256::new(),
        };
        if !text.is_empty() {
            ledger.replay(&text)?;
        } else if access == Access::Append {
            ledger.file.append(ledger.form.header())?;
        }
        Ok(ledger)
    }

    /// From now on, writes only as long as a claim holds.
    pub fn guard(&mut self, fence: Fence) {
        self.file.guard(fence);
    }

    /// Asks for labels: `samples` become part of `round`, in this order. `phase` says what for, where a strategy asks more
    /// than once in a round.
    ///
    /// # Errors
    ///
    /// A sample is not a member, was asked for before or stands twice in `samples`; the disk fails. Nothing is
    /// written if a sample is refused.
    pub fn request(&mut self, round: usize, samples: &[SampleId], phase: Option<&str>) -> Result<(), Error> {
        let mut batch = BTreeSet::new();
        for &sample in samples {
            self.check_request(sample)?;
            if !batch.insert(sample) {
                return Err(Error::Ledger { sample, reason: "is requested twice in one batch".to_owned() });
            }
        }
        let number = self.batches.get(round).copied().unwrap_or(0);
        let rows: Vec<Row> = samples
            .iter()
            .map(|&sample| Row {
                round,
                batch: number,
                batch_size: samples.len(),
                phase: phase.map(str::to_owned),
                event: Event::Requested,
                sample,
                label: None,
                annotator: None,
                how: None,
                cost: 0.0,
                note: None,
                unix_ms: now_ms(),
            })
            .collect();
        self.append(&rows)
    }

    /// Records answers of one annotator, each at the cost of one label.
    ///
    /// # Errors
    ///
    /// As [`Ledger::tell`].
    pub fn answer(&mut self, answers: &[(SampleId, u32)], annotator: &str) -> Result<(), Error> {
        let told = |&(sample, label)| Told {
            event: Event::Answered,
            sample,
            label: Some(label),
            annotator,
            how: None,
            cost: 1.0,
            note: None,
        };
        self.tell(&answers.iter().map(told).collect::<Vec<_>>())
    }

    /// Records what was said, in this order: all of it, or nothing if one thing is refused.
    ///
    /// # Errors
    ///
    /// A sample was not requested, or what is said of it does not follow from what was said before (a second answer of one
    /// annotator, a correction of nothing); the disk fails.
    pub fn tell(&mut self, told: &[Told<'_>]) -> Result<(), Error> {
        let mut touched: BTreeMap<SampleId, Entry> = BTreeMap::new();
        let mut rows = Vec::with_capacity(told.len());
        for &Told { event, sample, label, annotator, how, cost, note } in told {
            let refused = |reason: String| Error::Ledger { sample, reason };
            let known = self.entry(sample)?;
            let entry = touched.entry(sample).or_insert_with(|| known.clone());
            let row = Row {
                round: entry.round,
                batch: entry.batch,
                batch_size: entry.batch_size,
                phase: entry.phase.clone(),
                event,
                sample,
                label,
                annotator: Some(annotator.to_owned()),
                how: how.map(str::to_owned),
                cost,
                note: note.map(str::to_owned),
                unix_ms: now_ms(),
            };
            entry.check(&row).map_err(refused)?;
            entry.apply(&row);
            rows.push(row);
        }
        self.append(&rows)
    }

    /// Whether a sample was not asked for in `round` or before.
    pub fn is_free(&self, sample: SampleId, round: usize) -> bool {
        self.entries.get(&sample).is_none_or(|entry| entry.round > round)
    }

    /// How many rounds anything was requested for: one more than the last.
    pub fn rounds(&self) -> usize {
        self.requests.len()
    }

    /// What the sample was requested for, where the request says so; nothing if it was not requested.
    pub fn phase(&self, sample: SampleId) -> Option<&str> {
        self.entries.get(&sample)?.phase.as_deref()
    }

    /// The samples requested for `round`, in the order of the requests.
    pub fn requested(&self, round: usize) -> &[SampleId] {
        self.requests.get(round).map_or(&[], Vec::as_slice)
    }

    /// The samples requested for `round` of which nothing stands that anybody said.
    pub fn unanswered(&self, round: usize) -> Vec<SampleId> {
        let waits = |sample: &&SampleId| self.standing(**sample) == Some(Standing::Waiting);
        self.requested(round).iter().filter(waits).copied().collect()
    }

    /// The labelled set that the model of `round` learns from, in ascending order: every sample with a label that was
    /// requested for this round or an earlier one.
    pub fn labelled(&self, round: usize) -> Vec<(SampleId, u32)> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.round <= round)
            .filter_map(|(&sample, entry)| match entry.standing() {
                Standing::Labelled(label) => Some((sample, label)),
                _ => None,
            })
            .collect()
    }

    /// Where a sample stands; nowhere if it was not asked for.
    pub fn standing(&self, sample: SampleId) -> Option<Standing> {
        self.entries.get(&sample).map(Entry::standing)
    }

    /// The label of a sample, if it has one.
    pub fn label(&self, sample: SampleId) -> Option<u32> {
        match self.standing(sample)? {
            Standing::Labelled(label) => Some(label),
            _ => None,
        }
    }

    /// What an annotator says of a sample, as it stands: the event and its label. Settling between others is none.
    pub fn opinion(&self, sample: SampleId, annotator: &str) -> Option<(Event, Option<u32>)> {
        self.entries.get(&sample)?.opinion(annotator)
    }

    /// Every label that stands, whoever told it and for whatever.
    pub fn labels(&self) -> impl Iterator<Item = (SampleId, u32)> {
        self.entries.iter().flat_map(|(&sample, entry)| entry.labels().map(move |label| (sample, label)))
    }

    /// The last thing that an annotator said of a sample, settling included: what an undo takes back.
    pub fn last_word(&self, sample: SampleId, annotator: &str) -> Option<(Event, Option<u32>)> {
        self.entries.get(&sample)?.last_word(annotator)
    }

    /// What each annotator's answers say of the samples that somebody gave a label, as they stand, and of those that were
    /// settled, in ascending order.
    pub fn opinions(&self) -> impl Iterator<Item = (SampleId, Vec<(&str, u32)>)> {
        self.entries.iter().filter_map(|(&sample, entry)| {
            let opinions = entry.opinions();
            (entry.settled().is_some() || !opinions.is_empty()).then_some((sample, opinions))
        })
    }

    /// The samples that an annotator said something of that stands, in the order in which it was said: what can be taken back,
    /// the last first. A sample is in it as often as the annotator spoke of it.
    pub fn said_by(&self, annotator: &str) -> impl DoubleEndedIterator<Item = SampleId> {
        self.history.of(annotator)
    }

    /// Who has said something of a sample that stands; whoever settled it is not among them.
    pub fn spoke(&self, sample: SampleId) -> Vec<&str> {
        self.entries.get(&sample).map_or_else(Vec::new, Entry::spoke)
    }

    /// What each annotator's label of a sample is in the audit.
    pub fn audits(&self, sample: SampleId) -> Vec<(&str, u32)> {
        self.entries.get(&sample).map_or_else(Vec::new, Entry::audits)
    }

    /// The label that somebody settled on, if somebody did.
    pub fn settled(&self, sample: SampleId) -> Option<u32> {
        self.entries.get(&sample)?.settled()
    }

    /// The samples of the audit with their labels, in ascending order. Nothing may be trained on them as such.
    pub fn audited(&self) -> Vec<(SampleId, u32)> {
        self.entries.iter().filter_map(|(&sample, entry)| Some((sample, entry.audited()?))).collect()
    }

    /// The labels of the requests of exactly this round.
    pub fn answers(&self, round: usize) -> Vec<u32> {
        self.requested(round).iter().filter_map(|&sample| self.label(sample)).collect()
    }

    /// SHA-256 of everything but the times, in hexadecimal: equal for two runs that asked and were told the same.
    pub fn hash(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }

    fn check_request(&self, sample: SampleId) -> Result<(), Error> {
        let refused = |reason: &str| Err(Error::Ledger { sample, reason: reason.to_owned() });
        if !self.members.contains(&sample) {
            return refused("is not part of the initial set or the pool");
        }
        if self.entries.contains_key(&sample) {
            return refused("was requested before");
        }
        Ok(())
    }

    /// The request that something said of a sample belongs to.
    fn entry(&self, sample: SampleId) -> Result<&Entry, Error> {
        let unknown = || Error::Ledger { sample, reason: "is answered but was never requested".to_owned() };
        self.entries.get(&sample).ok_or_else(unknown)
    }

    fn append(&mut self, rows: &[Row]) -> Result<(), Error> {
        let mut text = String::new();
        for row in rows {
            let refused = |reason| Error::Ledger { sample: row.sample, reason };
            text.push_str(&self.form.line(row).map_err(refused)?);
        }
        if text.is_empty() {
            return Ok(());
        }
        self.file.append(&text)?;
        for row in rows {
            self.apply(row);
        }
        Ok(())
    }

    /// Takes a row that has been checked into the state.
    fn apply(&mut self, row: &Row) {
        let timeless = Row { unix_ms: 0, ..row.clone() };
        self.digest.update(serde_json::to_vec(&timeless).expect("a row holds nothing that JSON cannot"));
        if row.event == Event::Requested {
            if self.requests.len() <= row.round {
                self.requests.resize(row.round + 1, Vec::new());
                self.batches.resize(row.round + 1, 0);
            }
            self.requests[row.round].push(row.sample);
            self.batches[row.round] = row.batch + 1;
            self.entries.insert(row.sample, Entry::begun_by(row));
        } else if let Some(entry) = self.entries.get_mut(&row.sample) {
            entry.apply(row);
            self.history.take(row);
        }
    }

    /// Takes the rows of a file into the state and cuts off a batch of requests at its end that is not whole.
    fn replay(&mut self, text: &str) -> Result<(), Error> {
        let expected = |header: &str| self.fault(1, format!("expected the header `{}`", header.trim_end()));
        self.form = Form::of(text).map_err(expected)?;
        let rows = self.rows(text)?;
        let whole = whole_batches(&rows);
        if let Some(cut) = rows.get(whole) {
            self.file.cut(cut.byte)?;
        }
        for Line { number, row, .. } in &rows[..whole] {
            let checked = match row.event {
                Event::Requested => self.check_request(row.sample),
                _ => self.entry(row.sample).and_then(|entry| {
                    entry.check(row).map_err(|reason| Error::Ledger { sample: row.sample, reason })
                }),
            };
            checked.map_err(|error| self.fault(*number, error.to_string()))?;
            self.apply(row);
        }
        Ok(())
    }

    fn rows(&self, text: &str) -> Result<Vec<Line>, Error> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut lines = Vec::new();
        for record in reader.records().skip(1) {
            let at = |error: &csv::Error| error.position().map_or(1, |position| position.line() as usize);
            let record = record.map_err(|error| self.fault(at(&error), error.to_string()))?;
            let (number, byte) =
                record.position().map_or((1, 0), |position| (position.line() as usize, position.byte()));
            let row = self.form.complete(record).deserialize(None);
            let row = row.map_err(|error| self.fault(number, error.to_string()))?;
            lines.push(Line { number, byte, row });
        }
        Ok(lines)
    }

    fn fault(&self, line: usize, reason: String) -> Error {
        Error::LedgerFile { path: self.path.clone(), line, reason }
    }
}

/// A row and where it stands in the file.
struct Line {
    /// Counted from 1.
    number: usize,
    /// Of its beginning.
    byte: u64,
    row: Row,
}

/// How many of the rows are left when a batch of requests at the end that is not whole is dropped.
fn whole_batches(lines: &[Line]) -> usize {
    let Some(Line { row: last, .. }) = lines.last() else { return 0 };
    if last.event != Event::Requested {
        return lines.len();
    }
    let same =
        |row: &Row| row.event == Event::Requested && row.round == last.round && row.batch == last.batch;
    let in_batch = lines.iter().rev().take_while(|line| same(&line.row)).count();
    if in_batch < last.batch_size { lines.len() - in_batch } else { lines.len() }
}

#[cfg(test)]
mod tests;
