//! Larger pools: certificates, complementary slackness, and how close the answers come.

use tailward_acquisition::balance::{Options, Status, certificate, instances::Shape, solve};

use super::support::{Case, dual, faults};

fn pool(classes: usize, tight: bool, lambda: f64) -> Case {
    Case::generate(&Shape { rows: 10_000, classes, budget: 550, tight, seed: 21 }, lambda)
}

/// As many rows as the paper's pools: with fewer picks per class, some classes can be met exactly.
fn first_cycle(classes: usize) -> Case {
    Case::generate(&Shape { rows: 45_000, classes, budget: 2_500, tight: false, seed: 21 }, 1.0)
}

#[test]
fn every_pool_is_certified() {
    for classes in [10, 100] {
        for tight in [false, true] {
            for lambda in [0.1, 0.5, 1.0, 2.0, 5.0] {
                let case = pool(classes, tight, lambda);
                let options =
                    Options { search_work: 20_000_000, tree_work: Some(20_000_000), ..Options::default() };
                let solution = solve(&case.problem(), &options).unwrap();
                let at = format!("{classes} classes, tight {tight}, lambda {lambda}");
                assert_eq!(faults(&case, &solution), [""; 0], "{at}");
                assert!(!solution.statistics.fallback, "{at}");
                assert!(solution.statistics.relaxation.is_some(), "{at}");
                let rounding = solution.statistics.rounding_bound.unwrap();
                assert!(solution.gap <= rounding + 1e-6, "{at}: {} {rounding}", solution.gap);
            }
        }
    }
}

#[test]
fn an_unreachable_requirement_is_solved_to_optimality() {
    for classes in [10, 100] {
        let case = first_cycle(classes);
        let solution = solve(&case.problem(), &Options::default()).unwrap();
        assert_eq!(solution.status, Status::Optimal, "{classes} classes: gap {}", solution.gap);
    }
}

#[test]
fn turned_around_duals_are_worth_far_less() {
    for (classes, lambda) in [(10, 1.0), (100, 1.0), (100, 5.0)] {
        let case = pool(classes, true, lambda);
        let solution =
            solve(&case.problem(), &Options { search_work: 0, tree_work: Some(0), ..Options::default() })
                .unwrap();
        let turned: Vec<f64> = solution.duals.iter().map(|y| -y).collect();
        let bound = certificate::dual_bound(&case.problem(), &turned);
        assert!((bound - dual(&case, &turned)).abs() < 1e-6);
        assert!(bound < solution.bound - 0.05 * solution.bound.abs(), "{bound} {}", solution.bound);
    }
}

#[test]
fn a_class_that_stays_short_is_priced_in_full() {
    // Complementary slackness, on pools whose relaxation is integral so that the picks are its solution.
    for classes in [10, 100] {
        let case = first_cycle(classes);
        let solution = solve(&case.problem(), &Options::default()).unwrap();
        assert_eq!(solution.status, Status::Optimal);
        let mut priced = 0;
        for class in 0..classes {
            let have: f64 =
                solution.picks.iter().map(|&row| f64::from(case.probabilities[[row, class]])).sum();
            let missing = case.requirement[class] - have;
            if missing.abs() > 1e-6 {
                let expected = case.lambda * missing.signum();
                assert!((solution.duals[class] - expected).abs() < 1e-9, "class {class}: {missing}");
                priced += 1;
            }
        }
        assert!(priced >= classes / 2);
    }
}
