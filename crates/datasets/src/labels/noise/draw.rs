//! Noise that is drawn.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::rounding::floor;

/// ⌊rate · N⌋ images get another class, each of the others with the same probability.
///
/// All images are shuffled whatever the rate, and the wrong labels are drawn in that order: hence a smaller rate gives
/// part of what a larger one gives.
pub(super) fn uniform(labels: &[u32], classes: usize, rate: f64, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut told = labels.to_vec();
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(rng);
    for &row in &order[..share(labels.len(), rate)] {
        // Of the classes other than the true one, the draw-th.
        let draw = rng.random_range(0..classes as u32 - 1);
        told[row] = draw + u32::from(draw >= labels[row]);
    }
    told
}

/// Every image draws from the row of its class, in the order of the images.
pub(super) fn transition(labels: &[u32], matrix: &[Vec<f64>], rng: &mut ChaCha8Rng) -> Vec<u32> {
    labels.iter().map(|&label| draw_class(&matrix[label as usize], rng)).collect()
}

/// ⌊rate · n⌋ of the n images of every class get the next class. Classes are shuffled whole, one after the other.
pub(super) fn pair_flip(labels: &[u32], classes: usize, rate: f64, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut told = labels.to_vec();
    let mut members = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        members[label as usize].push(row);
    }
    for (class, rows) in members.iter_mut().enumerate() {
        rows.shuffle(rng);
        for &row in &rows[..share(rows.len(), rate)] {
            told[row] = ((class + 1) % classes) as u32;
        }
    }
    told
}

/// ⌊rate · n⌋, where a decimal rate means what it says; see [`floor`].
fn share(n: usize, rate: f64) -> usize {
    floor(n as f64 * rate).min(n)
}

/// One draw from a distribution. A class of probability 0 is never drawn, not even through rounding.
fn draw_class(probabilities: &[f64], rng: &mut ChaCha8Rng) -> u32 {
    let mut left = rng.random::<f64>() * probabilities.iter().sum::<f64>();
    let mut drawn = 0;
    for (class, &probability) in probabilities.iter().enumerate() {
        if probability > 0.0 {
            drawn = class as u32;
            if left < probability {
                break;
            }
            left -= probability;
        }
    }
    drawn
}
