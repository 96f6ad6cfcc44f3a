//! Drawing rows in proportion to weights that change one at a time.

/// Rows that share a sum. About the square root of a pool, so that changing a weight and finding a row cost the same.
const BLOCK: usize = 256;

/// A weight for every row.
pub(super) struct Weights {
    /// `[rows]`
    values: Vec<f64>,
    /// The sum of every block, always taken afresh and in one order. `[blocks]`
    sums: Vec<f64>,
}

impl Weights {
    /// Finite weights that are not negative.
    pub(super) fn new(values: Vec<f64>) -> Self {
        let sums = values.chunks(BLOCK).map(|block| block.iter().sum()).collect();
        Self { values, sums }
    }

    pub(super) fn get(&self, row: usize) -> f64 {
        self.values[row]
    }

    pub(super) fn set(&mut self, row: usize, value: f64) {
        self.values[row] = value;
        let start = row / BLOCK * BLOCK;
        let end = (start + BLOCK).min(self.values.len());
        self.sums[row / BLOCK] = self.values[start..end].iter().sum();
    }

    pub(super) fn total(&self) -> f64 {
        self.sums.iter().sum()
    }

    /// The row in whose interval a point in `[0, total)` lies, and how far into it; `None` if all weights are 0. A row
    /// whose weight is 0 is never found.
    pub(super) fn find(&self, mut point: f64) -> Option<(usize, f64)> {
        // Where rounding leads past the end, the last interval is meant.
        let last = self.sums.iter().rposition(|&sum| sum > 0.0)?;
        let mut block = 0;
        while block < last && point >= self.sums[block] {
            point -= self.sums[block];
            block += 1;
        }
        let values = &self.values[block * BLOCK..((block + 1) * BLOCK).min(self.values.len())];
        let last = values.iter().rposition(|&value| value > 0.0)?;
        let mut offset = 0;
        while offset < last && point >= values[offset] {
            point -= values[offset];
            offset += 1;
        }
        let within = if point < values[offset] { point } else { values[offset].next_down() };
        Some((block * BLOCK + offset, within))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_point_is_in_the_interval_of_its_row(
            values in prop::collection::vec(0_u32..4, 1..700),
            share in 0.0..1.0_f64,
            changed in any::<prop::sample::Index>(),
        ) {
            // Small integers: all sums are exact.
            let mut plain: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let mut weights = Weights::new(plain.clone());
            let row = changed.index(plain.len());
            plain[row] = 7.0;
            weights.set(row, 7.0);
            let total: f64 = plain.iter().sum();
            prop_assert_eq!(weights.total().to_bits(), total.to_bits());
            let point = (share * total).min(total.next_down());
            let (found, within) = weights.find(point).unwrap();
            let before: f64 = plain[..found].iter().sum();
            prop_assert!(before <= point && point < before + plain[found]);
            prop_assert!((before + within - point).abs() < 1e-9);
            prop_assert!(within < weights.get(found));
        }
    }

    #[test]
    fn what_has_no_weight_is_never_found() {
        assert_eq!(Weights::new(vec![0.0; 600]).find(0.0), None);
        assert_eq!(Weights::new(Vec::new()).find(0.0), None);
        let mut values = vec![0.0; 600];
        values[300] = 1.0;
        let weights = Weights::new(values);
        for point in [0.0, 0.5, 1.0, 2.0] {
            assert_eq!(weights.find(point).map(|(row, _)| row), Some(300));
        }
    }
}
