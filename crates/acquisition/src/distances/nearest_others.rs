//! The distances of rows to the nearest of all others.

use std::ops::Range;

use super::{Block, Rows, TILE, margin, multiply, squared_to};

impl Rows<'_> {
    /// For each row of a range, the distances to the nearest others, rising. They are exact: products in `f32` only say which
    /// rows could be among the nearest, as in [`nearest`](super::nearest).
    ///
    /// # Shapes
    ///
    /// The distances: `[range, others]`, with no more `others` than there are.
    pub(crate) fn nearest_others(&self, range: Range<usize>, others: usize) -> Vec<Vec<f64>> {
        let others = others.min(self.len().saturating_sub(1));
        if others == 0 {
            return vec![Vec::new(); range.len()];
        }
        let products = self.products(range.clone());
        range
            .zip(products.chunks_exact(self.len()))
            .map(|(row, products)| self.nearest_to(row, products, others))
            .collect()
    }

    /// `[range, rows]`
    fn products(&self, range: Range<usize>) -> Vec<f32> {
        let count = self.len();
        let left = self.block(range.clone());
        let mut products = vec![0.0_f32; range.len() * count];
        let mut tile = vec![0.0_f32; range.len() * TILE.min(count)];
        for start in (0..count).step_by(TILE) {
            let width = TILE.min(count - start);
            let tile = &mut tile[..range.len() * width];
            multiply(left, self.block(start..start + width), tile);
            for (products, tile) in products.chunks_exact_mut(count).zip(tile.chunks_exact(width)) {
                products[start..start + width].copy_from_slice(tile);
            }
        }
        products
    }

    fn nearest_to(&self, row: usize, products: &[f32], others: usize) -> Vec<f64> {
        let block = Block::new(self, 0..self.len());
        let margin = margin(self.squared_norms[row], block.largest_norm, self.dims);
        // The squared distance but for what all have in common; where a product overflowed it may not be a number.
        let lower = |other: usize| block.squared_norms[other] - 2.0 * products[other];
        let mut lows: Vec<f32> = (0..self.len()).filter(|&other| other != row).map(lower).collect();
        let (_, &mut last, _) = lows.select_nth_unstable_by(others - 1, f32::total_cmp);
        let limit = margin.map_or(f32::INFINITY, |margin| (f64::from(last) + 2.0 * margin) as f32).next_up();
        let is_near = |low: f32| low <= limit || low.is_nan();
        let mut distances: Vec<f64> = (0..self.len())
            .filter(|&other| other != row && is_near(lower(other)))
            .map(|other| squared_to(self.row(row), self.row(other)))
            .collect();
        distances.sort_unstable_by(f64::total_cmp);
        distances.truncate(others);
        distances.into_iter().map(f64::sqrt).collect()
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
            let found = rows.nearest_others(0..rows.len(), others);
            for (row, found) in found.iter().enumerate() {
                let mut plain = to_each(rows.row(row), array.as_slice().unwrap());
                plain.remove(row);
                plain.sort_by(f64::total_cmp);
                plain.truncate(others);
                prop_assert_eq!(found, &plain, "row {}", row);
            }
        }
    }

    #[test]
    fn what_is_too_large_for_products_is_still_right() {
        let array = ndarray::array![[1e38_f32, 0.0], [-1e38, 0.0], [1e38, 1e37], [0.0, f32::MAX]];
        let rows = Rows::new("a", array.view()).unwrap();
        let nearest = rows.nearest_others(0..2, 1);
        assert_eq!(nearest[0], [to_each(rows.row(0), rows.row(2))[0]]);
        assert_eq!(nearest[1], [to_each(rows.row(1), rows.row(0))[0]]);
    }
}
