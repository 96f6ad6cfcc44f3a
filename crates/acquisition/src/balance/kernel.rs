//! The part of a basis that is not unit vectors, with its inverse.
//!
//! The kernel `K` has a row for every class whose slack is *not* basic, a row of ones for the budget, and a column
//! for every basic `z`; it is square. A basis of `classes + 1` columns is thus kept as an inverse of
//! `(tight classes + 1)²` entries, and every pivot is a change of rank one to it.

/// A row of the kernel that is not a class.
const NO_PLACE: usize = usize::MAX;

/// `K`, its inverse, and which row is where.
pub(crate) struct Kernel {
    classes: usize,
    stride: usize,
    /// Columns, that is, rows of `K`'s inverse.
    size: usize,
    /// The probabilities of every basic column. `[size, classes]`
    columns: Vec<f64>,
    /// `[size, size]` with distance `stride` between rows: a row for every column of `K`, a column for every row.
    inverse: Vec<f64>,
    /// The class of every row of `K` but the first, which is the budget. `[size - 1]`
    rows: Vec<usize>,
    /// The row of every class, or `NO_PLACE`. `[classes]`
    places: Vec<usize>,
    scratch: Vec<f64>,
}

impl Kernel {
    /// One column and the budget row.
    pub(crate) fn new(classes: usize, column: &[f32]) -> Self {
        let stride = classes + 1;
        let mut kernel = Self {
            classes,
            stride,
            size: 1,
            columns: Vec::with_capacity(8 * classes),
            inverse: Vec::with_capacity(8 * stride),
            rows: Vec::new(),
            places: vec![NO_PLACE; classes],
            scratch: Vec::new(),
        };
        kernel.columns.extend(column.iter().map(|&p| f64::from(p)));
        kernel.inverse.resize(stride, 0.0);
        kernel.inverse[0] = 1.0;
        kernel
    }

    /// The columns, which are as many as the rows.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The classes that have a row.
    pub(crate) fn classes(&self) -> &[usize] {
        &self.rows
    }

    /// The row of a class, if it has one.
    pub(crate) fn place(&self, class: usize) -> Option<usize> {
        let place = self.places[class];
        (place != NO_PLACE).then_some(place)
    }

    fn column(&self, place: usize) -> &[f64] {
        &self.columns[place * self.classes..(place + 1) * self.classes]
    }

    fn inverse_row(&self, place: usize) -> &[f64] {
        &self.inverse[place * self.stride..place * self.stride + self.size]
    }

    /// The probabilities of a column times `vector`, over all classes.
    pub(crate) fn dot_column(&self, place: usize, vector: &[f64]) -> f64 {
        dot(self.column(place), vector)
    }

    /// Solves `xK = excess`: writes the entries of classes into `duals` and returns the one of the budget.
    pub(crate) fn solve_transposed(&mut self, excess: &[f64], duals: &mut [f64]) -> f64 {
        let mut x = std::mem::take(&mut self.scratch);
        x.clear();
        x.resize(self.size, 0.0);
        for (place, &factor) in excess.iter().enumerate() {
            add_scaled(&mut x, factor, self.inverse_row(place));
        }
        for (&class, &value) in self.rows.iter().zip(&x[1..]) {
            duals[class] = value;
        }
        let budget = x[0];
        self.scratch = x;
        budget
    }

    /// Solves `Kx = (budget, rest)`, where `rest` holds one value per class.
    pub(crate) fn solve(&mut self, rest: &[f64], budget: f64, x: &mut Vec<f64>) {
        let mut right = std::mem::take(&mut self.scratch);
        right.clear();
        right.push(budget);
        right.extend(self.rows.iter().map(|&class| rest[class]));
        x.clear();
        x.extend((0..self.size).map(|place| dot(self.inverse_row(place), &right)));
        self.scratch = right;
    }

    /// Solves `Kx = (1, column)`.
    pub(crate) fn solve_column(&mut self, column: &[f32], x: &mut Vec<f64>) {
        let mut right = std::mem::take(&mut self.scratch);
        right.clear();
        right.push(1.0);
        right.extend(self.rows.iter().map(|&class| f64::from(column[class])));
        x.clear();
        x.extend((0..self.size).map(|place| dot(self.inverse_row(place), &right)));
        self.scratch = right;
    }

    /// Solves `Kx = e` with `e` the unit vector of the class's row.
    ///
    /// # Panics
    ///
    /// If the class has no row.
    pub(crate) fn solve_unit(&self, class: usize, x: &mut Vec<f64>) {
        let row = self.place(class).expect("the class has a row");
        x.clear();
        x.extend((0..self.size).map(|place| self.inverse[place * self.stride + row]));
    }

