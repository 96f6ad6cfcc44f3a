//! Where patches lie, and what they are compared with.

use crate::conv::Geometry;

/// Where patches lie in an image, and the cells that they are pooled over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows of pixels of an image.
    pub height: usize,
    /// Columns of pixels of an image.
    pub width: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// Rows and columns of a patch.
    pub patch: usize,
    /// Pixels from one patch to the next.
    pub stride: usize,
    /// Cells of an image in each direction.
    pub cells: usize,
}

impl Grid {
    /// Rows of patches.
    pub fn rows(&self) -> usize {
        (self.height - self.patch) / self.stride + 1
    }

    /// Columns of patches.
    pub fn columns(&self) -> usize {
        (self.width - self.patch) / self.stride + 1
    }

    /// Values of a patch.
    pub fn values(&self) -> usize {
        self.channels * self.patch * self.patch
    }

    /// The cell of a patch.
    pub(super) fn cell(&self, row: usize, column: usize) -> usize {
        let (down, across) = (row * self.cells / self.rows(), column * self.cells / self.columns());
        down * self.cells + across
    }

    pub(super) fn geometry(&self, batch: usize, filters: usize) -> Geometry {
        Geometry {
            batch,
            height: self.height,
            width: self.width,
            channels_in: self.channels,
            channels_out: filters,
            kernel: self.patch,
            stride: self.stride,
            padding: 0,
        }
    }
}

/// What patches are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Dictionary {
    /// The filters: of each centre, then of each whitened value. Each sums to 0, for patches of mean 0 know no constant.
    /// `[centres + values, channels, patch, patch]`
    pub filters: Vec<f32>,
    /// What is taken off a filter's response after it is divided by the patch's deviation. `[centres + values]`
    pub offsets: Vec<f32>,
    /// The squared norm of each whitened centre. `[centres]`
    pub squared_norms: Vec<f32>,
    /// What is added to the variance of a patch before its root is taken, for pixels from 0 to 255 (10 in the paper).
    pub noise: f32,
}

impl Dictionary {
    /// How many centres there are.
    pub fn centres(&self) -> usize {
        self.squared_norms.len()
    }
}
