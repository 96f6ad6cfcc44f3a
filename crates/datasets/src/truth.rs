//! What the images of a simulated study truly show.

/// The true labels of a dataset.
///
/// They travel apart from the images, so that what trains, scores and queries cannot look at them: the simulated oracle
/// answers from them, and measuring compares with them. Nobody else sees them. Somebody's own folder of images has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// `[training images]`, class ids from 0.
    pub train: Vec<u32>,
    /// `[test images]`, class ids from 0.
    pub test: Vec<u32>,
}

impl Truth {
    /// Training images per class, for class ids `0..classes`.
    ///
    /// # Panics
    /// When a label is not below `classes`.
    pub fn class_counts_train(&self, classes: usize) -> Vec<usize> {
        class_counts(&self.train, classes)
    }

    /// Test images per class, for class ids `0..classes`.
    ///
    /// # Panics
    /// When a label is not below `classes`.
    pub fn class_counts_test(&self, classes: usize) -> Vec<usize> {
        class_counts(&self.test, classes)
    }
}

/// Labels per class, for class ids `0..classes`.
///
/// # Panics
/// When a label is not below `classes`.
pub fn class_counts(labels: &[u32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_counted() {
        let truth = Truth { train: vec![0, 2, 0], test: vec![1] };
        assert_eq!(truth.class_counts_train(3), [2, 0, 1]);
        assert_eq!(truth.class_counts_test(3), [0, 1, 0]);
    }
}
