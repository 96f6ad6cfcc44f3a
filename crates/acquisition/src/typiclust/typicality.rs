//! How typical rows are of their cluster.

use rayon::prelude::*;

use crate::distances::Rows;

/// Rows whose products with all others are held at a time by one thread.
const TILE: usize = 64;

/// The typicality of each row: the inverse of its mean distance to the nearest others (Hacohen et al., Eq. 4), as many
/// of them as there are `neighbours`, but no more than half of the rows. Of a row that is alone it is 0, and the largest
/// number where the nearest others are equal to it.
///
/// # Shapes
///
/// The typicalities: `[members]`.
pub(super) fn typicalities(members: &Rows, neighbours: usize) -> Vec<f64> {
    let count = members.len();
    if count < 2 {
        return vec![0.0; count];
    }
    let neighbours = neighbours.min(count / 2);
    let mut typical = vec![0.0; count];
    typical.par_chunks_mut(TILE).enumerate().for_each(|(tile, typical)| {
        let start = tile * TILE;
        let nearest = members.nearest_others(start..start + typical.len(), neighbours);
        for (typical, distances) in typical.iter_mut().zip(nearest) {
            let mean = distances.iter().sum::<f64>() / distances.len() as f64;
            *typical = mean.recip().min(f64::MAX);
        }
    });
    typical
}
