//! Maximum pooling over NHWC activations.

use rayon::prelude::*;

use crate::buffers::Buffer;

/// Square windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// Images.
    pub batch: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// Side of a window, in pixels.
    pub kernel: usize,
    /// Step in both directions, in pixels.
    pub stride: usize,
    /// Pixels on each side that no window's maximum is taken from.
    pub padding: usize,
}

impl MaxPool {
    /// Rows of an output image.
    pub fn height_out(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Columns of an output image.
    pub fn width_out(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Rows or columns of an image that a window covers.
    fn covered(&self, at: usize, size: usize) -> std::ops::Range<usize> {
        let first = (at * self.stride).saturating_sub(self.padding);
        first..(at * self.stride + self.kernel).saturating_sub(self.padding).min(size)
    }

    /// Calls with every output pixel of an image, and with each input pixel that its window covers, by rows.
    fn windows(&self, mut visit: impl FnMut(usize, usize)) {
        let width_out = self.width_out();
        for output in 0..self.height_out() * width_out {
            for row in self.covered(output / width_out, self.height) {
                for column in self.covered(output % width_out, self.width) {
                    visit(output, row * self.width + column);
                }
            }
        }
    }

    fn check(&self) {
        assert!(self.padding < self.kernel, "a window of padding alone has no maximum: {self:?}");
        assert!(
            self.height + 2 * self.padding >= self.kernel && self.width + 2 * self.padding >= self.kernel,
            "the window is larger than the image with its padding: {self:?}"
        );
    }
}

/// The largest value of each window.
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels]`
/// - the result: `[batch, height_out, width_out, channels]`
///
/// # Panics
///
/// The input has another length.
pub fn forward(pool: &MaxPool, input: &[f32]) -> Buffer {
    pool.check();
    let image_in = pool.height * pool.width * pool.channels;
    assert_eq!(input.len(), pool.batch * image_in, "the input of {pool:?}");
    let image_out = pool.height_out() * pool.width_out() * pool.channels;
    let mut output = Buffer::take(pool.batch * image_out);
    output.fill(f32::NEG_INFINITY);
    let images = output.par_chunks_mut(image_out).zip(input.par_chunks(image_in));
    images.for_each(|(output, input)| {
        pool.windows(|to, from| {
            let values = &input[from * pool.channels..][..pool.channels];
            for (largest, &value) in output[to * pool.channels..][..pool.channels].iter_mut().zip(values) {
                // What is no number is passed on. Something is written in either case, so that vectors can be.
                *largest = if value > *largest || value.is_nan() { value } else { *largest };
            }
        });
    });
    output
}

/// The gradient of the input: each output's goes to the first of its window's pixels that is as large as the output.
///
/// # Shapes
///
/// As of [`forward`]; `output` is its result, `gradient` as long.
///
/// # Panics
///
/// A slice has another length.
pub fn backward(pool: &MaxPool, input: &[f32], output: &[f32], gradient: &[f32]) -> Buffer {
    pool.check();
    assert_eq!(gradient.len(), output.len(), "the gradient of {pool:?}");
    let image_in = pool.height * pool.width * pool.channels;
    let image_out = pool.height_out() * pool.width_out() * pool.channels;
    let mut of_input = Buffer::zeros(input.len());
    let images = of_input.par_chunks_mut(image_in).zip(input.par_chunks(image_in));
    let outputs = output.par_chunks(image_out).zip(gradient.par_chunks(image_out));
    images.zip(outputs).for_each(|((of_input, input), (output, gradient))| {
        // What of each output's gradient no pixel has been given yet: all, then nothing.
        let mut left = gradient.to_vec();
        pool.windows(|to, from| {
            let (to, from) = (to * pool.channels, from * pool.channels);
            let values = input[from..][..pool.channels].iter().zip(&mut of_input[from..][..pool.channels]);
            let outputs = output[to..][..pool.channels].iter().zip(&mut left[to..][..pool.channels]);
            for ((value, of_input), (output, left)) in values.zip(outputs) {
                // The same bits, so that what is no number finds itself. Both branches write, so that vectors can be.
                let is_largest = value.to_bits() == output.to_bits();
                *of_input += if is_largest { *left } else { 0.0 };
                *left = if is_largest { 0.0 } else { *left };
            }
        });
    });
    of_input
}
