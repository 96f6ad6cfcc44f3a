//! Exchanges of one pick for another column, near a relaxation's threshold.

use super::core::Core;

/// An exchange must gain more than this.
const GAIN: f64 = 1e-10;

/// Columns that may be exchanged, a column after the other, and the residual of the selection.
pub(super) struct Polish {
    classes: usize,
    lambda: f64,
    inside: Vec<u32>,
    outside: Vec<u32>,
    /// Of the inside, then of the outside. `[columns, classes]`
    entries_inside: Vec<f64>,
    entries_outside: Vec<f64>,
    costs_inside: Vec<f64>,
    costs_outside: Vec<f64>,
    residual: Vec<f64>,
    opened: Vec<f64>,
}

impl Polish {
    /// `inside` and `outside` may be exchanged; `selection` is all that is picked.
    pub(super) fn new(core: &Core, selection: &[u32], inside: Vec<u32>, outside: Vec<u32>) -> Self {
        let classes = core.classes();
        let gather = |columns: &[u32]| -> (Vec<f64>, Vec<f64>) {
            let mut entries = Vec::with_capacity(columns.len() * classes);
            for &column in columns {
                entries.extend(
                    (0..classes).map(|class| core.probabilities[class * core.columns() + column as usize]),
                );
            }
            (entries, columns.iter().map(|&column| core.costs[column as usize]).collect())
        };
        let mut residual = core.requirement.clone();
        for (class, value) in residual.iter_mut().enumerate() {
            let of_class = &core.probabilities[class * core.columns()..(class + 1) * core.columns()];
            *value -= selection.iter().map(|&column| of_class[column as usize]).sum::<f64>();
        }
        let (entries_inside, costs_inside) = gather(&inside);
        let (entries_outside, costs_outside) = gather(&outside);
        Self {
            classes,
            lambda: core.lambda,
            inside,
            outside,
            entries_inside,
            entries_outside,
            costs_inside,
            costs_outside,
            opened: vec![0.0; classes],
            residual,
        }
    }

    /// Exchanges until none gains; what it took, in entries.
    pub(super) fn descend(&mut self) -> u64 {
        let classes = self.classes;
        let mut work = 0;
        let mut unchanged = 0;
        let mut i = 0;
        while unchanged < self.inside.len() {
            let own = &self.entries_inside[i * classes..(i + 1) * classes];
            for ((opened, v), p) in self.opened.iter_mut().zip(&self.residual).zip(own) {
                *opened = v + p;
            }
            let now: f64 =
                self.residual.iter().map(|v| v.abs()).sum::<f64>() * self.lambda + self.costs_inside[i];
            let mut best = (now - GAIN, None);
            for (j, other) in self.entries_outside.chunks_exact(classes).enumerate() {
                let value = self.costs_outside[j] + self.lambda * distance(&self.opened, other);
                if value < best.0 {
                    best = (value, Some(j));
                }
            }
            work += (self.outside.len() * classes) as u64;
            if let (_, Some(j)) = best {
                self.exchange(i, j);
                unchanged = 0;
            } else {
                unchanged += 1;
            }
            i = (i + 1) % self.inside.len();
        }
        work
    }

    fn exchange(&mut self, i: usize, j: usize) {
        let classes = self.classes;
        std::mem::swap(&mut self.inside[i], &mut self.outside[j]);
        std::mem::swap(&mut self.costs_inside[i], &mut self.costs_outside[j]);
        for class in 0..classes {
            let (own, other) = (
                &mut self.entries_inside[i * classes + class],
                &mut self.entries_outside[j * classes + class],
            );
            self.residual[class] += *own - *other;
            std::mem::swap(own, other);
        }
    }

    /// The columns that are picked among those that may be exchanged.
    pub(super) fn inside(&self) -> &[u32] {
        &self.inside
    }
}

fn distance(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 4];
    let mut left_chunks = left.chunks_exact(4);
    let mut right_chunks = right.chunks_exact(4);
    for (a, b) in (&mut left_chunks).zip(&mut right_chunks) {
        for lane in 0..4 {
            sums[lane] += (a[lane] - b[lane]).abs();
        }
    }
    let rest: f64 =
        left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| (a - b).abs()).sum();
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}
