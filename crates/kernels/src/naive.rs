//! What the kernels compute, written as the definitions say: the tests compare, and nothing else uses it.

use crate::conv::Geometry;
use crate::depthwise::Depthwise;
use crate::patches::{Dictionary, Grid};

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

/// Mean and biased variance of each channel of `[pixels, channels]`.
pub fn statistics(input: &[f32], channels: usize) -> Vec<[f64; 2]> {
    let pixels = (input.len() / channels) as f64;
    let column = |channel: usize| input.iter().skip(channel).step_by(channels).map(|&value| f64::from(value));
    (0..channels)
        .map(|channel| {
            let mean = column(channel).sum::<f64>() / pixels;
            [mean, column(channel).map(|value| (value - mean).powi(2)).sum::<f64>() / pixels]
        })
        .collect()
}

/// [`batch_norm::backward`](crate::batch_norm::backward): gradients of input, scale and offset, from the gradient after
/// ReLU.
pub fn batch_norm_backward(
    input: &[f32],
    gradient: &[f32],
    scale: &[f32],
    epsilon: f64,
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let channels = scale.len();
    let pixels = (input.len() / channels) as f64;
    let statistics = statistics(input, channels);
    let normalised = |index: usize| {
        let [mean, variance] = statistics[index % channels];
        (f64::from(input[index]) - mean) / (variance + epsilon).sqrt()
    };
    let (mut of_scale, mut of_offset) = (vec![0.0; channels], vec![0.0; channels]);
    for (index, &gradient) in gradient.iter().enumerate() {
        of_scale[index % channels] += f64::from(gradient) * normalised(index);
        of_offset[index % channels] += f64::from(gradient);
    }
    let of_input = (0..input.len()).map(|index| {
        let channel = index % channels;
        let outer = f64::from(scale[channel]) / (statistics[channel][1] + epsilon).sqrt();
        let mean = of_offset[channel] / pixels + normalised(index) * of_scale[channel] / pixels;
        outer * (f64::from(gradient[index]) - mean)
    });
    (of_input.collect(), of_scale.clone(), of_offset.clone())
}

/// [`patches::features`](crate::patches::features): every patch brought to mean 0 and a deviation, then compared.
pub fn patch_features(grid: &Grid, dictionary: &Dictionary, images: &[u8]) -> Vec<f64> {
    let &Grid { height, width, channels, patch, stride, cells } = grid;
    let (centres, values) = (dictionary.centres(), grid.values());
    let mut features = Vec::new();
    for image in images.chunks_exact(channels * height * width) {
        let mut sums = vec![0.0; cells * cells * centres];
        for (row, column) in
            (0..grid.rows()).flat_map(|row| (0..grid.columns()).map(move |column| (row, column)))
        {
            // [channels, patch, patch], as a filter has them.
            let pixel = |place: usize| {
                let (channel, down, across) = (place / (patch * patch), place / patch % patch, place % patch);
                f64::from(image[(channel * height + row * stride + down) * width + column * stride + across])
            };
            let mean = (0..values).map(pixel).sum::<f64>() / values as f64;
            let variance =
                (0..values).map(|place| (pixel(place) - mean).powi(2)).sum::<f64>() / values as f64;
            let deviation = (variance + f64::from(dictionary.noise)).sqrt();
            let response = |filter: usize| {
                let weights = &dictionary.filters[filter * values..(filter + 1) * values];
                let product: f64 = weights
                    .iter()
                    .enumerate()
                    .map(|(place, &weight)| f64::from(weight) * (pixel(place) - mean) / deviation)
                    .sum();
                product - f64::from(dictionary.offsets[filter])
            };
            let norm: f64 = (centres..centres + values).map(|filter| response(filter).powi(2)).sum();
            let distances: Vec<f64> = (0..centres)
                .map(|centre| {
                    let squared = norm + f64::from(dictionary.squared_norms[centre]) - 2.0 * response(centre);
                    squared.max(0.0).sqrt()
                })
                .collect();
            let mean = distances.iter().sum::<f64>() / centres as f64;
            let cell = row * cells / grid.rows() * cells + column * cells / grid.columns();
            for (centre, distance) in distances.iter().enumerate() {
                sums[cell * centres + centre] += (mean - distance).max(0.0);
            }
        }
        features.extend(sums);
    }
    features
}

/// [`depthwise::forward`](crate::depthwise::forward), summed in `f64`.
pub fn depthwise_forward(
    geometry: &Depthwise,
    input: &[f32],
    weights: &[f32],
    bias: &[f32],
    ceiling: f32,
) -> Vec<f64> {
    let &Depthwise { height, width, channels, kernel, stride } = geometry;
    let mut output = Vec::new();
    for image in input.chunks_exact(height * width * channels) {
        for (row, column) in (0..geometry.height_out())
            .flat_map(|row| (0..geometry.width_out()).map(move |column| (row, column)))
        {
            for channel in 0..channels {
                let mut sum = f64::from(bias[channel]);
                for (down, across) in
                    (0..kernel).flat_map(|down| (0..kernel).map(move |across| (down, across)))
                {
                    let y = (row * stride + down).checked_sub(geometry.rows_before());
                    let x = (column * stride + across).checked_sub(geometry.columns_before());
                    if let (Some(y), Some(x)) = (y.filter(|&y| y < height), x.filter(|&x| x < width)) {
                        let value = image[(y * width + x) * channels + channel];
                        let weight = weights[(down * kernel + across) * channels + channel];
                        sum += f64::from(value) * f64::from(weight);
                    }
                }
                output.push(sum.clamp(0.0, f64::from(ceiling)));
            }
        }
    }
    output
}
