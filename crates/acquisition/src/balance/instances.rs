//! Made-up pools for tests and benchmarks.
//!
//! A row is the softmax of a linear classifier with Gaussian classes at equal distances: `logit_c = μ·x_c` with `x`
//! around the row's class. Half of the classes have a tenth of the samples, and the classifier is overconfident by
//! a factor of 1.3. The distance of the classes is chosen so that it is right about four times in five, or given.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Rows of the pool.
    pub rows: usize,
    /// Classes.
    pub classes: usize,
    /// Rows to pick.
    pub budget: usize,
    /// `true`: a random need per class that sums to the budget, so that every class can be met exactly, which is
    /// the hard case. `false`: `Ω` as in the paper's first cycle, with `2b` random initial labels.
    pub tight: bool,
    /// The seed.
    pub seed: u64,
}

/// Arrays for a [`Problem`](super::Problem) of a [`Shape`].
#[derive(Clone, Debug)]
pub struct Generated {
    /// `[rows, classes]`
    pub probabilities: Array2<f32>,
    /// True classes. `[rows]`
    pub labels: Vec<usize>,
    /// `Σ_c p ln p`. `[rows]`
    pub costs: Vec<f64>,
    /// `Ω`. `[classes]`
    pub requirement: Vec<f64>,
}

/// Makes a pool whose classifier is right about four times in five.
///
/// # Panics
///
/// If there are no classes.
pub fn generate(shape: &Shape) -> Generated {
    generate_apart(shape, if shape.classes <= 20 { 2.5 } else { 3.4 })
}

/// Makes a pool whose classes are `separation` standard deviations of their noise from each other, as a classifier sees them. At 10
/// classes the mean highest probability is 0.93 with 3.0, 0.97 with 3.5 and 0.99 with 4.2.
///
/// # Panics
///
/// If there are no classes.
pub fn generate_apart(shape: &Shape, separation: f64) -> Generated {
    let &Shape { rows, classes, budget, tight, seed } = shape;
    assert!(classes > 0, "a pool has classes");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let weights: Vec<f64> =
        (0..classes).map(|class| if class < classes.div_ceil(2) { 1.0 } else { 0.1 }).collect();
    let cumulative: Vec<f64> = weights
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let draw = |rng: &mut ChaCha8Rng| {
        let at = rng.random_range(0.0..cumulative[classes - 1]);
        cumulative.partition_point(|&sum| sum <= at)
    };
    // Logits of an optimal classifier for classes at distance s: normal with variance s², raised by s² at the class.
    let mut probabilities = Array2::zeros((rows, classes));
    let mut costs = Vec::with_capacity(rows);
    let mut labels = Vec::with_capacity(rows);
    let mut logits = vec![0.0_f64; classes];
    for mut row in probabilities.rows_mut() {
        let class = draw(&mut rng);
        labels.push(class);
        for logit in &mut logits {
            *logit = 1.3 * separation * normal(&mut rng);
        }
        logits[class] += 1.3 * separation * separation;
        let top = logits.iter().fold(f64::NEG_INFINITY, |top, &logit| top.max(logit));
        let total: f64 = logits.iter().map(|logit| (logit - top).exp()).sum();
        let mut cost = 0.0;
        for (p, logit) in row.iter_mut().zip(&logits) {
            *p = ((logit - top).exp() / total) as f32;
            if *p > 0.0 {
                cost += f64::from(*p) * f64::from(*p).ln();
            }
        }
        costs.push(cost);
    }
    let requirement = if tight {
        let needs: Vec<f64> = (0..classes).map(|_| rng.random_range(0.2..1.8)).collect();
        let total: f64 = needs.iter().sum();
        needs.iter().map(|need| need * budget as f64 / total).collect()
    } else {
        let mut counts = vec![0; classes];
        (0..2 * budget).for_each(|_| counts[draw(&mut rng)] += 1);
        super::requirement(&counts, budget)
    };
    Generated { probabilities, labels, costs, requirement }
}

/// A standard normal value (Box and Muller).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classifier_is_right_about_four_times_in_five() {
        for (classes, tight) in [(10, false), (100, true)] {
            let made = generate(&Shape { rows: 5000, classes, budget: 300, tight, seed: 1 });
            let top = |row: usize| {
                let p = made.probabilities.row(row);
                (0..classes).max_by(|&i, &j| p[i].total_cmp(&p[j])).unwrap()
            };
            let right = (0..5000).filter(|&row| top(row) == made.labels[row]).count();
            assert!((3_750..=4_250).contains(&right), "{right} of 5000 for {classes} classes");
            let common = made.labels.iter().filter(|&&label| label < classes / 2).count();
            assert!((4_400..=4_700).contains(&common), "{common} of 5000 are of the common classes");
            if tight {
                assert!((made.requirement.iter().sum::<f64>() - 300.0).abs() < 1e-9);
            } else {
                assert!(made.requirement.iter().sum::<f64>() > 300.0);
            }
        }
    }
}
