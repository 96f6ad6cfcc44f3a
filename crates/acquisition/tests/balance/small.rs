//! The class-balancing programme against brute force on problems of at most 15 rows.

use super::support::{Case, brute_force, faults};
use tailward_acquisition::SolverMode;
use tailward_acquisition::balance::reference;
use tailward_acquisition::balance::{Options, Status, certificate, solve};

const LAMBDAS: [f64; 6] = [0.0, 0.1, 0.5, 1.0, 2.0, 5.0];

/// Branch and bound from a poor start, so that it has something to do.
fn exact() -> Options {
    Options { mode: SolverMode::Exact, search_work: 0, ..Options::default() }
}

#[test]
fn the_optimum_lies_between_the_bound_and_the_objective() {
    let mut found = 0;
    for seed in 0..300 {
        for lambda in LAMBDAS {
            let case = Case::small(seed, lambda);
            let (optimum, _) = brute_force(&case);
            let solution = solve(&case.problem(), &Options::default()).unwrap();
            assert_eq!(faults(&case, &solution), [""; 0], "seed {seed}, lambda {lambda}");
            assert!(
                solution.bound <= optimum + 1e-9,
                "seed {seed}, lambda {lambda}: {} {optimum}",
                solution.bound
            );
            assert!(solution.objective >= optimum - 1e-9, "seed {seed}, lambda {lambda}");
            if solution.status == Status::Optimal {
                assert!(solution.objective <= optimum + 1e-8, "seed {seed}, lambda {lambda}");
            }
            // A-posteriori and a-priori rounding bounds.
            if let (Some(relaxation), Some(rounding)) =
                (solution.statistics.relaxation, solution.statistics.rounding_bound)
            {
                assert!(optimum - relaxation <= rounding + 1e-9, "seed {seed}, lambda {lambda}");
                let tight = solution.statistics.tight_classes as f64 + 1.0;
                let classes = case.requirement.len() as f64;
                assert!(rounding <= lambda / 2.0 * (classes * tight).sqrt() + 1e-9);
            }
            found += usize::from(solution.objective <= optimum + 1e-9);
        }
    }
    assert_eq!(found, 1800, "branch and bound finds every optimum");
}

#[test]
fn exact_and_the_reference_find_the_optimum() {
    for seed in 0..300 {
        let lambda = LAMBDAS[seed as usize % LAMBDAS.len()];
        let case = Case::small(seed, lambda);
        let (optimum, _) = brute_force(&case);
        let solution = solve(&case.problem(), &exact()).unwrap();
        assert_eq!(faults(&case, &solution), [""; 0], "seed {seed}");
        assert_eq!(solution.status, Status::Optimal, "seed {seed}");
        assert!((solution.objective - optimum).abs() < 1e-7, "seed {seed}: {} {optimum}", solution.objective);
        let reference = reference::integer(&case.problem()).unwrap();
        assert!(reference.optimal);
        assert!(
            (reference.objective - optimum).abs() < 1e-6,
            "seed {seed}: {} {optimum}",
            reference.objective
        );
    }
}

#[test]
fn a_larger_lambda_balances_more_and_scores_less() {
    for seed in 0..60 {
        let mut last: Option<(f64, f64)> = None;
        for lambda in LAMBDAS {
            let case = Case::small(seed, lambda);
            let (_, picks) = brute_force(&case);
            let l1 = certificate::l1(&case.problem(), &picks);
            let entropy: f64 = picks.iter().map(|&row| -case.costs[row]).sum();
            if let Some((l1_before, entropy_before)) = last {
                assert!(l1 <= l1_before + 1e-9, "seed {seed}, lambda {lambda}");
                assert!(entropy <= entropy_before + 1e-9, "seed {seed}, lambda {lambda}");
            }
            last = Some((l1, entropy));
        }
    }
}

#[test]
fn the_balancing_term_is_a_charge_on_what_is_over_quota() {
    // ‖Ω − Pᵀz‖₁ = (1ᵀΩ − b) + 2 Σ_c max((Pᵀz)_c − Ω_c, 0), for rows that sum to one.
    for seed in 0..100 {
        let case = Case::small(seed, 1.0);
        let (_, picks) = brute_force(&case);
        let mut over = 0.0;
        let mut mass = 0.0;
        for (class, need) in case.requirement.iter().enumerate() {
            let have: f64 = picks.iter().map(|&row| f64::from(case.probabilities[[row, class]])).sum();
            over += (have - need).max(0.0);
            mass += have;
        }
        let total: f64 = case.requirement.iter().sum();
        let hinge = (total - mass) + 2.0 * over;
        assert!((certificate::l1(&case.problem(), &picks) - hinge).abs() < 1e-9, "seed {seed}");
        assert!((mass - case.budget as f64).abs() < 1e-5);
    }
}
