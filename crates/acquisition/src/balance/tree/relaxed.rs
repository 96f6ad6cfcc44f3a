//! The relaxation of a node as a linear programme with a basis.
//!
//! With `m = 2 classes + 1` rows: `Σ p_ic z_i + s⁺_c − s⁻_c = Ω_c` for each class, `Σ_{i in c} z_i − n_c = 0` for each group, and
//! `Σ z_i = b`. The slacks `s` cost `λ`. Variables are the columns, then `n`, `s⁺`, `s⁻`, and one that is 0 for the budget's row.

use super::core::Core;

/// A pivot smaller than this is none.
pub(super) const PIVOT_TOLERANCE: f64 = 1e-9;

/// The relaxation over the columns of a node that are open.
pub(super) struct Relaxed {
    classes: usize,
    /// Columns of the core. `[columns]`
    pub(super) columns: Vec<u32>,
    /// `[classes, columns]`
    probabilities: Vec<f64>,
    /// `[columns]`
    groups: Vec<u32>,
    /// `[m]`
    rhs: Vec<f64>,
    /// What the columns that are picked cost.
    constant: f64,
    /// `[variables]`
    costs: Vec<f64>,
    /// `[variables]`
    pub(super) lower: Vec<f64>,
    /// `[variables]`
    pub(super) upper: Vec<f64>,
    /// The variable of each row of the basis.
    pub(super) basis: Vec<usize>,
    /// The row of each variable in the basis; `usize::MAX` outside.
    pub(super) place: Vec<usize>,
    /// Which bound a variable outside of the basis rests at. `[variables]`
    pub(super) at_upper: Vec<bool>,
    /// `B⁻¹`. `[m, m]`
    pub(super) inverse: Vec<f64>,
    /// Of the basic variables. `[m]`
    pub(super) values: Vec<f64>,
    /// Reduced costs. `[variables]`
    pub(super) reduced: Vec<f64>,
    /// A row of the tableau. `[variables]`
    pub(super) alpha: Vec<f64>,
    /// Pivots since the inverse was made.
    pub(super) since_refactor: usize,
    /// Spent so far, in multiplications of a column's entry.
    pub(super) work: u64,
}

impl Relaxed {
    /// The relaxation over `columns` of the core; `picked` of its columns are picked besides. `groups` bounds how many rows of each group
    /// are picked among `columns`.
    pub(super) fn new(core: &Core, columns: Vec<u32>, picked: &[u32], groups: &[(i32, i32)]) -> Self {
        let (n, classes) = (columns.len(), core.classes());
        let m = 2 * classes + 1;
        let variables = n + 3 * classes + 1;
        let mut probabilities = Vec::with_capacity(classes * n);
        let mut rhs = vec![0.0; m];
        for (class, (rhs, need)) in rhs.iter_mut().zip(&core.requirement).enumerate() {
            let of_class = core.of_class(class);
            probabilities.extend(columns.iter().map(|&column| of_class[column as usize]));
            *rhs = need - picked.iter().map(|&column| of_class[column as usize]).sum::<f64>();
        }
        rhs[2 * classes] = core.budget as f64 - picked.len() as f64;
        let mut costs = vec![0.0; variables];
        let mut lower = vec![0.0; variables];
        let mut upper = vec![1.0; variables];
        for (cost, &column) in costs.iter_mut().zip(&columns) {
            *cost = core.costs[column as usize];
        }
        for class in 0..classes {
            lower[n + class] = f64::from(groups[class].0);
            upper[n + class] = f64::from(groups[class].1);
            for slack in [n + classes + class, n + 2 * classes + class] {
                costs[slack] = core.lambda;
                // No class misses more than it needs, or has more in surplus than is picked.
                upper[slack] = core.requirement[class].abs() + core.budget as f64 + 1.0;
            }
        }
        upper[n + 3 * classes] = 0.0;
        Self {
            classes,
            probabilities,
            groups: columns.iter().map(|&column| core.groups[column as usize]).collect(),
            columns,
            rhs,
            constant: core.constant + picked.iter().map(|&column| core.costs[column as usize]).sum::<f64>(),
            costs,
            lower,
            upper,
            basis: Vec::new(),
            place: vec![usize::MAX; variables],
            at_upper: vec![false; variables],
            inverse: vec![0.0; m * m],
            values: vec![0.0; m],
            reduced: vec![0.0; variables],
            alpha: vec![0.0; variables],
            since_refactor: 0,
            work: 0,
        }
    }

    pub(super) fn rows(&self) -> usize {
        2 * self.classes + 1
    }

    /// How many columns.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// A basis of slacks, the numbers of the groups, and the budget's artificial variable.
    pub(super) fn slack_basis(&self) -> Vec<usize> {
        let (n, classes) = (self.width(), self.classes);
        (n + classes..n + 2 * classes).chain(n..n + classes).chain([n + 3 * classes]).collect()
    }

