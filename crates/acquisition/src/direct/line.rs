//! One class's list as labels on a line, and the thresholds on it.
//!
//! Threshold `h` in `0..=N` says that the positions below `h` are of the class and the others are not.

use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use crate::told::Told;

/// A class's list: its items in order, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// `[positions]`
    pub(crate) order: &'a [u32],
    pub(crate) class: u32,
    pub(crate) told: &'a Told,
}

impl Line<'_> {
    /// +1 for a label of the class, −1 for another label, 0 for none.
    pub(crate) fn sign(&self, position: usize) -> i64 {
        match self.told.label(self.order[position]) {
            Some(label) if label == self.class => 1,
            Some(_) => -1,
            None => 0,
        }
    }

    pub(crate) fn is_free(&self, position: usize) -> bool {
        self.told.is_free(self.order[position])
    }

    /// Where the labels leave it open: the last label of the class before the first other label (nothing: none), and the
    /// first other label after the last label of the class (nothing: none).
    pub(crate) fn anchors(&self) -> (Option<usize>, Option<usize>) {
        let count = self.order.len();
        let first_other = (0..count).find(|&position| self.sign(position) < 0).unwrap_or(count);
        let last_own = (0..count).rev().find(|&position| self.sign(position) > 0);
        let left = (0..first_other).rev().find(|&position| self.sign(position) > 0);
        let right = (last_own.map_or(0, |last| last + 1)..count).find(|&position| self.sign(position) < 0);
        (left, right)
    }

    /// The number of labels that each threshold in `low..=high` gets wrong. `[high - low + 1]`
    pub(crate) fn losses(&self, low: usize, high: usize) -> Vec<i64> {
        let before: i64 = (0..low).map(|position| i64::from(self.sign(position) < 0)).sum();
        let behind: i64 = (low..self.order.len()).map(|position| i64::from(self.sign(position) > 0)).sum();
        let mut loss = before + behind;
        let mut losses = Vec::with_capacity(high - low + 1);
        losses.push(loss);
        for position in low..high {
            loss -= self.sign(position);
            losses.push(loss);
        }
        losses
    }

    /// The thresholds that get the fewest labels wrong, rising: those with the most labels of the class, less other
    /// labels, below them (Lemma A.1).
    pub(crate) fn best(&self) -> Vec<usize> {
        let losses = self.losses(0, self.order.len());
        let least = losses.iter().min().copied().unwrap_or(0);
        (0..losses.len()).filter(|&threshold| losses[threshold] == least).collect()
    }

    /// The positions in `low..high` whose items can be asked for.
    pub(crate) fn free(&self, low: usize, high: usize) -> Vec<usize> {
        (low..high).filter(|&position| self.is_free(position)).collect()
    }

    /// `count` of `positions`, or all if there are fewer, uniformly without replacement.
    pub(crate) fn sample(positions: &[usize], count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let count = count.min(positions.len());
        index::sample(rng, positions.len(), count).into_iter().map(|at| positions[at]).collect()
    }

    /// The `count` positions nearest in rank to a threshold whose items can be asked for, nearest first; of two at the
    /// same distance the one below the threshold.
    pub(crate) fn nearest(&self, threshold: usize, count: usize) -> Vec<usize> {
        let (mut below, mut above) = (threshold, threshold);
        let mut found = Vec::with_capacity(count);
        while found.len() < count && (below > 0 || above < self.order.len()) {
            if below > 0 {
                below -= 1;
                if self.is_free(below) {
                    found.push(below);
                }
            }
            if above < self.order.len() && found.len() < count {
                if self.is_free(above) {
                    found.push(above);
                }
                above += 1;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A list of unlabelled rows (`.`), labels of the class (`+`) and others (`-`).
    pub(crate) fn line(picture: &str) -> (Vec<u32>, Told) {
        let rows = picture.chars().filter(|&mark| mark == '.').count();
        let labels: Vec<u32> =
            picture.chars().filter(|&mark| mark != '.').map(|mark| u32::from(mark != '+')).collect();
        let (mut row, mut label) = (0, rows as u32);
        let order = picture.chars().map(|mark| {
            let next = if mark == '.' { &mut row } else { &mut label };
            *next += 1;
            *next - 1
        });
        (order.collect(), Told::new(rows, &labels))
    }

    fn anchors(picture: &str) -> (Option<usize>, Option<usize>) {
        let (order, told) = line(picture);
        Line { order: &order, class: 0, told: &told }.anchors()
    }

    #[test]
    fn anchors_are_the_labels_beyond_which_nothing_is_open() {
        assert_eq!(anchors(".+..-."), (Some(1), Some(4)));
        assert_eq!(anchors("++..--"), (Some(1), Some(4)));
        assert_eq!(anchors(".+.-.+.-."), (Some(1), Some(7)));
        assert_eq!(anchors("-.+"), (None, None));
        assert_eq!(anchors("..-"), (None, Some(2)));
        assert_eq!(anchors("+.."), (Some(0), None));
        assert_eq!(anchors("..."), (None, None));
    }

    #[test]
    fn the_nearest_alternate_and_a_side_that_runs_out_is_skipped() {
        let (order, told) = line("..+.-...");
        let line = Line { order: &order, class: 0, told: &told };
        assert_eq!(line.nearest(3, 9), [3, 1, 0, 5, 6, 7]);
        assert_eq!(line.nearest(3, 2), [3, 1]);
        assert_eq!(line.nearest(0, 2), [0, 1]);
        assert_eq!(line.nearest(8, 2), [7, 6]);
    }

    proptest! {
        /// `acc[h] = L − 2 loss(h)`, so that the most labels of the class less others below a threshold (Eq. 1) is the
        /// least loss (Lemma A.1), on any labels.
        #[test]
        fn the_least_loss_is_the_largest_discrepancy(marks in prop::collection::vec(0_u8..3, 1..60)) {
            let picture: String = marks.iter().map(|&mark| ['.', '+', '-'][usize::from(mark)]).collect();
            let (order, told) = line(&picture);
            let line = Line { order: &order, class: 0, told: &told };
            let count = order.len();
            let labels: i64 = (0..count).map(|at| line.sign(at).abs()).sum();
            let losses = line.losses(0, count);
            let mut discrepancies = Vec::new();
            for (h, &loss) in losses.iter().enumerate() {
                let below: i64 = (0..h).map(|at| line.sign(at)).sum();
                let above: i64 = (h..count).map(|at| line.sign(at)).sum();
                prop_assert_eq!(below - above, labels - 2 * loss);
                prop_assert_eq!(line.losses(h, count)[0], loss);
                discrepancies.push(below);
            }
            let most = *discrepancies.iter().max().unwrap();
            let argmax: Vec<usize> = (0..=count).filter(|&h| discrepancies[h] == most).collect();
            prop_assert_eq!(line.best(), argmax);
        }
    }
}
