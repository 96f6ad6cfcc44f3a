//! The rows that could still change, as columns of a programme of their own.

use super::super::exchange::Exchange;
use super::super::problem::{Instance, l1, subtract};

/// The programme over some of the rows, with the others picked or left out for good.
///
/// A row belongs to the group of its most probable class, ties by lowest class. How many rows of a group are picked is an integer, too:
/// where rows are nearly one-hot, that is what keeps the classes from being met, and no row by itself.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    /// The rows. `[columns]`
    pub(crate) rows: Vec<u32>,
    /// `a`. `[columns]`
    pub(crate) costs: Vec<f64>,
    /// `Pᵀ`, a class after the other. `[classes, columns]`
    pub(crate) probabilities: Vec<f64>,
    /// `[columns]`
    pub(crate) groups: Vec<u32>,
    /// `Ω` without the rows that are picked for good. `[classes]`
    pub(crate) requirement: Vec<f64>,
    /// Rows to pick.
    pub(crate) budget: usize,
    /// `λ`.
    pub(crate) lambda: f64,
    /// What the rows that are picked for good cost.
    pub(crate) constant: f64,
}

impl Core {
    /// `free` and `taken` are rows.
    pub(crate) fn new(instance: &Instance, free: &[usize], taken: &[usize]) -> Self {
        let (columns, classes) = (free.len(), instance.classes);
        let mut requirement = instance.requirement.to_vec();
        let mut constant = 0.0;
        for &row in taken {
            subtract(&mut requirement, instance.row(row));
            constant += instance.costs[row];
        }
        let mut probabilities = vec![0.0; classes * columns];
        let mut groups = Vec::with_capacity(columns);
        for (column, &row) in free.iter().enumerate() {
            let mut group = 0;
            for (class, &p) in instance.row(row).iter().enumerate() {
                probabilities[class * columns + column] = f64::from(p);
                if p > instance.row(row)[group] {
                    group = class;
                }
            }
            groups.push(group as u32);
        }
        Self {
            rows: free.iter().map(|&row| row as u32).collect(),
            costs: free.iter().map(|&row| instance.costs[row]).collect(),
            probabilities,
            groups,
            requirement,
            budget: instance.budget - taken.len(),
            lambda: instance.lambda,
            constant,
        }
    }

    /// How many columns.
    pub(crate) fn columns(&self) -> usize {
        self.rows.len()
    }

    /// The probabilities of a class. `[columns]`
    pub(crate) fn of_class(&self, class: usize) -> &[f64] {
        &self.probabilities[class * self.columns()..(class + 1) * self.columns()]
    }

    /// How many classes.
    pub(crate) fn classes(&self) -> usize {
        self.requirement.len()
    }

    /// `Ω − Pᵀz` of the selection that picks `columns` of the core. `[classes]`
    fn residual(&self, columns: &[u32]) -> Vec<f64> {
        let missing = |(class, need): (usize, &f64)| {
            let of_class = self.of_class(class);
            need - columns.iter().map(|&column| of_class[column as usize]).sum::<f64>()
        };
        self.requirement.iter().enumerate().map(missing).collect()
    }

    /// The objective of the selection that picks `columns` of the core.
    pub(crate) fn objective(&self, columns: &[u32]) -> f64 {
        let cost: f64 = columns.iter().map(|&column| self.costs[column as usize]).sum();
        self.constant + cost + self.lambda * l1(&self.residual(columns))
    }

    /// Exchanges among `columns`, of which the first `picked` are picked; `selection` is all that is picked.
    pub(crate) fn exchange(&self, columns: &[u32], picked: usize, selection: &[u32]) -> Exchange {
        let costs = columns.iter().map(|&column| self.costs[column as usize]).collect();
        let of_column = |&column: &u32| self.probabilities[column as usize..].iter().step_by(self.columns());
        let probabilities = columns.iter().flat_map(of_column).copied().collect();
        Exchange::new(self.lambda, costs, probabilities, picked, self.residual(selection))
    }
}