    /// `Σ_f weights_f · (probabilities of column f)`, over all classes.
    pub(crate) fn combine(&self, weights: &[f64], sums: &mut [f64]) {
        sums.fill(0.0);
        for (place, &weight) in weights.iter().enumerate() {
            add_scaled(sums, weight, self.column(place));
        }
    }

    /// Puts `column` in the place of another.
    pub(crate) fn replace_column(&mut self, place: usize, column: &[f32]) {
        let mut x = Vec::with_capacity(self.size);
        self.solve_column(column, &mut x);
        let pivot: Vec<f64> = self.inverse_row(place).iter().map(|value| value / x[place]).collect();
        for (other, &factor) in x.iter().enumerate() {
            let row = &mut self.inverse[other * self.stride..other * self.stride + self.size];
            if other == place {
                row.copy_from_slice(&pivot);
            } else {
                add_scaled(row, -factor, &pivot);
            }
        }
        write(&mut self.columns[place * self.classes..(place + 1) * self.classes], column);
    }

    /// Adds the row of a class and a column: the bordered inverse.
    pub(crate) fn grow(&mut self, class: usize, column: &[f32]) {
        let mut x = Vec::with_capacity(self.size + 1);
        self.solve_column(column, &mut x);
        let (u, weight) = self.row_times_inverse(class, &x);
        let schur = f64::from(column[class]) - weight;
        for (place, &factor) in x.iter().enumerate() {
            let start = place * self.stride;
            add_scaled(&mut self.inverse[start..start + self.size], factor / schur, &u);
            self.inverse[start + self.size] = -factor / schur;
        }
        self.inverse.resize((self.size + 1) * self.stride, 0.0);
        let start = self.size * self.stride;
        for (value, entry) in self.inverse[start..].iter_mut().zip(&u) {
            *value = -entry / schur;
        }
        self.inverse[start + self.size] = 1.0 / schur;
        self.places[class] = self.size;
        self.rows.push(class);
        self.columns.extend(column.iter().map(|&p| f64::from(p)));
        self.size += 1;
    }

    /// Takes the row of a class and a column away. The last row and the last column move to the gaps.
    ///
    /// # Panics
    ///
    /// If the class has no row.
    pub(crate) fn shrink(&mut self, class: usize, place: usize) {
        let row = self.place(class).expect("the class has a row");
        let pivot_row = self.inverse_row(place).to_vec();
        let last = self.size - 1;
        for other in 0..self.size {
            let entries = &mut self.inverse[other * self.stride..other * self.stride + last + 1];
            let factor = entries[row] / pivot_row[row];
            if other != place {
                add_scaled(entries, -factor, &pivot_row);
            }
            entries[row] = entries[last];
        }
        let (kept, gone) = self.inverse.split_at_mut(last * self.stride);
        if place != last {
            kept[place * self.stride..place * self.stride + last].copy_from_slice(&gone[..last]);
        }
        self.inverse.truncate(last * self.stride);
        self.columns.copy_within(last * self.classes.., place * self.classes);
        self.columns.truncate(last * self.classes);
        self.places[class] = NO_PLACE;
        let moved = self.rows.pop().expect("the class has a row");
        if moved != class {
            self.rows[row - 1] = moved;
            self.places[moved] = row;
        }
        self.size = last;
    }

    /// Puts the row of `new` in the place of the row of `old`.
    ///
    /// # Panics
    ///
    /// If `old` has no row.
    pub(crate) fn replace_row(&mut self, old: usize, new: usize) {
        let row = self.place(old).expect("the class has a row");
        let mut x = Vec::with_capacity(self.size);
        self.solve_unit(old, &mut x);
        let (mut u, pivot) = self.row_times_inverse(new, &x);
        u[row] = 0.0;
        for (place, &factor) in x.iter().enumerate() {
            let entries = &mut self.inverse[place * self.stride..place * self.stride + self.size];
            add_scaled(entries, -factor / pivot, &u);
            entries[row] = factor / pivot;
        }
        self.places[old] = NO_PLACE;
        self.places[new] = row;
        self.rows[row - 1] = new;
    }

    /// The class's row over the columns, times the inverse, and times `x`.
    fn row_times_inverse(&self, class: usize, x: &[f64]) -> (Vec<f64>, f64) {
        let mut product = vec![0.0; self.size];
        let mut weight = 0.0;
        for (place, &value) in x.iter().enumerate() {
            let p = self.columns[place * self.classes + class];
            add_scaled(&mut product, p, self.inverse_row(place));
            weight += p * value;
        }
        (product, weight)
    }

