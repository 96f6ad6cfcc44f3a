//! Against NumPy and scikit-activeml (see `tests/golden/README.md`).

use ndarray::Array2;
use serde::Deserialize;
use tailward_acquisition::{Selection, k_center};

use crate::support::{Pool, rows};

#[derive(Deserialize)]
struct Golden {
    budget: usize,
    labelled_counts: Vec<usize>,
    unlabelled: Vec<Vec<String>>,
    labelled: Vec<Vec<String>>,
    rounded: Vec<Vec<String>>,
    probabilities: Vec<Vec<String>>,
    plain: Answer,
    core_set: Vec<usize>,
    balanced: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    weight: f64,
    picks: Vec<usize>,
    scores: Vec<f64>,
    radius: f64,
    l1: Option<f64>,
}

fn array(text: &[Vec<String>]) -> Array2<f32> {
    let shape = (text.len(), text[0].len());
    Array2::from_shape_fn(shape, |(row, column)| text[row][column].parse().expect("a number"))
}

fn check(selection: &Selection, answer: &Answer, at: &str) {
    assert_eq!(rows(&selection.picks), answer.picks, "{at}");
    for (pick, score) in selection.picks.iter().zip(&answer.scores) {
        assert!((pick.score - score).abs() < 1e-12, "{at}: {pick:?} is not {score}");
    }
    let radius = selection.cover.as_ref().expect("there are centres").radius;
    assert!((radius - answer.radius).abs() < 1e-12, "{at}: {radius} is not {}", answer.radius);
    let l1 = selection.balance.as_ref().map(|outcome| outcome.l1);
    match (l1, answer.l1) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-9, "{at}: {found}"),
        (found, expected) => assert_eq!(found, expected, "{at}"),
    }
}

#[test]
fn picks_and_distances_are_those_of_numpy_and_scikit_activeml() {
    let instances: Vec<Golden> = serde_json::from_str(include_str!("../golden/k_center.json")).unwrap();
    let mut distinct = 0;
    for (index, golden) in instances.iter().enumerate() {
        let pool = Pool {
            unlabelled: array(&golden.unlabelled),
            labelled: array(&golden.labelled),
            probabilities: array(&golden.probabilities),
            labelled_counts: golden.labelled_counts.clone(),
            budget: golden.budget,
        };
        let plain = pool.plain();
        check(&plain, &golden.plain, &format!("instance {index}"));
        assert_eq!(rows(&plain.picks), golden.core_set, "instance {index}");
        for answer in &golden.balanced {
            let at = format!("instance {index}, weight {}", answer.weight);
            check(&pool.balanced(answer.weight), answer, &at);
            distinct += usize::from(answer.picks != golden.plain.picks);
        }
        assert_eq!(k_center::rounded(pool.unlabelled.view(), 2), array(&golden.rounded));
    }
    assert!(distinct > 10, "balancing changes the picks in {distinct} of 16 cases only");
}
