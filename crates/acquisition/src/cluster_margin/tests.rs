//! Cluster-Margin against a hierarchy that is built by definition, and by hand.

use std::collections::BTreeSet;

use ndarray::array;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};

use super::*;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn rows(selection: &Selection) -> Vec<usize> {
    selection.picks.iter().map(|pick| pick.row).collect()
}

/// Merges the two clusters with the least mean distance between their rows, again and again.
fn plainly(sample: &Array2<f32>, clusters: usize) -> Vec<usize> {
    let mut sets: Vec<Vec<usize>> = (0..sample.nrows()).map(|row| vec![row]).collect();
    let distance = |i: usize, j: usize| {
        let pairs = sample.row(i).into_iter().zip(sample.row(j));
        pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
    };
    while sets.len() > clusters {
        let mean = |i: usize, j: usize| {
            let sum: f64 = sets[i].iter().flat_map(|&a| sets[j].iter().map(move |&b| distance(a, b))).sum();
            sum / (sets[i].len() * sets[j].len()) as f64
        };
        let pairs = (0..sets.len()).flat_map(|i| (i + 1..sets.len()).map(move |j| (i, j)));
        let (i, j) = pairs.min_by(|&(a, b), &(c, d)| mean(a, b).total_cmp(&mean(c, d))).unwrap();
        let merged = sets.remove(j);
        sets[i].extend(merged);
    }
    sets.sort_by_key(|set| set.iter().copied().min());
    let of = |row: usize| sets.iter().position(|set| set.contains(&row)).unwrap();
    (0..sample.nrows()).map(of).collect()
}

proptest! {
    #[test]
    fn the_hierarchy_is_that_of_the_definition(
        (count, dims, clusters, seed) in (1_usize..25, 1_usize..20, 1_usize..25, any::<u64>()),
    ) {
        let mut rng = rng(seed);
        let sample = Array2::from_shape_simple_fn((count, dims), || rng.random_range(-1.0_f32..1.0));
        let found = average_linkage(&sample, clusters).unwrap();
        prop_assert_eq!(found, plainly(&sample, clusters));
    }

    #[test]
    fn the_budget_is_spent_on_distinct_candidates(
        (count, share, factor, seed) in (1_usize..60, 0.0..=1.0_f64, 1.0..3.0_f64, any::<u64>()),
    ) {
        let mut rng = rng(seed);
        let clusters: Vec<usize> = (0..count).map(|_| rng.random_range(0..6)).collect();
        let scores: Vec<f64> = (0..count).map(|_| f64::from(rng.random_range(0..8))).collect();
        let budget = (count as f64 * share) as usize;
        let parameters = Parameters { candidates: factor, ..Parameters::galaxy() };
        let picked = rows(&query_clusters(&clusters, &scores, &parameters, budget).unwrap());
        let distinct: BTreeSet<usize> = picked.iter().copied().collect();
        prop_assert_eq!((picked.len(), distinct.len()), (budget, budget));
        let competing = ((budget as f64 * factor) as usize).min(count);
        let candidates = rows(&select::top(&scores, competing).unwrap());
        prop_assert!(picked.iter().all(|row| candidates.contains(row)));
        // No cluster has given two rows more than another that still has some.
        let given = |cluster: usize| picked.iter().filter(|&&row| clusters[row] == cluster).count();
        for cluster in 0..6 {
            let held = candidates.iter().filter(|&&row| clusters[row] == cluster).count();
            let least = (0..6).map(given).max().unwrap().saturating_sub(1);
            prop_assert!(given(cluster) >= least.min(held));
        }
    }
}

#[test]
fn small_clusters_come_first_and_the_best_of_each() {
    let clusters = [0, 0, 0, 2, 2, 1, 0, 3];
    let scores = [0.1, 0.9, 0.5, 0.4, 0.8, 0.7, 0.6, -5.0];
    let parameters = Parameters { candidates: 1.5, ..Parameters::galaxy() };
    // Seven rows compete for five places (7.5 is rounded down): four of cluster 0, two of cluster 2, one of cluster 1.
    let found = query_clusters(&clusters, &scores, &parameters, 5).unwrap();
    assert_eq!(rows(&found), [5, 4, 1, 3, 6]);
    assert!(rows(&query_clusters(&clusters, &scores, &parameters, 0).unwrap()).is_empty());
    assert_eq!(rows(&query_clusters(&clusters, &scores, &parameters, 8).unwrap()), [5, 7, 4, 1, 3, 6, 2, 0]);
}

#[test]
fn every_row_belongs_to_the_nearest_mean() {
    let embeddings = array![[0.0_f32, 0.0], [10.0, 0.0], [0.5, 0.0], [10.0, 1.0], [4.0, 0.0], [0.0, 0.5]];
    let parameters = Parameters { sample: 6, clusters: 2, candidates: 1.0 };
    // The row at 4 is merged with those around 0.
    assert_eq!(cluster(embeddings.view(), &parameters, &mut rng(1)).unwrap(), [0, 1, 0, 1, 0, 0]);
    // A sample of one row makes one cluster.
    let one = Parameters { sample: 1, ..parameters };
    assert_eq!(cluster(embeddings.view(), &one, &mut rng(1)).unwrap(), [0; 6]);
    let identical = Array2::<f32>::ones((5, 3));
    assert_eq!(cluster(identical.view(), &Parameters::galaxy(), &mut rng(1)).unwrap(), [0; 5]);
    assert!(cluster(Array2::zeros((0, 0)).view(), &parameters, &mut rng(1)).unwrap().is_empty());
    let picks =
        query(embeddings.view(), &[0.6, 0.5, 0.4, 0.3, 0.2, 0.1], &parameters, 3, &mut rng(1)).unwrap();
    assert_eq!(rows(&picks), [1, 0, 2]);
}

#[test]
fn faults_are_named() {
    let good = Parameters::galaxy();
    let fault = |parameters: Parameters| parameters.validate().unwrap_err().to_string();
    assert_eq!(fault(Parameters { sample: 0, ..good }), "use sample = 0: it must be at least 1");
    assert_eq!(fault(Parameters { clusters: 0, ..good }), "use clusters = 0: it must be at least 1");
    assert_eq!(
        fault(Parameters { candidates: f64::NAN, ..good }),
        "use candidates = NaN: it must be at least 1"
    );
    let error = query_clusters(&[0, 0], &[0.5], &good, 1).unwrap_err().to_string();
    assert_eq!(error, "match the scores: expected 2, found 1");
    assert!(matches!(
        query_clusters(&[0], &[0.5], &good, 2),
        Err(Error::BudgetAbovePool { budget: 2, pool: 1 })
    ));
    let error = query_clusters(&[0], &[f64::NAN], &good, 1).unwrap_err().to_string();
    assert_eq!(error, "read scores: row 0 is NaN");
    let error = cluster(array![[f32::INFINITY]].view(), &good, &mut rng(1)).unwrap_err().to_string();
    assert_eq!(error, "read unlabelled embeddings: row 0, column 0 is inf");
}
