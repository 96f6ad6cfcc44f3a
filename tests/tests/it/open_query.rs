//! The file of a query that a person answers: nothing in it is ever lost, whoever works on it and whatever fails.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tailward_labelling::Patience;

use crate::answer::{Person, SAMPLES, asked, truth};
use crate::fixture::tailward;

const DIRECT: [&str; 4] = ["--strategy", "direct", "--parallel", "5"];

fn command(person: &Person, arguments: &[&str]) -> Command {
    let mut command = tailward();
    command.current_dir(person.path("")).arg("answer").args(["--state", "query.json"]).args(arguments);
    command
}

fn run(person: &Person, arguments: &[&str]) -> (Option<i32>, String, String) {
    told(&command(person, arguments).output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn state(person: &Person) -> Vec<u8> {
    std::fs::read(person.path("query.json")).unwrap()
}

fn labels(person: &Person) -> Vec<(usize, usize)> {
    let (code, csv, stderr) = run(person, &["--export", "-"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(csv.starts_with("index,label"), "{csv}");
    let pair = |line: &str| {
        let mut cells = line.split(',').map(|cell| cell.parse().unwrap());
        (cells.next().unwrap(), cells.next().unwrap())
    };
    csv.lines().skip(1).map(pair).collect()
}

#[test]
fn what_waits_can_be_listed_at_any_time() {
    let person = Person::new();
    let begun = person.begin(&DIRECT);
    let first = asked(&begun);
    assert!(first.len() >= 2);
    let before = state(&person);
    let listed = command(&person, &[]).output().unwrap();
    assert_eq!(listed.stdout, begun.stdout, "the same rows in the same form");
    assert_eq!(state(&person), before, "a look changes nothing");
    // Part of the answers: what is left stays listed, in the file of --out, too.
    std::fs::write(person.path("a.csv"), format!("index,label\n{},1\n", first[0])).unwrap();
    let (code, _, stderr) = run(&person, &["--out", "ask.csv", "a.csv"]);
    assert_eq!(code, Some(0), "{stderr}");
    let ask = std::fs::read_to_string(person.path("ask.csv")).unwrap();
    assert_eq!(ask.lines().count(), first.len(), "{ask}");
    assert!(ask.contains(&format!(",{},", first[1])), "{ask}");
    let (code, json, _) = run(&person, &["--json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, value["waiting"].as_array().unwrap().len()), (Some(0), first.len() - 1));
}

#[test]
fn an_output_that_cannot_be_written_leaves_the_state_and_the_answers_can_come_again() {
    let person = Person::new();
    let first = asked(&person.begin(&DIRECT));
    let rows: String = first.iter().map(|&sample| format!("{sample},{}\n", truth(sample))).collect();
    std::fs::write(person.path("a.csv"), format!("index,label\n{rows}")).unwrap();
    let before = state(&person);
    let mut places = vec!["missing/ask.csv", "."];
    if Path::new("/dev/full").exists() {
        places.push("/dev/full");
    }
    for out in places {
        let (code, _, stderr) = run(&person, &["--out", out, "a.csv"]);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("cannot be written"), "{stderr}");
        assert_eq!(state(&person), before);
    }
    assert_eq!(run(&person, &["--export", "missing/l.csv", "a.csv"]).0, Some(1));
    assert_eq!(state(&person), before);
    let taken = command(&person, &["a.csv"]).output().unwrap();
    let next = asked(&taken);
    assert!(!next.is_empty());
    // The same once more: nothing is lost, nothing is counted twice.
    let again = command(&person, &["a.csv"]).output().unwrap();
    assert_eq!(again.stdout, taken.stdout);
    let known = format!("0 answers taken ({} known already)", first.len());
    assert!(String::from_utf8_lossy(&again.stderr).contains(&known));
}

#[test]
fn a_query_does_not_take_the_place_of_another() {
    let person = Person::new();
    let begun = person.begin(&DIRECT);
    let first = asked(&begun);
    let unanswered = state(&person);
    // The same again lists the same; another question is refused.
    assert_eq!(person.begin(&DIRECT).stdout, begun.stdout);
    let (code, _, stderr) = told(&person.begin(&["--strategy", "galaxy"]));
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("another query") && stderr.contains("query.json"), "{stderr}");
    assert_eq!(state(&person), unanswered);
    person.answer(&format!("{},1\n", first[0]));
    let answered = state(&person);
    for strategy in [&DIRECT[..], &["--strategy", "galaxy"]] {
        let (code, _, stderr) = told(&person.begin(strategy));
        assert_eq!(code, Some(5), "{stderr}");
        assert!(stderr.contains("it holds 1 answers") && stderr.contains("--export"), "{stderr}");
        assert_eq!(state(&person), answered);
    }
    // Nor the place of anything else, but of a file that has only a name.
    std::fs::write(person.path("query.json"), "my notes").unwrap();
    assert_eq!(person.begin(&DIRECT).status.code(), Some(5));
    assert_eq!(state(&person), b"my notes");
    std::fs::write(person.path("query.json"), "").unwrap();
    assert_eq!(asked(&person.begin(&DIRECT)), first);
}

#[test]
fn an_answer_can_be_corrected_and_all_labels_be_had() {
    let person = Person::new();
    let first = asked(&person.begin(&["--strategy", "margin"]));
    person.answer(&format!("{},0\n{},skip\n", first[0], first[1]));
    let mut expected = vec![(0, 0), (first[0], 0), (SAMPLES - 1, 1)];
    expected.sort_unstable();
    assert_eq!(labels(&person), expected);
    let before = state(&person);
    let (code, _, stderr) = told(&person.answer(&format!("{},1\n", first[0])));
    assert_eq!(code, Some(3));
    let words =
        format!("line 2: sample {} was answered with label 0 before, not label 1; give --correct", first[0]);
    assert!(stderr.contains(&words), "{stderr}");
    assert_eq!(state(&person), before);
    let (code, _, stderr) = run(&person, &["--correct", "answers.csv"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("0 answers taken (1 corrected)"), "{stderr}");
    assert!(labels(&person).contains(&(first[0], 1)));
    // What was exported is a table for --labels.
    assert_eq!(run(&person, &["--export", "all.csv"]).0, Some(0));
    let output = tailward()
        .current_dir(person.path(""))
        .args(["query", "--strategy", "entropy", "--probabilities", "p.npy", "--budget", "3"])
        .args(["--labels", "all.csv"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("(3 labelled"), "{output:?}");
}

#[test]
fn a_file_that_was_asked_from_is_a_file_of_answers() {
    let person = Person::new();
    let begun = person.begin(&DIRECT);
    let (first, ask) = (asked(&begun), String::from_utf8(begun.stdout).unwrap());
    let fill = |label: &dyn Fn(usize) -> &'static str| -> String {
        let rows = ask.lines().enumerate().map(|(row, line)| match row {
            0 => format!("{line},label,annotator\n"),
            _ => format!("{line},{},me\n", label(row)),
        });
        rows.collect()
    };
    // Half filled in, the rest waits; then all of it, which has the first half once more.
    std::fs::write(person.path("ask.csv"), fill(&|row| if row == 1 { "1" } else { "" })).unwrap();
    let output = command(&person, &["ask.csv"]).output().unwrap();
    assert_eq!(asked(&output), first[1..]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("not filled in yet"));
    std::fs::write(person.path("ask.csv"), fill(&|_| "1")).unwrap();
    let (code, _, stderr) = run(&person, &["ask.csv"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("1 known already"), "{stderr}");
    let (_, csv, _) = run(&person, &["--export", "-"]);
    assert!(csv.contains(&format!("{},1,me", first[0])), "{csv}");
}

#[test]
fn answers_of_many_processes_at_once_are_all_taken() {
    let person = Person::new();
    let first = asked(&person.begin(&["--strategy", "margin"]));
    let children: Vec<_> = first[..8]
        .iter()
        .map(|sample| {
            let file = format!("{sample}.csv");
            std::fs::write(person.path(&file), format!("index,label\n{sample},{}\n", truth(*sample)))
                .unwrap();
            let mut command = command(&person, &[&file]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let expected: BTreeSet<(usize, usize)> =
        first[..8].iter().map(|&sample| (sample, truth(sample))).chain([(0, 0), (SAMPLES - 1, 1)]).collect();
    assert_eq!(labels(&person).into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn who_comes_second_waits_and_says_for_whom() {
    let person = Person::new();
    let first = asked(&person.begin(&DIRECT));
    std::fs::write(person.path("a.csv"), format!("index,label\n{},1\n", first[0])).unwrap();
    let held = tailward_labelling::Lock::file(&person.path("query.json"), Patience::Refuse).unwrap();
    let before = state(&person);
    let mut child =
        command(&person, &["a.csv"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = lines.next().unwrap().unwrap();
    assert!(
        waits.contains(&format!("waiting for another process (process {} on ", std::process::id())),
        "{waits}"
    );
    assert!(waits.contains("query.json"), "{waits}");
    assert_eq!(state(&person), before);
    // A look need not wait.
    assert_eq!(asked(&command(&person, &[]).output().unwrap()), first);
    drop(held);
    assert!(lines.any(|line| line.unwrap().contains("1 answers taken")));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_state_that_was_changed_by_hand_is_refused_and_left_alone() {
    let person = Person::new();
    let first = asked(&person.begin(&DIRECT));
    let good = state(&person);
    std::fs::write(person.path("a.csv"), format!("index,label\n{},1\n", first[0])).unwrap();
    type Change = fn(&mut serde_json::Value);
    let changes: [(Change, &str); 5] = [
        (|state| state["predicted"].as_array_mut().unwrap().truncate(1), "`predicted` has 1 entries"),
        (|state| state["unlabelled"].as_array_mut().unwrap().truncate(1), "does not fit itself"),
        (|state| state["conversation"]["told"]["labels"].as_array_mut().unwrap().truncate(1), "checksum"),
        (
            |state| state["conversation"]["course"] = serde_json::json!({}),
            "does not hold a query, or is damaged",
        ),
        (|state| drop(state.as_object_mut().unwrap().remove("format")), "an earlier version"),
    ];
    for (change, words) in changes {
        let mut value = serde_json::from_slice(&good).unwrap();
        change(&mut value);
        let bad = serde_json::to_vec_pretty(&value).unwrap();
        std::fs::write(person.path("query.json"), &bad).unwrap();
        for arguments in [&["a.csv"][..], &[], &["--export", "-"]] {
            let (code, stdout, stderr) = run(&person, arguments);
            assert_eq!(code, Some(3), "{stderr}");
            assert!(stderr.contains(words) && stdout.is_empty(), "{stderr}");
            assert_eq!(state(&person), bad);
        }
    }
    std::fs::remove_file(person.path("query.json")).unwrap();
    let (code, _, stderr) = run(&person, &["a.csv"]);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("there is no such file"), "{stderr}");
    assert!(!person.path("query.json").exists());
}
