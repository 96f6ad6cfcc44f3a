//! Convolutions.

use proptest::prelude::*;
use tailward_kernels::conv::{Epilogue, Geometry, forward, gradient_of_input, gradient_of_weights};
use tailward_kernels::{Lanes, naive};

use crate::values::{assert_near, lanes, on_threads, values};

fn check(lanes: Lanes, geometry: &Geometry) {
    let input = values(geometry.input_len(), 1);
    let weights = values(geometry.weights_len(), 2);
    let gradient = values(geometry.output_len(), 3);
    let Geometry { channels_in, channels_out, kernel, batch, .. } = *geometry;
    let what = |name: &str| format!("{name}, {lanes}, {geometry:?}");
    assert_near(
        &forward(lanes, geometry, &input, &weights, Epilogue::default()),
        &naive::conv_forward(geometry, &input, &weights),
        channels_in * kernel * kernel,
        &what("forward"),
    );
    assert_near(
        &gradient_of_input(lanes, geometry, &gradient, &weights),
        &naive::conv_gradient_of_input(geometry, &gradient, &weights),
        channels_out * kernel * kernel,
        &what("gradient of the input"),
    );
    assert_near(
        &gradient_of_weights(lanes, geometry, &input, &gradient),
        &naive::conv_gradient_of_weights(geometry, &input, &gradient),
        batch * geometry.height_out() * geometry.width_out(),
        &what("gradient of the weights"),
    );
}

/// The layers of the networks, with few images: residual networks of both stems, their bottlenecks, VAAL's networks.
#[test]
fn every_layer_of_the_networks_is_as_defined() {
    let layer = |batch, side, channels_in, channels_out, kernel, stride, padding| Geometry {
        batch,
        height: side,
        width: side,
        channels_in,
        channels_out,
        kernel,
        stride,
        padding,
    };
    let layers = [
        layer(2, 32, 3, 64, 3, 1, 1),
        layer(2, 32, 3, 32, 3, 2, 1),
        layer(1, 64, 3, 64, 7, 2, 3),
        layer(1, 32, 64, 64, 3, 1, 1),
        layer(2, 16, 64, 128, 3, 2, 1),
        layer(2, 16, 64, 128, 1, 2, 0),
        layer(2, 16, 64, 256, 1, 1, 0),
        layer(3, 4, 512, 512, 3, 1, 1),
        layer(2, 16, 16, 16, 3, 1, 1),
        layer(2, 8, 32, 96, 3, 1, 1),
        layer(2, 32, 3, 128, 4, 2, 1),
        layer(2, 16, 128, 256, 4, 2, 1),
        layer(2, 16, 3, 128, 1, 1, 0),
    ];
    for lanes in lanes() {
        for geometry in &layers {
            check(lanes, geometry);
        }
    }
}

fn geometries() -> impl Strategy<Value = Geometry> {
    (1..5_usize, 1..12_usize, 1..12_usize, 1..40_usize, 1..90_usize, 1..6_usize, 1..4_usize, 0..4_usize)
        .prop_map(|(batch, height, width, channels_in, channels_out, kernel, stride, padding)| Geometry {
            batch,
            height,
            width,
            channels_in,
            channels_out,
            kernel,
            stride,
            padding,
        })
        .prop_filter("the kernel fits", |it| {
            it.height + 2 * it.padding >= it.kernel && it.width + 2 * it.padding >= it.kernel
        })
}

/// What is computed with fewer products: 3 × 3, stride 1, channels in sixteens; images with an edge in the middle of a tile,
/// and batches of more tiles than are transformed together.
fn of_few_products() -> impl Strategy<Value = Geometry> {
    (1..9_usize, 1..12_usize, 1..12_usize, 2..6_usize, 2..7_usize, 0..3_usize)
        .prop_map(|(batch, height, width, sixteens_in, sixteens_out, padding)| Geometry {
            batch,
            height,
            width,
            channels_in: 16 * sixteens_in,
            channels_out: 16 * sixteens_out,
            kernel: 3,
            stride: 1,
            padding,
        })
        .prop_filter("the kernel fits", |it| it.height.min(it.width) + 2 * it.padding >= it.kernel)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_shape_of_few_products_is_as_defined(geometry in of_few_products()) {
        for lanes in lanes() {
            check(lanes, &geometry);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_shape_is_as_defined(geometry in geometries()) {
        for lanes in lanes() {
            check(lanes, &geometry);
        }
    }

    #[test]
    fn a_result_does_not_depend_on_the_number_of_threads(
        geometry in prop_oneof![geometries(), of_few_products()],
    ) {
        let input = values(geometry.input_len(), 1);
        let weights = values(geometry.weights_len(), 2);
        let gradient = values(geometry.output_len(), 3);
        let all = |threads| on_threads(threads, || {
            let lanes = Lanes::detect();
            [
                forward(lanes, &geometry, &input, &weights, Epilogue::default()),
                gradient_of_input(lanes, &geometry, &gradient, &weights),
                gradient_of_weights(lanes, &geometry, &input, &gradient),
            ]
        });
        prop_assert_eq!(all(1), all(3));
    }

    #[test]
    fn the_epilogue_is_applied_in_its_order(geometry in prop_oneof![geometries(), of_few_products()]) {
        let input = values(geometry.input_len(), 1);
        let weights = values(geometry.weights_len(), 2);
        let bias = values(geometry.channels_out, 4);
        let shortcut = values(geometry.output_len(), 5);
        let mut expected = naive::conv_forward(&geometry, &input, &weights);
        for (index, value) in expected.iter_mut().enumerate() {
            *value += f64::from(bias[index % geometry.channels_out]) + f64::from(shortcut[index]);
            *value = value.max(0.0);
        }
        let epilogue = Epilogue { bias: Some(&bias), shortcut: Some(&shortcut), relu: true };
        for lanes in lanes() {
            let found = forward(lanes, &geometry, &input, &weights, epilogue);
            assert_near(&found, &expected, geometry.channels_in * geometry.kernel.pow(2) + 2, "with an epilogue");
        }
    }
}

/// A network that diverges must show it.
#[test]
fn what_is_no_number_passes_relu() {
    let geometry = Geometry {
        batch: 1,
        height: 1,
        width: 1,
        channels_in: 1,
        channels_out: 1,
        kernel: 1,
        stride: 1,
        padding: 0,
    };
    let epilogue = Epilogue { relu: true, ..Epilogue::default() };
    for lanes in lanes() {
        assert!(forward(lanes, &geometry, &[f32::NAN], &[1.0], epilogue)[0].is_nan());
    }
}
