//! Greedy k-center: query the row farthest from everything labelled or picked, again and again.
//!
//! Sener & Savarese, *Active Learning for Convolutional Neural Networks: A Core-Set Approach*, ICLR 2018, Algorithm 1;
//! with class balancing, Bengar et al., *Class-Balanced Active Learning for Image Classification*, WACV 2022,
//! Algorithm 2.

mod farthest_first;
mod over_quota;

use std::time::Instant;

use ndarray::{Array2, ArrayView2};

use crate::distances::Rows;
use crate::{
    BalanceOutcome, CoverOutcome, Error, GreedyBalance, LambdaScale, Pick, Selection, balance,
    validate_probabilities,
};

use over_quota::OverQuota;

pub use farthest_first::FarthestFirst;

/// What a cover is measured on: a point for every sample.
///
/// # Shapes
///
/// `unlabelled`: `[rows, dims]`, `labelled`: `[labelled, dims]`.
#[derive(Clone, Copy, Debug)]
pub struct Embeddings<'a> {
    /// The pool. A row of a selection is a row of this array.
    pub unlabelled: ArrayView2<'a, f32>,
    /// The samples labelled so far, in any order.
    pub labelled: ArrayView2<'a, f32>,
}

impl<'a> Embeddings<'a> {
    /// Checks that both arrays are finite and as wide as each other. An array without rows may have any width.
    ///
    /// # Errors
    ///
    /// [`Error::NoDimensions`], [`Error::EmbeddingNotFinite`] for the first entry that is NaN or infinite, and
    /// [`Error::LengthMismatch`].
    pub fn validate(&self) -> Result<(), Error> {
        self.rows().map(|_| ())
    }

    /// The two arrays, valid and in order.
    pub(crate) fn rows(&self) -> Result<(Rows<'a>, Rows<'a>), Error> {
        let (expected, found) = (self.unlabelled.ncols(), self.labelled.ncols());
        let comparable = self.unlabelled.nrows() > 0 && self.labelled.nrows() > 0;
        if comparable && expected != found {
            return Err(Error::LengthMismatch {
                what: "dimensions of the labelled embeddings",
                expected,
                found,
            });
        }
        Ok((Rows::new("unlabelled", self.unlabelled)?, Rows::new("labelled", self.labelled)?))
    }
}

