//! Wins, ties and losses.

/// How often one of two paired values was the higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Differences above the tolerance.
    pub wins: usize,
    /// Differences within the tolerance.
    pub ties: usize,
    /// Differences below minus the tolerance.
    pub losses: usize,
}

/// Counts paired `differences`; those of at most `tolerance` in size are ties. One that is not a number is not counted.
pub fn tally(differences: &[f64], tolerance: f64) -> Tally {
    let mut counts = Tally::default();
    for &difference in differences.iter().filter(|difference| !difference.is_nan()) {
        match difference {
            value if value > tolerance => counts.wins += 1,
            value if value < -tolerance => counts.losses += 1,
            _ => counts.ties += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_the_tolerance_is_a_tie() {
        let counts = tally(&[0.3, 0.1, -0.1, 0.0, -0.2, f64::NAN], 0.1);
        assert_eq!(counts, Tally { wins: 1, ties: 3, losses: 1 });
    }
}
