//! BatchBALD: query the batch on whose classes together the passes of the network disagree the most.

use ndarray::{ArrayView2, ArrayView3, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::{Error, Pick, Selection, bald, entropy, select};

/// What the search may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The joint entropy is exact while the configurations of the batch, one class for each pick, are at most this
    /// many, and estimated from this many sampled ones afterwards.
    pub configurations: usize,
    /// Only this many rows, those with the highest BALD score, are looked at; `None`: all.
    pub candidates: Option<usize>,
}

/// Picks `budget` rows one after the other, each with the highest gain in the mutual information between the classes
/// of the batch and the weights: `I(y_1 … y_b; ω) = H(y_1 … y_b) − Σ_i E_ω H(y_i | ω)` (Kirsch et al., NeurIPS 2019,
/// Algorithm 1). Ties go to the lowest row; the score of a pick is its gain, in nats. The first pick is that of BALD.
///
/// The gain of `y` is `E[H(y | y_1 … y_k)] − E_ω H(y | ω)`, the expectation over the configurations of the picks so
/// far. Given a configuration, each of the `T` passes has a posterior weight, and `y` is a mixture of what the passes
/// say. While `classes^k ≤ configurations` the expectation is a sum over all configurations. Afterwards it is the mean
/// over configurations drawn from the joint distribution: a pass, then a class for every pick (equally many of every
/// pass, up to one). That is the importance-sampled estimate of the paper (its Eq. 13 to 16), less a term that is the
/// same for all rows; posterior weights, unlike products of probabilities, do not underflow in long batches. A drawn
/// configuration is kept, and a class of every later pick added to it.
///
/// The sum of the gains is at most `ln T`: there is no more to learn about which pass is right. Once the batch has
/// learnt it, gains are 0 and the order of the rest means nothing; the paper's batches are of 5 to 40. One step takes
/// about `candidates · min(classes^k, configurations) · passes · classes` multiplications, and the configurations hold
/// `configurations · passes` numbers of 8 bytes.
///
/// Measured with 10 passes and 10,000 configurations, a batch of 10, on one core of a shared cloud machine: 4.8 s for
/// 1,000 candidates with 10 classes, 9.3 s for 200 with 100 classes. The gains of random softmax rows then halve from
/// pick to pick, from 1.0 to 0.002.
///
/// # Shapes
///
/// `passes`: `[passes, rows, classes]`.
///
/// # Errors
///
/// Those of [`bald::scores`]; [`Error::BudgetAbovePool`]; [`Error::InvalidParameter`] if `configurations` is 0 or
/// there are fewer `candidates` than `budget`.
pub fn query(
    passes: ArrayView3<f32>,
    budget: usize,
    effort: &Effort,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let scores = bald::scores(passes)?;
    if budget > scores.len() {
        return Err(Error::BudgetAbovePool { budget, pool: scores.len() });
    }
    validate(effort, budget)?;
    let count = effort.candidates.unwrap_or(scores.len()).min(scores.len());
    let mut rows: Vec<usize> = select::top(&scores, count)?.picks.iter().map(|pick| pick.row).collect();
    rows.sort_unstable();
    let mut candidates: Vec<Candidate> = rows.iter().map(|&row| Candidate::new(passes, row)).collect();

    let mut batch = Batch::new(passes.len_of(Axis(0)), passes.len_of(Axis(2)), effort.configurations);
    let mut picks = Vec::with_capacity(budget);
    for step in 0..budget {
        let gain = |candidate: &Candidate| {
            // The very figure that BALD gives, to the last bit.
            if step == 0 { scores[candidate.row] } else { batch.gain(candidate) }
        };
        let with_gain = |candidate: &Candidate| Pick { row: candidate.row, score: gain(candidate) };
        let gains: Vec<Pick> = candidates.par_iter().map(with_gain).collect();
        let Some((place, pick)) =
            gains.into_iter().enumerate().min_by(|left, right| select::query_order(&left.1, &right.1))
        else {
            break;
        };
        picks.push(pick);
        let chosen = candidates.remove(place);
        if step + 1 < budget {
            batch.take(chosen, rng);
        }
    }
    Ok(Selection::of(picks))
}

fn validate(effort: &Effort, budget: usize) -> Result<(), Error> {
    let refuse =
        |name, value: usize, range| Err(Error::InvalidParameter { name, value: value as f64, range });
    if effort.configurations == 0 {
        return refuse("configurations", 0, "at least 1".to_owned());
    }
    match effort.candidates {
        Some(count) if count < budget => {
            refuse("candidates", count, format!("at least the budget, {budget}"))
        }
        _ => Ok(()),
    }
}

/// A row that may still be picked.
struct Candidate {
    row: usize,
    /// What the passes say. `[passes, classes]`
    probabilities: Vec<f64>,
    /// `E_ω H(y | ω)`.
    conditional: f64,
}

impl Candidate {
    fn new(passes: ArrayView3<f32>, row: usize) -> Self {
        let view: ArrayView2<f32> = passes.index_axis_move(Axis(1), row);
        let entropies = view.rows().into_iter().map(|p| entropy::of(p.iter().map(|&p| f64::from(p))));
        Self {
            row,
            conditional: entropies.sum::<f64>() / view.nrows() as f64,
            probabilities: view.iter().map(|&p| f64::from(p)).collect(),
        }
    }
}

