//! The nearest of all others.

use super::{Block, Rows, TILE, margin, multiply, squared_to};

/// One of the others, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Neighbour {
    pub(crate) distance: f64,
    pub(crate) row: usize,
}

impl Rows<'_> {
    /// For each row of `of`, the nearest others, the nearest first and ties by lowest row. Distances are exact: products in `f32` only
    /// say which rows could be among the nearest, as in [`nearest`](super::nearest).
    ///
    /// # Shapes
    ///
    /// The neighbours: `[of, others]`, with no more `others` than there are.
    pub(crate) fn nearest_others(&self, of: &[usize], others: usize) -> Vec<Vec<Neighbour>> {
        let others = others.min(self.len().saturating_sub(1));
        if others == 0 {
            return vec![Vec::new(); of.len()];
        }
        let all = Block::new(self, 0..self.len());
        let products = self.products(of);
        of.iter()
            .zip(products.chunks_exact(self.len()))
            .map(|(&row, products)| self.nearest_to(row, &all, products, others))
            .collect()
    }

    /// `[of, rows]`
    fn products(&self, of: &[usize]) -> Vec<f32> {
        let count = self.len();
        let chosen = self.some(of);
        let left = chosen.block(0..of.len());
        let mut products = vec![0.0_f32; of.len() * count];
        let mut tile = vec![0.0_f32; of.len() * TILE.min(count)];
        for start in (0..count).step_by(TILE) {
            let width = TILE.min(count - start);
            let tile = &mut tile[..of.len() * width];
            multiply(left, self.block(start..start + width), tile);
            for (products, tile) in products.chunks_exact_mut(count).zip(tile.chunks_exact(width)) {
                products[start..start + width].copy_from_slice(tile);
            }
        }
        products
    }

    fn nearest_to(&self, row: usize, all: &Block, products: &[f32], others: usize) -> Vec<Neighbour> {
        let margin = margin(self.squared_norms[row], all.largest_norm, self.dims);
        // The squared distance but for what all have in common; where a product overflowed it may not be a number.
        let lower = |other: usize| all.squared_norms[other] - 2.0 * products[other];
        let mut lows: Vec<f32> = (0..self.len()).filter(|&other| other != row).map(lower).collect();
        let (_, &mut last, _) = lows.select_nth_unstable_by(others - 1, f32::total_cmp);
        let limit = margin.map_or(f32::INFINITY, |margin| (f64::from(last) + 2.0 * margin) as f32).next_up();
        let is_near = |low: f32| low <= limit || low.is_nan();
        let mut found: Vec<Neighbour> = (0..self.len())
            .filter(|&other| other != row && is_near(lower(other)))
            .map(|other| Neighbour { distance: squared_to(self.row(row), self.row(other)), row: other })
            .collect();
        found.sort_unstable_by(|left, right| {
            left.distance.total_cmp(&right.distance).then(left.row.cmp(&right.row))
        });
        found.truncate(others);
        found.iter_mut().for_each(|neighbour| neighbour.distance = neighbour.distance.sqrt());
        found
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::distances::to_each;

    proptest! {
        #[test]
        fn products_change_no_bit(
            (rows, dims, others, seed) in (1_usize..30, 1_usize..20, 0_usize..12, any::<u64>()),
            (scale, shift) in (-60_i32..60, prop::sample::select(vec![0.0_f32, 1.0, 1000.0])),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let scale = 2.0_f32.powi(scale);
            let draw = || ((rng.random_range(-1.0_f32..1.0) * 3.0).round() + shift) * scale;
            let array = Array2::from_shape_simple_fn((rows, dims), draw);
            let rows = Rows::new("a", array.view()).unwrap();
            // From the last to the first, and every other one.
            let of: Vec<usize> = (0..rows.len()).rev().step_by(2).collect();
            for (&row, found) in of.iter().zip(rows.nearest_others(&of, others)) {
                let plain = to_each(rows.row(row), array.as_slice().unwrap());
                let neighbours = plain.into_iter().enumerate().filter(|&(other, _)| other != row);
                let mut plain: Vec<Neighbour> =
                    neighbours.map(|(row, distance)| Neighbour { distance, row }).collect();
                // Stable: the lowest row of those that tie is the first.
                plain.sort_by(|left, right| left.distance.total_cmp(&right.distance));
                plain.truncate(others);
                prop_assert_eq!(found, plain, "row {}", row);
            }
        }
    }

    #[test]
    fn what_is_too_large_for_products_is_still_right() {
        let array = ndarray::array![[1e38_f32, 0.0], [-1e38, 0.0], [1e38, 1e37], [0.0, f32::MAX]];
        let rows = Rows::new("a", array.view()).unwrap();
        let nearest = rows.nearest_others(&[0, 1], 1);
        assert_eq!(nearest[0], [Neighbour { distance: to_each(rows.row(0), rows.row(2))[0], row: 2 }]);
        assert_eq!(nearest[1], [Neighbour { distance: to_each(rows.row(1), rows.row(0))[0], row: 0 }]);
    }
}
