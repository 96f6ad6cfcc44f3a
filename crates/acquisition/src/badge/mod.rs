//! BADGE: query rows whose gradients are large and unlike each other.
//!
//! Ash et al., *Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds*, ICLR 2020, Algorithm 1.

mod weights;

#[cfg(test)]
mod tests;

use ndarray::ArrayView2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::gradients::{Centres, Gradients};
use crate::select::validate_budget;
use crate::{Error, Pick, Selection};

use weights::Weights;

/// Centres that one thread compares a row with.
const CHUNK: usize = 256;

/// Picks `budget` rows by the seeding of k-means++ (Arthur and Vassilvitskii, 2007) on their gradient embeddings
/// `(e_y − p) ⊗ h`, with `y` the most probable class (ties by lowest) and `h` the embedding.
///
/// The first pick has the largest norm, ties by lowest row (as in the authors' code; k-means++ draws it). Each later
/// pick is drawn with a probability in proportion to the squared distance to the nearest pick before. Where all of these
/// are 0 it is drawn uniformly from the rows that are left; no row is picked twice. The score of a pick is the squared
/// distance that it was drawn with, of the first its squared norm.
///
/// Drawing is lazy. A row's distance to *some* of the picks is an upper bound on that to all; a row is drawn in proportion
/// to these bounds, its bound is brought up to date, and the row is accepted with probability distance over bound. Else
/// the next one is drawn. What is accepted has exactly the distribution above, and only rows that are drawn are compared
/// with the picks: about `budget² / 2` comparisons in place of `rows · budget`, and no more than these whatever happens.
/// The bound of a row is its distance to the picks there were when the row was last drawn.
///
/// Nothing is kept of the pool but three numbers for each row. The picks do not depend on the number of threads.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `embeddings`: `[rows, dims]`.
///
/// # Errors
///
/// Those of [`Side::validate`](crate::Side::validate), and [`Error::BudgetAbovePool`].
pub fn query(
    probabilities: ArrayView2<f32>,
    embeddings: ArrayView2<f32>,
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let gradients = Gradients::of_predictions(probabilities, embeddings)?;
    validate_budget(budget, gradients.len())?;
    let mut picks = Vec::with_capacity(budget);
    if budget > 0 {
        let first = largest(gradients.squared_norms());
        let mut seeding = Seeding::new(&gradients, first.row);
        picks.push(first);
        picks.extend((1..budget).map(|_| seeding.next(rng)));
    }
    Ok(Selection::of(picks))
}

/// How probable each row is to be drawn next, after some picks: what [`query`] draws from, computed afresh.
///
/// The probabilities sum to 1. Before the first pick it is the row with the largest norm for certain; after the last
/// row all are 0.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `embeddings`: `[rows, dims]`, `picked`: any rows; the answer: `[rows]`.
///
/// # Errors
///
/// Those of [`query`].
///
/// # Panics
///
/// If one of the picks is not a row.
pub fn distribution(
    probabilities: ArrayView2<f32>,
    embeddings: ArrayView2<f32>,
    picked: &[usize],
) -> Result<Vec<f64>, Error> {
    let gradients = Gradients::of_predictions(probabilities, embeddings)?;
    let mut weights = vec![0.0; gradients.len()];
    if picked.is_empty() {
        if !weights.is_empty() {
            weights[largest(gradients.squared_norms()).row] = 1.0;
        }
        return Ok(weights);
    }
    let mut centres = Centres::default();
    picked.iter().for_each(|&row| centres.push(&gradients, row));
    weights = nearest_of_all(&gradients, &centres);
    picked.iter().for_each(|&row| weights[row] = 0.0);
    if weights.iter().sum::<f64>() <= 0.0 {
        weights.fill(1.0);
        picked.iter().for_each(|&row| weights[row] = 0.0);
    }
    let total: f64 = weights.iter().sum();
    if total > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= total);
    }
    Ok(weights)
}

/// The row with the largest norm, ties by lowest row.
fn largest(squared_norms: &[f64]) -> Pick {
    let rows = squared_norms.iter().enumerate();
    let first = Pick { row: 0, score: squared_norms[0] };
    rows.fold(first, |best, (row, &score)| if score > best.score { Pick { row, score } } else { best })
}

/// The squared distance of every row to its nearest centre. `[rows]`
fn nearest_of_all(gradients: &Gradients, centres: &Centres) -> Vec<f64> {
    let nearest = |row| centres.nearest(gradients, row, 0..centres.len(), f64::INFINITY);
    (0..gradients.len()).into_par_iter().with_min_len(CHUNK).map(nearest).collect()
}

/// The state of k-means++.
struct Seeding<'a> {
    gradients: &'a Gradients<'a>,
    centres: Centres,
    /// The squared distance of every row to the nearest of the first `seen` centres; 0 for a pick.
    bounds: Weights,
    /// `[rows]`
    seen: Vec<usize>,
    /// `[rows]`
    picked: Vec<bool>,
}

impl<'a> Seeding<'a> {
    fn new(gradients: &'a Gradients<'a>, first: usize) -> Self {
        let mut centres = Centres::default();
        centres.push(gradients, first);
        let mut bounds = nearest_of_all(gradients, &centres);
        bounds[first] = 0.0;
        let mut picked = vec![false; gradients.len()];
        picked[first] = true;
        Self { gradients, centres, bounds: Weights::new(bounds), seen: vec![1; picked.len()], picked }
    }

    /// Draws a row that has not been picked; there must be one.
    fn next(&mut self, rng: &mut ChaCha8Rng) -> Pick {
        loop {
            let point = rng.random::<f64>() * self.bounds.total();
            let Some((row, within)) = self.bounds.find(point) else {
                return self.draw_uniformly(rng);
            };
            let distance = self.refresh(row);
            // Uniform in the interval of the bound, it is in that of the distance with probability distance / bound.
            if within < distance {
                self.accept(row);
                return Pick { row, score: distance };
            }
        }
    }

    /// Compares a row with the centres that it has not seen.
    fn refresh(&mut self, row: usize) -> f64 {
        let (bound, seen, count) = (self.bounds.get(row), self.seen[row], self.centres.len());
        let nearest = |chunk: usize| {
            let start = seen + chunk * CHUNK;
            self.centres.nearest(self.gradients, row, start..(start + CHUNK).min(count), bound)
        };
        let chunks = (count - seen).div_ceil(CHUNK);
        let distance = if chunks > 1 {
            (0..chunks).into_par_iter().map(nearest).reduce(|| bound, f64::min)
        } else {
            (0..chunks).map(nearest).fold(bound, f64::min)
        };
        self.seen[row] = count;
        if distance < bound {
            self.bounds.set(row, distance);
        }
        distance
    }

    /// Draws from all rows that are left, each as likely as the other.
    fn draw_uniformly(&mut self, rng: &mut ChaCha8Rng) -> Pick {
        let left = self.picked.len() - self.centres.len();
        let place = rng.random_range(0..left);
        let mut rest = (0..self.picked.len()).filter(|&row| !self.picked[row]);
        let row = rest.nth(place).expect("a row is left");
        self.accept(row);
        Pick { row, score: 0.0 }
    }

    fn accept(&mut self, row: usize) {
        self.bounds.set(row, 0.0);
        self.picked[row] = true;
        self.centres.push(self.gradients, row);
    }
}
