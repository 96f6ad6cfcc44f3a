//! From the relaxation's solution to a selection.

use super::sifting::Relaxation;

/// Keeps the rows at 1 and fills up with the largest fractions, ties by lowest row.
///
/// The fractions sum to what is missing from the budget, up to rounding error. `None` if the relaxation has no
/// solution to round, or a damaged one.
pub(crate) fn round(relaxation: &Relaxation, budget: usize) -> Option<Vec<u32>> {
    let missing = budget.checked_sub(relaxation.ones.len())?;
    if missing > relaxation.fractionals.len() {
        return None;
    }
    let mut fractionals = relaxation.fractionals.clone();
    fractionals.sort_unstable_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let mut picks = relaxation.ones.clone();
    picks.extend(fractionals[..missing].iter().map(|&(row, _)| row));
    Some(picks)
}
