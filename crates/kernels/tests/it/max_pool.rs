//! Maximum pooling.

use proptest::prelude::*;
use tailward_kernels::max_pool::{MaxPool, backward, forward};

use crate::values::values;

fn pools() -> impl Strategy<Value = MaxPool> {
    (1..3_usize, 1..9_usize, 1..9_usize, 1..20_usize, 1..4_usize, 1..4_usize, 0..2_usize)
        .prop_map(|(batch, height, width, channels, kernel, stride, padding)| MaxPool {
            batch,
            height,
            width,
            channels,
            kernel,
            stride,
            padding,
        })
        .prop_filter("the window fits", |it| {
            it.padding < it.kernel
                && it.height + 2 * it.padding >= it.kernel
                && it.width + 2 * it.padding >= it.kernel
        })
}

/// The place of each output's maximum, with padding as −∞.
fn places(pool: &MaxPool, input: &[f32]) -> Vec<usize> {
    let mut places = Vec::new();
    for image in 0..pool.batch {
        for (row, column) in
            (0..pool.height_out()).flat_map(|row| (0..pool.width_out()).map(move |it| (row, it)))
        {
            for channel in 0..pool.channels {
                let mut best = None;
                for (down, across) in (0..pool.kernel).flat_map(|it| (0..pool.kernel).map(move |at| (it, at)))
                {
                    let y = (row * pool.stride + down).wrapping_sub(pool.padding);
                    let x = (column * pool.stride + across).wrapping_sub(pool.padding);
                    if y < pool.height && x < pool.width {
                        let at = ((image * pool.height + y) * pool.width + x) * pool.channels + channel;
                        if best.is_none_or(|best: usize| input[at] > input[best]) {
                            best = Some(at);
                        }
                    }
                }
                places.push(best.unwrap());
            }
        }
    }
    places
}

proptest! {
    #[test]
    fn values_and_gradients_are_as_defined(pool in pools()) {
        let input = values(pool.batch * pool.height * pool.width * pool.channels, 1);
        let places = places(&pool, &input);
        let expected: Vec<f32> = places.iter().map(|&place| input[place]).collect();
        prop_assert_eq!(&forward(&pool, &input)[..], &expected[..]);
        let gradient: Vec<f32> = (0..places.len()).map(|index| (index % 7) as f32).collect();
        let mut of_input = vec![0.0; input.len()];
        for (place, gradient) in places.into_iter().zip(&gradient) {
            of_input[place] += gradient;
        }
        prop_assert_eq!(&backward(&pool, &input, &forward(&pool, &input), &gradient)[..], &of_input[..]);
    }
}
