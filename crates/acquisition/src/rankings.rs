//! One list for each class: all items from those most like the class to those least like it.

use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The lists. An item is an unlabelled row, or a labelled row counted on from there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rankings {
    /// For each list, the item at each position. `[lists][items]`
    orders: Vec<Vec<u32>>,
}

/// How the items of a list are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Rising `max p − p_k`, ties by falling `p_k` (DIRECT, Algorithm 1), then by item.
    Margin,
    /// Falling `p_k − max p + 1e-8 max p`, ties by item: the released codes' scores for more than two classes, and
    /// those of GALAXY's for two as well.
    ReleasedMargin,
    /// Falling `p_k − max p + 1e-8 p_0`: the released code of DIRECT for two classes. Where class 1 is predicted, its
    /// list puts the *least* confident first.
    ReleasedBinaryMargin,
}

impl Rankings {
    /// Ranks the items for each class of `classes`.
    ///
    /// # Shapes
    ///
    /// `probabilities`: `[items, classes]`, as its two parts: unlabelled and labelled rows.
    pub(crate) fn new(parts: [ArrayView2<f32>; 2], classes: &[usize], order: Order) -> Self {
        let highest: Vec<f32> = parts
            .iter()
            .flat_map(|part| part.rows())
            .map(|row| row.fold(0.0, |a, &b| f32::max(a, b)))
            .collect();
        let orders = classes
            .par_iter()
            .map(|&class| {
                let own = parts.iter().flat_map(|part| part.column(class));
                let first = parts.iter().flat_map(|part| part.column(0));
                let mut keys: Vec<(f64, f32, u32)> = own
                    .zip(first)
                    .zip(&highest)
                    .enumerate()
                    .map(|(item, ((&own, &p_first), &highest))| {
                        let (p, max) = (f64::from(own), f64::from(highest));
                        let (key, tie) = match order {
                            Order::Margin => (max - p, -own),
                            Order::ReleasedMargin => (max - p - 1e-8 * max, 0.0),
                            Order::ReleasedBinaryMargin => (max - p - 1e-8 * f64::from(p_first), 0.0),
                        };
                        (key, tie, item as u32)
                    })
                    .collect();
                keys.sort_unstable_by(|left, right| {
                    left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1)).then(left.2.cmp(&right.2))
                });
                keys.into_iter().map(|(_, _, item)| item).collect()
            })
            .collect();
        Self { orders }
    }

    /// The lists, each with its items in order.
    pub(crate) fn into_lists(self) -> Vec<Vec<u32>> {
        self.orders
    }

    /// The items of a list.
    pub(crate) fn list(&self, list: usize) -> &[u32] {
        &self.orders[list]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn orders(unlabelled: &Array2<f32>, order: Order) -> Vec<Vec<u32>> {
        let none = Array2::zeros((0, unlabelled.ncols()));
        let classes: Vec<usize> = (0..unlabelled.ncols()).collect();
        Rankings::new([unlabelled.view(), none.view()], &classes, order).orders
    }

    #[test]
    fn the_most_alike_comes_first_and_ties_go_to_the_more_confident() {
        let p = array![[0.5_f32, 0.25, 0.25], [0.75, 0.125, 0.125], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]];
        assert_eq!(orders(&p, Order::Margin)[0], [1, 0, 2, 3]);
        assert_eq!(orders(&p, Order::ReleasedMargin)[0], [1, 0, 2, 3]);
    }

    /// For two classes the paper's order is that of the class's own probability; the released one turns the rows
    /// predicted as class 1 round.
    #[test]
    fn the_released_order_of_two_classes_begins_at_the_boundary_for_class_1() {
        let p = array![[0.9_f32, 0.1], [0.4, 0.6], [0.05, 0.95], [0.2, 0.8]];
        assert_eq!(orders(&p, Order::Margin), [[0, 1, 3, 2], [2, 3, 1, 0]]);
        assert_eq!(orders(&p, Order::ReleasedBinaryMargin), [[0, 1, 3, 2], [1, 3, 2, 0]]);
        assert_eq!(orders(&p, Order::ReleasedMargin), [[0, 1, 3, 2], [2, 3, 1, 0]]);
    }

    #[test]
    fn labelled_rows_stand_in_the_lists_behind_the_unlabelled_ones_that_tie() {
        let p = array![[0.5_f32, 0.5], [0.25, 0.75]];
        let labelled = array![[0.75_f32, 0.25], [0.5, 0.5]];
        let rankings = Rankings::new([p.view(), labelled.view()], &[0], Order::Margin);
        assert_eq!(rankings.orders, [[2, 0, 3, 1]]);
    }
}
