//! Wrong answers of the kinds that solvers have given, each of which a check must catch.

use tailward_acquisition::balance::{Options, Solution, instances::Shape, solve};

use super::support::{Case, brute_force, dual, faults, objective, selections};

fn case() -> Case {
    Case::generate(&Shape { rows: 3000, classes: 10, budget: 170, tight: true, seed: 31 }, 1.0)
}

/// The faults of a sound answer after `mutate` has been at it; there must be none before.
fn faults_after(mutate: impl Fn(&Case, &mut Solution)) -> Vec<&'static str> {
    let case = case();
    let mut solution =
        solve(&case.problem(), &Options { search_work: 1_000_000, ..Options::default() }).unwrap();
    assert_eq!(faults(&case, &solution), [""; 0]);
    mutate(&case, &mut solution);
    faults(&case, &solution)
}

#[test]
fn duals_of_the_wrong_sign() {
    let found = faults_after(|_, solution| solution.duals.iter_mut().for_each(|y| *y = -*y));
    assert!(
        found.contains(&"dual bound is not that of the duals") && found.contains(&"no strong duality"),
        "{found:?}"
    );
}

#[test]
fn a_bound_from_one_row_too_few() {
    let found = faults_after(|case, solution| {
        let fewer = Case { budget: case.budget - 1, ..case.clone() };
        solution.dual_bound = dual(&fewer, &solution.duals);
        solution.bound = solution.dual_bound;
        solution.gap = (solution.objective - solution.bound).max(0.0);
    });
    assert!(found.contains(&"dual bound is not that of the duals"), "{found:?}");
}

#[test]
fn duals_outside_of_the_box() {
    let found = faults_after(|case, solution| {
        solution.duals.iter_mut().for_each(|y| *y *= 1.0 + 1e-6);
        solution.duals[0] = 1.01 * case.lambda;
        solution.dual_bound = dual(case, &solution.duals);
        solution.bound = solution.dual_bound;
        solution.gap = (solution.objective - solution.bound).max(0.0);
    });
    assert!(found.contains(&"duals not in the box"), "{found:?}");
}

#[test]
fn nothing_picked_on_time_out() {
    let found = faults_after(|case, solution| {
        solution.picks.clear();
        solution.objective = objective(case, &[]);
        solution.gap = (solution.objective - solution.bound).max(0.0);
    });
    assert_eq!(found, ["not exactly budget picks"]);
}

#[test]
fn classes_off_by_one() {
    let found = faults_after(|case, solution| {
        let mut shifted = case.clone();
        shifted.requirement.rotate_left(1);
        solution.objective = objective(&shifted, &solution.picks);
        solution.gap = (solution.objective - solution.bound).max(0.0);
    });
    assert!(found.contains(&"objective is not that of the picks"), "{found:?}");
    let found = faults_after(|_, solution| solution.duals.rotate_left(1));
    assert!(found.contains(&"dual bound is not that of the duals"), "{found:?}");
}

#[test]
fn a_row_picked_twice() {
    let found = faults_after(|case, solution| {
        solution.picks[1] = solution.picks[0];
        solution.objective = objective(case, &solution.picks);
        solution.gap = (solution.objective - solution.bound).max(0.0);
    });
    assert!(found.contains(&"picks not distinct and ascending"), "{found:?}");
}

#[test]
fn an_objective_that_belongs_to_other_picks() {
    let found = faults_after(|case, solution| {
        let spare = (0..case.costs.len()).find(|row| !solution.picks.contains(row)).unwrap();
        solution.picks[0] = spare;
        solution.picks.sort_unstable();
    });
    assert!(found.contains(&"objective is not that of the picks"), "{found:?}");
}

/// Rows that reduced-cost fixing decides, with the reduced costs of `y` and the bound of `bounded_by`.
fn fixed(case: &Case, y: &[f64], bounded_by: &[f64], objective: f64) -> Vec<(usize, bool)> {
    let mut order: Vec<(f64, usize)> = (0..case.costs.len())
        .map(|row| {
            let price: f64 =
                (0..y.len()).map(|class| f64::from(case.probabilities[[row, class]]) * y[class]).sum();
            (case.costs[row] - price, row)
        })
        .collect();
    order.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (last, next) = (order[case.budget - 1].0, order[case.budget].0);
    let slack = objective - dual(case, bounded_by) + 1e-9;
    let decided = |(place, &(reduced, row)): (usize, &(f64, usize))| {
        let inside = place < case.budget;
        let penalty = if inside { next - reduced } else { reduced - last };
        (penalty > slack).then_some((row, inside))
    };
    order.iter().enumerate().filter_map(decided).collect()
}

/// How many small problems have an optimum that contradicts what was fixed.
fn contradictions(same_duals: bool) -> usize {
    let mut count = 0;
    for seed in 0..300 {
        let case = Case::small(seed, 0.5);
        if case.budget == case.costs.len() {
            continue;
        }
        let (optimum, _) = brute_force(&case);
        let best = solve(&case.problem(), &Options::default()).unwrap();
        let other: Vec<f64> = best.duals.iter().map(|y| -0.8 * y).collect();
        let bounded_by = if same_duals { &other } else { &best.duals };
        let decided = fixed(&case, &other, bounded_by, optimum);
        let optima = selections(&case).into_iter().filter(|(value, _)| *value <= optimum + 1e-12);
        let contradicted = |picks: &[usize]| {
            decided.iter().any(|&(row, inside)| picks.binary_search(&row).is_ok() != inside)
        };
        count += usize::from(optima.into_iter().any(|(_, picks)| contradicted(&picks)));
    }
    count
}

#[test]
fn fixing_with_the_bound_of_other_duals() {
    assert_eq!(contradictions(true), 0, "fixing is sound when both come from the same duals");
    assert!(contradictions(false) > 0, "brute force does not see that fixing mixes two duals");
}
