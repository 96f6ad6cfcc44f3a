//! Depthwise convolutions against their definition.

use proptest::prelude::*;
use tailward_kernels::depthwise::{Depthwise, forward, same_padding};
use tailward_kernels::{Lanes, naive};

use crate::values::values;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn it_is_what_its_definition_says(
        (batch, height, width) in (1_usize..3, 1_usize..12, 1_usize..12),
        channels in 1_usize..40,
        kernel in prop::sample::select(vec![1_usize, 3, 5]),
        stride in 1_usize..3,
        seed in any::<u64>(),
    ) {
        let geometry = Depthwise { height, width, channels, kernel, stride };
        let input = values(batch * height * width * channels, seed);
        let weights = values(kernel * kernel * channels, seed ^ 1);
        let bias = values(channels, seed ^ 2);
        let expected = naive::depthwise_forward(&geometry, &input, &weights, &bias, 1.5);
        for lanes in Lanes::ALL.into_iter().filter(|lanes| lanes.is_available()) {
            let found = forward(lanes, &geometry, &input, &weights, &bias, 1.5);
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((f64::from(*found) - expected).abs() < 1e-4, "{} {}", found, expected);
            }
        }
    }
}

/// What TensorFlow does: of an even image and a step of two, one zero behind and none before.
#[test]
fn padding_is_that_of_tensorflow() {
    for (size, kernel, stride, before) in
        [(224, 3, 2, 0), (112, 3, 1, 1), (112, 5, 2, 1), (7, 5, 1, 2), (15, 3, 2, 1), (1, 3, 2, 1)]
    {
        assert_eq!(same_padding(size, kernel, stride), before, "{size} {kernel} {stride}");
    }
}
