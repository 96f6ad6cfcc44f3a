//! All distances within a pool, and what follows from them alone.

use rayon::prelude::*;

use crate::Pick;
use crate::distances::{self as kernel, Rows};

/// The distances of every row to the nearest labelled row and to every other row.
pub(super) struct Distances {
    /// Infinite without labelled rows. `[rows]`
    labelled: Vec<f64>,
    /// Row `i` to row `j < i` at `i(i − 1)/2 + j`.
    between: Vec<f64>,
}

impl Distances {
    pub(super) fn new(rows: &Rows, labelled: &Rows) -> Self {
        let lower = |row: usize| kernel::to_each(rows.row(row), rows.before(row));
        let between: Vec<f64> = (0..rows.len()).into_par_iter().flat_map_iter(lower).collect();
        Self { labelled: kernel::nearest(rows, labelled), between }
    }

    pub(super) fn rows(&self) -> usize {
        self.labelled.len()
    }

    /// From a row to the nearest labelled row.
    pub(super) fn labelled(&self, row: usize) -> f64 {
        self.labelled[row]
    }

    pub(super) fn between(&self, row: usize, other: usize) -> f64 {
        let (high, low) = if row > other { (row, other) } else { (other, row) };
        if high == low { 0.0 } else { self.between[high * (high - 1) / 2 + low] }
    }

    /// Up to `count` of the candidates that are not `taken`, farthest first from the labelled rows and the taken ones,
    /// ties by the order of the candidates.
    pub(super) fn farthest_first(&self, candidates: &[usize], taken: &[usize], count: usize) -> Vec<Pick> {
        let mut rest: Vec<Pick> = candidates
            .iter()
            .filter(|row| !taken.contains(row))
            .map(|&row| Pick { row, score: self.nearest(row, taken) })
            .collect();
        let mut picks = Vec::with_capacity(count.min(rest.len()));
        while picks.len() < count && !rest.is_empty() {
            let mut best = 0;
            for place in 1..rest.len() {
                if rest[place].score > rest[best].score {
                    best = place;
                }
            }
            let mut pick = rest.remove(best);
            for other in &mut rest {
                other.score = other.score.min(self.between(other.row, pick.row));
            }
            if pick.score.is_infinite() {
                let others = (0..self.rows()).map(|other| self.between(pick.row, other));
                pick.score = others.fold(0.0, f64::max);
            }
            picks.push(pick);
        }
        picks
    }

    fn nearest(&self, row: usize, picks: &[usize]) -> f64 {
        picks.iter().map(|&pick| self.between(row, pick)).fold(self.labelled[row], f64::min)
    }

    /// The radius within which labelled rows and picks cover all rows but `outliers`, and how many stay uncovered.
    pub(super) fn radius(&self, picks: &[usize], outliers: usize) -> (f64, usize) {
        let mut nearest: Vec<f64> = (0..self.rows()).map(|row| self.nearest(row, picks)).collect();
        nearest.sort_unstable_by(|left, right| right.total_cmp(left));
        let radius = nearest.get(outliers).copied().unwrap_or(0.0);
        (radius, nearest.iter().take_while(|&&distance| distance > radius).count())
    }

    /// Every radius from `lowest` to `highest` that a choice can have, in order: a distance, or 0.
    pub(super) fn radii(&self, lowest: f64, highest: f64) -> Vec<f64> {
        let all = [0.0].into_iter().chain(self.labelled.iter().copied()).chain(self.between.iter().copied());
        let mut radii: Vec<f64> = all.filter(|radius| (lowest..=highest).contains(radius)).collect();
        radii.sort_unstable_by(f64::total_cmp);
        radii.dedup_by(|left, right| left.total_cmp(right).is_eq());
        radii
    }
}
