//! Batch normalisation.

use proptest::prelude::*;
use tailward_kernels::batch_norm::{Affine, Backward, apply, backward, statistics};
use tailward_kernels::{Lanes, naive};

use crate::values::{assert_near, assert_near_by, lanes, on_threads, values};

const EPSILON: f64 = 1e-5;

/// Pixels and channels; some are no multiple of any vector.
fn shapes() -> impl Strategy<Value = (usize, usize)> {
    (2..700_usize, prop_oneof![1..70_usize, Just(128), Just(512)])
}

/// Values around a mean of 3, so that a variance as a difference of two large numbers would show.
fn inputs(pixels: usize, channels: usize) -> Vec<f32> {
    values(pixels * channels, 1).into_iter().map(|value| value + 3.0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn statistics_are_those_of_the_batch((pixels, channels) in shapes()) {
        let input = inputs(pixels, channels);
        let [means, variances] = [0, 1].map(|place| -> Vec<f64> {
            naive::statistics(&input, channels).into_iter().map(|it| it[place]).collect()
        });
        for lanes in lanes() {
            let found = statistics(lanes, &input, channels);
            assert_near(&found.mean, &means, 10, "mean");
            assert_near(&found.variance, &variances, 10, "variance");
        }
    }

    #[test]
    fn scale_offset_shortcut_and_relu_follow_each_other((pixels, channels) in shapes(), relu: bool, shortcut: bool) {
        let input = inputs(pixels, channels);
        let (scale, offset) = (values(channels, 2), values(channels, 3));
        let added = values(input.len(), 4);
        let expected: Vec<f64> = (0..input.len()).map(|index| {
            let channel = index % channels;
            let value = f64::from(input[index]) * f64::from(scale[channel]) + f64::from(offset[channel]);
            let value = value + if shortcut { f64::from(added[index]) } else { 0.0 };
            if relu { value.max(0.0) } else { value }
        }).collect();
        for lanes in lanes() {
            let affine = Affine { scale: &scale, offset: &offset, shortcut: shortcut.then_some(&added), relu };
            assert_near(&apply(lanes, &input, affine), &expected, 10, "apply");
        }
    }

    #[test]
    fn gradients_are_as_defined((pixels, channels) in shapes(), relu: bool, shortcut: bool) {
        let input = inputs(pixels, channels);
        let gradient = values(input.len(), 2);
        let scale = values(channels, 3);
        let activated: Vec<f32> = values(input.len(), 4).into_iter().map(|value| value.max(0.0)).collect();
        let passed: Vec<f32> = gradient.iter().zip(&activated)
            .map(|(&gradient, &activated)| if relu && activated == 0.0 { 0.0 } else { gradient })
            .collect();
        let (of_input, of_scale, of_offset) = naive::batch_norm_backward(&input, &passed, &scale, EPSILON);
        let statistics = naive::statistics(&input, channels);
        let mean: Vec<f32> = statistics.iter().map(|it| it[0] as f32).collect();
        let inverse_deviation: Vec<f32> =
            statistics.iter().map(|it| (1.0 / (it[1] + EPSILON).sqrt()) as f32).collect();
        for lanes in lanes() {
            let found = backward(lanes, Backward {
                input: &input,
                activated: relu.then_some(&activated[..]),
                gradient: &gradient,
                mean: &mean,
                inverse_deviation: &inverse_deviation,
                scale: &scale,
                shortcut,
            });
            // The mean is rounded, and few pixels can make a deviation that is small beside that: what is normalised is off by as much
            // as 1 over the deviation, and the gradient of the input is divided by it once more.
            let by = |power: i32| {
                let inverse = &inverse_deviation;
                move |index: usize| f64::from(inverse[index % channels].max(1.0)).powi(power)
            };
            let terms = 40 * pixels;
            assert_near_by(&found.input, &of_input, terms, by(2), "input");
            assert_near_by(&found.scale, &of_scale, terms, by(1), "scale");
            assert_near(&found.offset, &of_offset, terms, "offset");
            match (shortcut, relu) {
                (true, true) => assert_eq!(found.shortcut.as_deref(), Some(&passed[..])),
                _ => assert_eq!(found.shortcut, None),
            }
        }
    }

    #[test]
    fn a_result_does_not_depend_on_the_number_of_threads(channels in 1..40_usize) {
        let input = inputs(5000, channels);
        let scale = values(channels, 3);
        let all = |threads| on_threads(threads, || {
            let lanes = Lanes::detect();
            let found = statistics(lanes, &input, channels);
            let gradients = backward(lanes, Backward {
                input: &input,
                activated: None,
                gradient: &input,
                mean: &found.mean,
                inverse_deviation: &found.variance,
                scale: &scale,
                shortcut: false,
            });
            (found, gradients)
        });
        prop_assert_eq!(all(1), all(3));
    }
}

/// Adding 1,000 to values of variance 1/3 leaves the variance.
#[test]
fn a_mean_far_from_zero_leaves_the_variance() {
    let input: Vec<f32> = values(64_000, 5).into_iter().map(|value| value + 1000.0).collect();
    for lanes in lanes() {
        for variance in statistics(lanes, &input, 4).variance {
            assert!((variance - 1.0 / 3.0).abs() < 0.01, "{variance}");
        }
    }
}
