//! VReduce (DIRECT, Algorithm 2): the thresholds that can still be the best, and how they become fewer.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::line::Line;

/// The thresholds `low..=high` of one class, and the budget for telling them apart.
///
/// The first interval is what the labels leave open: from behind the last label of the class that precedes every other
/// label to the first other label that follows every label of the class. (The paper's condition also holds for shorter
/// segments that leave out thresholds without a fault; where labels separate it would leave nothing to search.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VersionSpace {
    low: usize,
    high: usize,
    /// `high − low` before the first batch.
    initial: usize,
    /// Batches in all: as many as the budget needs.
    batches: usize,
    /// Batches that were asked for.
    done: usize,
    /// Rows that may still be asked for.
    left: usize,
}

impl VersionSpace {
    /// What the labels of a class leave open.
    pub(crate) fn new(line: Line<'_>, budget: usize, parallel: usize) -> Self {
        let (left, right) = line.anchors();
        let low = left.map_or(0, |position| position + 1);
        let high = right.unwrap_or(line.order.len());
        Self { low, high, initial: high - low, batches: budget.div_ceil(parallel), done: 0, left: budget }
    }

    /// The positions of the next batch: uniformly among the free ones that the thresholds disagree on. Nothing, if the
    /// budget is spent or no position is left.
    pub(crate) fn next(&mut self, line: Line<'_>, parallel: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        if self.done > 0 && self.left > 0 {
            self.shrink(line);
        }
        let batch = Line::sample(&line.free(self.low, self.high), parallel.min(self.left), rng);
        self.done += 1;
        self.left -= batch.len();
        batch
    }

    /// Keeps the interval of the next length whose worse end gets the fewest labels wrong.
    ///
    /// The lengths fall geometrically from the first interval's to 1, in as many steps as there are batches. Of intervals
    /// whose worse ends are equally good the one is kept whose thresholds get the fewest labels wrong on average, then
    /// the middle one: the paper does not say.
    fn shrink(&mut self, line: Line<'_>) {
        let share = 1.0 - self.done as f64 / self.batches as f64;
        let length = (self.initial as f64).powf(share).round() as usize;
        let length = length.min(self.high - self.low);
        let losses = line.losses(self.low, self.high);
        let mut sums = Vec::with_capacity(losses.len() + 1);
        sums.push(0);
        for loss in &losses {
            sums.push(sums[sums.len() - 1] + loss);
        }
        let value = |at: usize| (losses[at].max(losses[at + length]), sums[at + length + 1] - sums[at]);
        let starts = 0..losses.len() - length;
        let best = starts.clone().map(value).min().expect("an interval is not longer than the one it is in");
        let tied: Vec<usize> = starts.filter(|&at| value(at) == best).collect();
        self.low += tied[(tied.len() - 1) / 2];
        self.high = self.low + length;
    }

    /// The thresholds that are left, first and last.
    #[cfg(test)]
    pub(crate) fn bounds(&self) -> (usize, usize) {
        (self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::told::Told;

    /// Rows `0..n` in order, of which the first `threshold` are of class 0, with `noise` of the labels wrong.
    fn search(
        n: usize,
        threshold: usize,
        noise: f64,
        budget: usize,
        parallel: usize,
        seed: u64,
    ) -> (usize, usize, Told) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let labels: Vec<u32> =
            (0..n).map(|row| u32::from(row >= threshold) ^ u32::from(rng.random_bool(noise))).collect();
        let order: Vec<u32> = (0..n as u32).collect();
        let mut told = Told::new(n, &[]);
        fn line<'a>(order: &'a [u32], told: &'a Told) -> Line<'a> {
            Line { order, class: 0, told }
        }
        let mut space = VersionSpace::new(line(&order, &told), budget, parallel);
        let mut asked = 0;
        loop {
            let batch = space.next(line(&order, &told), parallel, &mut rng);
            if batch.is_empty() {
                break;
            }
            asked += batch.len();
            for row in batch {
                told.ask(row);
                told.tell(row, labels[row]);
            }
        }
        let best = line(&order, &told).best();
        let nearest = best.iter().map(|&h| h.abs_diff(threshold)).min().unwrap();
        (asked, nearest, told)
    }

    /// Without noise, a logarithmic number of labels tells a threshold in the middle half apart from nearly all others.
    /// (Where more thresholds are without a fault than may be kept, those at the ends go first: one near an end can be lost.)
    #[test]
    fn separable_labels_are_told_apart_with_logarithmically_many() {
        for (n, budget) in [(100, 40), (1_000, 60), (10_000, 80), (100_000, 100)] {
            let mut narrow = 0;
            for seed in 0..40 {
                let threshold = n / 4 + (seed as usize * 7919) % (n / 2);
                let (asked, nearest, told) = search(n, threshold, 0.0, budget, 1, seed);
                assert!(asked <= budget);
                assert_eq!(nearest, 0, "{n} rows, seed {seed}");
                let order: Vec<u32> = (0..n as u32).collect();
                let (left, right) = Line { order: &order, class: 0, told: &told }.anchors();
                let open = right.unwrap_or(n) - left.map_or(0, |at| at + 1);
                narrow += usize::from(open <= 1 + n / 1000);
            }
            assert!(narrow >= 38, "{n} rows, {budget} labels: {narrow} of 40 seeds");
        }
    }

    /// With up to 20 % of the labels wrong, the threshold found is near the right one for most seeds.
    #[test]
    fn noise_moves_the_threshold_a_little() {
        for (noise, allowed) in [(0.05, 60), (0.1, 80), (0.2, 150)] {
            let mut near = 0;
            for seed in 0..40 {
                let (_, nearest, _) = search(2_000, 300, noise, 150, 5, seed);
                near += usize::from(nearest <= allowed);
            }
            assert!(near >= 30, "noise {noise}: within {allowed} rows for {near} of 40 seeds");
        }
    }

    #[test]
    fn an_interval_without_free_rows_ends_the_search() {
        let (asked, nearest, _) = search(12, 5, 0.0, 50, 4, 3);
        assert!(asked <= 12 && nearest == 0);
    }

    #[test]
    fn lengths_fall_geometrically_to_one() {
        let order: Vec<u32> = (0..4096).collect();
        let told = Told::new(4096, &[]);
        let line = Line { order: &order, class: 0, told: &told };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut space = VersionSpace::new(line, 12, 1);
        let mut lengths = Vec::new();
        while !space.next(line, 1, &mut rng).is_empty() {
            let (low, high) = space.bounds();
            lengths.push(high - low);
        }
        assert_eq!(lengths, [4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2]);
    }
}
