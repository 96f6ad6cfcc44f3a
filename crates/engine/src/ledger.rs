//! Every label that was asked for, and every answer: append-only, on the disk before anybody is told.
//!
//! The file has one row for each event. A batch of requests is written as one unit whose size stands in every row;
//! a unit that a crash cut short is dropped when the ledger is opened again, because nobody was asked yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tailward_datasets::SampleId;
use tailward_experiment::record::open_append_only;

use crate::Error;

/// The ledger's file name in a run's folder.
pub const LEDGER_FILE: &str = "ledger.csv";

const HEADER: &str = "round,batch,batch_size,phase,event,sample,label,annotator,cost,unix_ms\n";

/// What happened to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Its label was asked for.
    Requested,
    /// Its label was told.
    Answered,
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
    /// What the answer cost, in units of the budget.
    pub cost: f64,
    /// When, in milliseconds since 1970 (UTC).
    pub unix_ms: u64,
}

/// A sample's place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    round: usize,
    batch: usize,
    batch_size: usize,
    phase: Option<String>,
    label: Option<u32>,
}

/// The ledger of a run.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    members: BTreeSet<SampleId>,
    entries: BTreeMap<SampleId, Entry>,
    requests: Vec<Vec<SampleId>>,
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
        let file = open_append_only(path)?;
        let mut ledger = Self {
            path: path.to_owned(),
            file,
            members: members.into_iter().collect(),
            entries: BTreeMap::new(),
            requests: Vec::new(),
            batches: Vec::new(),
            digest: Sha256::new(),
        };
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        if text.is_empty() {
            ledger.write(HEADER)?;
        } else {
            ledger.replay(&text)?;
        }
        Ok(ledger)
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
                return Err(Error::Ledger { sample, reason: "is requested twice in one batch" });
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
                cost: 0.0,
                unix_ms: now_ms(),
            })
            .collect();
        self.append(&rows)
    }

    /// Records answers. Each sample must have been requested and not answered.
    ///
    /// # Errors
    ///
    /// A sample was not requested or has its answer; the disk fails. Nothing is written if an answer is refused.
    pub fn answer(&mut self, answers: &[(SampleId, u32)], annotator: &str) -> Result<(), Error> {
        let mut rows = Vec::with_capacity(answers.len());
        let mut batch = BTreeSet::new();
        for &(sample, label) in answers {
            let Entry { round, batch: number, batch_size, phase, .. } = self.check_answer(sample)?;
            if !batch.insert(sample) {
                return Err(Error::Ledger { sample, reason: "is answered twice in one batch" });
            }
            rows.push(Row {
                round,
                batch: number,
                batch_size,
                phase,
                event: Event::Answered,
                sample,
                label: Some(label),
                annotator: Some(annotator.to_owned()),
                cost: 1.0,
                unix_ms: now_ms(),
            });
        }
        self.append(&rows)
    }

    /// Whether a sample was not asked for in `round` or before.
    pub fn is_free(&self, sample: SampleId, round: usize) -> bool {
        self.entries.get(&sample).is_none_or(|entry| entry.round > round)
    }

    /// The samples requested for `round`, in the order of the requests.
    pub fn requested(&self, round: usize) -> &[SampleId] {
        self.requests.get(round).map_or(&[], Vec::as_slice)
    }

    /// The samples requested for `round` that have no answer yet.
    pub fn unanswered(&self, round: usize) -> Vec<SampleId> {
        let waiting = |sample: &&SampleId| self.entries[sample].label.is_none();
        self.requested(round).iter().filter(waiting).copied().collect()
    }

    /// The labelled set that the model of `round` learns from, in ascending order: everything answered for this
    /// round or an earlier one.
    pub fn labelled(&self, round: usize) -> Vec<(SampleId, u32)> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.round <= round)
            .filter_map(|(&sample, entry)| entry.label.map(|label| (sample, label)))
            .collect()
    }

    /// The label of a sample, if it was told.
    pub fn label(&self, sample: SampleId) -> Option<u32> {
        self.entries.get(&sample)?.label
    }

    /// The labels told for the requests of exactly this round.
    pub fn answers(&self, round: usize) -> Vec<u32> {
        self.requested(round).iter().filter_map(|sample| self.entries[sample].label).collect()
    }

    /// SHA-256 of everything but the times, in hexadecimal: equal for two runs that asked and were told the same.
    pub fn hash(&self) -> String {
        self.digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn check_request(&self, sample: SampleId) -> Result<(), Error> {
        if !self.members.contains(&sample) {
            return Err(Error::Ledger { sample, reason: "is not part of the initial set or the pool" });
        }
        if self.entries.contains_key(&sample) {
            return Err(Error::Ledger { sample, reason: "was requested before" });
        }
        Ok(())
    }

    /// The request that the answer belongs to.
    fn check_answer(&self, sample: SampleId) -> Result<Entry, Error> {
        match self.entries.get(&sample) {
            None => Err(Error::Ledger { sample, reason: "is answered but was never requested" }),
            Some(Entry { label: Some(_), .. }) => Err(Error::Ledger { sample, reason: "is answered twice" }),
            Some(entry) => Ok(entry.clone()),
        }
    }

    fn append(&mut self, rows: &[Row]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        for row in rows {
            // Spelled out: a column that is empty is still a column.
            let Row { round, batch, batch_size, phase, event, sample, label, annotator, cost, unix_ms } = row;
            let columns = (round, batch, batch_size, phase, event, sample, label, annotator, cost, unix_ms);
            writer.serialize(columns).expect("a row is flat");
        }
        let text = writer.into_inner().expect("a vector takes every byte");
        let text = String::from_utf8(text).expect("rows are text");
        self.write(&text)?;
        for row in rows {
            self.apply(row);
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        self.file.write_all(text.as_bytes()).map_err(Error::io(&self.path))?;
        self.file.sync_data().map_err(Error::io(&self.path))
    }

    /// Takes a row that has been checked into the state.
    fn apply(&mut self, row: &Row) {
        let timeless = Row { unix_ms: 0, ..row.clone() };
        self.digest.update(serde_json::to_vec(&timeless).expect("a row holds nothing that JSON cannot"));
        match row.event {
            Event::Requested => {
                if self.requests.len() <= row.round {
                    self.requests.resize(row.round + 1, Vec::new());
                    self.batches.resize(row.round + 1, 0);
                }
                self.requests[row.round].push(row.sample);
                self.batches[row.round] = row.batch + 1;
                let Row { round, batch, batch_size, phase, .. } = row.clone();
                self.entries.insert(row.sample, Entry { round, batch, batch_size, phase, label: None });
            }
            Event::Answered => {
                if let Some(entry) = self.entries.get_mut(&row.sample) {
                    entry.label = row.label;
                }
            }
        }
    }

    /// Takes the rows of a file into the state and cuts off a batch of requests at its end that is not whole.
    fn replay(&mut self, text: &str) -> Result<(), Error> {
        let Some(body) = text.strip_prefix(HEADER) else {
            return Err(self.fault(1, format!("expected the header `{}`", HEADER.trim_end())));
        };
        let mut rows: Vec<(Row, usize)> = Vec::new();
        let mut offset = HEADER.len();
        for (index, line) in body.split_inclusive('\n').enumerate() {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let row: Row = match reader.deserialize().next() {
                Some(Ok(row)) => row,
                Some(Err(error)) => return Err(self.fault(index + 2, error.to_string())),
                None => return Err(self.fault(index + 2, "is empty".to_owned())),
            };
            rows.push((row, offset));
            offset += line.len();
        }
        let whole = whole_batches(&rows);
        if let Some(&(_, cut)) = rows.get(whole) {
            self.file.set_len(cut as u64).map_err(Error::io(&self.path))?;
            // The next write must not leave a hole.
            self.file = open_append_only(&self.path)?;
        }
        for (index, (row, _)) in rows[..whole].iter().enumerate() {
            let checked = match row.event {
                Event::Requested => self.check_request(row.sample),
                Event::Answered => self.check_answer(row.sample).map(drop),
            };
            checked.map_err(|error| self.fault(index + 2, error.to_string()))?;
            self.apply(row);
        }
        Ok(())
    }

    fn fault(&self, line: usize, reason: String) -> Error {
        Error::LedgerFile { path: self.path.clone(), line, reason }
    }
}

/// How many of the rows are left when a batch of requests at the end that is not whole is dropped.
fn whole_batches(rows: &[(Row, usize)]) -> usize {
    let Some((last, _)) = rows.last() else { return 0 };
    if last.event != Event::Requested {
        return rows.len();
    }
    let same =
        |row: &Row| row.event == Event::Requested && row.round == last.round && row.batch == last.batch;
    let in_batch = rows.iter().rev().take_while(|(row, _)| same(row)).count();
    if in_batch < last.batch_size { rows.len() - in_batch } else { rows.len() }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(samples: &[u32]) -> Vec<SampleId> {
        samples.iter().map(|&sample| SampleId(sample)).collect()
    }

    fn begun(folder: &Path) -> Ledger {
        let mut ledger = Ledger::open(&folder.join(LEDGER_FILE), (0..10).map(SampleId)).unwrap();
        ledger.request(0, &ids(&[3, 1]), None).unwrap();
        ledger.answer(&[(SampleId(1), 7), (SampleId(3), 5)], "test").unwrap();
        ledger
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = begun(folder.path());
        ledger.request(1, &ids(&[9, 2]), None).unwrap();
        ledger.answer(&[(SampleId(2), 0)], "test").unwrap();
        let again = Ledger::open(&folder.path().join(LEDGER_FILE), (0..10).map(SampleId)).unwrap();
        assert_eq!(again.requested(0), ids(&[3, 1]));
        assert_eq!(again.unanswered(1), ids(&[9]));
        assert_eq!(again.labelled(0), [(SampleId(1), 7), (SampleId(3), 5)]);
        assert_eq!(again.labelled(1), [(SampleId(1), 7), (SampleId(2), 0), (SampleId(3), 5)]);
        assert_eq!(again.hash(), ledger.hash());
        assert!(
            !again.is_free(SampleId(9), 1) && again.is_free(SampleId(9), 0) && again.is_free(SampleId(4), 9)
        );
    }

    #[test]
    fn over_spending_and_strangers_are_refused_and_leave_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = begun(folder.path());
        let before = std::fs::read(folder.path().join(LEDGER_FILE)).unwrap();
        for (samples, reason) in [
            (ids(&[4, 1]), "was requested before"),
            (ids(&[4, 4]), "is requested twice in one batch"),
            (ids(&[10]), "is not part of the initial set or the pool"),
        ] {
            let error = ledger.request(1, &samples, None).unwrap_err().to_string();
            assert!(error.ends_with(reason), "{error}");
        }
        for (sample, reason) in [(1, "is answered twice"), (4, "is answered but was never requested")] {
            let error = ledger.answer(&[(SampleId(sample), 0)], "test").unwrap_err().to_string();
            assert!(error.ends_with(reason), "{error}");
        }
        assert_eq!(std::fs::read(folder.path().join(LEDGER_FILE)).unwrap(), before);
    }

    /// Cut the file after every byte: it always opens, and what it holds is a prefix of what was written.
    #[test]
    fn a_file_cut_anywhere_opens_and_can_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LEDGER_FILE);
        let mut ledger = begun(folder.path());
        ledger.request(1, &ids(&[9, 2, 5]), None).unwrap();
        drop(ledger);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            if length > 0 && length < HEADER.len() {
                // Only the header can be cut to something that is not a prefix of rows.
                let mut ledger = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
                assert!(ledger.labelled(9).is_empty());
                ledger.request(0, &ids(&[1]), None).unwrap();
                continue;
            }
            let mut ledger = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
            assert!(ledger.requested(1).is_empty(), "a batch that is not whole was never asked");
            let asked = ledger.requested(0).to_vec();
            assert!(asked.is_empty() || asked == ids(&[3, 1]));
            ledger.request(1, &ids(&[9, 2, 5]), None).unwrap();
            drop(ledger);
            let again = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
            assert_eq!(again.requested(1), ids(&[9, 2, 5]));
        }
    }

    /// Cut the file after every byte and do again what is missing: the ledger is the one that was never cut.
    #[test]
    fn a_file_cut_anywhere_ends_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LEDGER_FILE);
        let finish = || {
            let mut ledger = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
            for (round, samples) in [(0, ids(&[3, 1])), (1, ids(&[9, 2, 5]))] {
                if ledger.requested(round).is_empty() {
                    ledger.request(round, &samples, None).unwrap();
                }
                let answers: Vec<_> =
                    ledger.unanswered(round).into_iter().map(|sample| (sample, sample.0 % 3)).collect();
                ledger.answer(&answers, "test").unwrap();
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let timeless: Vec<String> =
                text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect();
            (timeless, ledger.hash())
        };
        let expected = finish();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(finish(), expected, "cut after {length} bytes");
        }
    }

    #[test]
    fn a_damaged_row_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LEDGER_FILE);
        drop(begun(folder.path()));
        let text = std::fs::read_to_string(&path).unwrap();
        for (damaged, expected) in [
            (text.replacen("requested,3", "requested,x", 1), ":2: "),
            (text.replacen("requested,1", "requested,3", 1), ":3: "),
            (text.replacen("round", "rnd", 1), ":1: expected the header"),
        ] {
            std::fs::write(&path, damaged).unwrap();
            let error = Ledger::open(&path, (0..10).map(SampleId)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
