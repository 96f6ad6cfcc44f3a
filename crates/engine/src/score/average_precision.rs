//! How well the list of each class finds the class's images: what strategies that go through lists have to go by, even where
//! the classifier predicts the class nowhere.

use std::cmp::Ordering;

use ndarray::{Array2, ArrayView1};

/// What an item's place in a list is decided by.
#[derive(Clone, Copy, Debug)]
struct Key {
    /// Probabilities `max p − p_k`: the lower the further in front.
    margin: f64,
    /// Probability `p_k`, which decides between equal margins: the higher the further in front.
    own: f64,
}

impl Key {
    fn order(&self, other: &Self) -> Ordering {
        self.margin.total_cmp(&other.margin).then(other.own.total_cmp(&self.own))
    }
}

/// The average precision of each class's list, in which images stand by rising `max p − p_k`, those with equal margins by
/// falling `p_k` (DIRECT, Algorithm 1). `None` for a class that there are no images of.
///
/// It is `Σ (R_n − R_{n−1}) P_n` over the places of the list, with precision `P` and recall `R` of the images up to that
/// place; images that tie are one place (as in scikit-learn's `average_precision_score`). A list in random order comes to
/// about the class's share of the images, a perfect one to 1.
///
/// # Shapes
///
/// `logits`: `[images, classes]`, finite; `labels`: a class for each image.
pub fn average_precision(logits: &Array2<f32>, labels: &[u32]) -> Vec<Option<f64>> {
    let probabilities: Vec<Vec<f64>> = logits.rows().into_iter().map(softmax).collect();
    let highest: Vec<f64> = probabilities.iter().map(|row| row.iter().copied().fold(0.0, f64::max)).collect();
    (0..logits.ncols())
        .map(|class| {
            let mut list: Vec<(Key, bool)> = probabilities
                .iter()
                .zip(&highest)
                .zip(labels)
                .map(|((row, &highest), &label)| {
                    let own = row[class];
                    (Key { margin: highest - own, own }, label as usize == class)
                })
                .collect();
            list.sort_unstable_by(|(one, _), (other, _)| one.order(other));
            of_list(&list)
        })
        .collect()
}

fn of_list(list: &[(Key, bool)]) -> Option<f64> {
    let wanted = list.iter().filter(|(_, is_of_class)| *is_of_class).count();
    let (mut seen, mut found, mut sum) = (0, 0, 0.0);
    for place in list.chunk_by(|(one, _), (other, _)| one.order(other).is_eq()) {
        let here = place.iter().filter(|(_, is_of_class)| *is_of_class).count();
        seen += place.len();
        found += here;
        sum += here as f64 * found as f64 / seen as f64;
    }
    (wanted > 0).then(|| sum / wanted as f64)
}

fn softmax(logits: ArrayView1<'_, f32>) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Two classes, whose lists are in the order of their own probability.
    fn of_scores(scores: &[f32], labels: &[u32]) -> Vec<Option<f64>> {
        let logits = Array2::from_shape_fn((scores.len(), 2), |(row, class)| scores[row] * class as f32);
        average_precision(&logits, labels)
    }

    fn assert_close(found: Option<f64>, expected: f64) {
        assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
    }

    /// `sklearn.metrics.average_precision_score` of scikit-learn 1.9.1 on the same scores.
    #[test]
    fn two_classes_as_scikit_learn_has_them() {
        let scores = [0.3, -1.2, 2.5, 0.9, -0.4, 1.7, -2.0, 0.1];
        let found = of_scores(&scores, &[1, 0, 1, 0, 1, 0, 0, 0]);
        assert_close(found[1], 2.0 / 3.0);
        assert_close(found[0], 0.826_190_476_190_476_3);
        // Two pairs tie, each of both classes.
        let found = of_scores(&[0.5, 0.5, -1.0, 2.0, -1.0, 0.25], &[1, 0, 1, 0, 0, 1]);
        assert_close(found[1], 4.0 / 9.0);
        assert_close(found[0], 7.0 / 15.0);
    }

    /// A list that is perfect, one that is as wrong as can be, and one without an image.
    #[test]
    fn the_bounds_are_reached() {
        let logits = array![[5.0, 0.0, -9.0], [4.0, 0.0, -9.0], [0.0, 3.0, -9.0], [0.0, 2.0, -9.0]];
        let found = average_precision(&logits, &[0, 0, 1, 1]);
        assert_close(found[0], 1.0);
        assert_close(found[1], 1.0);
        assert_eq!(found[2], None);
        // The one image of class 0 stands last of four.
        assert_close(average_precision(&logits, &[1, 1, 0, 1])[0], 0.25);
        assert_eq!(average_precision(&Array2::zeros((0, 2)), &[]), [None, None]);
    }

    /// A classifier that predicts one class everywhere may still know the other: the margin keeps the order.
    #[test]
    fn a_class_that_is_predicted_nowhere_has_a_list() {
        let logits = array![[9.0, 3.0], [9.0, 2.0], [9.0, 1.0], [9.0, 0.0]];
        assert_close(average_precision(&logits, &[1, 0, 0, 0])[1], 1.0);
    }

    /// Images of one class more and more to the front: never a lower value.
    #[test]
    fn an_image_that_moves_to_the_front_helps() {
        let mut before = 0.0;
        for score in [-3.0, -1.0, 1.0, 3.0, 5.0] {
            let found = of_scores(&[score, 0.0, 2.0, 4.0, -2.0], &[1, 0, 0, 0, 0])[1].unwrap();
            assert!(found >= before, "{found} after {before}");
            before = found;
        }
        assert_close(Some(before), 1.0);
    }
}
