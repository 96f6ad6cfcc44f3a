//! Labels saved: with how many a strategy reaches what another reaches with all of its own.

use serde::{Deserialize, Serialize};

use super::bootstrap::resamples;
use super::labels::labels_to_reach;
use super::moments::mean;

/// Rounds of a moving average, as in GALAXY's plots.
pub const WINDOW: usize = 10;

/// How learning curves are smoothed before labels are read from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Smoothing {
    /// Not at all.
    #[default]
    Raw,
    /// Moving average over ten rounds of the mean curve, the first value standing in for those before it (GALAXY's plots).
    MovingAverage,
    /// The highest value so far of each run (LabelBench's plots). It hides collapses.
    RunningMaximum,
}

/// The share of the other's labels that is saved, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saving {
    /// Of the mean curves: `1 − (labels to reach the other's last value) / (the other's labels)`; `None` if it is not reached.
    pub share: Option<f64>,
    /// The lower end of the bootstrap interval; `None` where it is not reached.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The highest share that there can be: that of a curve that is there from its first value on.
    pub most: f64,
    /// The share of resamples whose mean curve reaches it.
    pub reached: f64,
    /// The number of pairs.
    pub pairs: usize,
}

/// Labels and what was reached with them, in rising order of labels.
type Curve = Vec<(f64, f64)>;

/// The labels saved by the first of each pair of curves against the second, with a percentile interval over resampled
/// pairs at the given coverage in (0, 1). Resamples that do not reach the other's last value count as below every number.
///
/// `None` for fewer than two pairs, and for curves without points or of unequal labels.
pub fn label_saving(pairs: &[(Curve, Curve)], smoothing: Smoothing, confidence: f64) -> Option<Saving> {
    let smooth = |curve: &Curve| match smoothing {
        Smoothing::RunningMaximum => running_maximum(curve),
        Smoothing::Raw | Smoothing::MovingAverage => curve.clone(),
    };
    let smoothed: Vec<(Curve, Curve)> =
        pairs.iter().map(|(ours, theirs)| (smooth(ours), smooth(theirs))).collect();
    let all: Vec<usize> = (0..pairs.len()).collect();
    let share = saved(&smoothed, &all, smoothing)?;
    if pairs.len() < 2 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let shares: Option<Vec<Option<f64>>> =
        resamples(pairs.len()).map(|places| saved(&smoothed, &places, smoothing)).collect();
    let mut shares = shares?;
    // `None` comes first: what is not reached is below every number.
    shares.sort_by(|left, right| match (left, right) {
        (Some(left), Some(right)) => left.total_cmp(right),
        _ => left.is_some().cmp(&right.is_some()),
    });
    let tail = (1.0 - confidence) / 2.0;
    let at = |share: f64| shares[(share * (shares.len() - 1) as f64).round() as usize];
    let reached = shares.iter().flatten().count() as f64 / shares.len() as f64;
    let (ours, theirs) = smoothed.first()?;
    let most = 1.0 - ours.first()?.0 / theirs.last()?.0;
    Some(Saving { share, low: at(tail), high: at(1.0 - tail), most, reached, pairs: pairs.len() })
}

/// The share saved by the mean of some pairs' curves: `None` if there are no curves, `Some(None)` if it is not reached.
fn saved(pairs: &[(Curve, Curve)], places: &[usize], smoothing: Smoothing) -> Option<Option<f64>> {
    let average = |curve: Curve| match smoothing {
        Smoothing::MovingAverage => moving_average(&curve),
        Smoothing::Raw | Smoothing::RunningMaximum => curve,
    };
    let ours = average(mean_of(places.iter().map(|&place| &pairs[place].0))?);
    let theirs = average(mean_of(places.iter().map(|&place| &pairs[place].1))?);
    let &(labels, end) = theirs.last()?;
    Some(labels_to_reach(&ours, end).map(|needed| 1.0 - needed / labels))
}

