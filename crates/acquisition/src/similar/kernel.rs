//! The similarity of unlabelled rows to query rows: the cosine of their gradient embeddings, floored at 0.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};
use pulp::Arch;
use rayon::prelude::*;

use crate::distances::{Rows, dot, sum_of};
use crate::gradients::residual;
use crate::{Error, Side};

/// Similarities are kept up to this many bytes, those of the first rows; of other rows they are computed afresh. The
/// picks do not depend on it.
const KEPT_BYTES: usize = 512 << 20;

/// Rows that one thread compares with all query rows at a time.
const TILE: usize = 64;

/// Gradients by bias and weights of the last layer, `(p − e_y) ⊗ (1, h)`, in factors.
pub(super) struct Points<'a> {
    probabilities: ArrayView2<'a, f32>,
    embeddings: Rows<'a>,
    labels: Vec<usize>,
}

impl<'a> Points<'a> {
    /// One point for every row of a side. `array` names it in errors.
    pub(super) fn new(array: &'static str, side: Side<'a>, labels: Vec<usize>) -> Result<Self, Error> {
        Ok(Self { probabilities: side.probabilities, embeddings: side.rows(array)?, labels })
    }

    /// The factors of some rows, `e_y − p` and `(1, h)`, each of length 1: a cosine is the product of two products.
    fn factors(&self, rows: &[usize]) -> [Array2<f32>; 2] {
        let (classes, dims) = (self.probabilities.ncols(), self.embeddings.dims());
        let mut residuals = Vec::with_capacity(rows.len() * classes);
        let mut inputs = Vec::with_capacity(rows.len() * (dims + 1));
        for &row in rows {
            let residual = residual(self.probabilities, row, self.labels[row]);
            let length = Arch::new().dispatch(|| dot(&residual, &residual)).sqrt();
            // A row that is predicted with certainty has no gradient and is similar to nothing.
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            residuals.extend(residual.iter().map(|&d| (f64::from(d) * scale) as f32));
            let scale = 1.0 / (1.0 + self.embeddings.squared_norm(row)).sqrt();
            inputs.push(scale as f32);
            inputs.extend(self.embeddings.row(row).iter().map(|&h| (f64::from(h) * scale) as f32));
        }
        let matrix = |entries, columns| Array2::from_shape_vec((rows.len(), columns), entries);
        [(residuals, classes), (inputs, dims + 1)]
            .map(|(entries, columns)| matrix(entries, columns).expect("whole rows"))
    }
}

/// The similarities of unlabelled rows to query rows.
pub(super) struct Kernel<'a> {
    unlabelled: Points<'a>,
    /// `[queries, classes]` and `[queries, dims + 1]`
    queries: [Array2<f32>; 2],
    /// `[kept rows, queries]`
    kept: Vec<f32>,
    /// The highest similarity of every row. `[rows]`
    highest: Vec<f32>,
}

impl<'a> Kernel<'a> {
    /// Compares all rows with `queries`, some rows of the labelled side.
    pub(super) fn new(unlabelled: Points<'a>, labelled: &Points, queries: &[usize]) -> Self {
        let queries = labelled.factors(queries);
        let mut kernel = Self { unlabelled, queries, kept: Vec::new(), highest: Vec::new() };
        kernel.fill(KEPT_BYTES);
        kernel
    }

    /// Computes what is kept; where that is not everything, the rest is looked at and forgotten.
    fn fill(&mut self, kept_bytes: usize) {
        let (rows, queries) = (self.rows(), self.queries());
        if queries == 0 {
            return;
        }
        let count = (kept_bytes / size_of::<f32>() / queries).min(rows);
        let mut kept = vec![0.0; count * queries];
        let mut highest = vec![0.0; rows];
        let most = |similar: &[f32]| similar.iter().fold(0.0_f32, |most, &s| if s > most { s } else { most });
        let (first, rest) = highest.split_at_mut(count);
        let tiles = kept.par_chunks_mut(TILE * queries).zip(first.par_chunks_mut(TILE)).enumerate();
        tiles.for_each(|(tile, (kept, highest))| {
            let rows: Vec<usize> = (0..highest.len()).map(|offset| tile * TILE + offset).collect();
            self.compare(&rows, kept);
            highest.iter_mut().zip(kept.chunks_exact(queries)).for_each(|(highest, s)| *highest = most(s));
        });
        rest.par_chunks_mut(TILE).enumerate().for_each(|(tile, highest)| {
            let rows: Vec<usize> = (0..highest.len()).map(|offset| count + tile * TILE + offset).collect();
            let mut similar = vec![0.0; rows.len() * queries];
            self.compare(&rows, &mut similar);
            highest.iter_mut().zip(similar.chunks_exact(queries)).for_each(|(highest, s)| *highest = most(s));
        });
        (self.kept, self.highest) = (kept, highest);
    }

