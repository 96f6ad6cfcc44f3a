//! The similarity of unlabelled rows to query rows: the cosine of their gradient embeddings, floored at 0.

use ndarray::ArrayView2;
use pulp::Arch;

use crate::distances::{Rows, dot};
use crate::gradients::residual;
use crate::{Error, Side};

/// Gradients by bias and weights of the last layer, `(p − e_y) ⊗ (1, h)`, in factors.
pub(super) struct Points<'a> {
    probabilities: ArrayView2<'a, f32>,
    embeddings: Rows<'a>,
    labels: Vec<usize>,
    /// Whether no entry of an embedding is negative, as after a rectifier: then no product of two is.
    rectified: bool,
}

impl<'a> Points<'a> {
    /// One point for every row of a side. `array` names it in errors.
    pub(super) fn new(array: &'static str, side: Side<'a>, labels: Vec<usize>) -> Result<Self, Error> {
        let rectified = side.embeddings.iter().all(|&h| h >= 0.0);
        Ok(Self { probabilities: side.probabilities, embeddings: side.rows(array)?, labels, rectified })
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// `e_y − p`; both sides have the sign changed. `[classes]`
    fn residual(&self, row: usize) -> Vec<f32> {
        residual(self.probabilities, row, self.labels[row])
    }

    /// The norm of a gradient, given its first factor.
    fn norm(&self, row: usize, residual: &[f32]) -> f64 {
        let squared = Arch::new().dispatch(|| dot(residual, residual));
        (squared * (1.0 + self.embeddings.squared_norm(row))).sqrt()
    }
}

/// What is similar to a row: positions in the list of query rows, ascending, and similarities above 0.
pub(super) type Similar = Vec<(u32, f32)>;

/// The similarities of unlabelled rows to query rows, computed a row at a time.
pub(super) struct Kernel<'a> {
    unlabelled: Points<'a>,
    labelled: Points<'a>,
    /// Rows of the labelled side. `[queries]`
    queries: Vec<usize>,
    /// `[queries, classes]`
    residuals: Vec<f32>,
    /// `[queries]`
    norms: Vec<f64>,
}

impl<'a> Kernel<'a> {
    pub(super) fn new(unlabelled: Points<'a>, labelled: Points<'a>, queries: Vec<usize>) -> Self {
        let mut residuals = Vec::new();
        let mut norms = Vec::with_capacity(queries.len());
        for &row in &queries {
            let residual = labelled.residual(row);
            norms.push(labelled.norm(row, &residual));
            residuals.extend(residual);
        }
        Self { unlabelled, labelled, queries, residuals, norms }
    }

    /// Unlabelled rows.
    pub(super) fn rows(&self) -> usize {
        self.unlabelled.len()
    }

    pub(super) fn queries(&self) -> usize {
        self.queries.len()
    }

    /// What is similar to an unlabelled row.
    ///
    /// `cos = (d·d')(1 + h·h') / (‖d‖‖d'‖ √(1 + ‖h‖²) √(1 + ‖h'‖²))` with `d = p − e_y`, in `f64`, rounded to `f32`. A row that is
    /// predicted with certainty has no gradient and is similar to nothing. Where `d·d'` is negative and `h·h'` cannot
    /// be, as is so for most rows of another class, embeddings need not be looked at.
    pub(super) fn similar(&self, row: usize) -> Similar {
        let residual = self.unlabelled.residual(row);
        let norm = self.unlabelled.norm(row, &residual);
        let entries = self.unlabelled.embeddings.row(row);
        let rectified = self.unlabelled.rectified && self.labelled.rectified;
        let others = self.residuals.chunks_exact(residual.len()).zip(&self.queries).zip(&self.norms);
        Arch::new().dispatch(|| {
            let mut similar = Similar::new();
            for (position, ((other, &query), other_norm)) in others.clone().enumerate() {
                let product = dot(&residual, other);
                if rectified && product <= 0.0 {
                    continue;
                }
                let product = product * (1.0 + dot(entries, self.labelled.embeddings.row(query)));
                // Norms of 0 come with a product of 0.
                let similarity = if product > 0.0 { (product / (norm * other_norm)) as f32 } else { 0.0 };
                if similarity > 0.0 {
                    similar.push((position as u32, similarity));
                }
            }
            similar
        })
    }
}
