//! What every class still needs.

/// Samples still needed per class (CBAL Eq. 4): `Ω_c = max((L + b)/C − n_c, 0)`, where `n_c` of the `L` labelled
/// samples are of class `c`.
///
/// # Shapes
///
/// `labelled_counts`: `[classes]`; the requirement: `[classes]`.
pub fn requirement(labelled_counts: &[usize], budget: usize) -> Vec<f64> {
    let labelled: usize = labelled_counts.iter().sum();
    let target = (labelled + budget) as f64 / labelled_counts.len() as f64;
    labelled_counts.iter().map(|&count| (target - count as f64).max(0.0)).collect()
}
