//! Clusters of rows by k-means: seeds that are far apart, then means and nearest means in turn.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::distances::{Rows, nearest_centres, squared_to};

/// Where the assignment has not settled after this many rounds it is taken as it is: the clusters are to spread picks, and few
/// rows move after the first dozen.
const ROUNDS: usize = 20;

/// Puts rows into clusters, by the seeding of k-means++ (Arthur and Vassilvitskii, 2007) and Lloyd's rounds. A cluster can be
/// empty where rows are equal. The clusters do not depend on the number of threads.
///
/// # Shapes
///
/// The clusters: `[rows]`, each below `clusters`.
///
/// # Panics
///
/// If there are fewer rows than clusters, or no cluster.
pub(crate) fn clusters(rows: &Rows, clusters: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    assert!(0 < clusters && clusters <= rows.len(), "{clusters} clusters of {} rows", rows.len());
    let mut centres = rows.some(&seeds(rows, clusters, rng));
    let mut assigned = nearest_centres(rows, &centres);
    for _ in 0..ROUNDS {
        centres = means(rows, &assigned, &centres);
        let again = nearest_centres(rows, &centres);
        if again == assigned {
            break;
        }
        assigned = again;
    }
    assigned
}

/// Rows drawn one after the other in proportion to the squared distance to the nearest one before; the lowest rows not drawn
/// where all distances are 0.
fn seeds(rows: &Rows, count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut seeds = vec![rng.random_range(0..rows.len())];
    let mut weights = vec![f64::INFINITY; rows.len()];
    while seeds.len() < count {
        let last = rows.row(seeds[seeds.len() - 1]);
        weights.par_iter_mut().enumerate().with_min_len(256).for_each(|(row, weight)| {
            *weight = weight.min(squared_to(rows.row(row), last));
        });
        seeds.push(draw(&weights, &seeds, rng));
    }
    seeds
}

/// A row in proportion to its weight. The weights of rows that were drawn are 0.
fn draw(weights: &[f64], drawn: &[usize], rng: &mut ChaCha8Rng) -> usize {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return (0..weights.len()).find(|row| !drawn.contains(row)).expect("fewer seeds than rows");
    }
    let mut left = rng.random_range(0.0..1.0) * total;
    for (row, &weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 && weight > 0.0 {
            return row;
        }
    }
    // Rounding has left a little: the last row that could have been drawn.
    weights.iter().rposition(|&weight| weight > 0.0).expect("the total is positive")
}

/// The mean of each cluster's rows, and of a cluster without rows the centre that it had.
fn means<'a>(rows: &Rows, assigned: &[usize], centres: &Rows) -> Rows<'a> {
    let dims = rows.dims();
    let mut sums = vec![0.0_f64; centres.len() * dims];
    let mut counts = vec![0_usize; centres.len()];
    for (row, &cluster) in assigned.iter().enumerate() {
        counts[cluster] += 1;
        let sums = &mut sums[cluster * dims..(cluster + 1) * dims];
        sums.iter_mut().zip(rows.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    let mut means = Vec::with_capacity(sums.len());
    for (cluster, sums) in sums.chunks_exact(dims).enumerate() {
        match counts[cluster] {
            0 => means.extend_from_slice(centres.row(cluster)),
            count => means.extend(sums.iter().map(|sum| (sum / count as f64) as f32)),
        }
    }
    Rows::owned(means, dims)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use rand::SeedableRng;

    use super::*;

    fn of(array: &Array2<f32>, count: usize, seed: u64) -> Vec<usize> {
        clusters(&Rows::new("a", array.view()).unwrap(), count, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    /// Every clustering of a few points, the least sum of squares among them: k-means++ finds it from some seed, and no
    /// seed gives one in which a row is nearer to another mean.
    #[test]
    fn groups_that_are_apart_are_found() {
        let points = array![[0.0_f32, 0.0], [0.1, 0.0], [5.0, 5.0], [5.0, 5.1], [9.0, 0.0], [9.1, 0.1]];
        for seed in 0..20 {
            let found = of(&points, 3, seed);
            assert_eq!([found[0], found[2], found[4]], [found[1], found[3], found[5]], "seed {seed}");
            assert!(found[0] != found[2] && found[2] != found[4] && found[0] != found[4], "seed {seed}");
        }
    }

    #[test]
    fn every_row_is_nearest_to_the_mean_of_its_cluster() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let points = Array2::from_shape_simple_fn((200, 5), || rng.random_range(-1.0_f32..1.0));
        let rows = Rows::new("a", points.view()).unwrap();
        let found = of(&points, 7, 1);
        let centres = means(&rows, &found, &rows.some(&[0; 7]));
        assert_eq!(nearest_centres(&rows, &centres), found);
    }

    #[test]
    fn equal_rows_are_no_trouble_and_threads_change_nothing() {
        assert_eq!(of(&Array2::zeros((5, 3)), 3, 0).len(), 5);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let points = Array2::from_shape_simple_fn((700, 9), || rng.random_range(-1.0_f32..1.0));
        let with = |threads: usize| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| of(&points, 20, 2))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    #[should_panic(expected = "4 clusters of 3 rows")]
    fn more_clusters_than_rows_are_a_bug() {
        of(&Array2::zeros((3, 1)), 4, 0);
    }
}
