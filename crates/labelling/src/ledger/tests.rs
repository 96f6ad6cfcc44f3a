//! The ledger on the disk, cut, damaged and read back.

use std::path::Path;

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
    assert!(!again.is_free(SampleId(9), 1) && again.is_free(SampleId(9), 0) && again.is_free(SampleId(4), 9));
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
    for (sample, reason) in
        [(1, "sample 1 is answered twice by test"), (4, "sample 4 is answered but was never requested")]
    {
        let error = ledger.answer(&[(SampleId(sample), 0)], "test").unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
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
        if length > 0 && length < Form::Second.header().len() {
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

/// What simulated runs wrote before there were people: the same text, the same state, the same hash.
#[test]
fn the_first_form_reads_and_hashes_as_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LEDGER_FILE);
    let text = "round,batch,batch_size,phase,event,sample,label,annotator,cost,unix_ms\n\
                0,0,2,,requested,3,,,0.0,1000\n0,0,2,,requested,1,,,0.0,1000\n\
                0,0,2,,answered,1,7,simulated,1.0,1001\n0,0,2,,answered,3,5,simulated,1.0,1002\n\
                1,0,1,reduce,requested,9,,,0.0,1003\n";
    std::fs::write(&path, text).unwrap();
    let mut ledger = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
    assert_eq!(ledger.labelled(0), [(SampleId(1), 7), (SampleId(3), 5)]);
    assert_eq!(ledger.hash(), "77db4dda8c468848f1ae71ea98a2f309c2c2a2d7ed5ffb42050b80982156e500");
    // It goes on in the form that it has, and what that has no place for is refused.
    ledger.answer(&[(SampleId(9), 2)], "simulated").unwrap();
    let said = Told { how: Some("grid"), ..told(Event::Corrected, 9, Some(3), "simulated") };
    let error = ledger.tell(&[said]).unwrap_err().to_string();
    assert!(error.contains("columns for how and note"), "{error}");
    let last = std::fs::read_to_string(&path).unwrap().lines().last().unwrap().to_owned();
    assert!(last.starts_with("1,0,1,reduce,answered,9,2,simulated,1.0,"), "{last}");
    assert_eq!(Ledger::open(&path, (0..10).map(SampleId)).unwrap().hash(), ledger.hash());
}

fn told(event: Event, sample: u32, label: Option<u32>, annotator: &str) -> Told<'_> {
    Told { event, sample: SampleId(sample), label, annotator, how: None, cost: 0.0, note: None }
}

#[test]
fn a_label_is_what_the_rows_come_to() {
    use Event::{Answered, Audited, Corrected, Invalid, Settled, Skipped, Undone, Unsure};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LEDGER_FILE);
    let mut ledger = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
    ledger.request(0, &ids(&[1]), None).unwrap();
    for (event, label, annotator, expected) in [
        (Skipped, None, "ann", Standing::Skipped),
        (Corrected, Some(4), "ann", Standing::Labelled(4)),
        (Corrected, Some(5), "ann", Standing::Labelled(5)),
        (Undone, None, "ann", Standing::Labelled(4)),
        (Unsure, None, "bob", Standing::Labelled(4)),
        (Corrected, Some(6), "bob", Standing::Disputed),
        (Settled, Some(6), "cleo", Standing::Labelled(6)),
        (Audited, Some(2), "dora", Standing::Labelled(6)),
        (Undone, None, "cleo", Standing::Disputed),
        (Undone, None, "bob", Standing::Labelled(4)),
        (Undone, None, "bob", Standing::Labelled(4)),
        (Undone, None, "ann", Standing::Skipped),
        (Undone, None, "ann", Standing::Audited),
        (Undone, None, "dora", Standing::Waiting),
        (Invalid, None, "ann", Standing::Invalid),
        (Answered, Some(3), "bob", Standing::Labelled(3)),
    ] {
        ledger.tell(&[told(event, 1, label, annotator)]).unwrap();
        assert_eq!(ledger.standing(SampleId(1)), Some(expected), "{event:?} by {annotator}");
        let again = Ledger::open(&path, (0..10).map(SampleId)).unwrap();
        assert_eq!(again.standing(SampleId(1)), Some(expected), "read back after {event:?} by {annotator}");
        assert_eq!(again.hash(), ledger.hash());
    }
}

#[test]
fn what_does_not_follow_is_refused_whole() {
    use Event::{Answered, Audited, Corrected, Requested, Skipped, Undone};
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = begun(folder.path());
    ledger.request(1, &ids(&[9]), None).unwrap();
    let before = std::fs::read(folder.path().join(LEDGER_FILE)).unwrap();
    for (said, words) in [
        (told(Corrected, 9, Some(1), "ann"), "sample 9 is corrected by ann, who has said nothing of it"),
        (told(Undone, 9, None, "ann"), "sample 9 has nothing that ann could take back"),
        (told(Answered, 9, None, "ann"), "sample 9 is answered with no label"),
        (told(Skipped, 9, Some(1), "ann"), "sample 9 is skipped with a label"),
        (told(Skipped, 1, None, "test"), "sample 1 is answered twice by test"),
        (told(Requested, 9, None, "ann"), "sample 9 was requested before"),
        (Told { note: Some("two\nlines"), ..told(Skipped, 9, None, "ann") }, "one line for each row"),
    ] {
        // The first is right; none of the two may be kept.
        let error = ledger.tell(&[told(Audited, 9, Some(0), "zoe"), said]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(ledger.standing(SampleId(9)), Some(Standing::Waiting));
        assert_eq!(std::fs::read(folder.path().join(LEDGER_FILE)).unwrap(), before);
    }
}

#[test]
fn how_and_what_was_noted_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = begun(folder.path());
    ledger.request(1, &ids(&[9]), None).unwrap();
    let said = Told {
        how: Some("grid"),
        note: Some("a \"lynx\", or a cat"),
        ..told(Event::Answered, 9, Some(1), "ann")
    };
    ledger.tell(&[said]).unwrap();
    let text = std::fs::read_to_string(folder.path().join(LEDGER_FILE)).unwrap();
    assert!(text.contains(r#",answered,9,1,ann,grid,0.0,"a ""lynx"", or a cat","#), "{text}");
    assert_eq!(
        Ledger::open(&folder.path().join(LEDGER_FILE), (0..10).map(SampleId)).unwrap().hash(),
        ledger.hash()
    );
}
