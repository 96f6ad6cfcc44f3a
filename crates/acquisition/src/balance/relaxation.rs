//! A solved linear relaxation, and what was found on the way.

use super::dual::Pass;
use super::problem::Instance;
use super::simplex::Simplex;

/// A basic column between these and their complements is fractional.
const FRACTION_TOLERANCE: f64 = 1e-7;

/// A solved relaxation, and what was found on the way.
pub(crate) struct Relaxation {
    /// The best duals seen, in the box. `[classes]`
    pub(crate) duals: Vec<f64>,
    /// `g(duals)`.
    pub(crate) bound: f64,
    /// The best selection seen.
    pub(crate) picks: Vec<u32>,
    /// Its objective.
    pub(crate) objective: f64,
    /// The value of the relaxation, attained; infinite if the simplex method gave up.
    pub(crate) value: f64,
    /// Rows at 1 in the relaxation's solution.
    pub(crate) ones: Vec<u32>,
    /// Rows strictly between 0 and 1, with their values.
    pub(crate) fractionals: Vec<(u32, f64)>,
    /// Classes whose requirement the relaxation meets exactly, by a slack outside of the basis.
    pub(crate) tight_classes: usize,
    /// Passes over the pool; a pass over a sample counts as its share.
    pub(crate) passes: f64,
    pub(crate) pivots: usize,
    /// Columns in play at the end.
    pub(crate) columns: usize,
    /// The simplex method gave up and subgradient steps took over.
    pub(crate) fallback: bool,
}

impl Relaxation {
    /// Keeps the duals and the selection of a pass where they are the best so far.
    pub(crate) fn keep(&mut self, instance: &Instance, pass: &Pass, duals: Vec<f64>) {
        if pass.bound > self.bound {
            self.bound = pass.bound;
            self.duals = duals;
        }
        self.offer(instance, pass.selected());
    }

    /// Keeps a selection if it is the best so far.
    pub(crate) fn offer(&mut self, instance: &Instance, picks: &[u32]) {
        let objective = instance.objective(picks);
        if objective < self.objective {
            self.objective = objective;
            self.picks = picks.to_vec();
        }
    }

    /// Reads the relaxation's solution out of the last basis.
    pub(super) fn read(&mut self, simplex: &Simplex, fixed: &[u8]) {
        let (ones, basic) = simplex.solution();
        self.ones = (0..fixed.len() as u32).filter(|&row| fixed[row as usize] == 1).chain(ones).collect();
        for (row, value) in basic {
            if value >= 1.0 - FRACTION_TOLERANCE {
                self.ones.push(row);
            } else if value > FRACTION_TOLERANCE {
                self.fractionals.push((row, value));
            }
        }
    }

    /// What rounding can cost at most, from the solution itself: with a negatively associated rounding of the
    /// fractional rows, `OPT − LP ≤ λ Σ_c sqrt(Σ_i p_ic² f_i (1 − f_i))`.
    pub(crate) fn rounding_bound(&self, instance: &Instance) -> f64 {
        let mut variance = vec![0.0; instance.classes];
        for &(row, fraction) in &self.fractionals {
            for (sum, &p) in variance.iter_mut().zip(instance.row(row as usize)) {
                *sum += f64::from(p) * f64::from(p) * fraction * (1.0 - fraction);
            }
        }
        instance.lambda * variance.iter().map(|sum| sum.sqrt()).sum::<f64>()
    }
}
