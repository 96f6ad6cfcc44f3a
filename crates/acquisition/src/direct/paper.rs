//! DIRECT as the paper has it (Algorithms 1 and 2), with what is misprinted there put right.
//!
//! - The budget of the first phase, `B / 2K` for each class, is rounded down; what a class does not spend goes to the
//!   second phase.
//! - The second phase has `(B − |L_t \ L_{t−1}|) / K` for each class (the paper forgets to take off what was labelled
//!   before), spread so that it sums to what is left.
//! - The threshold is where the labels of the class below it, less the *other* labels below it, are the most (the paper
//!   takes a term from itself); ties go to the index nearest `N / 2`, then to the lower.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::version_space::VersionSpace;
use super::view::{View, ask, share};
use crate::ask::Ask;

/// Where a query stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paper {
    /// The classes in the order of the phase.
    classes: Vec<usize>,
    /// How many of them are done.
    turn: usize,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Phase {
    /// Finding the thresholds; the version space of the class at work.
    Reduce { space: Option<VersionSpace> },
    /// Labelling next to them; how much there is to spend in this phase.
    Annotate { budget: usize },
}

impl Paper {
    pub(crate) fn new(count: usize, rng: &mut ChaCha8Rng) -> Self {
        Self { classes: permutation(count, rng), turn: 0, phase: Phase::Reduce { space: None } }
    }

    pub(crate) fn next(&mut self, view: &View<'_>, rng: &mut ChaCha8Rng) -> Ask {
        if let Some(ask) = self.reduce(view, rng) {
            return ask;
        }
        self.annotate(view)
    }

    /// The next batch of the first phase; `None` once that is over.
    fn reduce(&mut self, view: &View<'_>, rng: &mut ChaCha8Rng) -> Option<Ask> {
        let Phase::Reduce { space } = &mut self.phase else { return None };
        let parallel = view.setting.parallel;
        let budget = view.setting.budget / (2 * self.classes.len());
        while let Some(&class) = self.classes.get(self.turn) {
            let line = view.line(class);
            let space_of_class = space.get_or_insert_with(|| VersionSpace::new(line, budget, parallel));
            let positions = space_of_class.next(line, parallel, rng);
            if !positions.is_empty() {
                return Some(ask(line.order, &positions, None));
            }
            *space = None;
            self.turn += 1;
        }
        self.classes = permutation(self.classes.len(), rng);
        self.turn = 0;
        self.phase = Phase::Annotate { budget: view.left };
        None
    }

    /// The next class's rows of the second phase.
    fn annotate(&mut self, view: &View<'_>) -> Ask {
        let Phase::Annotate { budget } = self.phase else { unreachable!("the first phase is over") };
        loop {
            let class = self.classes[self.turn];
            let wanted = share(budget, self.turn, self.classes.len());
            self.turn += 1;
            if wanted > 0 {
                let line = view.line(class);
                let threshold = nearest_to_middle(&line.best(), line.order.len());
                return ask(line.order, &line.nearest(threshold, wanted), Some(threshold));
            }
        }
    }
}

fn permutation(count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..count).collect();
    classes.shuffle(rng);
    classes
}

/// The threshold nearest to `count / 2`, the lower of two.
fn nearest_to_middle(thresholds: &[usize], count: usize) -> usize {
    *thresholds
        .iter()
        .min_by_key(|&&threshold| (2 * threshold).abs_diff(count))
        .expect("some threshold is the best")
}
