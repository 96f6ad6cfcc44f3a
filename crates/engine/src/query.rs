//! From a strategy to samples: the one place where strategies are told apart.

use ndarray::{ArrayView2, CowArray, Ix2};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{
    Balance, Error, Selection, Strategy, balance, entropy, least_confidence, margin, random, select,
};

/// What every strategy is told.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Unlabelled rows.
    pub rows: usize,
    /// Labels of each class in the labelled set.
    pub labelled_counts: &'a [usize],
    /// The stream for the strategy's own random choices.
    pub rng: &'a mut ChaCha8Rng,
}

/// Chooses `budget` of the unlabelled rows.
///
/// `probabilities` gives `[rows, classes]` and is called by the strategies that need it, once; a strategy that needs
/// nothing costs no pass of the model, and none can go without what it needs.
///
/// # Errors
///
/// Those of `probabilities`; the budget is larger than the pool, an input is not finite or not a probability, or λ is
/// negative.
pub fn query<'p, E: From<Error>>(
    strategy: &Strategy,
    inputs: Inputs<'_>,
    probabilities: impl FnOnce() -> Result<CowArray<'p, f32, Ix2>, E>,
    budget: usize,
) -> Result<Selection, E> {
    let scored = |scores: fn(ArrayView2<'_, f32>) -> Result<Vec<f64>, Error>, balance: &Option<Balance>| {
        let probabilities = probabilities()?;
        let scores = scores(probabilities.view())?;
        let selection = match balance {
            None => select::top(&scores, budget),
            Some(balance) => {
                balance::query(probabilities.view(), &scores, inputs.labelled_counts, budget, balance)
            }
        };
        Ok(selection?)
    };
    match strategy {
        Strategy::Random {} => Ok(random::query(inputs.rows, budget, inputs.rng)?),
        Strategy::Entropy { balance } => scored(entropy::scores, balance),
        Strategy::Margin { balance } => scored(margin::scores, balance),
        Strategy::LeastConfidence { balance } => scored(least_confidence::scores, balance),
        Strategy::KCenterGreedy { .. }
        | Strategy::Coreset { .. }
        | Strategy::Bald { .. }
        | Strategy::BatchBald { .. }
        | Strategy::Vaal { .. }
        | Strategy::PseudoLabel { .. } => Err(Error::Unsupported { strategy: strategy.name() }.into()),
    }
}
