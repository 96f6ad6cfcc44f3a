//! TypiClust against scikit-activeml, in clusters that both are given.

use ndarray::Array2;
use serde::Deserialize;
use tailward_acquisition::{Embeddings, typiclust};

use crate::array;

#[derive(Deserialize)]
struct Golden {
    unlabelled: Vec<Vec<String>>,
    labelled: Vec<Vec<String>>,
    /// Of the unlabelled rows, then of the labelled ones.
    clusters: Vec<usize>,
    neighbours: usize,
    picks: Vec<usize>,
    typicality: Vec<f64>,
}

#[test]
fn the_picks_are_those_of_scikit_activeml() {
    let instances: Vec<Golden> = serde_json::from_str(include_str!("../golden/typiclust.json")).unwrap();
    assert_eq!(instances.len(), 3);
    for (index, golden) in instances.iter().enumerate() {
        let unlabelled = array(&golden.unlabelled);
        let labelled = match golden.labelled.as_slice() {
            [] => Array2::zeros((0, unlabelled.ncols())),
            rows => array(rows),
        };
        let embeddings = Embeddings { unlabelled: unlabelled.into(), labelled: labelled.into() };
        let budget = golden.picks.len();
        let found =
            typiclust::query_in_clusters(&embeddings, &golden.clusters, budget, golden.neighbours).unwrap();
        assert_eq!(found.rows(), golden.picks, "instance {index}");
        for (pick, expected) in found.picks.iter().zip(&golden.typicality) {
            // scikit-activeml adds 1e-7 to the sum of the distances.
            assert!((pick.score / expected - 1.0).abs() < 1e-6, "instance {index}: {pick:?} {expected}");
        }
    }
}
