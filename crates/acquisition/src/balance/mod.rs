//! The class-balancing programme: CBAL, Bengar et al., *Class-Balanced Active Learning for Image Classification*,
//! WACV 2022, Eq. 8.
//!
//! Minimise `aᵀz + λ‖Ω − Pᵀz‖₁` over selections `z` of `b` rows, where `a` is the cost of a row (minus its score),
//! `P` its class probabilities and `Ω` the samples still needed per class. The authors hand this to a commercial
//! solver. Here the linear relaxation is solved exactly ([`solve`]: sifting with a small simplex method), rounded and
//! improved by exchanges. The relaxation has at most `classes + 1` fractional rows, so that the answer is close, and
//! every answer carries dual values from which anybody can recompute how close ([`certificate`]). Where a classifier is confident and
//! the budget small, that says little, since whole rows cannot do what fractional ones do: there branch and bound over the rows that could
//! still change finds better selections, and raises the bound.
//!
//! With the feature `exact`, [`mod@reference`] states the same programme for a general-purpose solver.

pub mod certificate;
mod dual;
mod exchange;
mod fixing;
#[doc(hidden)]
pub mod instances;
mod kernel;
mod local_search;
mod lowest;
mod options;
mod path;
mod problem;
#[cfg(feature = "exact")]
pub mod reference;
mod relaxation;
mod requirement;
mod round;
mod rounding;
mod sifting;
mod simplex;
mod solver;
mod status;
mod subgradient;
mod sweep;
mod term;
mod tree;

use ndarray::ArrayView2;

use crate::lambda::{Lambda, LambdaRule};
pub use crate::probabilities::validate_probabilities;
use crate::{Error, Selection};

pub use options::Options;
pub use path::solve_along;
pub use problem::Problem;
pub use requirement::requirement;
pub use round::Round;
pub use solver::{Seconds, Solution, Statistics, solve};
pub use status::Status;
pub use sweep::{SweepPoint, sweep};
pub use term::{Balance, Prediction, SolverMode};

/// Picks `budget` rows with high scores that together bring the classes towards balance (CBAL Eq. 8, with
/// `a = −score`).
///
/// `labelled_counts` are the true classes of the samples labelled so far; of the pool, only predictions are used. With
/// [`Prediction::OneHot`] these are the most probable classes, and every `l1` of the outcome
/// is one of them; the scores are what they are.
///
/// With [`LambdaRule::Auto`] the weights of [`lambda::GRID`](crate::lambda::GRID) are swept, [`lambda::rule`](crate::lambda::rule) chooses, and the outcome tells
/// what it chose.
///
/// ```
/// use ndarray::array;
/// use tailward_acquisition::{Balance, Lambda, SolverMode, balance, entropy};
///
/// // Five labels of class 0 and one of class 1: two more should be of class 1, although the first rows are less certain.
/// let p = array![[0.5_f32, 0.5], [0.6, 0.4], [0.1, 0.9], [0.1, 0.9]];
/// let term = Balance { lambda: Lambda::Fixed(5.0), solver: SolverMode::Auto, prediction: None };
/// let selection = balance::query(p.view(), &entropy::scores(p.view())?, &[5, 1], 2, &term)?;
/// assert_eq!(selection.rows(), [2, 3]);
/// # Ok::<(), tailward_acquisition::Error>(())
/// ```
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `scores`: `[rows]`, `labelled_counts`: `[classes]`.
///
/// # Errors
///
/// Those of [`Problem::validate`].
pub fn query(
    probabilities: ArrayView2<f32>,
    scores: &[f64],
    labelled_counts: &[usize],
    budget: usize,
    balance: &Balance,
) -> Result<Selection, Error> {
    let round = Round {
        probabilities,
        scores,
        labelled_counts,
        budget,
        solver: balance.solver,
        prediction: balance.prediction,
    };
    match balance.lambda {
        Lambda::Fixed(lambda) => round.query(lambda),
        Lambda::Rule(LambdaRule::Auto) => sweep::query_by_rule(&round),
    }
}
