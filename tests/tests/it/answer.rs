//! `tailward query --state` and `tailward answer`: a person in the place of the oracle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use ndarray::Array2;
use ndarray_npy::write_npy;

use crate::fixture::tailward;

pub(crate) const SAMPLES: usize = 60;

/// Sample i is of class 0 up to 14, and so says the model, less and less surely.
fn probabilities() -> Array2<f32> {
    Array2::from_shape_fn((SAMPLES, 2), |(sample, class)| {
        let p = (SAMPLES - sample) as f32 / (SAMPLES + 1) as f32;
        if class == 0 { p } else { 1.0 - p }
    })
}

pub(crate) fn truth(sample: usize) -> usize {
    usize::from(sample >= 14)
}

pub(crate) struct Person {
    folder: tempfile::TempDir,
}

impl Person {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_npy(folder.path().join("p.npy"), &probabilities()).unwrap();
        std::fs::write(folder.path().join("labels.csv"), "index,label\n0,0\n59,1\n").unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn begin(&self, strategy: &[&str]) -> Output {
        let mut command = tailward();
        command.arg("query").arg("--probabilities").arg(self.path("p.npy"));
        command.arg("--labels").arg(self.path("labels.csv")).args(["--budget", "20"]).args(strategy);
        command.arg("--state").arg(self.path("query.json")).output().unwrap()
    }

    pub(crate) fn answer(&self, rows: &str) -> Output {
        std::fs::write(self.path("answers.csv"), format!("index,label\n{rows}")).unwrap();
        let mut command = tailward();
        command.arg("answer").arg("--state").arg(self.path("query.json")).arg(self.path("answers.csv"));
        command.output().unwrap()
    }
}

pub(crate) fn asked(output: &Output) -> Vec<usize> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect()
}

/// Everything that is asked for when each ask is answered at once.
fn at_once(strategy: &[&str]) -> Vec<usize> {
    let person = Person::new();
    let mut all = Vec::new();
    let mut next = asked(&person.begin(strategy));
    while !next.is_empty() {
        let rows: String = next.iter().map(|&sample| format!("{sample},{}\n", truth(sample))).collect();
        all.append(&mut next);
        next = asked(&person.answer(&rows));
    }
    all
}

#[test]
fn a_person_may_answer_in_any_order_and_one_by_one() {
    for strategy in [
        &["--strategy", "direct", "--parallel", "3"][..],
        &["--strategy", "direct", "--parallel", "4", "--set", "mode.labelbench.min_budget_per_class=60"],
        &["--strategy", "galaxy"],
        &["--strategy", "galaxy", "--mode", "labelbench"],
        &["--strategy", "margin"],
    ] {
        let expected = at_once(strategy);
        assert_eq!(expected.len(), 20, "{strategy:?}");
        let person = Person::new();
        let mut all = Vec::new();
        let mut next = asked(&person.begin(strategy));
        while !next.is_empty() {
            all.extend_from_slice(&next);
            let mut last = Vec::new();
            for (told, &sample) in next.iter().rev().enumerate() {
                let output = person.answer(&format!("{sample},{}\n", truth(sample)));
                last = asked(&output);
                let waiting = &next[..next.len() - told - 1];
                assert!(
                    waiting.is_empty() || last == waiting,
                    "{strategy:?} lists {last:?}, not {waiting:?}"
                );
            }
            next = last;
        }
        assert_eq!(all, expected, "{strategy:?}");
        let output = person.answer("");
        assert!(asked(&output).is_empty());
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("all 20 samples of the budget are answered")
        );
    }
}

/// GALAXY finds where the classes meet; a sample without a label is not asked for again.
#[test]
fn a_sample_without_a_label_is_not_asked_for_again() {
    let person = Person::new();
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next = asked(&person.begin(&["--strategy", "galaxy"]));
    while let [sample] = next[..] {
        *seen.entry(sample).or_default() += 1;
        let label = if sample % 5 == 0 { String::new() } else { truth(sample).to_string() };
        next = asked(&person.answer(&format!("{sample},{label}\n")));
    }
    assert!(seen.len() == 20 && seen.values().all(|&count| count == 1), "{seen:?}");
    assert!(seen.contains_key(&13) && seen.contains_key(&14), "{seen:?}");
}

#[test]
fn wrong_answers_are_refused_with_their_line_and_nothing_is_lost() {
    let person = Person::new();
    let first = asked(&person.begin(&["--strategy", "direct", "--parallel", "3"]));
    let state = std::fs::read(person.path("query.json")).unwrap();
    let (one, other) = (first[0], first[1]);
    let never = (0..SAMPLES).find(|sample| !first.contains(sample)).unwrap();
    for (rows, words) in [
        (format!("{one},0\n{never},1\n"), format!("line 3: sample {never} does not wait for an answer")),
        (format!("{one},0\n{one},0\n"), format!("line 3: sample {one} is given twice, first in line 2")),
        (
            format!("{other},2\n"),
            format!("line 2: label 2 of sample {other} is not one of the 2 classes (0 to 1)"),
        ),
        (format!("{other},cat\n"), format!("line 2: label `cat` of sample {other}")),
        ("77777,0\n".to_owned(), "line 2: index 77777 is not a row of the 60 samples".to_owned()),
    ] {
        let output = person.answer(&rows);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{error}");
        assert!(error.contains(&words) && error.contains("answers.csv"), "{error}");
        assert_eq!(std::fs::read(person.path("query.json")).unwrap(), state, "nothing changed");
    }
    std::fs::write(person.path("query.json"), &state[..state.len() / 2]).unwrap();
    let output = person.answer(&format!("{one},0\n"));
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("query.json"));
}

#[test]
fn a_strategy_that_asks_again_needs_a_place_for_its_state() {
    let person = Person::new();
    let without = |path: &Path| {
        let mut command = tailward();
        command.arg("query").arg("--probabilities").arg(path).args(["--strategy", "galaxy", "--budget", "3"]);
        command.output().unwrap()
    };
    let output = without(&person.path("p.npy"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--state, for it asks more than once"));
}

/// Without an array that says how many classes there are, no answer could be checked.
#[test]
fn a_state_needs_to_know_the_classes() {
    let person = Person::new();
    write_npy(person.path("e.npy"), &probabilities()).unwrap();
    let begun = |array: &str, file: &str| {
        let mut command = tailward();
        command.arg("query").arg(array).arg(person.path(file)).args([
            "--strategy",
            "random",
            "--budget",
            "3",
        ]);
        command.arg("--state").arg(person.path("query.json")).output().unwrap()
    };
    let output = begun("--embeddings", "e.npy");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("an array with classes beside --state"));
    assert!(!person.path("query.json").exists());
    let rows = asked(&begun("--probabilities", "p.npy"));
    assert!(asked(&person.answer(&format!("{},1\n{},0\n{},1\n", rows[0], rows[1], rows[2]))).is_empty());
}
