//! From logits to probabilities, on the host.

use ndarray::{Array2, ArrayView2};

/// Logits as probabilities.
///
/// # Shapes
///
/// Both: `[rows, classes]`
pub fn softmax(logits: ArrayView2<f32>) -> Array2<f32> {
    let mut probabilities = logits.to_owned();
    for mut row in probabilities.rows_mut() {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.mapv_inplace(|logit| (logit - highest).exp());
        let sum = row.sum();
        row /= sum;
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn large_logits_are_no_trouble() {
        let probabilities = softmax(array![[1000.0, 1000.0], [0.0, 3.0_f32.ln()]].view());
        assert_eq!(probabilities.row(0).to_vec(), [0.5, 0.5]);
        assert!((probabilities[[1, 1]] - 0.75).abs() < 1e-6);
    }
}
