//! Records: what a crash leaves, what is refused and where, and that a writer only ever appends.

use std::fs;
use std::path::Path;

use tailward_experiment::record::{Line, Record, RecordWriter};

use crate::fixture::Shape;

/// The lines of a small complete record: header, round, query, round, end.
fn lines() -> Vec<Line> {
    let shape = Shape { rounds: 1, seeds: 1, ..Shape::default() };
    let record = shape.records().swap_remove(2);
    vec![
        Line::Header(Box::new(record.header)),
        Line::Round(Box::new(record.rounds[0].clone())),
        Line::Query(Box::new(record.queries[0].clone())),
        Line::Round(Box::new(record.rounds[1].clone())),
        Line::Complete(record.complete.unwrap()),
    ]
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect()
}

fn parse(text: &str) -> Result<Option<Record>, String> {
    Record::parse(text, Path::new("record.jsonl")).map_err(|error| error.to_string())
}

#[test]
fn a_record_is_read_back_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    let mut writer = RecordWriter::open(&path).unwrap();
    for line in lines() {
        writer.append(&line).unwrap();
    }
    let record = Record::load(&path).unwrap().unwrap();
    assert!(record.is_complete());
    assert_eq!((record.rounds.len(), record.queries.len()), (2, 1));
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&lines()));
}

#[test]
fn what_is_not_there_is_no_record() {
    assert_eq!(Record::load(Path::new("no/such/record.jsonl")).unwrap(), None);
    assert_eq!(parse("").unwrap(), None);
    let header = text(&lines()[..1]);
    assert_eq!(parse(&header[..header.len() - 1]).unwrap(), None, "a torn header");
}

/// A crash can leave any part of the last line; what is before it stands.
#[test]
fn a_torn_last_line_is_no_part_of_the_record() {
    let whole = text(&lines());
    let before = text(&lines()[..4]);
    for cut in [1, 10, whole.len() - before.len() - 1] {
        let record = parse(&whole[..before.len() + cut]).unwrap().unwrap();
        assert_eq!(record.rounds.len(), 2);
        assert!(!record.is_complete());
    }
}

#[test]
fn a_line_torn_inside_a_character_is_only_torn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    let mut bytes = text(&lines()[..2]).into_bytes();
    bytes.extend_from_slice(&"{\"line\":\"ü".as_bytes()[..10]);
    assert!(std::str::from_utf8(&bytes).is_err());
    fs::write(&path, bytes).unwrap();
    assert_eq!(Record::load(&path).unwrap().unwrap().rounds.len(), 1);
}

#[test]
fn garbage_is_refused_with_its_line() {
    let good = text(&lines()[..2]);
    for garbage in ["{\"line\": \"round\"}\n", "not json\n", "\n", "{\"line\": \"colour\"}\n"] {
        let message = parse(&format!("{good}{garbage}")).unwrap_err();
        assert!(message.starts_with("record.jsonl:3: "), "{garbage}: {message}");
    }
    let unknown = good.replacen("\"parameters\":", "\"colour\":3,\"parameters\":", 1);
    let message = parse(&unknown).unwrap_err();
    assert!(message.starts_with("record.jsonl:1: ") && message.contains("colour"), "{message}");
}

/// The format is looked at before keys that it may have changed, and the first one is not written.
#[test]
fn a_later_format_is_refused_in_a_sentence() {
    let header = text(&lines()[..1]);
    assert!(!header.contains("\"format\""), "{header}");
    let with = |format: &str| header.replacen("\"definition\":", &format!("{format},\"definition\":"), 1);
    assert_eq!(parse(&with("\"format\":1")), parse(&header));
    let message = parse(&with("\"format\":2,\"a key of later times\":3")).unwrap_err();
    assert_eq!(
        message,
        "record.jsonl:1: the record has format 2, and this version of Tailward reads formats up to 1: read it with a later \
         version"
    );
}

#[test]
fn lines_out_of_order_are_refused() {
    let all = lines();
    let order =
        |indices: &[usize]| -> Vec<Line> { indices.iter().map(|&index| all[index].clone()).collect() };
    for (indices, line, reason) in [
        (vec![1], 1, "the first line is not a header"),
        (vec![0, 0], 2, "a second header"),
        (vec![0, 2], 2, "a query out of order"),
        (vec![0, 3], 2, "a round out of order"),
        (vec![0, 1, 1], 3, "a round out of order"),
        (vec![0, 1, 3], 3, "a round out of order"),
        (vec![0, 1, 2, 2], 4, "a query out of order"),
        (vec![0, 4], 2, "the run's end does not fit its rounds"),
        (vec![0, 1, 2, 4], 4, "the run's end does not fit its rounds"),
        (vec![0, 1, 2, 3, 4, 1], 6, "a line follows the run's end"),
    ] {
        let message = parse(&text(&order(&indices))).unwrap_err();
        assert_eq!(message, format!("record.jsonl:{line}: {reason}"));
    }
}

/// A sweep follows the first model, once, and only where the definition asks for one.
#[test]
fn a_sweep_has_its_place() {
    let strategies = vec!["entropy-cb"];
    let shape = Shape { rounds: 0, seeds: 1, strategies, lambdas: vec![0.0, 1.0], ..Shape::default() };
    let record = shape.records().swap_remove(0);
    let (header, round) =
        (Line::Header(Box::new(record.header.clone())), Line::Round(Box::new(record.rounds[0].clone())));
    let sweep = Line::Sweep(Box::new(record.sweep.clone().unwrap()));
    let end = Line::Complete(record.complete.clone().unwrap());
    let whole = [header.clone(), round.clone(), sweep.clone(), end.clone()];
    assert_eq!(parse(&text(&whole)).unwrap().unwrap(), record);
    let plain = lines();
    for (lines, line, reason) in [
        (vec![header.clone(), sweep.clone()], 2, "a sweep out of order"),
        (vec![header.clone(), round.clone(), sweep.clone(), sweep.clone()], 4, "a sweep out of order"),
        (vec![header, round, end], 3, "the run's end without its sweep"),
        (vec![plain[0].clone(), plain[1].clone(), sweep], 3, "a sweep out of order"),
    ] {
        assert_eq!(parse(&text(&lines)).unwrap_err(), format!("record.jsonl:{line}: {reason}"));
    }
}

#[test]
fn a_writer_cuts_what_a_crash_left_and_appends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    let all = lines();
    fs::write(&path, text(&all[..2]) + "{\"line\":\"que").unwrap();
    let mut writer = RecordWriter::open(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&all[..2]));
    for line in &all[2..] {
        writer.append(line).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&all));
    drop(RecordWriter::open(&path).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&all), "opening a whole record changes nothing");
}

#[test]
fn a_file_of_one_torn_line_is_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    fs::write(&path, "{\"line\":\"hea").unwrap();
    drop(RecordWriter::open(&path).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}
