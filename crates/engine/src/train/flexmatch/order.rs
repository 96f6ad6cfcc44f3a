//! In which order unlabelled images come.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Batches of unlabelled images: in a new order in each epoch, and again in a new one whenever no whole batch is left.
#[derive(Clone, Debug)]
pub(super) struct Order {
    places: Vec<usize>,
    next: usize,
    rng: ChaCha8Rng,
}

impl Order {
    /// Before the first epoch.
    ///
    /// # Panics
    ///
    /// There is no unlabelled image.
    pub(super) fn new(unlabelled: usize, rng: ChaCha8Rng) -> Self {
        assert!(unlabelled > 0, "no unlabelled images");
        Self { places: (0..unlabelled).collect(), next: unlabelled, rng }
    }

    /// A new epoch has a new order.
    pub(super) fn begin_epoch(&mut self) {
        self.places.shuffle(&mut self.rng);
        self.next = 0;
    }

    /// The next places; all there are, where they are fewer than a batch.
    pub(super) fn batch(&mut self, size: usize) -> &[usize] {
        let size = size.min(self.places.len());
        if self.next + size > self.places.len() {
            self.begin_epoch();
        }
        let start = self.next;
        self.next += size;
        &self.places[start..start + size]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_pass_has_every_image_once_and_begins_again_when_no_batch_is_left() {
        let mut order = Order::new(7, ChaCha8Rng::seed_from_u64(1));
        order.begin_epoch();
        let batches: Vec<Vec<usize>> = (0..4).map(|_| order.batch(3).to_vec()).collect();
        let distinct = |batches: &[Vec<usize>]| batches.concat().into_iter().collect::<BTreeSet<_>>().len();
        assert_eq!((distinct(&batches[..2]), distinct(&batches[2..])), (6, 6));
        assert_eq!(distinct(&[order.batch(50).to_vec()]), 7);
    }
}
