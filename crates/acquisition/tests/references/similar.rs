//! SIMILAR against submodlib.

use serde::Deserialize;
use tailward_acquisition::Side as Rows;
use tailward_acquisition::similar::{self, Parameters};

use crate::array;

#[derive(Deserialize)]
struct Golden {
    eta: f64,
    labels: Vec<u32>,
    unlabelled: Side,
    labelled: Side,
    picks: Vec<usize>,
    gains: Vec<f64>,
}

#[derive(Deserialize)]
struct Side {
    probabilities: Vec<Vec<String>>,
    embeddings: Vec<Vec<String>>,
}

#[test]
fn picks_and_gains_are_those_of_submodlib() {
    let instances: Vec<Golden> = serde_json::from_str(include_str!("../golden/similar.json")).unwrap();
    for (index, golden) in instances.iter().enumerate() {
        let [pool, known] = [&golden.unlabelled, &golden.labelled]
            .map(|side| (array(&side.probabilities), array(&side.embeddings)));
        let [unlabelled, labelled] =
            [&pool, &known].map(|(p, h)| Rows { probabilities: p.view(), embeddings: h.view() });
        let parameters = Parameters { eta: golden.eta, negative: None };
        let budget = golden.picks.len();
        let found = similar::query(unlabelled, labelled, &golden.labels, &parameters, budget).unwrap();
        let picks: Vec<usize> = found.picks.iter().map(|pick| pick.row).collect();
        assert_eq!(picks, golden.picks, "instance {index}");
        for (pick, gain) in found.picks.iter().zip(&golden.gains) {
            assert!((pick.score - gain).abs() < 1e-5, "instance {index}: {pick:?} does not gain {gain}");
        }
    }
}
