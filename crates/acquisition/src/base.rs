//! BASE: query the rows nearest to the decision boundary of each class.
//!
//! Emam et al., *Active Learning at the ImageNet Scale*, 2021 (arXiv 2111.12880), Section 4.

use ndarray::{Array2, ArrayView2};

use crate::select::{query_order, validate_budget};
use crate::{Error, Pick, Selection, distances, validate_logits};

/// The distance to a boundary that does not exist. It is finite, so that a score can be written down.
const NO_BOUNDARY: f64 = f64::MAX;

/// Picks, class after class, the rows nearest to the boundary of the class.
///
/// The last layer is linear, and so is the boundary between two classes in the space of embeddings. From a row of the
/// predicted class `p` to its boundary with `c` it is `r_c = |z_p − z_c| / ‖w_p − w_c‖`, with `w` the rows of `head`.
/// What counts for class `c` is `r_c`, for rows predicted to be in `c` itself the least `r` of the other classes. Each class
/// in the order of its index takes `budget / classes` rows, one more for the first `budget mod classes`: those with the
/// least distance that no class before it took, ties by lowest row. The score of a pick is minus that distance. The
/// prediction is the largest logit, ties by lowest class.
///
/// Two classes with the same weights differ by a constant. Where their logits are equal a row is on the boundary and its
/// distance is 0; elsewhere there is no boundary to be reached, and the distance is the largest finite number, which puts
/// such rows last. So it is for every row if there is but one class.
///
/// The distances of the weights are computed once; the rest takes `O(rows · classes)`.
///
/// # Shapes
///
/// `logits`: `[rows, classes]`; `head`: `[classes, dims]`, the weights of the last layer without its bias.
///
/// # Errors
///
/// Those of [`validate_logits`]; [`Error::WeightNotFinite`]; [`Error::LengthMismatch`] if `head` has not a row for every
/// class; [`Error::BudgetAbovePool`].
pub fn query(logits: ArrayView2<f32>, head: ArrayView2<f32>, budget: usize) -> Result<Selection, Error> {
    validate_logits(logits)?;
    let (rows, classes) = logits.dim();
    validate_head(head, classes)?;
    validate_budget(budget, rows)?;
    let boundaries = Boundaries::new(logits, head);
    let mut picks: Vec<Pick> = Vec::with_capacity(budget);
    let mut taken = vec![false; rows];
    for class in 0..classes {
        let quota = budget / classes + usize::from(class < budget % classes);
        let left = (0..rows).filter(|&row| !taken[row]);
        let mut nearest: Vec<Pick> =
            left.map(|row| Pick { row, score: -boundaries.distance(row, class) }).collect();
        if (1..nearest.len()).contains(&quota) {
            nearest.select_nth_unstable_by(quota - 1, query_order);
        }
        nearest.truncate(quota);
        nearest.sort_unstable_by(query_order);
        nearest.iter().for_each(|pick| taken[pick.row] = true);
        picks.extend(nearest);
    }
    Ok(Selection::of(picks))
}

fn validate_head(head: ArrayView2<f32>, classes: usize) -> Result<(), Error> {
    if head.nrows() != classes {
        return Err(Error::LengthMismatch {
            what: "weights of the head",
            expected: classes,
            found: head.nrows(),
        });
    }
    match head.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((class, column), &value)) => Err(Error::WeightNotFinite { class, column, value }),
        None => Ok(()),
    }
}

/// What the distances of rows to boundaries are computed from.
struct Boundaries<'a> {
    logits: ArrayView2<'a, f32>,
    /// `‖w_i − w_j‖`. `[classes, classes]`
    between: Array2<f64>,
    /// The predicted class, and the distance to its nearest boundary. `[rows]`
    predicted: Vec<(usize, f64)>,
}

