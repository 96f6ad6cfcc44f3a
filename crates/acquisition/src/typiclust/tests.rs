use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};

use super::*;

fn embeddings(unlabelled: Array2<f32>, labelled: Array2<f32>) -> Embeddings<'static> {
    Embeddings { unlabelled: unlabelled.into(), labelled: labelled.into() }
}

fn none() -> Array2<f32> {
    Array2::zeros((0, 1))
}

/// On a line: 0 1 2 3 4 | 10 11 12 13 14 15 | 40. The larger cluster comes first: four of its rows have a mean distance of 4/3
/// to three neighbours, and the lowest is picked. Of the other, two neighbours count, half of five. A row that is alone is
/// an outlier, and its cluster's turn comes after all others are used up.
#[test]
fn the_middle_of_each_cluster_is_picked_and_the_largest_first() {
    let points: Vec<f32> = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 40].map(|x| x as f32).to_vec();
    let clusters = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2];
    let line = embeddings(Array2::from_shape_vec((12, 1), points).unwrap(), none());
    let found = query_in_clusters(&line, &clusters, 3, 3).unwrap();
    assert_eq!(found.rows(), [6, 1, 8]);
    let scores: Vec<f64> = found.picks.iter().map(|pick| pick.score).collect();
    assert!((scores[0] - 0.75).abs() < 1e-12 && (scores[1] - 1.0).abs() < 1e-12, "{scores:?}");
    assert!((scores[2] - 1.0).abs() < 1e-12, "of 13, between 12 and 14: {scores:?}");
    assert_eq!(query_in_clusters(&line, &clusters, 12, 3).unwrap().rows()[11], 11);
    // With a label in the larger cluster, the other comes first.
    let labelled = embeddings(line.unlabelled.view().to_owned(), array![[12.5_f32]]);
    let clusters: Vec<usize> = clusters.into_iter().chain([1]).collect();
    assert_eq!(query_in_clusters(&labelled, &clusters, 3, 3).unwrap().rows(), [1, 6, 3]);
}

/// More labels than clusters: they are gone through again, without what was picked.
#[test]
fn clusters_are_gone_through_again() {
    let place = |(row, _): (usize, usize)| row as f32 + if row < 5 { 0.0 } else { 100.0 };
    let line = embeddings(Array2::from_shape_fn((10, 1), place), none());
    let parameters = Parameters { neighbours: 2, max_clusters: 2 };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let rows = query(&line, 10, &parameters, &mut rng).unwrap().rows();
    let mut sorted = rows.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..10).collect::<Vec<_>>());
    assert!((rows[0] < 5) != (rows[1] < 5), "{rows:?}");
}

/// Twenty rows of each of five groups: five picks are one of each.
#[test]
fn every_group_gets_a_label() {
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let point = |(row, column): (usize, usize)| {
            let centre = if row % 5 == column { 20.0 } else { 0.0 };
            centre + rng.random_range(-1.0_f32..1.0)
        };
        let pool = embeddings(Array2::from_shape_fn((100, 5), point), none());
        let parameters = Parameters { neighbours: 20, max_clusters: 500 };
        let mut groups: Vec<usize> =
            query(&pool, 5, &parameters, &mut rng).unwrap().rows().iter().map(|row| row % 5).collect();
        groups.sort_unstable();
        assert_eq!(groups, [0, 1, 2, 3, 4], "seed {seed}");
    }
}

#[test]
fn equal_rows_have_a_finite_typicality() {
    let pool = embeddings(Array2::zeros((8, 2)), Array2::zeros((0, 2)));
    let parameters = Parameters { neighbours: 20, max_clusters: 500 };
    let found = query(&pool, 8, &parameters, &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    assert_eq!(found.picks.len(), 8);
    assert!(found.picks.iter().all(|pick| pick.score.is_finite()), "{found:?}");
}

#[test]
fn what_is_wrong_is_said() {
    let pool = embeddings(Array2::zeros((3, 1)), none());
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut error = |budget, neighbours, max_clusters| {
        query(&pool, budget, &Parameters { neighbours, max_clusters }, &mut rng).unwrap_err().to_string()
    };
    assert!(error(1, 0, 5).contains("neighbours"));
    assert!(error(1, 5, 0).contains("max_clusters"));
    assert!(error(4, 5, 5).contains('4'));
    assert!(query_in_clusters(&pool, &[0, 0], 1, 1).unwrap_err().to_string().contains("clusters"));
}

/// Algorithm 1 as it is written: every typicality anew for every pick.
fn by_the_definition(pool: &Array2<f32>, clusters: &[usize], budget: usize, neighbours: usize) -> Vec<Pick> {
    let mut free: Vec<usize> = (0..pool.nrows()).collect();
    let mut picks: Vec<Pick> = Vec::new();
    let size = |cluster: usize| clusters.iter().filter(|&&of| of == cluster).count();
    while picks.len() < budget {
        let taken = |cluster: usize| picks.iter().filter(|pick| clusters[pick.row] == cluster).count();
        let is_open = |cluster: usize| free.iter().any(|&row| clusters[row] == cluster);
        let next = (0..=*clusters.iter().max().unwrap())
            .filter(|&cluster| is_open(cluster))
            .min_by_key(|&cluster| (size(cluster) < SMALL, taken(cluster), Reverse(size(cluster))))
            .unwrap();
        let members: Vec<usize> = free.iter().copied().filter(|&row| clusters[row] == next).collect();
        let neighbours = neighbours.min(members.len() / 2);
        let typicality = |row: usize| {
            let others = members.iter().filter(|&&other| other != row);
            let mut distances: Vec<f64> = others
                .map(|&other| {
                    let columns = pool.row(row).into_iter().zip(pool.row(other));
                    columns.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt()
                })
                .collect();
            distances.sort_by(f64::total_cmp);
            let mean = distances[..neighbours].iter().sum::<f64>() / neighbours as f64;
            if neighbours == 0 { 0.0 } else { mean.recip().min(f64::MAX) }
        };
        let mut best = Pick { row: members[0], score: typicality(members[0]) };
        for &row in &members[1..] {
            let score = typicality(row);
            if score > best.score {
                best = Pick { row, score };
            }
        }
        free.retain(|&row| row != best.row);
        picks.push(best);
    }
    picks
}

proptest! {
    /// Two columns of small integers: sums of two terms have one order, and many rows tie.
    #[test]
    fn the_picks_are_those_of_the_definition(
        (rows, clusters, neighbours, seed) in (1_usize..60, 1_usize..4, 1_usize..9, any::<u64>()),
        spread in 1_i32..30,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pool = Array2::from_shape_simple_fn((rows, 2), || rng.random_range(-spread..=spread) as f32);
        let clusters: Vec<usize> = (0..rows).map(|_| rng.random_range(0..clusters)).collect();
        let budget = rng.random_range(1..=rows);
        let found = query_in_clusters(&embeddings(pool.clone(), Array2::zeros((0, 2))), &clusters, budget, neighbours);
        prop_assert_eq!(found.unwrap().picks, by_the_definition(&pool, &clusters, budget, neighbours));
    }
}
