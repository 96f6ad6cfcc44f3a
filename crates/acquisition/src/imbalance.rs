//! How far from balance the labelled set is, before and after any choice.

use ndarray::ArrayView2;

use crate::balance::{Problem, certificate, requirement};

/// `‖Ω‖₁` before any pick and `‖Ω − Pᵀz‖₁` of the picks (CBAL Eq. 4 and 8), for a choice that need not have looked at it. A
/// strategy that balances the classes says so of its own picks ([`BalanceOutcome`](crate::BalanceOutcome)).
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `labelled_counts`: `[classes]`, `picks`: `[budget]`.
///
/// # Panics
///
/// If a pick is no row, or if there are not as many counts as classes.
pub fn before_and_after(
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    picks: &[usize],
) -> (f64, f64) {
    let requirement = requirement(labelled_counts, picks.len());
    let costs = vec![0.0; probabilities.nrows()];
    let problem =
        Problem { probabilities, costs: &costs, requirement: &requirement, lambda: 0.0, budget: picks.len() };
    (certificate::l1(&problem, &[]), certificate::l1(&problem, picks))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_pick_of_the_missing_class_brings_balance() {
        let p = array![[1.0_f32, 0.0], [0.0, 1.0]];
        // Two labels of class 0 and one to come: 1.5 of each class would be balance, so that 1.5 of class 1 are missing.
        assert_eq!(before_and_after(p.view(), &[2, 0], &[1]), (1.5, 0.5));
        assert_eq!(before_and_after(p.view(), &[2, 0], &[0]), (1.5, 2.5));
    }
}
