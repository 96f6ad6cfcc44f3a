//! Axes: round ticks, and the library's idea of a range with ticks at given places.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// A range with ticks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Where the ticks are.
    pub(crate) ticks: Vec<f64>,
    /// Decimals that tell the ticks apart.
    pub(crate) decimals: usize,
}

impl Axis {
    /// A range that begins and ends on round numbers and covers all of `values` in about `wanted` steps.
    pub(crate) fn covering(values: impl Iterator<Item = f64>, from_zero: bool, wanted: usize) -> Self {
        let (mut low, mut high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if from_zero {
            low = low.min(0.0);
        }
        if high - low < 1e-9 {
            // All values are the same: a tenth of their own size around them.
            let pad = (high.abs() * 0.1).max(0.01);
            high += pad;
            low = if from_zero { low } else { low - pad };
        }
        let step = round_step((high - low) / wanted as f64);
        let first = (low / step + 1e-9).floor() as i64;
        let last = (high / step - 1e-9).ceil() as i64;
        Self {
            low: first as f64 * step,
            high: last as f64 * step,
            ticks: (first..=last).map(|index| index as f64 * step).collect(),
            decimals: decimals(step),
        }
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `rough`.
fn round_step(rough: f64) -> f64 {
    let magnitude = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * magnitude)
}

fn decimals(step: f64) -> usize {
    (0..6)
        .find(|&decimals| {
            let scaled = step * 10f64.powi(decimals);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(6) as usize
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let of = |values: &[f64], zero| Axis::covering(values.iter().copied(), zero, 5);
        assert_eq!(of(&[31.2, 58.9], false).ticks, [30.0, 40.0, 50.0, 60.0]);
        assert_eq!(of(&[0.05, 0.31], true).decimals, 1);
        assert_eq!(of(&[f64::NAN], true).ticks.len(), 6);
        let flat = of(&[50.0, 50.0], false);
        assert!(flat.low < 50.0 && flat.high > 50.0);
        let zero = of(&[0.0], true);
        assert!(zero.low.abs() < 1e-12 && zero.high > 0.0);
    }
}
