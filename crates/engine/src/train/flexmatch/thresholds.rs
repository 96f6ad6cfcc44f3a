//! Which pseudo-labels count: the thresholds of FlexMatch, which fall for classes that are learned less.

use ndarray::ArrayView2;

/// What is known of the unlabelled samples' classes in one training.
#[derive(Clone, Debug, PartialEq)]
pub struct PseudoLabels {
    threshold: f32,
    /// The last class that was confident of each unlabelled sample; never unset.
    of: Vec<Option<u32>>,
    /// Samples of each class in `of`.
    counts: Vec<usize>,
}

/// What a network says of an image as it is, and whether that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The class.
    pub class: u32,
    /// Whether its probability reaches the threshold of the class.
    pub counts: bool,
}

impl PseudoLabels {
    /// Nothing is known of any sample.
    pub fn new(unlabelled: usize, classes: usize, threshold: f64) -> Self {
        Self { threshold: threshold as f32, of: vec![None; unlabelled], counts: vec![0; classes] }
    }

    /// Takes what a network says of some unlabelled samples, and says which of it counts: the thresholds are those from before.
    ///
    /// With σ_c samples known to be of class c and σ_0 of none, β_c = σ_c / max(max σ, σ_0), and a class counts from the
    /// probability τ β_c / (2 − β_c) on (Zhang et al., NeurIPS 2021, Eqs. 5 to 8 and 11 with the convex map); what reaches τ is known from then on.
    ///
    /// # Shapes
    ///
    /// `probabilities`: `[places, classes]`
    ///
    /// # Panics
    ///
    /// A place is of no unlabelled sample, or the shapes differ.
    pub fn tell(&mut self, places: &[usize], probabilities: ArrayView2<'_, f32>) -> Vec<Said> {
        assert_eq!(
            probabilities.dim(),
            (places.len(), self.counts.len()),
            "a row for each place, a column for each class"
        );
        let unknown = self.of.len() - self.counts.iter().sum::<usize>();
        let most = self.counts.iter().copied().max().unwrap_or(0).max(unknown);
        let learned: Vec<f32> = self.counts.iter().map(|&count| count as f32 / most as f32).collect();
        let mut said = Vec::with_capacity(places.len());
        for (&place, row) in places.iter().zip(probabilities.rows()) {
            let (mut class, mut highest) = (0, f32::NEG_INFINITY);
            for (of, &probability) in row.iter().enumerate() {
                if probability > highest {
                    (class, highest) = (of, probability);
                }
            }
            let counts = highest >= self.threshold * (learned[class] / (2.0 - learned[class]));
            said.push(Said { class: class as u32, counts });
            if highest >= self.threshold {
                if let Some(before) = self.of[place].replace(class as u32) {
                    self.counts[before as usize] -= 1;
                }
                self.counts[class] += 1;
            }
        }
        said
    }

    /// The last class that was confident of each unlabelled sample.
    pub fn of(&self) -> &[Option<u32>] {
        &self.of
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn counting(said: &[Said]) -> Vec<bool> {
        said.iter().map(|said| said.counts).collect()
    }

    /// At first every threshold is 0; a class whose share is β counts from 0.95 β / (2 − β) on.
    #[test]
    fn thresholds_rise_with_what_is_known_of_a_class() {
        let mut labels = PseudoLabels::new(8, 2, 0.95);
        let said = labels.tell(&[0, 1, 2], array![[0.96, 0.04], [0.97, 0.03], [0.4, 0.6]].view());
        assert_eq!(said.iter().map(|said| said.class).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(counting(&said), [true; 3]);
        assert_eq!((labels.of()[0], labels.of()[2], &labels.counts[..]), (Some(0), None, &[2, 0][..]));
        // σ_0 = 6 is the most: β of class 0 is 2/6, its threshold 0.95 (1/3) / (5/3) = 0.19.
        // What a network says is never below 1/2 with two classes, so a larger share is needed to see a threshold.
        labels.tell(&[3, 4, 5], array![[0.99, 0.01], [0.99, 0.01], [0.99, 0.01]].view());
        // σ = [5, 0], σ_0 = 3: β of class 0 is 1, its threshold 0.95, and class 1 has none.
        let said = labels.tell(&[6, 7], array![[0.94, 0.06], [0.45, 0.55]].view());
        assert_eq!(counting(&said), [false, true]);
    }

    #[test]
    fn a_class_can_change_and_is_never_unset() {
        let mut labels = PseudoLabels::new(3, 3, 0.9);
        labels.tell(&[1], array![[0.95, 0.03, 0.02]].view());
        labels.tell(&[1], array![[0.5, 0.3, 0.2]].view());
        assert_eq!((labels.of()[1], &labels.counts[..]), (Some(0), &[1, 0, 0][..]));
        labels.tell(&[1], array![[0.02, 0.03, 0.95]].view());
        assert_eq!((labels.of()[1], &labels.counts[..]), (Some(2), &[0, 0, 1][..]));
    }

    /// The rule told in other words, on streams of random probabilities: every batch counts anew from the whole state.
    #[test]
    fn streams_agree_with_counting_everything_again() {
        use rand::RngExt;
        use rand::seq::index::sample;
        use rand_chacha::ChaCha8Rng;
        use rand_chacha::rand_core::SeedableRng;
        for seed in 0..20 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (unlabelled, classes) = (rng.random_range(20..200), rng.random_range(2..8));
            let mut labels = PseudoLabels::new(unlabelled, classes, 0.95);
            let mut state = vec![-1_i64; unlabelled];
            for _ in 0..60 {
                let places = sample(&mut rng, unlabelled, 20).into_vec();
                let mut p = Array2::from_shape_fn((20, classes), |_| {
                    rng.random::<f32>().powi(rng.random_range(1..30)) + 1e-9
                });
                for mut row in p.rows_mut() {
                    let sum = row.sum();
                    row /= sum;
                }
                let count = |class: i64| state.iter().filter(|&&of| of == class).count() as f32;
                let most = (-1..classes as i64).map(count).fold(0.0, f32::max);
                let expected: Vec<Said> = p
                    .rows()
                    .into_iter()
                    .map(|row| {
                        let highest = row.iter().copied().fold(0.0, f32::max);
                        let class = row.iter().position(|&value| value >= highest).unwrap();
                        let beta = count(class as i64) / most;
                        Said { class: class as u32, counts: highest >= 0.95 * (beta / (2.0 - beta)) }
                    })
                    .collect();
                assert_eq!(labels.tell(&places, p.view()), expected);
                for ((&place, row), said) in places.iter().zip(p.rows()).zip(&expected) {
                    if row[said.class as usize] >= 0.95 {
                        state[place] = i64::from(said.class);
                    }
                }
            }
            assert!(state.iter().any(|&of| of >= 0), "something was confident");
        }
    }
}
