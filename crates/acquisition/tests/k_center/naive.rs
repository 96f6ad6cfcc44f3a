//! Against plain loops that compute everything afresh in every step.

use ndarray::ArrayView1;
use proptest::prelude::*;
use tailward_acquisition::balance;

use crate::support::{Pool, pools, rows};

const WEIGHTS: [f64; 5] = [0.0, 0.125, 0.5, 2.0, 64.0];

fn distance(left: ArrayView1<f32>, right: ArrayView1<f32>) -> f64 {
    left.iter().zip(right).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
}

/// What is known in a step.
struct Step<'a> {
    pool: &'a Pool,
    picked: &'a [usize],
}

impl Step<'_> {
    /// Distance to the nearest centre; infinite without one.
    fn distance(&self, row: usize) -> f64 {
        let Pool { unlabelled, labelled, .. } = self.pool;
        let picked = self.picked.iter().map(|&pick| unlabelled.row(pick));
        let centres = labelled.rows().into_iter().chain(picked);
        centres.map(|centre| distance(unlabelled.row(row), centre)).fold(f64::INFINITY, f64::min)
    }

    /// `Ω − Pᵀz`.
    fn missing(&self) -> Vec<f64> {
        let mut missing = balance::requirement(&self.pool.labelled_counts, self.pool.budget);
        for &pick in self.picked {
            for (value, &p) in missing.iter_mut().zip(self.pool.probabilities.row(pick)) {
                *value -= f64::from(p);
            }
        }
        missing
    }

    /// `−d + λ‖Ω − q − Pᵀz‖₁`, as Algorithm 2 prints it.
    fn printed(&self, row: usize, weight: f64) -> f64 {
        let p = self.pool.probabilities.row(row);
        let norm: f64 = self.missing().iter().zip(p).map(|(value, &p)| (value - f64::from(p)).abs()).sum();
        -self.distance(row) + weight * norm
    }

    /// The same less what all rows of a step share, if rows sum to one exactly.
    fn hinged(&self, row: usize, weight: f64) -> f64 {
        let p = self.pool.probabilities.row(row);
        let over: f64 =
            self.missing().iter().zip(p).map(|(value, &p)| (f64::from(p) - value.max(0.0)).max(0.0)).sum();
        2.0 * weight * over - self.distance(row)
    }

    fn remaining(&self) -> impl Iterator<Item = usize> {
        (0..self.pool.unlabelled.nrows()).filter(|row| !self.picked.contains(row))
    }
}

/// The greedy choice by a value, ties by lowest row; `first` comes first where there is no centre.
fn greedy(pool: &Pool, first: Option<&usize>, value: impl Fn(&Step, usize) -> f64) -> Vec<usize> {
    let mut picked: Vec<usize> = first.filter(|_| pool.labelled.nrows() == 0).copied().into_iter().collect();
    while picked.len() < pool.budget {
        let step = Step { pool, picked: &picked };
        let mut best = None;
        for row in step.remaining() {
            let found = value(&step, row);
            if best.is_none_or(|(_, least)| found < least) {
                best = Some((row, found));
            }
        }
        picked.push(best.expect("the pool holds the budget").0);
    }
    picked
}

proptest! {
    #[test]
    fn lazy_distances_pick_what_plain_loops_pick(pool in prop_oneof![pools(true), pools(false)]) {
        let selection = pool.plain();
        let picked = rows(&selection.picks);
        prop_assert_eq!(&picked, &greedy(&pool, picked.first(), |step, row| -step.distance(row)));
        let skipped = usize::from(pool.labelled.nrows() == 0);
        for (place, pick) in selection.picks.iter().enumerate().skip(skipped) {
            let expected = Step { pool: &pool, picked: &picked[..place] }.distance(pick.row);
            prop_assert!((pick.score - expected).abs() <= 1e-12 * expected.max(1.0));
        }
    }

    #[test]
    fn where_sums_are_exact_the_printed_formula_gives_the_same_picks(
        pool in pools(true),
        weight in prop::sample::select(WEIGHTS.to_vec()),
    ) {
        let picked = rows(&pool.balanced(weight).picks);
        prop_assert_eq!(&picked, &greedy(&pool, picked.first(), |step, row| step.printed(row, weight)));
    }

    #[test]
    fn incremental_norms_pick_what_plain_loops_pick(
        pool in pools(false),
        weight in prop::sample::select(WEIGHTS.to_vec()),
    ) {
        let picked = rows(&pool.balanced(weight).picks);
        prop_assert_eq!(&picked, &greedy(&pool, picked.first(), |step, row| step.hinged(row, weight)));
        // By the printed formula no other row is better either, but for rows that sum to one in `f32` only.
        for place in usize::from(pool.labelled.nrows() == 0)..picked.len() {
            let step = Step { pool: &pool, picked: &picked[..place] };
            let found = step.printed(picked[place], weight);
            let least = step.remaining().map(|row| step.printed(row, weight)).fold(f64::INFINITY, f64::min);
            prop_assert!(found <= least + 1e-6 * (1.0 + weight), "{} is above {}", found, least);
        }
    }

    #[test]
    fn the_account_is_that_of_the_picks(pool in pools(false), weight in 0.0..3.0_f64) {
        let selection = pool.balanced(weight);
        let picked = rows(&selection.picks);
        let outcome = selection.balance.unwrap();
        let (none, all) = (Step { pool: &pool, picked: &[] }, Step { pool: &pool, picked: &picked });
        let norm = |values: Vec<f64>| values.iter().map(|value| value.abs()).sum::<f64>();
        prop_assert_eq!(&outcome.requirement, &none.missing());
        prop_assert!((outcome.l1_before - norm(none.missing())).abs() < 1e-9);
        prop_assert!((outcome.l1 - norm(all.missing())).abs() < 1e-9);
        prop_assert_eq!(outcome.lambda, Some(weight));
        if let Some(cover) = selection.cover {
            let radius = all.remaining().map(|row| all.distance(row)).fold(0.0, f64::max);
            prop_assert!((cover.radius - radius).abs() < 1e-12);
        } else {
            prop_assert!(pool.labelled.nrows() == 0 && pool.budget == 0);
        }
    }
}
