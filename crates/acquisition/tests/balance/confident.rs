//! Pools of a classifier that is sure of nearly every row, and small budgets: what the relaxation promises, whole rows cannot keep.

use tailward_acquisition::SolverMode;
use tailward_acquisition::balance::instances::{Shape, generate_apart};
use tailward_acquisition::balance::{Options, Status, solve};

use super::support::{Case, brute_force, faults};

fn case(shape: &Shape, separation: f64, lambda: f64) -> Case {
    let made = generate_apart(shape, separation);
    Case {
        probabilities: made.probabilities,
        costs: made.costs,
        requirement: made.requirement,
        lambda,
        budget: shape.budget,
    }
}

/// A pool, λ, and what HiGHS 1.16.0 (one thread, highspy, gap 1e-9) came to in 90 seconds beside other work.
struct Golden {
    shape: Shape,
    separation: f64,
    lambda: f64,
    objective: f64,
    bound: f64,
}

const fn golden(
    (rows, classes, budget): (usize, usize, usize),
    (separation, lambda, tight, seed): (f64, f64, bool, u64),
    (objective, bound): (f64, f64),
) -> Golden {
    Golden { shape: Shape { rows, classes, budget, tight, seed }, separation, lambda, objective, bound }
}

/// HiGHS proved these.
const PROVEN: [Golden; 3] = [
    golden((5000, 10, 100), (3.0, 0.5, true, 2), (-117.432670, -117.432670)),
    golden((5000, 20, 100), (4.0, 0.5, true, 9), (-86.272104, -86.272104)),
    golden((10_000, 12, 100), (3.5, 1.0, false, 12), (-23.309664, -23.309664)),
];

/// These it did not.
const OPEN: [Golden; 4] = [
    golden((5000, 10, 50), (3.0, 1.0, true, 1), (-68.351644, -68.734762)),
    golden((5000, 10, 100), (3.5, 1.0, true, 3), (-97.025267, -97.267302)),
    golden((10_000, 10, 200), (3.5, 1.0, true, 5), (-188.191364, -188.325921)),
    golden((5000, 20, 100), (3.3, 1.0, true, 8), (-135.761052, -136.330034)),
];

#[test]
fn what_highs_proves_is_proven() {
    for golden in &PROVEN {
        let case = case(&golden.shape, golden.separation, golden.lambda);
        let options = Options { mode: SolverMode::Exact, ..Options::default() };
        let solution = solve(&case.problem(), &options).unwrap();
        let at = format!("{:?}: {}", golden.shape, solution.objective);
        assert_eq!(faults(&case, &solution), [""; 0], "{at}");
        assert_eq!(solution.status, Status::Optimal, "{at}");
        assert!((solution.objective - golden.objective).abs() < 2e-6, "{at}");
        assert!(solution.dual_bound < solution.bound - 1e-3, "{at}: the relaxation proves nothing here");
    }
}

#[test]
fn answers_are_within_a_ten_thousandth_of_what_highs_finds() {
    for golden in &OPEN {
        let case = case(&golden.shape, golden.separation, golden.lambda);
        let solution = solve(&case.problem(), &Options::default()).unwrap();
        let at = format!("{:?}: {} {}", golden.shape, solution.objective, solution.bound);
        assert_eq!(faults(&case, &solution), [""; 0], "{at}");
        assert!(solution.objective <= golden.objective + 1e-4 * golden.objective.abs(), "{at}");
        // Neither bound may be above the other's selection.
        assert!(solution.bound <= golden.objective + 1e-6, "{at}");
        assert!(golden.bound <= solution.objective + 1e-6, "{at}");
    }
}

#[test]
fn bounds_and_selections_hold_wherever_the_search_is_cut_off() {
    let mut closed = 0;
    for seed in 0..40 {
        for lambda in [0.5, 2.0] {
            let shape = Shape { rows: 14, classes: 3, budget: 5, tight: true, seed };
            let case = case(&shape, 4.0, lambda);
            let (optimum, _) = brute_force(&case);
            for work in [1, 500, 2_000, 8_000, 1_000_000] {
                let options = Options { search_work: 0, tree_work: Some(work), ..Options::default() };
                let solution = solve(&case.problem(), &options).unwrap();
                let at = format!("seed {seed}, lambda {lambda}, work {work}");
                assert_eq!(faults(&case, &solution), [""; 0], "{at}");
                assert!(solution.bound <= optimum + 1e-9, "{at}: {} {optimum}", solution.bound);
                assert!(solution.objective >= optimum - 1e-9, "{at}");
                if solution.status == Status::Optimal {
                    assert!(solution.objective <= optimum + 1e-8, "{at}");
                    closed += usize::from(solution.dual_bound < solution.bound - 1e-6);
                }
                assert!(work < 1_000_000 || solution.status == Status::Optimal, "{at}");
            }
        }
    }
    assert!(closed > 80, "only {closed} were proven by branching");
}

#[test]
fn an_answer_is_a_function_of_its_inputs() {
    let golden = &OPEN[1];
    let case = case(&golden.shape, golden.separation, golden.lambda);
    let options = Options { tree_work: Some(30_000_000), ..Options::default() };
    let answers: Vec<_> = (0..2).map(|_| solve(&case.problem(), &options).unwrap()).collect();
    assert_eq!(answers[0].picks, answers[1].picks);
    assert_eq!(answers[0].bound.to_bits(), answers[1].bound.to_bits());
    assert!(answers[0].statistics.nodes > 50 && answers[0].statistics.free_rows.is_some());
}
