//! Whether a cover exists, by branch and bound.

use std::time::Duration;

use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, WithMipGap,
    WithTimeLimit, constraint, microlp, variable,
};

use super::cover::{Cover, Decision};
use crate::Error;

/// Any solution will do: the first one that is found is within this share of the best.
const ANY_GAP: f32 = 1e9;

/// Looks for at most `budget` centres that cover all points but some of at most the outliers' weight.
///
/// Whether a solution is one is for the caller to check. That there is none is believed only if the solver says so; time
/// that has run out proves nothing.
///
/// # Errors
///
/// [`Error::Reference`] if the solver fails for a reason other than time.
pub(super) fn decide(cover: &Cover, budget: usize, time: Duration) -> Result<Decision, Error> {
    if time.is_zero() {
        return Ok(Decision::Undecided);
    }
    let mut variables = ProblemVariables::new();
    let centres: Vec<Variable> = cover.rows().iter().map(|_| variables.add(variable().binary())).collect();
    let spared: Vec<Variable> = if cover.outliers() > 0 {
        cover.weights().iter().map(|_| variables.add(variable().binary())).collect()
    } else {
        Vec::new()
    };
    let picked: Expression = centres.iter().sum();
    let mut model = variables.minimise(picked.clone()).using(microlp);
    model.add_constraint(constraint!(picked <= budget as f64));
    if cover.outliers() > 0 {
        let mut uncovered = Expression::with_capacity(spared.len());
        spared.iter().zip(cover.weights()).for_each(|(&it, &weight)| uncovered.add_mul(weight as f64, it));
        model.add_constraint(constraint!(uncovered <= cover.outliers() as f64));
    }
    for point in 0..cover.weights().len() {
        let by: Expression = cover.covered_by(point).map(|centre| centres[centre]).sum();
        let by = spared.get(point).map_or(by.clone(), |&it| by + it);
        model.add_constraint(constraint!(by >= 1.0));
    }
    let failed = |source| Error::Reference { model: "covering programme", source };
    let model = model
        .with_time_limit(time.as_secs_f64())
        .with_mip_gap(ANY_GAP)
        .expect("the gap is a positive number");
    match model.solve() {
        Ok(solution) => {
            let chosen = centres.iter().zip(cover.rows()).filter(|&(&it, _)| solution.value(it) > 0.5);
            Ok(Decision::Feasible(chosen.map(|(_, &row)| row).collect()))
        }
        Err(ResolutionError::Infeasible) => Ok(Decision::Infeasible),
        // Out of time before the first solution.
        Err(ResolutionError::Other(_)) => Ok(Decision::Undecided),
        Err(source) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{distances, points};
    use super::*;

    /// Whether any choice of `budget` rows covers all rows but `outliers`.
    fn feasible(distances: &super::super::Distances, radius: f64, budget: usize, outliers: usize) -> bool {
        let rows = distances.rows();
        (0_u32..1 << rows).filter(|set| set.count_ones() as usize <= budget).any(|set| {
            let picks: Vec<usize> = (0..rows).filter(|row| set >> row & 1 == 1).collect();
            distances.radius(&picks, outliers).0 <= radius
        })
    }

    #[test]
    fn the_programme_and_the_shortcuts_say_what_enumeration_says() {
        let mut counts = [0; 5];
        for seed in 0..120 {
            let (budget, outliers) = (1 + seed as usize % 3, seed as usize / 3 % 4);
            let distances = distances(&points(9, 2, seed), &points(seed as usize % 2, 2, seed + 1000));
            let radii = distances.radii(0.0, 2.0);
            for &radius in radii.iter().step_by(3) {
                let expected = feasible(&distances, radius, budget, outliers);
                let whole = Cover::new(&distances, radius, outliers);
                let reduced = Cover::new(&distances, radius, outliers).reduced();
                for cover in [&whole, &reduced] {
                    let check = |rows: Vec<usize>| {
                        assert!(rows.len() <= budget, "seed {seed}");
                        assert!(distances.radius(&rows, outliers).0 <= radius, "seed {seed}, {rows:?}");
                        assert!(expected);
                    };
                    match decide(cover, budget, Duration::from_secs(60)).unwrap() {
                        Decision::Feasible(rows) => check(rows),
                        Decision::Infeasible => assert!(!expected, "seed {seed}, radius {radius}"),
                        Decision::Undecided => panic!("a minute is not enough"),
                    }
                    let (greedy, packed) = (cover.greedy(budget), cover.is_packed(budget));
                    assert!(!packed || !expected, "seed {seed}, radius {radius}");
                    counts[0] += usize::from(packed);
                    counts[1] += usize::from(greedy.is_some());
                    counts[2] += usize::from(greedy.is_none() && !packed);
                    greedy.into_iter().for_each(check);
                }
                counts[3] += usize::from(reduced.variables() < whole.variables());
                counts[4] += usize::from(reduced.weights().len() < whole.weights().len());
            }
        }
        assert!(counts.iter().all(|&count| count > 50), "something was hardly tested: {counts:?}");
    }
}
