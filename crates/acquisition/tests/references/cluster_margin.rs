//! The clusters of Cluster-Margin against SciPy.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use tailward_acquisition::cluster_margin::{self, Parameters};

use crate::array;

#[derive(Deserialize)]
struct Golden {
    embeddings: Vec<Vec<String>>,
    clusters: usize,
    nearest: Vec<usize>,
    /// Rows whose nearest mean is not that of the cluster they were merged into.
    moved: usize,
}

#[test]
fn clusters_are_those_of_scipy() {
    let instances: Vec<Golden> = serde_json::from_str(include_str!("../golden/cluster_margin.json")).unwrap();
    for (index, golden) in instances.iter().enumerate() {
        let embeddings = array(&golden.embeddings);
        // Every row is in the sample.
        let parameters = Parameters { clusters: golden.clusters, ..Parameters::galaxy() };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let found = cluster_margin::cluster(embeddings.view(), &parameters, &mut rng).unwrap();
        assert_eq!(found, golden.nearest, "instance {index}");
    }
    assert!(instances.iter().any(|golden| golden.moved > 0));
}
