//! Labels that it takes to reach an accuracy.

/// The labels with which a learning curve first reaches `accuracy`, by linear interpolation between its points, which
/// are (labels, accuracy) in rising order of labels. A curve that starts there or above needs the labels of its first
/// point, for what fewer would have done is not known.
///
/// `None` if the curve does not reach it, for labels that do not rise, and for values that are not finite.
pub fn labels_to_reach(points: &[(f64, f64)], accuracy: f64) -> Option<f64> {
    let finite = points.iter().all(|(labels, height)| labels.is_finite() && height.is_finite());
    if !finite || points.windows(2).any(|pair| pair[1].0 <= pair[0].0) {
        return None;
    }
    let first = points.iter().position(|(_, height)| *height >= accuracy)?;
    let (labels, height) = points[first];
    let Some((before, below)) = first.checked_sub(1).map(|index| points[index]) else {
        return Some(labels);
    };
    Some(before + (labels - before) * (accuracy - below) / (height - below))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CURVE: [(f64, f64); 3] = [(100.0, 0.2), (200.0, 0.4), (400.0, 0.5)];

    #[test]
    fn interpolation_by_hand() {
        let close = |accuracy: f64, labels: f64| {
            assert!((labels_to_reach(&CURVE, accuracy).unwrap() - labels).abs() < 1e-9, "{accuracy}");
        };
        close(0.3, 150.0);
        close(0.45, 300.0);
        close(0.4, 200.0);
        close(0.5, 400.0);
        close(0.1, 100.0);
        assert_eq!(labels_to_reach(&CURVE, 0.51), None);
        assert_eq!(labels_to_reach(&[], 0.1), None);
        assert_eq!(labels_to_reach(&[(100.0, 0.2), (100.0, 0.4)], 0.3), None);
        assert_eq!(labels_to_reach(&CURVE, f64::NAN), None);
    }

    #[test]
    fn a_curve_that_falls_again_has_reached_it() {
        let labels = labels_to_reach(&[(100.0, 0.2), (200.0, 0.5), (300.0, 0.3), (400.0, 0.6)], 0.35);
        assert!((labels.unwrap() - 150.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn more_accuracy_never_takes_fewer_labels(
            heights in prop::collection::vec(0.0f64..1.0, 1..8),
            one in 0.0f64..1.0,
            other in 0.0f64..1.0,
        ) {
            let curve: Vec<(f64, f64)> =
                heights.iter().enumerate().map(|(index, &height)| (100.0 * (index + 1) as f64, height)).collect();
            let (low, high) = (one.min(other), one.max(other));
            match (labels_to_reach(&curve, low), labels_to_reach(&curve, high)) {
                (Some(fewer), Some(more)) => prop_assert!(fewer <= more + 1e-9),
                (None, Some(_)) => prop_assert!(false, "the lower is reached on the way"),
                _ => {}
            }
        }
    }
}