/// Picks `budget` rows, each the farthest from the labelled rows and the picks before it, ties by lowest row.
///
/// The picks come in this order, and the score of a pick is the distance that it was picked for. Where no row is
/// labelled, the first pick is the lowest row, and its score is its distance to the row farthest from it. Distances are
/// Euclidean; embeddings are taken as they are ([`rounded`] does what the authors' code does to them first).
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
pub fn query(embeddings: Embeddings, budget: usize) -> Result<Selection, Error> {
    let mut traversal = traversal(embeddings, budget)?;
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

/// Picks `budget` rows, each the one with the least `−d + λ‖Ω − q − Pᵀz‖₁` (CBAL Algorithm 2), ties by lowest row.
///
/// `d` is the distance to the nearest labelled row or pick before, `q` the probabilities of the row, `Pᵀz` those of
/// the picks before, and `Ω` the [`balance::requirement`], computed once. `weight` is `λ` as it multiplies the norm
/// ([`GreedyBalance::weight`]). `labelled_counts` are the true classes of the samples labelled so far. As the rows of
/// `P` sum to one, the norm is a constant of the step plus twice the share of `q` that falls on classes that have
/// enough, `2 Σ_c max(q_c − max(u_c, 0), 0)` with `u = Ω − Pᵀz`; it is evaluated in this form, so that rows that do not
/// differ in it are not told apart by the rounding of their sums. While every class lacks more than any row can bring,
/// the picks are therefore those of [`query`].
///
/// Picks come in the order in which they were taken; their score is `d` at that time, which need not fall from pick to
/// pick. The first pick is that of [`query`] where no row is labelled.
///
/// # Shapes
///
/// Those of [`Embeddings`]; `probabilities`: `[rows, classes]`, `labelled_counts`: `[classes]`.
///
/// # Errors
///
/// [`Error::BudgetAbovePool`], [`Error::InvalidLambda`], [`Error::LengthMismatch`], and those of
/// [`Embeddings::validate`] and [`validate_probabilities`].
pub fn query_balanced(
    embeddings: Embeddings,
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    weight: f64,
) -> Result<Selection, Error> {
    let start = Instant::now();
    let (rows, classes) = (embeddings.unlabelled.nrows(), labelled_counts.len());
    for (what, expected, found) in [
        ("rows of the probabilities", rows, probabilities.nrows()),
        ("labelled counts", probabilities.ncols(), classes),
    ] {
        if expected != found {
            return Err(Error::LengthMismatch { what, expected, found });
        }
    }
    if !(weight.is_finite() && weight >= 0.0) {
        return Err(Error::InvalidLambda { lambda: weight });
    }
    validate_probabilities(probabilities)?;
    let mut traversal = traversal(embeddings, budget)?;
    let centred = traversal.is_centred();
    let requirement = balance::requirement(labelled_counts, budget);
    let mut over_quota = OverQuota::new(probabilities, &requirement);
    traversal.penalise(2.0 * weight, over_quota.masses());
    let mut picks = Vec::with_capacity(budget);
    for _ in 0..budget {
        let pick = traversal.farthest().expect("the pool holds the budget");
        traversal.accept(pick.row);
        if over_quota.take(pick.row) {
            traversal.penalise(2.0 * weight, over_quota.masses());
        }
        picks.push(pick);
    }
    traversal.pardon();
    let cover = cover(&mut traversal, &picks, centred);
    let norm = |values: &[f64]| values.iter().map(|value| value.abs()).sum();
    let outcome = BalanceOutcome {
        lambda: Some(weight),
        l1_before: norm(&requirement),
        l1_baseline: None,
        l1: norm(over_quota.missing()),
        certificate: None,
        seconds: start.elapsed().as_secs_f64(),
        requirement,
    };
    Ok(Selection { picks, balance: Some(outcome), cover })
}

impl GreedyBalance {
    /// `λ` as it multiplies the norm in CBAL's Algorithm 2, given the weight in the units of
    /// [`scale`](Self::scale): the paper has the weight itself, the authors' code divides it by the number of classes.
    pub fn weight(&self, lambda: f64, classes: usize) -> f64 {
        match self.scale {
            LambdaScale::Absolute => lambda,
            LambdaScale::PerClass => lambda / classes as f64,
        }
    }
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

fn traversal(embeddings: Embeddings, budget: usize) -> Result<FarthestFirst, Error> {
    let pool = embeddings.unlabelled.nrows();
    if budget > pool {
        return Err(Error::BudgetAbovePool { budget, pool });
    }
    FarthestFirst::new(embeddings)
}

/// How closely labelled rows and picks cover what remains, and how closely as many picks could at best.
///
/// Every pick was at least its score away from all centres before it, and the farthest row is at least the radius away
/// from all: whatever the picks, points with the least of these distances between them bound the radius from below.
fn cover(traversal: &mut FarthestFirst, picks: &[Pick], centred: bool) -> Option<CoverOutcome> {
    if !traversal.is_centred() && traversal.remaining() > 0 {
        return None;
    }
    let radius = traversal.farthest().map_or(0.0, |pick| pick.score);
    // The first of all centres was picked for no distance.
    let picked_for = &picks[usize::from(!centred).min(picks.len())..];
    let separation = picked_for.iter().map(|pick| pick.score).fold(radius, f64::min);
    let bound = if picks.is_empty() { radius } else { separation / 2.0 };
    Some(CoverOutcome::new(radius, bound, 0))
}

impl CoverOutcome {
    /// With the gap between the two.
    pub(crate) fn new(radius: f64, bound: f64, outliers: usize) -> Self {
        let relative_gap = if radius > 0.0 { (radius - bound) / radius } else { 0.0 };
        Self { radius, bound, relative_gap, outliers }
    }
}