/// What is known about the classes of the picks so far.
struct Batch {
    passes: usize,
    classes: usize,
    limit: usize,
    /// How probable each configuration is; of sampled ones, each counts the same. `[configurations]`
    weights: Vec<f64>,
    /// The posterior of the passes given a configuration; sums to 1. `[configurations, passes]`
    posteriors: Vec<f64>,
    /// The pass that each configuration was drawn with; none while they are exact. `[configurations]`
    origins: Vec<usize>,
    /// The picks, while the configurations are exact: they are drawn afresh when that ends.
    picks: Vec<Candidate>,
}

impl Batch {
    fn new(passes: usize, classes: usize, limit: usize) -> Self {
        Self {
            passes,
            classes,
            limit,
            weights: vec![1.0],
            posteriors: vec![1.0 / passes as f64; passes],
            origins: Vec::new(),
            picks: Vec::new(),
        }
    }

    /// What the class of `candidate` adds to the joint mutual information.
    fn gain(&self, candidate: &Candidate) -> f64 {
        let mut mixture = vec![0.0; self.classes];
        let mut expected = 0.0;
        for (weight, posterior) in self.weights.iter().zip(self.posteriors.chunks_exact(self.passes)) {
            mix(posterior, &candidate.probabilities, &mut mixture);
            expected += weight * entropy::of(mixture.iter().copied());
        }
        // Conditioning cannot raise an entropy above the joint one: below 0 there is only rounding error.
        (expected - candidate.conditional).max(0.0)
    }

    /// Adds the class of a pick to every configuration. Whether all configurations are kept is decided by how many
    /// the *next* gain sums over: one class more than the picks have.
    fn take(&mut self, pick: Candidate, rng: &mut ChaCha8Rng) {
        if !self.origins.is_empty() {
            return self.extend(&pick, rng);
        }
        let exact = (self.picks.len() + 2) as u32;
        self.picks.push(pick);
        if self.classes.checked_pow(exact).is_some_and(|all| all <= self.limit) {
            self.branch();
        } else {
            self.draw(rng);
        }
    }

    /// Every configuration with every class of the last pick, impossible ones left out.
    fn branch(&mut self) {
        let (passes, classes) = (self.passes, self.classes);
        let Some(pick) = self.picks.last() else {
            return;
        };
        let mut weights = Vec::with_capacity(self.weights.len() * classes);
        let mut posteriors = Vec::with_capacity(self.posteriors.len() * classes);
        for (weight, posterior) in self.weights.iter().zip(self.posteriors.chunks_exact(passes)) {
            for class in 0..classes {
                let start = posteriors.len();
                posteriors.extend_from_slice(posterior);
                let probability = update(&mut posteriors[start..], &pick.probabilities, class, classes);
                if probability > 0.0 {
                    weights.push(weight * probability);
                } else {
                    posteriors.truncate(start);
                }
            }
        }
        (self.weights, self.posteriors) = (weights, posteriors);
    }

    /// Replaces all configurations by drawn ones.
    fn draw(&mut self, rng: &mut ChaCha8Rng) {
        // Systematic sampling: every pass is equally likely for every configuration, and they are spread evenly.
        let offset = rng.random_range(0..self.passes);
        self.origins = (0..self.limit).map(|index| (index + offset) % self.passes).collect();
        self.weights = vec![1.0 / self.limit as f64; self.limit];
        self.posteriors = vec![1.0 / self.passes as f64; self.limit * self.passes];
        for pick in std::mem::take(&mut self.picks) {
            self.extend(&pick, rng);
        }
    }

    /// Draws a class of `pick` for every drawn configuration, from the pass that it was drawn with.
    fn extend(&mut self, pick: &Candidate, rng: &mut ChaCha8Rng) {
        for (&origin, posterior) in self.origins.iter().zip(self.posteriors.chunks_exact_mut(self.passes)) {
            let classes = &pick.probabilities[origin * self.classes..(origin + 1) * self.classes];
            let class = draw_class(classes, rng);
            update(posterior, &pick.probabilities, class, self.classes);
        }
    }
}

/// `mixture = posteriorᵀ · probabilities`.
fn mix(posterior: &[f64], probabilities: &[f64], mixture: &mut [f64]) {
    mixture.fill(0.0);
    for (weight, said) in posterior.iter().zip(probabilities.chunks_exact(mixture.len())) {
        for (sum, p) in mixture.iter_mut().zip(said) {
            *sum += weight * p;
        }
    }
}

/// Conditions the posterior on `class`, and says how probable that was.
fn update(posterior: &mut [f64], probabilities: &[f64], class: usize, classes: usize) -> f64 {
    for (weight, said) in posterior.iter_mut().zip(probabilities.chunks_exact(classes)) {
        *weight *= said[class];
    }
    let probability: f64 = posterior.iter().sum();
    if probability > 0.0 {
        posterior.iter_mut().for_each(|weight| *weight /= probability);
    }
    probability
}

/// A class with its probability; one that is impossible is never drawn.
fn draw_class(distribution: &[f64], rng: &mut ChaCha8Rng) -> usize {
    let mut left = rng.random::<f64>() * distribution.iter().sum::<f64>();
    let mut drawn = 0;
    for (class, &p) in distribution.iter().enumerate().filter(|&(_, &p)| p > 0.0) {
        drawn = class;
        if left < p {
            break;
        }
        left -= p;
    }
    drawn
}

#[cfg(test)]
mod tests;