    /// A variable's column, dense.
    pub(super) fn column(&self, variable: usize, out: &mut [f64]) {
        let (n, classes) = (self.width(), self.classes);
        out.fill(0.0);
        if variable < n {
            let of_column = self.probabilities.iter().skip(variable).step_by(n);
            out.iter_mut().zip(of_column).for_each(|(entry, p)| *entry = *p);
            out[classes + self.groups[variable] as usize] = 1.0;
            out[2 * classes] = 1.0;
        } else if variable < n + classes {
            out[classes + variable - n] = -1.0;
        } else if variable < n + 2 * classes {
            out[variable - n - classes] = 1.0;
        } else if variable < n + 3 * classes {
            out[variable - n - 2 * classes] = -1.0;
        } else {
            out[2 * classes] = 1.0;
        }
    }

    /// Takes over a basis; every other variable goes to the bound that its reduced cost asks for. `false` if it is singular.
    pub(super) fn install(&mut self, basis: Vec<usize>) -> bool {
        self.place.fill(usize::MAX);
        for (row, &variable) in basis.iter().enumerate() {
            self.place[variable] = row;
        }
        self.basis = basis;
        if !self.invert() {
            return false;
        }
        let duals = self.duals();
        self.price(&duals);
        self.settle();
        for variable in 0..self.reduced.len() {
            if self.place[variable] == usize::MAX {
                self.at_upper[variable] = self.reduced[variable] < 0.0 && self.upper[variable].is_finite();
            }
        }
        self.evaluate();
        true
    }

    /// The inverse of the basis by Gauss and Jordan with pivots chosen by column.
    fn invert(&mut self) -> bool {
        let m = self.rows();
        let mut matrix = vec![0.0; m * m];
        let mut column = vec![0.0; m];
        for (place, &variable) in self.basis.iter().enumerate() {
            self.column(variable, &mut column);
            for row in 0..m {
                matrix[row * m + place] = column[row];
            }
        }
        let inverse = &mut self.inverse;
        inverse.fill(0.0);
        for row in 0..m {
            inverse[row * m + row] = 1.0;
        }
        for step in 0..m {
            let pivot = (step..m)
                .max_by(|&i, &j| matrix[i * m + step].abs().total_cmp(&matrix[j * m + step].abs()))
                .unwrap_or(step);
            if matrix[pivot * m + step].abs() < PIVOT_TOLERANCE {
                return false;
            }
            if pivot != step {
                for k in 0..m {
                    matrix.swap(pivot * m + k, step * m + k);
                    inverse.swap(pivot * m + k, step * m + k);
                }
            }
            let scale = 1.0 / matrix[step * m + step];
            for k in 0..m {
                matrix[step * m + k] *= scale;
                inverse[step * m + k] *= scale;
            }
            for row in 0..m {
                let factor = matrix[row * m + step];
                if row != step && factor != 0.0 {
                    for k in 0..m {
                        matrix[row * m + k] -= factor * matrix[step * m + k];
                        inverse[row * m + k] -= factor * inverse[step * m + k];
                    }
                }
            }
        }
        self.since_refactor = 0;
        self.work += (m * m * m) as u64;
        true
    }

    /// `c_B B⁻¹`.
    pub(super) fn duals(&self) -> Vec<f64> {
        let m = self.rows();
        let mut duals = vec![0.0; m];
        for (row, &variable) in self.basis.iter().enumerate() {
            let cost = self.costs[variable];
            if cost != 0.0 {
                for (dual, entry) in duals.iter_mut().zip(&self.inverse[row * m..(row + 1) * m]) {
                    *dual += cost * entry;
                }
            }
        }
        duals
    }

    /// `factors · A` for all variables, into `out`.
    fn products(&self, factors: &[f64], out: &mut [f64]) {
        let (n, classes) = (self.width(), self.classes);
        let (columns, rest) = out.split_at_mut(n);
        let budget = factors[2 * classes];
        for (value, &group) in columns.iter_mut().zip(&self.groups) {
            *value = budget + factors[classes + group as usize];
        }
        for (entries, &factor) in self.probabilities.chunks_exact(n.max(1)).zip(factors) {
            if factor != 0.0 {
                columns.iter_mut().zip(entries).for_each(|(value, p)| *value += factor * p);
            }
        }
        for class in 0..classes {
            rest[class] = -factors[classes + class];
            rest[classes + class] = factors[class];
            rest[2 * classes + class] = -factors[class];
        }
        rest[3 * classes] = budget;
    }

    /// The reduced costs of duals.
    fn price(&mut self, duals: &[f64]) {
        let mut products = std::mem::take(&mut self.reduced);
        self.products(duals, &mut products);
        for (value, cost) in products.iter_mut().zip(&self.costs) {
            *value = cost - *value;
        }
        self.reduced = products;
        self.work += (self.width() * (self.classes + 2)) as u64;
    }

    /// Basic variables have no reduced cost; what they have of one is rounding error.
    fn settle(&mut self) {
        for &variable in &self.basis {
            self.reduced[variable] = 0.0;
        }
    }

