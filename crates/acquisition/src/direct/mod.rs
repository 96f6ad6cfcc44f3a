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
mod view;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::range::at_least;
use crate::rankings::{Order, Rankings};
use crate::told::Told;
use crate::{Error, Predictions};

use labelbench::Labelbench;
use paper::Paper;
use view::{Setting, View};

/// The forms of DIRECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DirectMode {
    /// Algorithms 1 and 2, with what is misprinted there put right.
    Paper,
    /// As the code released with LabelBench does it, faults included.
    #[serde(rename_all = "kebab-case")]
    Labelbench {
        /// Its setting of that name, 60 in the published runs. It works the wrong way round: a class's budget in the
        /// first phase is *lowered* to it.
        #[serde(rename = "min_budget_per_class")]
        min_budget_per_class: usize,
    },
}

/// DIRECT between two asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Direct {
    setting: Setting,
    rankings: Rankings,
    rng: ChaCha8Rng,
    course: Course,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Course {
    Paper(Paper),
    Labelbench(Labelbench),
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

/// Begins a query: what was told before, and where DIRECT stands.
///
/// # Errors
///
/// Those of [`Conversation::direct`](crate::Conversation::direct).
pub(crate) fn begin(
    predictions: &Predictions<'_>,
    parameters: Parameters,
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<(Told, Direct), Error> {
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
    Ok((told, direct))
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
