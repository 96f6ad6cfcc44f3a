//! DIRECT: dimension reduction for active learning under imbalance and label noise (Nuggehalli, Zhang, Jain & Nowak,
//! arXiv 2312.09196; ICML 2025 as "Improved Algorithm for Deep Active Learning under Imbalance via Optimal Separation").
//!
//! Each class has a list of all rows, ordered by the margin of the class. Half of the budget is spent on finding where in
//! each list the class ends, the other half next to that place. Two forms ([`DirectMode`]): that of the paper, with what is
//! misprinted there put right, and that of the released code.

mod labelbench;
mod line;
mod paper;
#[cfg(test)]
mod tests;
mod version_space;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::conversation::{Ask, Conversation};
use crate::rankings::{Order, Rankings};
use crate::strategy::at_least;
use crate::told::Told;
use crate::{DirectMode, Error, Phase, Pick, Predictions};

use labelbench::Labelbench;
use paper::Paper;

/// DIRECT between two asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Direct {
    setting: Setting,
    rankings: Rankings,
    rng: ChaCha8Rng,
    course: Course,
}

/// What does not change during a query.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Setting {
    budget: usize,
    /// Labels that can be told at the same time, `B_parallel`.
    parallel: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Course {
    Paper(Paper),
    Labelbench(Labelbench),
}

/// What a course sees of the query that it steers.
struct View<'a> {
    setting: Setting,
    rankings: &'a Rankings,
    told: &'a Told,
    /// Rows that may still be asked for.
    left: usize,
}

impl View<'_> {
    fn line(&self, class: usize) -> line::Line<'_> {
        line::Line { order: self.rankings.list(class), class: class as u32, told: self.told }
    }
}

/// How DIRECT asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The paper's form or the released code's.
    pub mode: DirectMode,
    /// Labels that can be told at the same time, `B_parallel`; at least 1.
    pub parallel: usize,
}

impl Parameters {
    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<(), Error> {
        at_least("parallel", self.parallel, 1)?;
        match self.mode {
            DirectMode::Paper => Ok(()),
            DirectMode::Labelbench { min_budget_per_class } => {
                at_least("min_budget_per_class", min_budget_per_class, 1)
            }
        }
    }
}

/// Begins a query.
///
/// # Shapes
///
/// See [`Predictions`].
///
/// # Errors
///
/// Those of [`Parameters::validate`]; the budget exceeds the number of unlabelled rows; probabilities are none; the arrays
/// do not belong together; a label is out of range.
pub fn begin(
    predictions: &Predictions<'_>,
    parameters: Parameters,
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Conversation, Error> {
    parameters.validate()?;
    let Parameters { mode, parallel } = parameters;
    let told = predictions.check(budget)?;
    let classes = predictions.unlabelled.ncols();
    let every: Vec<usize> = (0..classes).collect();
    let order = match mode {
        DirectMode::Paper => Order::Margin,
        DirectMode::Labelbench { .. } if classes == 2 => Order::ReleasedBinaryMargin,
        DirectMode::Labelbench { .. } => Order::ReleasedMargin,
    };
    let rankings = Rankings::new([predictions.unlabelled, predictions.labelled], &every, order);
    let mut rng = rng.clone();
    let course = match mode {
        DirectMode::Paper => Course::Paper(Paper::new(classes, &mut rng)),
        DirectMode::Labelbench { min_budget_per_class } => {
            Course::Labelbench(Labelbench::new(&told, classes, budget, min_budget_per_class))
        }
    };
    let direct = Direct { setting: Setting { budget, parallel }, rankings, rng, course };
    Ok(Conversation::direct(budget, classes, told, direct))
}

impl Direct {
    /// The next rows, at most `left` and at least one.
    pub(crate) fn next(&mut self, told: &Told, left: usize) -> Ask {
        let Self { setting, rankings, rng, course } = self;
        let view = View { setting: *setting, rankings, told, left };
        match course {
            Course::Paper(paper) => paper.next(&view, rng),
            Course::Labelbench(labelbench) => labelbench.next(&view, rng),
        }
    }
}

/// The rows at these positions of a list, as an ask. Their score is how near to the threshold they are, where there is one.
fn ask(order: &[u32], positions: &[usize], threshold: Option<usize>) -> Ask {
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
fn share(total: usize, turn: usize, turns: usize) -> usize {
    total * (turn + 1) / turns - total * turn / turns
}
