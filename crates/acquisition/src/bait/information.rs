//! Fisher information of the last layer, for one row and in the mean of many.
//!
//! That of a row is `Σ_y p_y g_y g_yᵀ = (diag(p) − ppᵀ) ⊗ hhᵀ` with `g_y = (e_y − p) ⊗ h`: the rows of `V = L ⊗ hᵀ`, `L` having
//! the rows `√p_y (e_y − p)ᵀ`, give it as `VᵀV`.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

use crate::distances::Rows;

/// Rows that are converted to `f64` at a time.
pub(super) const TILE: usize = 256;

/// Rows with their probabilities.
pub(super) struct Known<'a> {
    pub(super) probabilities: ArrayView2<'a, f32>,
    pub(super) embeddings: Rows<'a>,
}

impl Known<'_> {
    pub(super) fn len(&self) -> usize {
        self.embeddings.len()
    }

    /// What the network thinks of a row. `[classes]`
    pub(super) fn p(&self, row: usize) -> Vec<f64> {
        self.probabilities.row(row).iter().map(|&p| f64::from(p)).collect()
    }

    /// The embeddings of some rows, one after the other. `[rows, dims]`
    pub(super) fn tile(&self, rows: &[usize]) -> Array2<f64> {
        let entries = rows.iter().flat_map(|&row| self.embeddings.row(row)).map(|&h| f64::from(h)).collect();
        Array2::from_shape_vec((rows.len(), self.embeddings.dims()), entries).expect("whole rows")
    }
}

/// Adds `weight` times the sum of the Fisher information of all rows.
///
/// # Shapes
///
/// `out`: `[classes · dims, classes · dims]`, class after class.
pub(super) fn add_sum(known: &Known, weight: f64, out: &mut Array2<f64>) {
    if known.len() == 0 {
        return;
    }
    let (classes, dims) = (known.probabilities.ncols(), known.embeddings.dims());
    let pairs: Vec<(usize, usize)> =
        (0..classes).flat_map(|left| (left..classes).map(move |right| (left, right))).collect();
    let blocks: Vec<Array2<f64>> =
        pairs.par_iter().map(|&(left, right)| block(known, weight, left, right)).collect();
    for (&(left, right), block) in pairs.iter().zip(&blocks) {
        // A block is symmetric in itself, and so is the whole.
        for (left, right) in
            if left == right { vec![(left, right)] } else { vec![(left, right), (right, left)] }
        {
            let mut rows = out.slice_axis_mut(Axis(0), Slice::from(left * dims..(left + 1) * dims));
            let mut place = rows.slice_axis_mut(Axis(1), Slice::from(right * dims..(right + 1) * dims));
            place += block;
        }
    }
}

/// `weight · Σ_x (p_c δ_cc' − p_c p_c') hhᵀ`, without assuming that the `f32` of a row sum to 1 exactly: what `Σ_y p_y g_y g_yᵀ`
/// has is `(2 − Σp) p_c p_c'`, and the factors of single rows have to agree with it.
fn block(known: &Known, weight: f64, left: usize, right: usize) -> Array2<f64> {
    let dims = known.embeddings.dims();
    let mut sum = Array2::zeros((dims, dims));
    let rows: Vec<usize> = (0..known.len()).collect();
    for rows in rows.chunks(TILE) {
        let tile = known.tile(rows);
        let mut weighted = tile.clone();
        for (&row, mut entries) in rows.iter().zip(weighted.rows_mut()) {
            let p = known.p(row);
            let product = (2.0 - p.iter().sum::<f64>()) * p[left] * p[right];
            entries *= weight * if left == right { p[left] - product } else { -product };
        }
        general_mat_mul(1.0, &weighted.t(), &tile, 1.0, &mut sum);
    }
    sum
}

/// `v = s · L · v` in place, with `(Lv)_y = √p_y (v_y − pᵀv)`. `v`: `[classes, any]`
pub(super) fn apply_factor(scale: f64, p: &[f64], mut v: ArrayViewMut2<f64>) {
    for mut column in v.columns_mut() {
        let mean: f64 = column.iter().zip(p).map(|(v, p)| v * p).sum();
        column.iter_mut().zip(p).for_each(|(v, p)| *v = scale * p.sqrt() * (*v - mean));
    }
}
