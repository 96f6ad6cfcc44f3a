//! What a convolution does to shapes.

/// A square convolution over NHWC activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Side of the kernel, in pixels.
    pub kernel: usize,
    /// Step in both directions, in pixels.
    pub stride: usize,
    /// Zeros on each side, in pixels.
    pub padding: usize,
}

impl Geometry {
    /// Rows of an output image.
    pub fn height_out(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Columns of an output image.
    pub fn width_out(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Floats of the input, `[batch, height, width, channels_in]`.
    pub fn input_len(&self) -> usize {
        self.batch * self.height * self.width * self.channels_in
    }

    /// Floats of the output, `[batch, height_out, width_out, channels_out]`.
    pub fn output_len(&self) -> usize {
        self.batch * self.height_out() * self.width_out() * self.channels_out
    }

    /// Floats of the weights, `[channels_out, channels_in, kernel, kernel]`.
    pub fn weights_len(&self) -> usize {
        self.channels_out * self.channels_in * self.kernel * self.kernel
    }

    /// Products of one pass, twice (a multiplication and an addition).
    pub fn flops(&self) -> f64 {
        2.0 * self.output_len() as f64 * (self.channels_in * self.kernel * self.kernel) as f64
    }

    /// # Panics
    ///
    /// The kernel is larger than the image with its padding, or something is zero that cannot be.
    pub(crate) fn check(&self) {
        assert!(self.kernel > 0 && self.stride > 0, "a kernel and a stride of at least one pixel: {self:?}");
        assert!(
            self.height + 2 * self.padding >= self.kernel && self.width + 2 * self.padding >= self.kernel,
            "the kernel is larger than the image with its padding: {self:?}"
        );
    }
}
