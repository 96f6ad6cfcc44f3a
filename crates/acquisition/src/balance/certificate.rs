//! What an answer is worth, computed from scratch.
//!
//! Nothing here knows the solver. Both functions use the problem and the answer alone, with plain loops, so that a
//! mistake in the solver shows as a gap and never as a false proof.

use super::Problem;

/// `aᵀz + λ‖Ω − Pᵀz‖₁` of a selection.
///
/// # Panics
///
/// If a pick is not a row of the problem.
pub fn objective(problem: &Problem, picks: &[usize]) -> f64 {
    let cost: f64 = picks.iter().map(|&row| problem.costs[row]).sum();
    cost + problem.lambda * l1(problem, picks)
}

/// `‖Ω − Pᵀz‖₁` of a selection.
///
/// # Panics
///
/// If a pick is not a row of the problem.
pub fn l1(problem: &Problem, picks: &[usize]) -> f64 {
    let mut missing = problem.requirement.to_vec();
    for &row in picks {
        for (value, &p) in missing.iter_mut().zip(problem.probabilities.row(row)) {
            *value -= f64::from(p);
        }
    }
    missing.iter().map(|value| value.abs()).sum()
}

/// The dual function `g(y) = Ω·y + (sum of the b smallest a_i − p_i·y)`: no selection of `b` rows, and no solution of
/// the linear relaxation, has an objective below it.
///
/// That holds for `|y_c| ≤ λ`. Outside of this box, or where `y` is NaN, the dual function is −∞, and so is the
/// answer.
///
/// # Shapes
///
/// `duals`: `[classes]`.
///
/// # Panics
///
/// If there is not one dual value per class, or the budget exceeds the pool.
pub fn dual_bound(problem: &Problem, duals: &[f64]) -> f64 {
    dual_bound_and_magnitude(problem, duals).0
}

/// The dual function, and the sum of the magnitudes of its terms, which its rounding error is proportional to.
pub(crate) fn dual_bound_and_magnitude(problem: &Problem, duals: &[f64]) -> (f64, f64) {
    assert_eq!(duals.len(), problem.requirement.len(), "one dual value per class");
    assert!(problem.budget <= problem.costs.len(), "the budget exceeds the pool");
    if !duals.iter().all(|y| y.abs() <= problem.lambda) {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    let mut reduced: Vec<f64> = problem
        .probabilities
        .rows()
        .into_iter()
        .zip(problem.costs)
        .map(|(row, cost)| {
            let price: f64 = match row.as_slice() {
                Some(row) => super::problem::dot(row, duals),
                None => row.iter().zip(duals).map(|(&p, y)| f64::from(p) * y).sum(),
            };
            cost - price
        })
        .collect();
    if 0 < problem.budget && problem.budget < reduced.len() {
        reduced.select_nth_unstable_by(problem.budget - 1, f64::total_cmp);
    }
    let chosen = &reduced[..problem.budget];
    let needs = || problem.requirement.iter().zip(duals).map(|(need, y)| need * y);
    let bound = needs().sum::<f64>() + chosen.iter().sum::<f64>();
    let magnitude = needs().map(f64::abs).sum::<f64>() + chosen.iter().map(|r| r.abs()).sum::<f64>();
    (bound, magnitude)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_problem_small_enough_for_a_pencil() {
        let p = array![[1.0_f32, 0.0], [0.75, 0.25], [0.0, 1.0]];
        let problem = Problem {
            probabilities: p.view(),
            costs: &[-0.5, -1.0, -0.25],
            requirement: &[1.0, 1.0],
            lambda: 2.0,
            budget: 2,
        };
        // Rows 0 and 2 meet the requirement; rows 0 and 1 miss it by 0.75 twice.
        assert!((objective(&problem, &[0, 2]) - -0.75).abs() < 1e-12);
        assert!((objective(&problem, &[0, 1]) - (-1.5 + 2.0 * 1.5)).abs() < 1e-12);
        // y = 0: the two lowest costs. y = (-2, 2): r = (1.5, 0, -2.25), Ω·y = 0.
        assert!((dual_bound(&problem, &[0.0, 0.0]) - -1.5).abs() < 1e-12);
        assert!((dual_bound(&problem, &[-2.0, 2.0]) - -2.25).abs() < 1e-12);
        // y = (0, 1): r = (-0.5, -1.25, -1.25), Ω·y = 1.
        assert!((dual_bound(&problem, &[0.0, 1.0]) - -1.5).abs() < 1e-12);
    }

    #[test]
    fn outside_the_box_there_is_no_bound() {
        let p = array![[0.5_f32, 0.5], [0.5, 0.5]];
        let problem = Problem {
            probabilities: p.view(),
            costs: &[-1.0, -1.0],
            requirement: &[1.0, 1.0],
            lambda: 1.0,
            budget: 1,
        };
        assert!(dual_bound(&problem, &[1.0, -1.0]).is_finite());
        assert!(dual_bound(&problem, &[1.001, 0.0]).is_infinite());
        assert!(dual_bound(&problem, &[f64::NAN, 0.0]).is_infinite());
    }
}
