//! A grey rectangle over a part of an image (DeVries and Taylor, 2017).

use super::planes::{Planes, grey};

/// What is covered: a square of `side` about a middle, in pixels. At the left and at the top it is moved into the image, at the right
/// and at the bottom cut off. A side of 0 or less covers nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cutout {
    /// The square's side.
    pub side: f64,
    /// The column of its middle.
    pub x: f64,
    /// The row of its middle.
    pub y: f64,
}

/// The colour of what is covered: about the mean of natural images. Of a grey image it is its brightness.
const COLOUR: [u8; 3] = [125, 123, 114];

impl Cutout {
    /// From three numbers in [0, 1): a side of up to half the width, and a middle from the last pixel's far edge down to the first's, as
    /// LabelBench and USB draw it: NumPy's `uniform(width)` is between 1 and the width.
    pub fn from_unit(side: f64, x: f64, y: f64, [height, width]: [usize; 2]) -> Self {
        let middle = |size: usize, unit: f64| size as f64 + (1.0 - size as f64) * unit;
        Self { side: side * 0.5 * width as f64, x: middle(width, x), y: middle(height, y) }
    }

    pub(super) fn apply(self, image: &mut Planes<'_>) {
        let Self { side, x, y } = self;
        if side <= 0.0 {
            return;
        }
        // Coordinates lose their fractions, and Pillow's rectangles include their last pixels.
        let range = |middle: f64, size: usize| {
            let from = (middle - side / 2.0).max(0.0) as usize;
            let to = (from as f64 + side).min(size as f64) as usize;
            from.min(size)..(to + 1).min(size)
        };
        let (rows, columns) = (range(y, image.height), range(x, image.width));
        let (area, width) = (image.area(), image.width);
        let is_grey = image.values.len() == area;
        for (channel, plane) in image.values.chunks_exact_mut(area).enumerate() {
            let colour = if is_grey { grey(COLOUR) } else { COLOUR[channel] };
            for row in rows.clone() {
                plane[row * width..][columns.clone()].fill(colour);
            }
        }
    }
}
