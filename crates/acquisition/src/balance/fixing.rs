//! Reduced-cost fixing: rows that are in every better selection, or in none.

use super::dual::Pass;
use super::problem::Instance;

/// Rows that the bound does not decide: the others are in every optimal selection, or in none.
///
/// A selection that leaves out a row with reduced cost `r_i` among the `b` smallest has an objective of at least
/// `g(y) + (r of the next row) − r_i`; likewise for one that takes another row in. `pass` must hold the very `y`
/// whose `g(y)` is used as the bound.
pub(crate) fn undecided(instance: &Instance, pass: &Pass, objective: f64) -> (Vec<usize>, Vec<usize>) {
    let mut inside = vec![false; instance.rows];
    pass.selected().iter().for_each(|&row| inside[row as usize] = true);
    let outsiders = pass.reduced.iter().zip(&inside).filter(|&(_, &inside)| !inside);
    let next = outsiders.map(|(&reduced, _)| reduced).fold(f64::INFINITY, f64::min);
    // Enough for the rounding error of both sums.
    let slack = objective - pass.bound + 1e-9 * (1.0 + objective.abs());
    let mut free = Vec::new();
    let mut taken = Vec::new();
    for (row, (&inside, &reduced)) in inside.iter().zip(&pass.reduced).enumerate() {
        let penalty = if inside { next - reduced } else { reduced - pass.threshold };
        if penalty <= slack {
            free.push(row);
        } else if inside {
            taken.push(row);
        }
    }
    (free, taken)
}

#[cfg(test)]
mod tests {
    use super::super::instances::{Shape, generate};
    use super::super::sifting::relax;
    use super::super::{Problem, certificate};
    use super::*;

    #[test]
    fn every_optimum_agrees_with_what_is_fixed() {
        let mut fixed = 0;
        for seed in 0..60 {
            let made = generate(&Shape { rows: 12, classes: 3, budget: 4, tight: true, seed });
            let problem = Problem {
                probabilities: made.probabilities.view(),
                costs: &made.costs,
                requirement: &made.requirement,
                lambda: 0.3,
                budget: 4,
            };
            let selections = (0_u32..1 << 12).filter(|set| set.count_ones() == 4).map(|set| {
                let picks: Vec<usize> = (0..12).filter(|row| set >> row & 1 == 1).collect();
                (certificate::objective(&problem, &picks), picks)
            });
            let (best, optimum) = selections.min_by(|left, right| left.0.total_cmp(&right.0)).unwrap();
            let instance = Instance::new(&problem);
            let (_, pass) = relax(&instance, 0.0, 10_000, None);
            // The tightest incumbent there is fixes the most.
            let (free, taken) = undecided(&instance, &pass, best);
            assert!(taken.iter().all(|row| optimum.contains(row)), "seed {seed}");
            assert!(optimum.iter().all(|row| free.contains(row) || taken.contains(row)), "seed {seed}");
            fixed += 12 - free.len();
        }
        assert!(fixed > 100, "only {fixed} rows of 720 were fixed");
    }
}
