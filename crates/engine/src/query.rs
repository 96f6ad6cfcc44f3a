//! From a strategy to samples: the one place where strategies are told apart.

use ndarray::{Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{
    Balance, Error, Selection, Strategy, balance, entropy, least_confidence, margin, random, select,
};

/// Everything that a strategy may ask the host for.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Unlabelled rows.
    pub rows: usize,
    /// Labels of each class in the labelled set.
    pub labelled_counts: &'a [usize],
    /// `[rows, classes]`, where the strategy needs it.
    pub probabilities: Option<&'a Array2<f32>>,
    /// The stream for the strategy's own random choices.
    pub rng: &'a mut ChaCha8Rng,
}

/// Chooses `budget` of the unlabelled rows.
///
/// # Errors
///
/// The budget is larger than the pool, an input is not finite or not a probability, or λ is negative.
///
/// # Panics
///
/// An input that [`Strategy::needs`] names is absent: a fault of the caller, not of the data.
pub fn query(strategy: &Strategy, inputs: Inputs<'_>, budget: usize) -> Result<Selection, Error> {
    let scored = |scores: fn(ArrayView2<'_, f32>) -> Result<Vec<f64>, Error>,
                  balance: &Option<Balance>|
     -> Result<Selection, Error> {
        let probabilities = inputs.probabilities.expect("the strategy needs probabilities").view();
        let scores = scores(probabilities)?;
        match balance {
            None => select::top(&scores, budget),
            Some(balance) => balance::query(probabilities, &scores, inputs.labelled_counts, budget, balance),
        }
    };
    match strategy {
        Strategy::Random {} => random::query(inputs.rows, budget, inputs.rng),
        Strategy::Entropy { balance } => scored(entropy::scores, balance),
        Strategy::Margin { balance } => scored(margin::scores, balance),
        Strategy::LeastConfidence { balance } => scored(least_confidence::scores, balance),
    }
}