impl<'a> Boundaries<'a> {
    fn new(logits: ArrayView2<'a, f32>, head: ArrayView2<f32>) -> Self {
        let weights: Vec<Vec<f32>> = head.rows().into_iter().map(|row| row.to_vec()).collect();
        let between = Array2::from_shape_fn((weights.len(), weights.len()), |(left, right)| {
            distances::distance(&weights[left], &weights[right])
        });
        let mut boundaries = Self { logits, between, predicted: Vec::new() };
        boundaries.predicted = crate::probabilities::predicted(logits)
            .enumerate()
            .map(|(row, class)| {
                let others = (0..logits.ncols()).filter(|&other| other != class);
                let distances = others.map(|other| boundaries.between_classes(row, class, other));
                (class, distances.fold(NO_BOUNDARY, f64::min))
            })
            .collect();
        boundaries
    }

    /// The distance of a row to the boundary of a class.
    fn distance(&self, row: usize, class: usize) -> f64 {
        match self.predicted[row] {
            (predicted, nearest) if predicted == class => nearest,
            (predicted, _) => self.between_classes(row, predicted, class),
        }
    }

    /// The distance of a row to where two classes have the same logit.
    fn between_classes(&self, row: usize, left: usize, right: usize) -> f64 {
        let logit = |class: usize| f64::from(self.logits[[row, class]]);
        let gap = (logit(left) - logit(right)).abs();
        let norm = self.between[[left, right]];
        if norm > 0.0 {
            gap / norm
        } else if gap > 0.0 {
            NO_BOUNDARY
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndarray::array;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn rows(selection: &Selection) -> Vec<usize> {
        selection.picks.iter().map(|pick| pick.row).collect()
    }

    /// BASE by definition: the boundary of a row is where the projected embedding has two equal logits.
    fn plainly(embeddings: &Array2<f64>, head: &Array2<f64>, bias: &[f64], budget: usize) -> Vec<usize> {
        let logits = embeddings.dot(&head.t()) + ndarray::ArrayView1::from(bias);
        let classes = bias.len();
        let distance = |row: usize, class: usize| {
            let z = logits.row(row);
            let best = (0..classes).rev().max_by(|&i, &j| z[i].total_cmp(&z[j])).unwrap();
            let to = |other: usize| {
                let normal = &head.row(best) - &head.row(other);
                // Classes with the same weights: every row is on their boundary, or there is none.
                if normal.iter().all(|&w| w == 0.0) {
                    return if z[best] > z[other] { f64::INFINITY } else { 0.0 };
                }
                // The foot of the perpendicular: the two logits are equal there.
                let step = (z[best] - z[other]) / normal.dot(&normal);
                let foot = &embeddings.row(row) - &(&normal * step);
                (&foot - &embeddings.row(row)).mapv(|x| x * x).sum().sqrt()
            };
            let others = (0..classes).filter(|&other| other != best);
            if class == best { others.map(to).fold(f64::INFINITY, f64::min) } else { to(class) }
        };
        let mut picks = Vec::new();
        for class in 0..classes {
            let quota = budget / classes + usize::from(class < budget % classes);
            let mut order: Vec<usize> = (0..embeddings.nrows()).filter(|row| !picks.contains(row)).collect();
            order.sort_by(|&i, &j| distance(i, class).total_cmp(&distance(j, class)));
            picks.extend(order.into_iter().take(quota));
        }
        picks
    }

    proptest! {
        #[test]
        fn the_picks_are_those_of_the_definition(
            (rows_, classes, dims, share, seed) in
                (1_usize..40, 2_usize..6, 1_usize..5, 0.0..=1.0_f64, any::<u64>()),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            // Sixteenths: products and sums are exact in both precisions.
            let mut draw = || f64::from(rng.random_range(-64_i32..64)) / 16.0;
            let embeddings = Array2::from_shape_simple_fn((rows_, dims), &mut draw);
            let head = Array2::from_shape_simple_fn((classes, dims), &mut draw);
            let bias: Vec<f64> = (0..classes).map(|_| draw()).collect();
            let budget = (rows_ as f64 * share) as usize;
            let logits = embeddings.dot(&head.t()) + ndarray::ArrayView1::from(&bias[..]);
            let found = query(logits.mapv(|z| z as f32).view(), head.mapv(|w| w as f32).view(), budget).unwrap();
            let distinct: BTreeSet<usize> = rows(&found).into_iter().collect();
            prop_assert_eq!(distinct.len(), budget);
            let expected = plainly(&embeddings, &head, &bias, budget);
            // Equal distances differ in their last bits there; a pick may then be another row.
            if rows(&found) != expected {
                let scores: Vec<f64> = found.picks.iter().map(|pick| pick.score).collect();
                let boundaries_tie = scores.iter().any(|score| *score <= -NO_BOUNDARY)
                    || tied(&logits, &head);
                prop_assert!(boundaries_tie, "{:?} is not {:?}", rows(&found), expected);
            }
        }
    }

    /// Whether two rows are equally far from the boundary of some class.
    fn tied(logits: &Array2<f64>, head: &Array2<f64>) -> bool {
        let (z, w) = (logits.mapv(|z| z as f32), head.mapv(|w| w as f32));
        let boundaries = Boundaries::new(z.view(), w.view());
        (0..z.ncols()).any(|class| {
            let mut all: Vec<f64> = (0..z.nrows()).map(|row| boundaries.distance(row, class)).collect();
            all.sort_unstable_by(f64::total_cmp);
            all.windows(2).any(|pair| pair[1] - pair[0] <= 1e-12 * pair[1])
        })
    }

    #[test]
    fn by_hand() {
        // Weights 0, 1 and 5 on a line; distances of weights: 1, 5 and 4.
        let head = array![[0.0_f32], [1.0], [5.0]];
        let logits = array![[9.0_f32, 8.0, 0.0], [9.0, 5.0, 8.0], [0.0, 4.0, 4.0], [0.0, 1.0, 9.0]];
        let picks = query(logits.view(), head.view(), 4).unwrap().picks;
        let found: Vec<(usize, f64)> = picks.iter().map(|pick| (pick.row, pick.score)).collect();
        // Class 0 takes two: row 0 is 1 from its nearest boundary, row 1 is 1/5, row 2 is 4, row 3 is 9/5.
        // Class 1 takes one of rows 2 and 3: 0 and 2. Class 2 takes the rest: min(9/5, 8/4).
        assert_eq!(found, [(1, -0.2), (0, -1.0), (2, -0.0), (3, -1.8)]);
    }

    #[test]
    fn classes_with_the_same_weights_have_no_boundary_unless_they_tie() {
        let head = array![[1.0_f32, 2.0], [1.0, 2.0]];
        let logits = array![[3.0_f32, 1.0], [2.0, 2.0], [0.0, 4.0]];
        let picks = query(logits.view(), head.view(), 3).unwrap().picks;
        assert_eq!(picks.iter().map(|pick| pick.row).collect::<Vec<_>>(), [1, 0, 2]);
        assert!(picks.iter().all(|pick| pick.score.is_finite()));
        // A single class: ties by lowest row.
        let one = query(array![[3.0_f32], [1.0]].view(), array![[1.0_f32]].view(), 1).unwrap();
        assert_eq!(rows(&one), [0]);
    }

    #[test]
    fn faults_are_named() {
        let head = array![[1.0_f32], [2.0]];
        let z = array![[1.0_f32, 2.0]];
        let fault = |z: &Array2<f32>, head: &Array2<f32>, budget| {
            query(z.view(), head.view(), budget).unwrap_err().to_string()
        };
        assert_eq!(fault(&z, &head, 2), "query 2 rows: the pool holds only 1");
        assert_eq!(
            fault(&z, &array![[1.0], [f32::NAN]], 1),
            "read the weights of the head: class 1, column 0 is NaN"
        );
        assert_eq!(fault(&z, &array![[1.0]], 1), "match the weights of the head: expected 2, found 1");
        assert_eq!(fault(&array![[f32::NAN, 0.0]], &head, 1), "read logits: row 0, column 0 is NaN");
    }
}
