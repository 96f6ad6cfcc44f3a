//! From the relaxation's solution to a selection.

use super::relaxation::Relaxation;

/// Keeps the rows at 1 and fills up with the largest fractions, ties by lowest row.
///
/// The fractions sum to what is missing from the budget, up to rounding error. `None` if the relaxation has no
/// solution to round, or a damaged one.
pub(crate) fn round(relaxation: &Relaxation, budget: usize) -> Option<Vec<u32>> {
    fill(&relaxation.ones, &relaxation.fractionals, budget)
}

fn fill(ones: &[u32], fractionals: &[(u32, f64)], budget: usize) -> Option<Vec<u32>> {
    let missing = budget.checked_sub(ones.len())?;
    if missing > fractionals.len() {
        return None;
    }
    let mut fractionals = fractionals.to_vec();
    fractionals.sort_unstable_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let mut picks = ones.to_vec();
    picks.extend(fractionals[..missing].iter().map(|&(row, _)| row));
    Some(picks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_fractions_fill_up() {
        let fractionals = [(4, 0.25), (9, 0.75), (2, 0.5), (1, 0.5)];
        assert_eq!(fill(&[7, 3], &fractionals, 4), Some(vec![7, 3, 9, 1]));
        assert_eq!(fill(&[7, 3], &[], 2), Some(vec![7, 3]));
    }

    #[test]
    fn a_damaged_solution_is_not_rounded() {
        assert_eq!(fill(&[7, 3], &[], 1), None);
        assert_eq!(fill(&[7, 3], &[(4, 0.5)], 4), None);
    }
}
