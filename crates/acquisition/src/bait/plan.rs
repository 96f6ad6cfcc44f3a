//! What BAIT needs of memory, known before anything is computed.

use std::fmt;

/// Rows that are picked before the worst are removed again, as a multiple of the budget.
pub(super) const OVERSAMPLING: usize = 2;

/// The arrays that BAIT keeps, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// `classes · dims`: rows and columns of a Fisher information matrix.
    pub parameters: usize,
    /// The inverse, the Fisher information of the pool, and while it starts the product of the two: three matrices of
    /// `parameters²` numbers.
    pub matrices_bytes: u64,
    /// Two blocks of `classes²` numbers for every unlabelled row.
    pub blocks_bytes: u64,
    /// What changes hands from pick to pick: eight times `parameters · classes` numbers, and what the picks are.
    pub factors_bytes: u64,
}

impl MemoryPlan {
    /// All of it.
    pub fn bytes(&self) -> u64 {
        self.matrices_bytes.saturating_add(self.blocks_bytes).saturating_add(self.factors_bytes)
    }
}

impl fmt::Display for MemoryPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        write!(
            formatter,
            "{:.1} MB: {:.1} for matrices of {} x {}, {:.1} for blocks of the rows, {:.1} for factors",
            megabytes(self.bytes()),
            megabytes(self.matrices_bytes),
            self.parameters,
            self.parameters,
            megabytes(self.blocks_bytes),
            megabytes(self.factors_bytes),
        )
    }
}

/// What BAIT would keep beside its inputs, up to a few tiles for every thread.
///
/// `rows` are unlabelled ones; how many are labelled makes no difference. A number too large for 64 bits is the
/// largest there is.
pub fn plan(rows: usize, classes: usize, dims: usize, budget: usize) -> MemoryPlan {
    let numbers = |factors: &[usize]| {
        factors.iter().fold(size_of::<f64>() as u64, |bytes, &factor| bytes.saturating_mul(factor as u64))
    };
    let picks = numbers(&[OVERSAMPLING, budget, 2]);
    MemoryPlan {
        parameters: classes.saturating_mul(dims),
        matrices_bytes: numbers(&[3, classes, dims, classes, dims]),
        blocks_bytes: numbers(&[2, rows, classes, classes]),
        factors_bytes: numbers(&[8, classes, dims, classes]).saturating_add(picks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_by_hand() {
        let two = plan(45_000, 2, 512, 100);
        assert_eq!(two.matrices_bytes, 3 * 8 * 1024 * 1024);
        assert_eq!(two.blocks_bytes, 8 * 2 * 45_000 * 4);
        assert_eq!(
            two.to_string(),
            "28.2 MB: 25.2 for matrices of 1024 x 1024, 2.9 for blocks of the rows, 0.1 for factors"
        );
        assert!(plan(45_000, 100, 512, 100).bytes() > 60_000_000_000);
        assert_eq!(plan(usize::MAX, usize::MAX, usize::MAX, usize::MAX).bytes(), u64::MAX);
    }
}
