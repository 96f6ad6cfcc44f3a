//! Images cut into tiles: four outputs each, and the sixteen inputs that these see.

use super::super::border::Side;
use super::PLACES;

/// How images of one size are cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiling {
    /// An image that is read.
    pub(super) input: Side,
    /// An image that is written.
    pub(super) output: Side,
    /// Zeros before the first pixel that is read, in both directions.
    pub(super) before: usize,
}

impl Tiling {
    fn across(&self) -> usize {
        self.output.width.div_ceil(2)
    }

    /// Tiles of an image.
    pub(super) fn tiles(&self) -> usize {
        self.output.height.div_ceil(2) * self.across()
    }

    /// The first of a tile's outputs.
    fn corner(&self, tile: usize) -> (usize, usize) {
        (tile / self.across() * 2, tile % self.across() * 2)
    }

    /// The channels of each of a tile's 4 × 4 inputs; `zeros`, one for each channel, where there is no pixel.
    pub(super) fn inputs<'a>(&self, image: &'a [f32], tile: usize, zeros: &'a [f32]) -> [&'a [f32]; PLACES] {
        let (row, column) = self.corner(tile);
        let (side, channels) = (self.input, self.input.channels);
        let mut pixels = [zeros; PLACES];
        for (place, pixel) in pixels.iter_mut().enumerate() {
            let y = (row + place / 4).wrapping_sub(self.before);
            let x = (column + place % 4).wrapping_sub(self.before);
            if y < side.height && x < side.width {
                *pixel = &image[(y * side.width + x) * channels..][..channels];
            }
        }
        pixels
    }

    /// Where each of a tile's 2 × 2 outputs lies in its image, if it is of the image.
    pub(super) fn outputs(&self, tile: usize) -> [Option<usize>; 4] {
        let (row, column) = self.corner(tile);
        let side = self.output;
        std::array::from_fn(|place| {
            let (y, x) = (row + place / 2, column + place % 2);
            (y < side.height && x < side.width).then(|| (y * side.width + x) * side.channels)
        })
    }
}
