//! How an epoch is cut into batches.

use std::ops::Range;

use super::training::IncompleteBatch;

/// The ranges of an epoch's batches of `batch_size` of `images`. A last batch that is short is dropped or kept; one that is the
/// only one is always kept, and one of a single image joins the one before.
pub fn batch_bounds(
    images: usize,
    batch_size: usize,
    incomplete: Option<IncompleteBatch>,
) -> Vec<Range<usize>> {
    let mut bounds: Vec<_> =
        (0..images).step_by(batch_size).map(|start| start..images.min(start + batch_size)).collect();
    if incomplete == Some(IncompleteBatch::Drop) && bounds.len() > 1 {
        bounds.retain(|batch| batch.len() == batch_size);
        return bounds;
    }
    if bounds.len() > 1 && bounds.last().is_some_and(|last| last.len() == 1) {
        bounds.pop();
        if let Some(last) = bounds.last_mut() {
            last.end = images;
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_short_batch_that_is_dropped_is_dropped_unless_it_is_the_only_one() {
        let drop = Some(IncompleteBatch::Drop);
        assert_eq!(batch_bounds(10, 4, drop), [0..4, 4..8]);
        assert_eq!(batch_bounds(8, 4, drop), [0..4, 4..8]);
        assert_eq!(batch_bounds(3, 4, drop), vec![0..3; 1]);
        // GALAXY: ⌊n / 100⌋ steps an epoch.
        assert_eq!(batch_bounds(299, 100, drop).len(), 2);
    }

    #[test]
    fn the_last_short_batch_is_kept_and_a_single_image_joins_the_one_before() {
        assert_eq!(batch_bounds(10, 4, None), [0..4, 4..8, 8..10]);
        assert_eq!(batch_bounds(9, 4, None), [0..4, 4..9]);
        assert_eq!(batch_bounds(8, 4, None), [0..4, 4..8]);
        assert_eq!(batch_bounds(1, 4, None), vec![0..1; 1]);
        // CBAL: 20, 30, 40, 49 and 59 steps an epoch for 5,000 to 15,000 labels in batches of 256.
        let steps: Vec<usize> =
            [5000, 7500, 10000, 12500, 15000].map(|labels| batch_bounds(labels, 256, None).len()).to_vec();
        assert_eq!(steps, [20, 30, 40, 49, 59]);
    }
}