    /// Where a variable outside of the basis is.
    pub(super) fn resting(&self, variable: usize) -> f64 {
        if self.at_upper[variable] { self.upper[variable] } else { self.lower[variable] }
    }

    /// The values of the basic variables, from where the others rest.
    pub(super) fn evaluate(&mut self) {
        let (m, n) = (self.rows(), self.width());
        let mut left = self.rhs.clone();
        let mut column = vec![0.0; m];
        for variable in 0..self.place.len() {
            if self.place[variable] == usize::MAX && self.resting(variable) != 0.0 {
                let value = self.resting(variable);
                self.column(variable, &mut column);
                left.iter_mut().zip(&column).for_each(|(sum, entry)| *sum -= value * entry);
            }
        }
        for row in 0..m {
            self.values[row] = dot(&self.inverse[row * m..(row + 1) * m], &left);
        }
        self.work += (n + m * m) as u64;
    }

    /// Whether a variable can still move.
    pub(super) fn is_open(&self, variable: usize) -> bool {
        self.upper[variable] > self.lower[variable]
    }

    /// The row of a basic variable in the tableau, into `alpha`.
    pub(super) fn row(&mut self, row: usize) {
        let m = self.rows();
        let mut alpha = std::mem::take(&mut self.alpha);
        self.products(&self.inverse[row * m..(row + 1) * m], &mut alpha);
        self.alpha = alpha;
        self.work += (self.width() * (self.classes + 4)) as u64;
    }

    /// Changes a row of the basis in the inverse.
    pub(super) fn replace(&mut self, row: usize, entering: &[f64]) {
        let m = self.rows();
        self.since_refactor += 1;
        let scale = 1.0 / entering[row];
        let pivot: Vec<f64> =
            self.inverse[row * m..(row + 1) * m].iter().map(|entry| entry * scale).collect();
        for (i, &factor) in entering.iter().enumerate() {
            let target = &mut self.inverse[i * m..(i + 1) * m];
            if i == row {
                target.copy_from_slice(&pivot);
            } else if factor != 0.0 {
                target.iter_mut().zip(&pivot).for_each(|(entry, p)| *entry -= factor * p);
            }
        }
    }

    /// A lower bound on everything that satisfies the bounds, from the duals alone: whatever rounding errors there are in the basis, the
    /// bound holds. The reduced costs become those of these duals.
    pub(super) fn bound(&mut self) -> f64 {
        let (n, classes) = (self.width(), self.classes);
        let duals = self.duals();
        self.price(&duals);
        let mut bound = self.constant + dot(&duals, &self.rhs);
        // The budget's artificial variable is 0.
        for variable in 0..n + 3 * classes {
            let product = self.reduced[variable];
            bound += (product * self.lower[variable]).min(product * self.upper[variable]);
        }
        self.settle();
        bound
    }

    /// `z`. `[columns]`
    pub(super) fn solution(&self) -> Vec<f64> {
        (0..self.width())
            .map(|variable| match self.place[variable] {
                usize::MAX => self.resting(variable),
                row => self.values[row],
            })
            .collect()
    }

    /// Rows of the basis whose variable is an integer and has no integer value, with that value; variables of `z` and numbers of groups.
    pub(super) fn fractional(&self) -> Vec<(usize, f64)> {
        let integers = self.width() + self.classes;
        let mut found = Vec::new();
        for (row, (&variable, &value)) in self.basis.iter().zip(&self.values).enumerate() {
            if variable < integers && (value - value.round()).abs() > 1e-7 {
                found.push((row, value));
            }
        }
        found
    }

    /// Bounds a variable.
    pub(super) fn restrict(&mut self, variable: usize, lower: f64, upper: f64) {
        self.lower[variable] = lower;
        self.upper[variable] = upper;
    }

    /// At least and at most.
    pub(super) fn bounds(&self, variable: usize) -> (f64, f64) {
        (self.lower[variable], self.upper[variable])
    }

    /// Fixes the columns outside of the basis whose reduced costs are above `slack`: no better selection changes them. The reduced costs
    /// must be those of the last [`Relaxed::bound`].
    pub(super) fn fix(&mut self, slack: f64) {
        for variable in 0..self.width() {
            if self.place[variable] == usize::MAX
                && self.is_open(variable)
                && self.reduced[variable].abs() > slack
            {
                // Where it rests is where its reduced cost wants it, up to rounding.
                if (self.reduced[variable] < 0.0) == self.at_upper[variable] {
                    let at = self.resting(variable);
                    self.restrict(variable, at, at);
                }
            }
        }
    }

    /// The reduced cost of a column, of the duals of the last [`Relaxed::bound`].
    pub(super) fn reduced(&self, variable: usize) -> f64 {
        self.reduced[variable]
    }

    /// Whether a variable is in the basis.
    pub(super) fn is_basic(&self, variable: usize) -> bool {
        self.place[variable] != usize::MAX
    }
}

/// `Σ left_i right_i`.
pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}
