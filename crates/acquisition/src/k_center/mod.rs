//! Greedy k-center: query the row farthest from everything labelled or picked, again and again.
//!
//! Sener & Savarese, *Active Learning for Convolutional Neural Networks: A Core-Set Approach*, ICLR 2018, Algorithm 1;
//! with class balancing, Bengar et al., *Class-Balanced Active Learning for Image Classification*, WACV 2022,
//! Algorithm 2.

mod balanced;
mod cover;
mod farthest_first;
mod over_quota;
mod term;

use ndarray::{Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;

use crate::{Error, Pick, Selection};

use cover::{cover, traversal};

pub use crate::Embeddings;
pub use balanced::{query_balanced, query_with};
pub use farthest_first::FarthestFirst;
pub use term::{GreedyBalance, LambdaScale};

/// Picks `budget` rows, each the farthest from the labelled rows and the picks before it, ties by lowest row.
///
/// The picks come in this order, and the score of a pick is the distance that it was picked for. Where no row is
/// labelled, the first pick is drawn from `rng`, and its score is its distance to the row farthest from it; where some row
/// is, nothing is drawn. Distances are Euclidean; embeddings are taken as they are ([`rounded`] does what the authors' code does to them first).
///
/// [`Selection::cover`] tells how far the farthest row of the pool is from its nearest centre afterwards, and a bound:
/// the picks and that farthest row are `budget + 1` points with at least that radius between any two of them and to
/// any labelled row, so that whatever `budget` rows are picked, one centre covers two of the points or a labelled row
/// covers one of them, and the radius is at least half as large. (Without a centre there is no cover to speak of.)
///
/// # Shapes
///
/// Those of [`Embeddings`].
///
/// # Errors
///
/// [`Error::BudgetAbovePool`] and those of [`Embeddings::validate`].
pub fn query(embeddings: &Embeddings<'_>, budget: usize, rng: &mut ChaCha8Rng) -> Result<Selection, Error> {
    let mut traversal = traversal(embeddings, budget, rng)?;
    let centred = traversal.is_centred();
    let picks: Vec<Pick> = (0..budget)
        .map(|_| {
            let pick = traversal.farthest().expect("the pool holds the budget");
            traversal.accept(pick.row);
            pick
        })
        .collect();
    let cover = cover(&mut traversal, &picks, centred);
    Ok(Selection { picks, balance: None, cover })
}

/// Embeddings rounded to some decimals, half to even, in the arithmetic of `f32`: what `numpy.round` makes of an array
/// of `float32`. The released code of CBAL does so with two decimals before it measures distances.
///
/// An entry too large to be multiplied by the power of ten has no decimals and is left as it is.
///
/// # Shapes
///
/// `embeddings`: `[rows, dims]`; the answer as well.
pub fn rounded(embeddings: ArrayView2<f32>, decimals: u32) -> Array2<f32> {
    let power = 10.0_f64.powf(f64::from(decimals)) as f32;
    embeddings.mapv(|value| {
        let scaled = value * power;
        if scaled.is_finite() { scaled.round_ties_even() / power } else { value }
    })
}