    /// Inverts `K` afresh by Gauss-Jordan elimination with row pivoting; `false` if it is singular.
    pub(crate) fn refactor(&mut self) -> bool {
        let size = self.size;
        let width = 2 * size;
        // [K | I], rows of K in order.
        let mut work = vec![0.0; size * width];
        for row in 0..size {
            for place in 0..size {
                work[row * width + place] =
                    if row == 0 { 1.0 } else { self.columns[place * self.classes + self.rows[row - 1]] };
            }
            work[row * width + size + row] = 1.0;
        }
        for step in 0..size {
            let magnitude = |row: usize| work[row * width + step].abs();
            let Some(pivot) =
                (step..size).max_by(|&i, &j| magnitude(i).total_cmp(&magnitude(j)).then(j.cmp(&i)))
            else {
                return false;
            };
            if magnitude(pivot) < 1e-12 {
                return false;
            }
            if pivot != step {
                let (upper, lower) = work.split_at_mut(pivot * width);
                upper[step * width..(step + 1) * width].swap_with_slice(&mut lower[..width]);
            }
            let scale = work[step * width + step];
            let pivot_row: Vec<f64> =
                work[step * width + step..(step + 1) * width].iter().map(|v| v / scale).collect();
            for row in 0..size {
                let entries = &mut work[row * width + step..(row + 1) * width];
                if row == step {
                    entries.copy_from_slice(&pivot_row);
                } else if entries[0].abs() > 0.0 {
                    let factor = entries[0];
                    add_scaled(entries, -factor, &pivot_row);
                }
            }
        }
        for place in 0..size {
            self.inverse[place * self.stride..place * self.stride + size]
                .copy_from_slice(&work[place * width + size..(place + 1) * width]);
        }
        true
    }
}

fn add_scaled(vector: &mut [f64], factor: f64, other: &[f64]) {
    for (value, entry) in vector.iter_mut().zip(other) {
        *value += factor * entry;
    }
}

fn write(vector: &mut [f64], row: &[f32]) {
    for (value, &p) in vector.iter_mut().zip(row) {
        *value = f64::from(p);
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let mut left_chunks = left.chunks_exact(8);
    let mut right_chunks = right.chunks_exact(8);
    for (a, b) in (&mut left_chunks).zip(&mut right_chunks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| a * b).sum();
    ((sums[0] + sums[2]) + (sums[4] + sums[6])) + ((sums[1] + sums[3]) + (sums[5] + sums[7])) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest entry of `K · K⁻¹ − I`.
    fn error(kernel: &Kernel) -> f64 {
        let entry = |row: usize, place: usize| match row {
            0 => 1.0,
            _ => kernel.columns[place * kernel.classes + kernel.rows[row - 1]],
        };
        let mut worst = 0.0_f64;
        for row in 0..kernel.size {
            for other in 0..kernel.size {
                let product: f64 =
                    (0..kernel.size).map(|place| entry(row, place) * kernel.inverse_row(place)[other]).sum();
                worst = worst.max((product - if row == other { 1.0 } else { 0.0 }).abs());
            }
        }
        worst
    }

    #[test]
    fn every_update_keeps_the_inverse() {
        let columns: [[f32; 4]; 5] = [
            [0.7, 0.1, 0.1, 0.1],
            [0.1, 0.6, 0.2, 0.1],
            [0.2, 0.1, 0.5, 0.2],
            [0.25, 0.25, 0.25, 0.25],
            [0.05, 0.15, 0.3, 0.5],
        ];
        let mut kernel = Kernel::new(4, &columns[0]);
        kernel.grow(2, &columns[1]);
        kernel.grow(0, &columns[2]);
        assert!(error(&kernel) < 1e-12);
        kernel.replace_column(1, &columns[3]);
        assert!(error(&kernel) < 1e-12);
        kernel.replace_row(2, 1);
        assert!(error(&kernel) < 1e-12);
        assert_eq!((kernel.place(2), kernel.place(1)), (None, Some(1)));
        kernel.grow(3, &columns[4]);
        assert!(error(&kernel) < 1e-12);
        kernel.shrink(1, 0);
        assert!(error(&kernel) < 1e-12);
        assert_eq!(kernel.size(), 3);
        assert_eq!(kernel.place(3), Some(1));
        let updated = kernel.inverse.clone();
        assert!(kernel.refactor());
        assert!(updated.iter().zip(&kernel.inverse).all(|(a, b)| (a - b).abs() < 1e-10));
        kernel.shrink(0, 2);
        kernel.shrink(3, 1);
        assert!(error(&kernel) < 1e-12);
    }

    #[test]
    fn equal_columns_are_singular() {
        let mut kernel = Kernel::new(2, &[0.5, 0.5]);
        kernel.grow(0, &[0.75, 0.25]);
        kernel.columns[2] = 0.5;
        kernel.columns[3] = 0.5;
        assert!(!kernel.refactor());
    }
}
