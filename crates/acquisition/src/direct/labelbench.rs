//! DIRECT as the code released with LabelBench has it (`direct.py` at 9e23393), with its faults.
//!
//! What differs from the paper: a per-class budget whose lower limit works the wrong way round, classes from the most to
//! the least frequent, a greedy shrinking of the interval by unlabelled rows, none at all once less than two batches are
//! left, and the lowest of tied thresholds. At two classes the list of class 1 is turned round where class 1 is predicted.
//! Random draws come from this project's streams, and ties of the orders of rows and classes go to the lowest: the released
//! sorts are not stable.

use std::cmp::Reverse;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::line::Line;
use super::view::{View, ask, share};
use crate::ask::Ask;
use crate::told::Told;

/// Where a query stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Labelbench {
    /// The classes of the first phase, from the most to the least frequent.
    tail: Vec<usize>,
    /// All classes.
    count: usize,
    /// The budget of a class in the first phase. It falls when fewer rows are left, and stays there.
    per_class: usize,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Phase {
    Reduce { turn: usize, interval: Option<Interval> },
    Annotate { turn: usize, classes: Vec<usize>, budget: usize },
}

/// The positions from `low` to `high`, both included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Interval {
    low: usize,
    high: usize,
    /// Rows that may still be asked for.
    budget: usize,
    /// Whether a batch was asked for and the interval not yet shrunk.
    asked: bool,
}

impl Labelbench {
    pub(crate) fn new(told: &Told, count: usize, budget: usize, min_budget_per_class: usize) -> Self {
        // Without classes there are no rows and no budget.
        let equal = budget / count.max(1) / 2;
        // The comparison of the released code: a lower limit that lowers the budget where it is met.
        let (effective, per_class) = if equal < min_budget_per_class {
            (count, equal)
        } else {
            ((budget / (2 * min_budget_per_class)).min(count), min_budget_per_class)
        };
        let mut tail: Vec<usize> = (0..count).collect();
        tail.sort_by_key(|&class| Reverse(told.count(class)));
        tail.drain(..count - effective);
        Self { tail, count, per_class, phase: Phase::Reduce { turn: 0, interval: None } }
    }

    /// The number of classes of the first phase, and the budget of each.
    #[cfg(test)]
    pub(crate) fn first_phase(&self) -> (usize, usize) {
        (self.tail.len(), self.per_class)
    }

    pub(crate) fn next(&mut self, view: &View<'_>, rng: &mut ChaCha8Rng) -> Ask {
        while let Phase::Reduce { turn, interval } = &mut self.phase {
            let Some(&class) = self.tail.get(*turn) else {
                let mut classes: Vec<usize> = (0..self.count).collect();
                classes.shuffle(rng);
                self.phase = Phase::Annotate { turn: 0, classes, budget: view.left };
                break;
            };
            let line = view.line(class);
            if interval.is_none() {
                self.per_class = self.per_class.min(view.told.free());
            }
            let interval = interval.get_or_insert_with(|| Interval::new(line, self.per_class));
            let positions = interval.next(line, view.setting.parallel, rng);
            if !positions.is_empty() {
                return ask(line.order, &positions, None);
            }
            self.phase = Phase::Reduce { turn: *turn + 1, interval: None };
        }
        self.annotate(view)
    }

    fn annotate(&mut self, view: &View<'_>) -> Ask {
        let Phase::Annotate { turn, classes, budget } = &mut self.phase else {
            unreachable!("the first phase is over")
        };
        loop {
            let (class, wanted) = (classes[*turn], share(*budget, *turn, classes.len()));
            *turn += 1;
            if wanted > 0 {
                let line = view.line(class);
                let threshold = line.best()[0];
                return ask(line.order, &line.nearest(threshold, wanted), Some(threshold));
            }
        }
    }
}

impl Interval {
    fn new(line: Line<'_>, budget: usize) -> Self {
        let (left, right) = line.anchors();
        let last = line.order.len().saturating_sub(1);
        Self { low: left.unwrap_or(0), high: right.unwrap_or(last), budget, asked: false }
    }

    fn next(&mut self, line: Line<'_>, parallel: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        if self.asked {
            self.shrink(line, parallel, rng);
            self.budget -= parallel.min(self.budget);
            self.asked = false;
        }
        if self.budget == 0 {
            return Vec::new();
        }
        let free = line.free(self.low, self.high + 1);
        let batch = Line::sample(&free, parallel.min(self.budget), rng);
        self.asked = true;
        batch
    }

    /// Moves the end that gets more labels wrong inwards until few enough unlabelled rows are left.
    fn shrink(&mut self, line: Line<'_>, parallel: usize, rng: &mut ChaCha8Rng) {
        let mut free = line.free(self.low, self.high + 1).len();
        let batches = self.budget / parallel;
        let factor = if batches <= 1 { 1.0 } else { (free as f64).powf(1.0 / batches as f64) };
        if free == 0 {
            return;
        }
        let target = (free as f64 / factor).ceil() as usize;
        let losses = line.losses(self.low, self.high);
        let (first, mut low, mut high) = (self.low, self.low, self.high);
        while free > target {
            // The released code compares what is right, `acc[h] = L − 2 loss(h)`.
            let (left, right) = (losses[low - first], losses[high - first]);
            if left > right || (left == right && rng.random_bool(0.5)) {
                free -= usize::from(line.is_free(low));
                low += 1;
            } else {
                free -= usize::from(line.is_free(high));
                high -= 1;
            }
        }
        (self.low, self.high) = (low, high);
    }
}
