//! The linear relaxation over the whole pool, by sifting.
//!
//! Only a few columns near the threshold of the dual matter. A small problem over those is solved to optimality; one
//! pass over the pool then finds the columns that its duals price wrongly, and they join. The first duals come from
//! the relaxation of an eighth of the pool, solved in the same way.

use super::dual::Pass;
use super::problem::Instance;
use super::relaxation::Relaxation;
use super::simplex::Simplex;
use super::subgradient;

/// Rounds of sifting. The measured maximum is 12.
const ROUND_LIMIT: usize = 60;
/// A fixed column whose reduced cost has the wrong sign by no more than this is priced right.
const REDUCED_COST_TOLERANCE: f64 = 1e-9;
/// How exactly the relaxation of a sample is solved: it only gives a start.
const SAMPLE_TOLERANCE: f64 = 1e-5;

/// Solves the relaxation until no column is priced wrongly, or until the gap is within `tolerance` of the bound. The
/// pass that is returned holds the best duals.
///
/// It starts from the duals `start`, which must lie in the box, or else from those of a sample.
///
/// # Panics
///
/// If the budget is 0 or all rows: there is nothing to relax.
pub(crate) fn relax(
    instance: &Instance,
    tolerance: f64,
    pivot_limit: usize,
    start: Option<Vec<f64>>,
) -> (Relaxation, Pass) {
    assert!(0 < instance.budget && instance.budget < instance.rows, "nothing to relax");
    let (start, passes, pivots) = match start {
        Some(start) => (start, 0.0, 0),
        None => first_duals(instance, pivot_limit),
    };
    let mut pass = Pass::new(instance, &start);
    let mut best = Relaxation {
        bound: pass.bound,
        picks: pass.selected().to_vec(),
        objective: instance.objective(pass.selected()),
        duals: start,
        value: f64::INFINITY,
        ones: Vec::new(),
        fractionals: Vec::new(),
        tight_classes: 0,
        passes: passes + 1.0,
        pivots,
        columns: 0,
        fallback: false,
    };
    sift(instance, tolerance, pivot_limit, &mut pass, &mut best);
    if pass.bound < best.bound {
        pass.evaluate(instance, &best.duals);
        best.passes += 1.0;
    }
    (best, pass)
}

/// Duals to start from: those of a sample if the pool is large, otherwise zero.
fn first_duals(instance: &Instance, pivot_limit: usize) -> (Vec<f64>, f64, usize) {
    let size = (instance.rows / 8).max(40 * (instance.classes + 1)).max(2000);
    if 2 * instance.rows < 3 * size {
        return (vec![0.0; instance.classes], 0.0, 0);
    }
    let (sample, _) = relax(&instance.sample(size), SAMPLE_TOLERANCE, pivot_limit, None);
    (sample.duals, sample.passes * size as f64 / instance.rows as f64, sample.pivots)
}

fn sift(instance: &Instance, tolerance: f64, pivot_limit: usize, pass: &mut Pass, best: &mut Relaxation) {
    let picks = pass.selected().to_vec();
    let pivot = pass.last_selected();
    let mut columns = pass.nearest(400.max(8 * (instance.classes + 1)));
    if let Err(place) = columns.binary_search(&pivot) {
        columns.insert(place, pivot);
    }
    // 0 and 1: fixed there; 2: in play.
    let mut fixed = vec![0_u8; instance.rows];
    picks.iter().for_each(|&row| fixed[row as usize] = 1);
    columns.iter().for_each(|&row| fixed[row as usize] = 2);
    let mut simplex = Simplex::new(instance, &picks, columns, pivot);

    for _ in 0..ROUND_LIMIT {
        if simplex.optimise(pivot_limit).is_err() {
            best.fallback = true;
            break;
        }
        let clamp = |y: &f64| y.clamp(-instance.lambda, instance.lambda);
        let duals: Vec<f64> = simplex.duals.iter().map(clamp).collect();
        pass.evaluate(instance, &duals);
        best.passes += 1.0;
        best.keep(instance, pass, duals);
        best.value = simplex.objective();

        let wrong = mispriced(instance, pass, &fixed, simplex.threshold, simplex.width());
        if wrong.is_empty() || best.value - best.bound <= tolerance * best.bound.abs() {
            break;
        }
        wrong.iter().for_each(|&(row, _)| fixed[row as usize] = 2);
        simplex.add_columns(&wrong);
    }
    best.pivots += simplex.pivots;
    best.columns = simplex.width();
    best.tight_classes = simplex.tight_classes();
    if best.fallback {
        best.passes += subgradient::improve(instance, pass, best) as f64;
    } else {
        best.read(&simplex, &fixed);
    }
}

/// The fixed columns that are priced wrongly, worst first and not too many, each with whether it is fixed at 1.
fn mispriced(
    instance: &Instance,
    pass: &Pass,
    fixed: &[u8],
    threshold: f64,
    width: usize,
) -> Vec<(u32, bool)> {
    let mut wrong: Vec<(f64, u32)> = Vec::new();
    for (row, (&reduced, &side)) in pass.reduced.iter().zip(fixed).enumerate() {
        let error = match side {
            0 => threshold - reduced,
            1 => reduced - threshold,
            _ => continue,
        };
        if error > REDUCED_COST_TOLERANCE {
            wrong.push((error, row as u32));
        }
    }
    let most = 200.max(4 * (instance.classes + 1)).max(width / 2);
    if wrong.len() > most {
        wrong.select_nth_unstable_by(most, |left, right| {
            right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
        });
        wrong.truncate(most);
    }
    wrong.sort_unstable_by_key(|&(_, row)| row);
    wrong.into_iter().map(|(_, row)| (row, fixed[row as usize] == 1)).collect()
}
