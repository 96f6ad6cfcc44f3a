//! Gradient embeddings: the gradient of the loss by the last layer, as if a row had a certain label, in factors.

use std::ops::Range;

use ndarray::ArrayView2;
use pulp::Arch;

use crate::distances::{Rows, dot};
use crate::{Error, Side, probabilities};

/// More than the rounding error of a product of two rows in `f64`, as a share of the product of their norms.
const SLACK: f64 = 1.0 + 1e-9;

/// The gradient embeddings `(e_y − p) ⊗ h` of some rows.
///
/// They are never written out: `‖a ⊗ h − a' ⊗ h'‖² = ‖a‖²‖h‖² + ‖a'‖²‖h'‖² − 2 (a·a')(h·h')`. Sums are taken in `f64`, all in
/// one order, so that the distance of equal rows is exactly 0. (The difference `1 − p_y` is rounded to `f32`, as the
/// probabilities are.)
pub(crate) struct Gradients<'a> {
    probabilities: ArrayView2<'a, f32>,
    embeddings: Rows<'a>,
    labels: Vec<usize>,
    /// `‖h‖`. `[rows]`
    lengths: Vec<f64>,
    /// `‖a ⊗ h‖²`. `[rows]`
    squared_norms: Vec<f64>,
}

impl<'a> Gradients<'a> {
    /// With the most probable class as the label of every row, ties by lowest class.
    ///
    /// # Errors
    ///
    /// Those of [`Side::validate`].
    pub(crate) fn of_predictions(
        probabilities: ArrayView2<'a, f32>,
        embeddings: ArrayView2<'a, f32>,
    ) -> Result<Self, Error> {
        let embeddings = Side { probabilities, embeddings }.rows("unlabelled")?;
        let labels = probabilities::predicted(probabilities).collect();
        let lengths = (0..embeddings.len()).map(|row| embeddings.squared_norm(row).sqrt()).collect();
        let mut gradients = Self { probabilities, embeddings, labels, lengths, squared_norms: Vec::new() };
        gradients.squared_norms = (0..gradients.len())
            .map(|row| {
                let residual = gradients.residual(row);
                let entries = gradients.embeddings.row(row);
                Arch::new().dispatch(|| dot(&residual, &residual) * dot(entries, entries))
            })
            .collect();
        Ok(gradients)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The squared norm of every row. `[rows]`
    pub(crate) fn squared_norms(&self) -> &[f64] {
        &self.squared_norms
    }

    /// `e_y − p`. `[classes]`
    fn residual(&self, row: usize) -> Vec<f32> {
        residual(self.probabilities, row, self.labels[row])
    }
}

/// `e_y − p` of a row with a label. `[classes]`
pub(crate) fn residual(probabilities: ArrayView2<f32>, row: usize, label: usize) -> Vec<f32> {
    let mut residual: Vec<f32> = probabilities.row(row).iter().map(|&p| -p).collect();
    residual[label] += 1.0;
    residual
}

/// Rows of gradient embeddings that others are compared with.
#[derive(Default)]
pub(crate) struct Centres {
    rows: Vec<usize>,
    /// `e_y − p` of each. `[centres, classes]`
    residuals: Vec<f32>,
}

impl Centres {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn push(&mut self, gradients: &Gradients, row: usize) {
        self.rows.push(row);
        self.residuals.extend(gradients.residual(row));
    }

    /// The squared distance of a row to the nearest of some centres, or `least` where none is nearer.
    ///
    /// `|(a·a')(h·h')| ≤ |a·a'| ‖h‖‖h'‖` shows for most centres that they are not nearer before the embeddings are looked
    /// at: the rows of different predictions are nearly orthogonal.
    pub(crate) fn nearest(&self, gradients: &Gradients, row: usize, some: Range<usize>, least: f64) -> f64 {
        let residual = gradients.residual(row);
        let classes = residual.len();
        let (entries, norm) = (gradients.embeddings.row(row), gradients.squared_norms[row]);
        let length = gradients.lengths[row] * SLACK;
        let residuals = self.residuals[some.start * classes..some.end * classes].chunks_exact(classes);
        Arch::new().dispatch(|| {
            let mut least = least;
            for (&centre, other) in self.rows[some.clone()].iter().zip(residuals.clone()) {
                let norms = norm + gradients.squared_norms[centre];
                let product = dot(&residual, other);
                if norms - 2.0 * (product.abs() * length * gradients.lengths[centre]) >= least {
                    continue;
                }
                let product = product * dot(entries, gradients.embeddings.row(centre));
                least = least.min((norms - 2.0 * product).max(0.0));
            }
            least
        })
    }
}