    /// Unlabelled rows.
    pub(super) fn rows(&self) -> usize {
        self.unlabelled.labels.len()
    }

    /// Query rows.
    pub(super) fn queries(&self) -> usize {
        self.queries[0].nrows()
    }

    /// The similarities of a row to every query row. `[queries]`
    pub(super) fn similar(&self, row: usize) -> Vec<f32> {
        let mut similar = vec![0.0; self.queries()];
        match self.kept_row(row) {
            Some(kept) => similar.copy_from_slice(kept),
            None => self.compare(&[row], &mut similar),
        }
        similar
    }

    /// What some rows add to `f`, given how well the picks cover each query row. Sums are in one order, so that no gain
    /// rises by rounding. `covered`: `[queries]`; the gains: `[rows]`.
    pub(super) fn gains(&self, rows: &[usize], covered: &[f32], eta: f64) -> Vec<f64> {
        let gain = |row: usize, similar: &[f32]| {
            let more = |similar: f32, covered: f32| f64::from((similar - covered).max(0.0));
            Arch::new().dispatch(|| sum_of(similar, covered, more)) + eta * f64::from(self.highest[row])
        };
        let of_tile = |rows: &[usize]| -> Vec<f64> {
            let unknown: Vec<usize> =
                rows.iter().copied().filter(|&row| self.kept_row(row).is_none()).collect();
            let mut similar = vec![0.0; unknown.len() * covered.len()];
            self.compare(&unknown, &mut similar);
            let mut computed = similar.chunks_exact(covered.len());
            let similar = |row: usize| self.kept_row(row).or_else(|| computed.next());
            let all = rows.iter().copied().zip(rows.iter().copied().map(similar));
            all.map(|(row, similar)| gain(row, similar.expect("a kept row or a computed one"))).collect()
        };
        rows.par_chunks(TILE).flat_map_iter(of_tile).collect()
    }

    fn kept_row(&self, row: usize) -> Option<&[f32]> {
        let queries = self.queries();
        self.kept.get(row * queries..(row + 1) * queries)
    }

    /// The similarities of some rows to every query row.
    ///
    /// `cos = (d·d')(1 + h·h') / (‖d‖‖d'‖ √(1 + ‖h‖²) √(1 + ‖h'‖²))` with `d = p − e_y`. An entry of a dense product is one sum in one
    /// order, whatever rows it is computed with, so that a row has the same similarities each time.
    fn compare(&self, rows: &[usize], similar: &mut [f32]) {
        let shape = (rows.len(), self.queries());
        let factors = self.unlabelled.factors(rows);
        let [residuals, inputs] = [0, 1].map(|which| {
            let mut products = Array2::zeros(shape);
            general_mat_mul(1.0, &factors[which], &self.queries[which].t(), 0.0, &mut products);
            products
        });
        for ((similar, d), h) in similar.iter_mut().zip(&residuals).zip(&inputs) {
            *similar = (d * h).max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Made;
    use super::*;

    #[test]
    fn what_is_computed_afresh_has_the_bits_of_what_is_kept() {
        let made = Made::new(300, 90, 4, false, 3);
        let mut kernel = super::super::kernel(made.side(0), made.side(1), &made.labels, 3).unwrap();
        assert_eq!(kernel.kept.len(), 300 * kernel.queries());
        let bits = |kernel: &Kernel| -> Vec<Vec<u32>> {
            (0..300).map(|row| kernel.similar(row).into_iter().map(f32::to_bits).collect()).collect()
        };
        let (kept, highest) = (bits(&kernel), kernel.highest.clone());
        let covered = vec![0.25; kernel.queries()];
        let rows: Vec<usize> = (0..300).rev().collect();
        let gains = kernel.gains(&rows, &covered, 1.0);
        for bytes in [0, 100 * 4 * kernel.queries()] {
            kernel.fill(bytes);
            assert_eq!(kernel.kept.len(), bytes / 4);
            assert_eq!(bits(&kernel), kept);
            assert_eq!(kernel.highest, highest);
            assert_eq!(kernel.gains(&rows, &covered, 1.0), gains);
        }
    }
}
