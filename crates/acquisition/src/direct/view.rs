//! What both forms of DIRECT see of a query, and how they ask.

use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::Pick;
use crate::ask::{Ask, Phase};
use crate::rankings::Rankings;
use crate::told::Told;

/// What does not change during a query.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Setting {
    pub(super) budget: usize,
    /// Labels that can be told at the same time, `B_parallel`.
    pub(super) parallel: usize,
}

/// What a course sees of the query that it steers.
pub(super) struct View<'a> {
    pub(super) setting: Setting,
    pub(super) rankings: &'a Rankings,
    pub(super) told: &'a Told,
    /// Rows that may still be asked for.
    pub(super) left: usize,
}

impl View<'_> {
    pub(super) fn line(&self, class: usize) -> Line<'_> {
        Line { order: self.rankings.list(class), class: class as u32, told: self.told }
    }
}

/// The rows at these positions of a list, as an ask. Their score is how near to the threshold they are, where there is one.
pub(super) fn ask(order: &[u32], positions: &[usize], threshold: Option<usize>) -> Ask {
    let score = |position: usize| {
        // Position p lies between the thresholds p and p + 1.
        threshold.map_or(0.0, |threshold| -((position as f64 + 0.5) - threshold as f64).abs())
    };
    let picks = positions
        .iter()
        .map(|&position| Pick { row: order[position] as usize, score: score(position) })
        .collect();
    Ask { picks, phase: Some(if threshold.is_some() { Phase::Annotate } else { Phase::Reduce }) }
}

/// How many rows turn `turn` of `turns` gets of `total`, so that they sum to it.
pub(super) fn share(total: usize, turn: usize, turns: usize) -> usize {
    total * (turn + 1) / turns - total * turn / turns
}