/// The mean of curves over the same labels; `None` for none, and for curves that differ in their labels.
fn mean_of<'a>(curves: impl Iterator<Item = &'a Curve>) -> Option<Curve> {
    let curves: Vec<&Curve> = curves.collect();
    let first = *curves.first()?;
    let same = |curve: &&Curve| {
        curve.len() == first.len()
            && curve.iter().zip(first).all(|(one, other)| one.0.total_cmp(&other.0).is_eq())
    };
    if first.is_empty() || !curves.iter().all(same) {
        return None;
    }
    let heights = |point: usize| curves.iter().map(|curve| curve[point].1).collect::<Vec<f64>>();
    first.iter().enumerate().map(|(point, &(labels, _))| Some((labels, mean(&heights(point))?))).collect()
}

fn running_maximum(curve: &Curve) -> Curve {
    let mut highest = f64::NEG_INFINITY;
    let raised = |&(labels, height): &(f64, f64)| {
        highest = height.max(highest);
        (labels, highest)
    };
    curve.iter().map(raised).collect()
}

fn moving_average(curve: &Curve) -> Curve {
    let height = |point: usize, back: usize| curve[point.saturating_sub(back)].1;
    let average = |point: usize| (0..WINDOW).map(|back| height(point, back)).sum::<f64>() / WINDOW as f64;
    curve.iter().enumerate().map(|(point, &(labels, _))| (labels, average(point))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(heights: &[f64]) -> Curve {
        heights.iter().enumerate().map(|(at, &height)| (100.0 * (at + 1) as f64, height)).collect()
    }

    #[test]
    fn the_share_saved_by_hand() {
        // Theirs ends at 0.4 with 400 labels; ours is there with 200.
        let pair = (curve(&[0.2, 0.4, 0.5, 0.6]), curve(&[0.1, 0.2, 0.3, 0.4]));
        let saving = label_saving(&[pair.clone(), pair], Smoothing::Raw, 0.95).unwrap();
        let expected =
            Saving { share: Some(0.5), low: Some(0.5), high: Some(0.5), most: 0.75, reached: 1.0, pairs: 2 };
        assert_eq!(saving, expected);
    }

    #[test]
    fn what_is_not_reached_is_below_every_number() {
        let theirs = curve(&[0.1, 0.2, 0.3, 0.4]);
        let (fast, slow) = (curve(&[0.4, 0.5, 0.5, 0.5]), curve(&[0.1, 0.1, 0.1, 0.1]));
        let pairs = [(fast, theirs.clone()), (slow.clone(), theirs.clone())];
        let saving = label_saving(&pairs, Smoothing::Raw, 0.95).unwrap();
        // Of (fast, fast), twice (fast, slow) and (slow, slow) only the first reaches 0.4: the means of two end at 0.3.
        assert_eq!((saving.share, saving.low, saving.high, saving.reached), (None, None, Some(0.75), 0.25));
        let none =
            label_saving(&[(slow.clone(), theirs.clone()), (slow, theirs)], Smoothing::Raw, 0.95).unwrap();
        assert_eq!((none.share, none.high, none.reached), (None, None, 0.0));
    }

    #[test]
    fn smoothing_by_hand() {
        assert_eq!(running_maximum(&curve(&[0.2, 0.1, 0.3])), curve(&[0.2, 0.2, 0.3]));
        let smooth = moving_average(&curve(&[1.0, 2.0, 4.0]));
        let expected = [1.0, 1.1, 1.4];
        for ((_, height), expected) in smooth.iter().zip(expected) {
            assert!((height - expected).abs() < 1e-12, "{smooth:?}");
        }
    }

    #[test]
    fn curves_that_cannot_be_compared_give_nothing() {
        let (one, other) = (curve(&[0.1, 0.2]), curve(&[0.1]));
        assert_eq!(label_saving(&[], Smoothing::Raw, 0.95), None);
        assert_eq!(label_saving(&[(one.clone(), one.clone())], Smoothing::Raw, 0.95), None);
        assert_eq!(label_saving(&[(one.clone(), one.clone()), (other, one)], Smoothing::Raw, 0.95), None);
    }
}
