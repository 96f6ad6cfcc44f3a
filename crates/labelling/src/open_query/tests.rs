use std::path::Path;

use ndarray::{Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tailward_acquisition::{GalaxyMode, Predictions, direct};

use super::*;
use crate::Error;

const SAMPLES: usize = 40;

/// Sample i is of class 1 from 13 on, and the model thinks so more and more. Samples 0 and 39 are labelled.
fn probabilities(samples: impl Iterator<Item = usize>) -> Array2<f32> {
    let rows: Vec<f32> = samples
        .map(|sample| (SAMPLES - sample) as f32 / (SAMPLES + 1) as f32)
        .flat_map(|p| [p, 1.0 - p])
        .collect();
    Array2::from_shape_vec((rows.len() / 2, 2), rows).unwrap()
}

fn query(parallel: Option<usize>) -> OpenQuery {
    let unlabelled: Vec<usize> = (1..SAMPLES - 1).collect();
    let predicted = probabilities(unlabelled.iter().copied());
    let known = probabilities([0, SAMPLES - 1].into_iter());
    let labels = [0, 1];
    let given = Predictions { unlabelled: predicted.view(), labelled: known.view(), labels: &labels };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let conversation = match parallel {
        Some(parallel) => {
            let mode = tailward_acquisition::DirectMode::Labelbench { min_budget_per_class: 60 };
            let parameters = direct::Parameters { mode, parallel };
            Conversation::direct(&given, parameters, 20, &mut rng).unwrap()
        }
        None => Conversation::galaxy(&given, GalaxyMode::Graph, 10, &mut rng).unwrap(),
    };
    let best = |row: ndarray::ArrayView1<'_, f32>| {
        if row[1] > row[0] { (1, row[1]) } else { (0, row[0]) }
    };
    let view: ArrayView2<'_, f32> = predicted.view();
    OpenQuery::begin(Begin {
        strategy: "direct".to_owned(),
        samples: Samples::new(SAMPLES, None),
        classes: (2, None),
        labelled: BTreeMap::from([(0, 0), (SAMPLES - 1, 1)]),
        predicted: Some(view.rows().into_iter().map(best).collect()),
        unlabelled,
        conversation,
    })
}

fn tell(query: &mut OpenQuery, text: &str, correction: Correction) -> Result<Taken, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.csv");
    std::fs::write(&path, text).unwrap();
    query.tell(&path, correction)
}

fn waiting(query: &OpenQuery) -> Vec<usize> {
    query.waiting().iter().map(|waiting| waiting.sample).collect()
}

fn rewritten(query: &OpenQuery, change: impl FnOnce(&mut serde_json::Value)) -> Result<OpenQuery, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    query.write(&path).unwrap();
    let mut value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(&path, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
    OpenQuery::read(&path)
}

#[test]
fn what_waits_is_listed_until_it_is_answered_and_answers_may_come_again() {
    let mut query = query(Some(3));
    let [a, b, c] = waiting(&query)[..] else { panic!("three at once: {:?}", query.waiting()) };
    let taken = tell(&mut query, &format!("index,label\n{b},1\n"), Correction::Refused).unwrap();
    assert_eq!(taken, Taken { new: 1, ..Taken::default() });
    query.go_on();
    assert_eq!(waiting(&query), [a, c]);
    let before = query.clone();
    let text = format!("index,label\n{b},1\n{a},skip\n{c},0\n");
    let taken = tell(&mut query, &text, Correction::Refused).unwrap();
    assert_eq!(taken, Taken { new: 2, without_label: 1, again: 1, ..Taken::default() });
    query.go_on();
    assert_eq!(query.waiting()[0].rank, 4);
    assert!(!before.is_complete() && before.answers() == 1);
    // A file of samples whose rows are not all filled in: they go on waiting.
    let [d, e, ..] = waiting(&query)[..] else { panic!("at least two") };
    let text = format!("rank,index,score,label\n4,{d},0,1\n5,{e},0,\n");
    let taken = tell(&mut query, &text, Correction::Refused).unwrap();
    assert_eq!(taken, Taken { new: 1, left: 1, ..Taken::default() });
    assert!(waiting(&query).contains(&e));
}

#[test]
fn a_wrong_row_changes_nothing() {
    let mut query = query(Some(3));
    let before = query.clone();
    let [a, b, _] = waiting(&query)[..] else { panic!("three at once: {:?}", query.waiting()) };
    let never = (1..SAMPLES - 1).find(|sample| !waiting(&query).contains(sample)).unwrap();
    for (row, words) in [
        (
            format!("{never},1"),
            format!("line 3: sample {never} does not wait for an answer: it was not asked"),
        ),
        ("0,1".to_owned(), "sample 0 does not wait for an answer: it was labelled before".to_owned()),
        (format!("{b},2"), format!("line 3: label 2 of sample {b} is not one of the 2 classes (0 to 1)")),
        (format!("{a},1"), format!("line 3: sample {a} is given twice")),
    ] {
        let text = format!("index,label\n{a},1\n{row}\n");
        let error = tell(&mut query, &text, Correction::Allowed).unwrap_err().to_string();
        assert!(error.contains(&words), "{error}");
        assert_eq!(query, before);
    }
}

