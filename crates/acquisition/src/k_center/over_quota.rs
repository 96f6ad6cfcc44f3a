//! The class-balancing term of CBAL's Algorithm 2, kept up to date from pick to pick.

use ndarray::ArrayView2;
use pulp::Arch;

/// For every row, how much of it falls on classes that have enough: `h_j = Σ_c max(p_jc − max(u_c, 0), 0)`, where
/// `u = Ω − Pᵀz` is what is missing.
///
/// What is missing only falls. A class passes once from lacking more than any row can bring, where it adds nothing,
/// through a stretch where it has to be looked at, to having enough, where it adds `p_jc` for good. Only the columns
/// of classes in that stretch are read in a step.
pub(super) struct OverQuota {
    rows: usize,
    /// `[classes, rows]`, class after class.
    columns: Vec<f32>,
    /// The highest probability of each class. `[classes]`
    highest: Vec<f64>,
    /// `u`. `[classes]`
    missing: Vec<f64>,
    /// Classes whose `p_jc` is in `settled`. `[classes]`
    full: Vec<bool>,
    /// `Σ p_jc` over the full classes. `[rows]`
    settled: Vec<f64>,
    /// `h`. `[rows]`
    masses: Vec<f64>,
}

impl OverQuota {
    /// Before anything is picked.
    ///
    /// # Shapes
    ///
    /// `probabilities`: `[rows, classes]`, `requirement`: `[classes]`.
    pub(super) fn new(probabilities: ArrayView2<f32>, requirement: &[f64]) -> Self {
        let (rows, classes) = probabilities.dim();
        let columns: Vec<f32> = probabilities.t().iter().copied().collect();
        let highest = (0..classes)
            .map(|class| columns[class * rows..(class + 1) * rows].iter().copied().fold(0.0, f32::max))
            .map(f64::from)
            .collect();
        let mut over_quota = Self {
            rows,
            columns,
            highest,
            missing: requirement.to_vec(),
            full: vec![false; classes],
            settled: vec![0.0; rows],
            masses: vec![0.0; rows],
        };
        over_quota.update();
        over_quota
    }

    /// `h`. `[rows]`
    pub(super) fn masses(&self) -> &[f64] {
        &self.masses
    }

    /// `u`. `[classes]`
    pub(super) fn missing(&self) -> &[f64] {
        &self.missing
    }

    /// Counts a row as picked; `false` if that changes no mass.
    pub(super) fn take(&mut self, row: usize) -> bool {
        for (class, missing) in self.missing.iter_mut().enumerate() {
            *missing -= f64::from(self.columns[class * self.rows + row]);
        }
        self.update()
    }

    fn update(&mut self) -> bool {
        let column = |class: usize| &self.columns[class * self.rows..(class + 1) * self.rows];
        let mut changed = false;
        for (class, full) in self.full.iter_mut().enumerate() {
            if !*full && self.missing[class] <= 0.0 {
                *full = true;
                changed = true;
                add_excess(&mut self.settled, column(class), 0.0);
            }
        }
        let critical: Vec<usize> = (0..self.full.len())
            .filter(|&class| !self.full[class] && self.missing[class] < self.highest[class])
            .collect();
        if !changed && critical.is_empty() {
            return false;
        }
        self.masses.copy_from_slice(&self.settled);
        for class in critical {
            add_excess(&mut self.masses, column(class), self.missing[class]);
        }
        true
    }
}

/// Adds `max(p − missing, 0)` to every mass.
fn add_excess(masses: &mut [f64], column: &[f32], missing: f64) {
    Arch::new().dispatch(|| {
        for (mass, &p) in masses.iter_mut().zip(column) {
            let excess = f64::from(p) - missing;
            *mass += if excess > 0.0 { excess } else { 0.0 };
        }
    });
}
