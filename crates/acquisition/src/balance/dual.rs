//! One pass over the pool: the Lagrangian dual function.
//!
//! With `v = Ω − Pᵀz`, `λ‖v‖₁ = max { y·v : |y_c| ≤ λ }`, so that
//! `g(y) = Ω·y + (sum of the b smallest r_i)`, `r_i = a_i − p_i·y`, is a lower bound for every `y` in the box.

use super::lowest::lowest;
use super::problem::{Instance, dot};

/// The reduced costs of one `y`, and the rows ordered by them as far as needed.
pub(crate) struct Pass {
    /// `r_i = a_i − p_i·y`. `[rows]`
    pub(crate) reduced: Vec<f64>,
    /// A permutation of the rows whose first `budget` entries have the smallest reduced costs.
    order: Vec<u32>,
    budget: usize,
    /// `g(y)`.
    pub(crate) bound: f64,
    /// The `b`-th smallest reduced cost.
    pub(crate) threshold: f64,
}

impl Pass {
    /// Evaluates `y`, which must lie in the box.
    ///
    /// # Panics
    ///
    /// If the budget is 0: the threshold would have no meaning.
    pub(crate) fn new(instance: &Instance, y: &[f64]) -> Self {
        assert!(instance.budget > 0, "a pass needs a budget");
        let rows = u32::try_from(instance.rows).expect("fewer than 2^32 rows");
        let mut pass = Self {
            reduced: vec![0.0; instance.rows],
            order: (0..rows).collect(),
            budget: instance.budget,
            bound: 0.0,
            threshold: 0.0,
        };
        pass.evaluate(instance, y);
        pass
    }

    /// Evaluates another `y` in the same memory.
    pub(crate) fn evaluate(&mut self, instance: &Instance, y: &[f64]) {
        for ((reduced, &cost), row) in
            self.reduced.iter_mut().zip(instance.costs.iter()).zip(instance.iter_rows())
        {
            *reduced = cost - dot(row, y);
        }
        let reduced = &self.reduced;
        self.order.select_nth_unstable_by(self.budget - 1, |&i, &j| {
            reduced[i as usize].total_cmp(&reduced[j as usize]).then(i.cmp(&j))
        });
        self.threshold = reduced[self.order[self.budget - 1] as usize];
        let constant: f64 = instance.requirement.iter().zip(y).map(|(need, y)| need * y).sum();
        self.bound = constant + self.selected().iter().map(|&row| reduced[row as usize]).sum::<f64>();
    }

    /// The `budget` rows with the smallest reduced costs, ties by lowest row, in no particular order.
    pub(crate) fn selected(&self) -> &[u32] {
        &self.order[..self.budget]
    }

    /// The row whose reduced cost is the threshold.
    pub(crate) fn last_selected(&self) -> u32 {
        self.order[self.budget - 1]
    }

    /// The `count` rows whose reduced costs are nearest to the threshold, ties by lowest row, in no particular order.
    pub(crate) fn nearest(&self, count: usize) -> Vec<u32> {
        let distance = |row: u32| (self.reduced[row as usize] - self.threshold).abs();
        let mut rows = self.order.clone();
        lowest(&mut rows, count, distance);
        rows.sort_unstable();
        rows
    }
}
