//! Student's t interval of paired differences.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::moments::{mean, standard_deviation};

/// The coverage of every interval in a report.
pub const CONFIDENCE: f64 = 0.95;

/// Below this an interval has no width but for rounding.
const NO_WIDTH: f64 = 1e-12;

/// The mean of paired differences and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean difference.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The number of pairs.
    pub pairs: usize,
}

impl Interval {
    /// Whether the interval leaves 0 out. When it does not, the data do not tell the difference from noise.
    ///
    /// An interval without width never does: accuracies are fractions of a test set, so that the differences of two
    /// or three seeds can be equal by chance, and then their spread says nothing about the noise.
    pub fn excludes_zero(&self) -> bool {
        self.high - self.low > NO_WIDTH && (self.low > 0.0 || self.high < 0.0)
    }
}

/// Student's t interval of the mean of `differences`, at the given coverage in (0, 1).
///
/// `None` for fewer than two differences, for a difference that is not finite, and for a coverage out of range: one
/// pair says nothing about the spread.
pub fn paired_interval(differences: &[f64], confidence: f64) -> Option<Interval> {
    if !(confidence > 0.0 && confidence < 1.0) || differences.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let centre = mean(differences)?;
    let deviation = standard_deviation(differences)?;
    let pairs = differences.len();
    let student = StudentsT::new(0.0, 1.0, (pairs - 1) as f64).ok()?;
    let quantile = student.inverse_cdf(0.5 + confidence / 2.0);
    let half = quantile * deviation / (pairs as f64).sqrt();
    half.is_finite().then_some(Interval { mean: centre, low: centre - half, high: centre + half, pairs })
}
