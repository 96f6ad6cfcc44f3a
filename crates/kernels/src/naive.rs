//! What the kernels compute, written as the definitions say: the tests compare, and nothing else uses it.

use crate::conv::Geometry;

/// Every product of a convolution: places in input, weights and output.
fn products(geometry: &Geometry, mut product: impl FnMut(usize, usize, usize)) {
    let &Geometry { batch, height, width, channels_in, channels_out, kernel, stride, padding } = geometry;
    let (height_out, width_out) = (geometry.height_out(), geometry.width_out());
    for image in 0..batch {
        for (row, column) in (0..height_out).flat_map(|row| (0..width_out).map(move |column| (row, column))) {
            for (down, across) in (0..kernel).flat_map(|down| (0..kernel).map(move |across| (down, across))) {
                let (Some(y), Some(x)) = (
                    (row * stride + down).checked_sub(padding),
                    (column * stride + across).checked_sub(padding),
                ) else {
                    continue;
                };
                if y >= height || x >= width {
                    continue;
                }
                let input = ((image * height + y) * width + x) * channels_in;
                let output = ((image * height_out + row) * width_out + column) * channels_out;
                for to in 0..channels_out {
                    for from in 0..channels_in {
                        let weight = ((to * channels_in + from) * kernel + down) * kernel + across;
                        product(input + from, weight, output + to);
                    }
                }
            }
        }
    }
}

/// [`conv::forward`](crate::conv::forward) without an epilogue, summed in `f64`.
pub fn conv_forward(geometry: &Geometry, input: &[f32], weights: &[f32]) -> Vec<f64> {
    let mut output = vec![0.0; geometry.output_len()];
    products(geometry, |from, weight, to| output[to] += f64::from(input[from]) * f64::from(weights[weight]));
    output
}

/// [`conv::gradient_of_input`](crate::conv::gradient_of_input), summed in `f64`.
pub fn conv_gradient_of_input(geometry: &Geometry, gradient: &[f32], weights: &[f32]) -> Vec<f64> {
    let mut input = vec![0.0; geometry.input_len()];
    products(geometry, |from, weight, to| {
        input[from] += f64::from(gradient[to]) * f64::from(weights[weight]);
    });
    input
}

/// [`conv::gradient_of_weights`](crate::conv::gradient_of_weights), summed in `f64`.
pub fn conv_gradient_of_weights(geometry: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f64> {
    let mut weights = vec![0.0; geometry.weights_len()];
    products(geometry, |from, weight, to| {
        weights[weight] += f64::from(input[from]) * f64::from(gradient[to])
    });
    weights
}
