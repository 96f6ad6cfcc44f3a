//! The dual simplex method with bounded variables and long steps: a change of a bound leaves the basis dual feasible, and every pivot raises
//! a lower bound.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::relaxed::{PIVOT_TOLERANCE, Relaxed, dot};

/// A basic variable out of its bounds by no more than this is within them.
const FEASIBILITY_TOLERANCE: f64 = 1e-9;
/// Pivots of one relaxation before it is given up: nothing here keeps it from turning in a circle.
const PIVOTS: usize = 20_000;
/// Pivots after which the inverse is made anew.
const REFACTOR: usize = 100;

/// What a relaxation came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Solved; the value that the basis has.
    Optimal,
    /// The value is above what was of interest.
    Above,
    /// Nothing satisfies the bounds.
    Infeasible,
    /// There is nothing left to spend, pivots ran out, or the basis is singular.
    Failed,
}

/// A place where the dual objective bends.
struct Bend {
    ratio: f64,
    variable: usize,
}

impl PartialEq for Bend {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bend {}

impl PartialOrd for Bend {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bend {
    /// The lowest ratio is the greatest, for the heap; ties by lowest variable.
    fn cmp(&self, other: &Self) -> Ordering {
        other.ratio.total_cmp(&self.ratio).then(other.variable.cmp(&self.variable))
    }
}

impl Relaxed {
    /// The bends of the dual objective along the row `alpha`, for a basic variable that has to fall (`sign` 1) or to rise (−1).
    fn bends(&self, sign: f64) -> BinaryHeap<Bend> {
        let mut bends = Vec::new();
        for (variable, &alpha) in self.alpha.iter().enumerate() {
            let alpha = sign * alpha;
            let moves =
                if self.at_upper[variable] { alpha < -PIVOT_TOLERANCE } else { alpha > PIVOT_TOLERANCE };
            if moves && self.place[variable] == usize::MAX && self.is_open(variable) {
                bends.push(Bend { ratio: (self.reduced[variable] / alpha).max(0.0), variable });
            }
        }
        BinaryHeap::from(bends)
    }

    /// What one long step gains, if the basic variable of `row` has to fall by `down`, and if it has to rise by `up`; infinite where no
    /// column lets it. The gains are those of the columns that are here.
    pub(super) fn gains(&mut self, row: usize, down: f64, up: f64) -> (f64, f64) {
        self.row(row);
        (self.gain(1.0, down), self.gain(-1.0, up))
    }

    fn gain(&self, sign: f64, distance: f64) -> f64 {
        let mut bends = self.bends(sign);
        let (mut gained, mut at, mut slope) = (0.0, 0.0, distance);
        while let Some(bend) = bends.pop() {
            gained += slope * (bend.ratio - at);
            at = bend.ratio;
            slope -= self.fall(&bend);
            if slope <= 0.0 {
                return gained;
            }
        }
        f64::INFINITY
    }

    /// Pivots until every variable is within its bounds, the value is above `limit`, or `allowance` is spent.
    pub(super) fn optimise(&mut self, limit: f64, allowance: u64) -> Outcome {
        let mut value = self.bound();
        for _ in 0..PIVOTS {
            if self.work > allowance {
                return Outcome::Failed;
            }
            if value > limit {
                value = self.bound();
                if value > limit {
                    return Outcome::Above;
                }
            }
            if self.since_refactor >= REFACTOR && !self.install(self.basis.clone()) {
                return Outcome::Failed;
            }
            let Some((row, distance)) = self.farthest_out() else { return Outcome::Optimal };
            match self.pivot(row, distance) {
                Ok(gained) => value += gained,
                Err(outcome) => return outcome,
            }
        }
        Outcome::Failed
    }

    /// The row of the basic variable that is farthest out of its bounds, and how far.
    fn farthest_out(&self) -> Option<(usize, f64)> {
        let mut worst = (FEASIBILITY_TOLERANCE, None);
        for (row, (&variable, &x)) in self.basis.iter().zip(&self.values).enumerate() {
            let out = (self.lower[variable] - x).max(x - self.upper[variable]);
            if out > worst.0 {
                worst = (out, Some(row));
            }
        }
        worst.1.map(|row| (row, worst.0))
    }

    /// Takes the variable of a row out of the basis and to its bound; what that gains.
    fn pivot(&mut self, row: usize, distance: f64) -> Result<f64, Outcome> {
        let m = self.rows();
        let leaving = self.basis[row];
        let falls = self.values[row] > self.upper[leaving];
        let sign = if falls { 1.0 } else { -1.0 };
        self.row(row);
        let mut bends = self.bends(sign);
        let (mut gained, mut slope, mut at) = (0.0, distance, 0.0);
        let mut column = vec![0.0; m];
        let mut flips = vec![0.0; m];
        let mut last = None;
        while let Some(bend) = bends.pop() {
            gained += slope * (bend.ratio - at);
            at = bend.ratio;
            slope -= self.fall(&bend);
            if slope <= 0.0 {
                last = Some(bend);
                break;
            }
            // It is passed: its reduced cost changes its sign, and it goes to its other bound.
            self.column(bend.variable, &mut column);
            let range = self.upper[bend.variable] - self.lower[bend.variable];
            let change = if self.at_upper[bend.variable] { -range } else { range };
            flips.iter_mut().zip(&column).for_each(|(sum, entry)| *sum += change * entry);
            self.at_upper[bend.variable] = !self.at_upper[bend.variable];
        }
        let Some(Bend { ratio, variable }) = last else {
            // Whoever goes on begins from where the variables are now.
            self.evaluate();
            return Err(Outcome::Infeasible);
        };
        self.column(variable, &mut column);
        let rows = self.inverse.chunks_exact(m);
        let entering: Vec<f64> = rows.map(|inverse| dot(inverse, &column)).collect();
        if entering[row].abs() < PIVOT_TOLERANCE {
            return Err(Outcome::Failed);
        }
        for (value, inverse) in self.values.iter_mut().zip(self.inverse.chunks_exact(m)) {
            *value -= dot(inverse, &flips);
        }
        let bound = if falls { self.upper[leaving] } else { self.lower[leaving] };
        let step = (self.values[row] - bound) / entering[row];
        let joining = self.resting(variable) + step;
        self.values.iter_mut().zip(&entering).for_each(|(value, entry)| *value -= step * entry);
        self.values[row] = joining;
        for (reduced, alpha) in self.reduced.iter_mut().zip(&self.alpha) {
            *reduced -= ratio * sign * alpha;
        }
        self.reduced[variable] = 0.0;
        self.reduced[leaving] = -sign * ratio;
        self.at_upper[leaving] = falls;
        self.place[leaving] = usize::MAX;
        self.place[variable] = row;
        self.basis[row] = variable;
        self.replace(row, &entering);
        self.work += (self.width() + 3 * m * m) as u64;
        Ok(gained)
    }

    /// What the slope of the dual objective loses where a variable is passed.
    fn fall(&self, bend: &Bend) -> f64 {
        self.alpha[bend.variable].abs() * (self.upper[bend.variable] - self.lower[bend.variable])
    }
}
