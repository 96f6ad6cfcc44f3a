//! The programme itself, and the dense form that the solver works on.

use std::borrow::Cow;

use ndarray::ArrayView2;

use crate::{Error, validate_probabilities};

/// CBAL Eq. 8: minimise `aᵀz + λ‖Ω − Pᵀz‖₁` over `z ∈ {0,1}^rows` with `1ᵀz = b`.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `costs`: `[rows]`, `requirement`: `[classes]`.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// `P`, class probabilities; every row sums to one.
    pub probabilities: ArrayView2<'a, f32>,
    /// `a`, what a row costs: minus its score.
    pub costs: &'a [f64],
    /// `Ω`, samples still needed per class.
    pub requirement: &'a [f64],
    /// `λ ≥ 0`, what one sample missing from a class, or one too many, costs.
    pub lambda: f64,
    /// `b`, how many rows are picked.
    pub budget: usize,
}

impl Problem<'_> {
    /// Checks everything that the solver takes for granted.
    ///
    /// # Errors
    ///
    /// Those of [`validate_probabilities`], [`Error::LengthMismatch`], [`Error::ScoreNotFinite`],
    /// [`Error::RequirementNotFinite`], [`Error::InvalidLambda`], [`Error::BudgetAbovePool`].
    pub fn validate(&self) -> Result<(), Error> {
        let (rows, classes) = self.probabilities.dim();
        for (what, expected, found) in
            [("costs", rows, self.costs.len()), ("requirement", classes, self.requirement.len())]
        {
            if expected != found {
                return Err(Error::LengthMismatch { what, expected, found });
            }
        }
        if !(self.lambda.is_finite() && self.lambda >= 0.0) {
            return Err(Error::InvalidLambda { lambda: self.lambda });
        }
        if self.budget > rows {
            return Err(Error::BudgetAbovePool { budget: self.budget, pool: rows });
        }
        crate::select::validate_scores(self.costs)?;
        if let Some((class, &value)) =
            self.requirement.iter().enumerate().find(|(_, value)| !value.is_finite())
        {
            return Err(Error::RequirementNotFinite { class, value });
        }
        validate_probabilities(self.probabilities)
    }
}

/// A validated [`Problem`] with row-major, contiguous probabilities; also a sample of one.
pub(crate) struct Instance<'a> {
    entries: Cow<'a, [f32]>,
    pub(crate) costs: Cow<'a, [f64]>,
    pub(crate) requirement: Cow<'a, [f64]>,
    pub(crate) lambda: f64,
    pub(crate) budget: usize,
    pub(crate) rows: usize,
    pub(crate) classes: usize,
}

impl<'a> Instance<'a> {
    /// Borrows what it can; probabilities in another order are copied once.
    pub(crate) fn new(problem: &Problem<'a>) -> Self {
        let (rows, classes) = problem.probabilities.dim();
        let entries = match problem.probabilities.to_slice() {
            Some(entries) => Cow::Borrowed(entries),
            None => Cow::Owned(problem.probabilities.iter().copied().collect()),
        };
        Self {
            entries,
            costs: Cow::Borrowed(problem.costs),
            requirement: Cow::Borrowed(problem.requirement),
            lambda: problem.lambda,
            budget: problem.budget,
            rows,
            classes,
        }
    }

    /// The same with another weight, in the same memory.
    pub(crate) fn weighted(&self, lambda: f64) -> Instance<'_> {
        Instance {
            entries: Cow::Borrowed(&self.entries),
            costs: Cow::Borrowed(&self.costs),
            requirement: Cow::Borrowed(&self.requirement),
            lambda,
            ..*self
        }
    }

    /// The probabilities of one row. `[classes]`
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.entries[row * self.classes..(row + 1) * self.classes]
    }

    /// Every row with its index.
    pub(crate) fn iter_rows(&self) -> impl Iterator<Item = &[f32]> {
        self.entries.chunks_exact(self.classes)
    }

    /// `count` rows at equal distances, with the budget and the requirement scaled to them. A pool that is sorted by
    /// anything, such as a folder per class, is sampled evenly.
    pub(crate) fn sample(&self, count: usize) -> Instance<'static> {
        let mut entries = Vec::with_capacity(count * self.classes);
        let mut costs = Vec::with_capacity(count);
        for k in 0..count {
            let row = k * self.rows / count;
            entries.extend_from_slice(self.row(row));
            costs.push(self.costs[row]);
        }
        let share = count as f64 / self.rows as f64;
        let budget = (self.budget as f64 * share).round() as usize;
        Instance {
            entries: Cow::Owned(entries),
            costs: Cow::Owned(costs),
            requirement: self.requirement.iter().map(|need| need * share).collect(),
            lambda: self.lambda,
            budget: budget.clamp(1, count - 1),
            rows: count,
            classes: self.classes,
        }
    }

    /// `Ω − Pᵀz` for the given selection. `[classes]`
    pub(crate) fn residual(&self, picks: &[u32]) -> Vec<f64> {
        let mut residual = self.requirement.to_vec();
        for &row in picks {
            subtract(&mut residual, self.row(row as usize));
        }
        residual
    }

    /// The objective of the given selection.
    pub(crate) fn objective(&self, picks: &[u32]) -> f64 {
        let cost: f64 = picks.iter().map(|&row| self.costs[row as usize]).sum();
        cost + self.lambda * l1(&self.residual(picks))
    }
}

/// `Σ|v_c|`.
pub(crate) fn l1(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value.abs()).sum()
}

/// `vector −= row`.
pub(crate) fn subtract(vector: &mut [f64], row: &[f32]) {
    for (value, &p) in vector.iter_mut().zip(row) {
        *value -= f64::from(p);
    }
}

/// `vector += row`.
pub(crate) fn add(vector: &mut [f64], row: &[f32]) {
    for (value, &p) in vector.iter_mut().zip(row) {
        *value += f64::from(p);
    }
}

/// `row · vector`, in eight independent sums so that the compiler can use wide registers.
pub(crate) fn dot(row: &[f32], vector: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let mut row_chunks = row.chunks_exact(8);
    let mut vector_chunks = vector.chunks_exact(8);
    for (p, y) in (&mut row_chunks).zip(&mut vector_chunks) {
        for lane in 0..8 {
            sums[lane] += f64::from(p[lane]) * y[lane];
        }
    }
    let rest: f64 =
        row_chunks.remainder().iter().zip(vector_chunks.remainder()).map(|(&p, y)| f64::from(p) * y).sum();
    ((sums[0] + sums[2]) + (sums[4] + sums[6])) + ((sums[1] + sums[3]) + (sums[5] + sums[7])) + rest
}