#[test]
fn a_correction_is_asked_for_and_replayed() {
    for parallel in [Some(3), None] {
        let mut query = query(parallel);
        let first = waiting(&query);
        let all = |label: u32| first.iter().map(|sample| format!("{sample},{label}\n")).collect::<String>();
        tell(&mut query, &format!("index,label\n{}", all(0)), Correction::Refused).unwrap();
        // Nothing was asked for since: the query is the one that was told so from the beginning.
        let mut other = self::query(parallel);
        tell(&mut other, &format!("index,label\n{}", all(1)), Correction::Refused).unwrap();
        other.go_on();
        let text = format!("index,label\n{}", all(1));
        let error = tell(&mut query, &text, Correction::Refused).unwrap_err().to_string();
        assert!(error.contains("was answered with label 0 before, not label 1; give --correct"), "{error}");
        let taken = tell(&mut query, &text, Correction::Allowed).unwrap();
        assert_eq!((taken.corrected, taken.asks_differ), (first.len(), false));
        query.go_on();
        assert_eq!(query.conversation.asks(), other.conversation.asks());
        // Now asks depend on it: they stay, and the label is the new one.
        let asks = query.conversation.asks().to_vec();
        let taken = tell(&mut query, &format!("index,label\n{}", all(0)), Correction::Allowed).unwrap();
        assert_eq!(taken.corrected, first.len());
        assert!(query.conversation.asks().starts_with(&asks));
        assert!(query.labels().contains(&Labelled { sample: first[0], label: 0, annotator: None }));
        rewritten(&query, |_| ()).unwrap();
    }
}

#[test]
fn labels_are_those_before_the_query_and_those_from_it() {
    let mut query = query(Some(3));
    let [a, b, c] = waiting(&query)[..] else { panic!("three at once: {:?}", query.waiting()) };
    let text = format!("index,label,annotator\n{c},1,me\n{a},,me\n{b},unsure,me\n");
    tell(&mut query, &text, Correction::Refused).unwrap();
    let labels: Vec<(usize, u32)> =
        query.labels().iter().map(|labelled| (labelled.sample, labelled.label)).collect();
    assert_eq!(labels, [(0, 0), (c, 1), (SAMPLES - 1, 1)]);
    assert_eq!(query.labels()[1].annotator.as_deref(), Some("me"));
}

#[test]
fn a_file_that_does_not_fit_itself_is_refused_with_what_does_not_fit() {
    let mut query = query(Some(3));
    let first = waiting(&query)[0];
    tell(&mut query, &format!("index,label\n{first},1\n"), Correction::Refused).unwrap();
    assert_eq!(rewritten(&query, |_| ()).unwrap(), query, "written otherwise, it is the same");
    type Change = fn(&mut serde_json::Value);
    let changes: [(Change, &str); 12] = [
        (
            |v| v["predicted"] = serde_json::json!([[0, 0.5]]),
            "`predicted` has 1 entries, and there are 38 rows",
        ),
        (|v| v["predicted"][0][0] = 7.into(), "class 7"),
        (|v| v["unlabelled"][0] = 5.into(), "sample 5 is in"),
        (|v| v["unlabelled"][0] = 500.into(), "sample 500"),
        (|v| v["ids"] = serde_json::json!(["a"]), "`ids` has 1 entries"),
        (|v| v["answers"] = serde_json::json!([]), "has no answer"),
        (|v| v["answers"][0]["mark"] = serde_json::json!({"label": 9}), "the answer 9"),
        (|v| v["conversation"]["asks"][0]["picks"][0]["row"] = 999.into(), "row 999"),
        (
            |v| v["conversation"]["waiting"] = serde_json::json!([0, 1, 2, 3]),
            "waits for an answer and was not",
        ),
        (|v| v["conversation"]["told"]["labels"] = serde_json::json!([]), "its checksum is another"),
        (|v| v["conversation"]["budget"] = 9.into(), "its checksum is another"),
        (|v| v["format"] = 3.into(), "format 3, and this version of tailward reads format 2"),
    ];
    for (change, words) in changes {
        let error = rewritten(&query, change).unwrap_err().to_string();
        assert!(error.contains(words), "{error}\n{words}");
    }
    for (text, words) in [
        ("{", "does not hold a query, or is damaged"),
        ("{}", "does not hold a query"),
        (r#"{"strategy":"x","unlabelled":[],"predicted":null,"conversation":{}}"#, "an earlier version"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        std::fs::write(&path, text).unwrap();
        let error = OpenQuery::read(&path).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("state.json"), "{error}");
    }
    assert!(OpenQuery::read(Path::new("/no/state.json")).unwrap_err().to_string().contains("cannot be read"));
}
