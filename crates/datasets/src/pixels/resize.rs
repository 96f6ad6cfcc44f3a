//! Images brought to the size that a manifest asks for.
//!
//! The filter is bilinear with half-pixel centres: enlarging, every pixel is a mean of its nearest four; reducing, the
//! triangle widens by the factor of the reduction, so that no pixel of the source is left out ("antialiased"). Both are
//! what Pillow's `resize` and torchvision's `Resize` do with `BILINEAR` to an image of bytes, up to rounding: they differ
//! by 1 of 255 at most. Height and width are resized each on its own; nothing is cropped and no border is added.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::images::ImageShape;

/// Writes an image as `[channels, height, width]`, resized where its size differs. With one channel that is the red one,
/// which a grey image has three times.
///
/// # Panics
/// When the shape has neither one nor three channels, or `into` has another length than it says.
pub(crate) fn write_planes(image: &RgbImage, shape: ImageShape, into: &mut [u8]) {
    assert!(matches!(shape.channels, 1 | 3), "{} channels are neither grey nor colours", shape.channels);
    assert_eq!(into.len(), shape.len(), "one image of {shape:?}");
    let (width, height) = (shape.width as u32, shape.height as u32);
    let resized;
    let image = if image.dimensions() == (width, height) {
        image
    } else {
        resized = imageops::resize(image, width, height, FilterType::Triangle);
        &resized
    };
    for (channel, plane) in into.chunks_exact_mut(shape.height * shape.width).enumerate() {
        for (value, pixel) in plane.iter_mut().zip(image.pixels()) {
            *value = pixel.0[channel];
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use serde::Deserialize;

    use super::*;

    /// `tests/golden/resize.json`; `resize.py` beside it says how it was made.
    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        /// Height and width.
        from: [usize; 2],
        to: [usize; 2],
        /// Row after row, red, green and blue of every pixel.
        source: Vec<u8>,
        /// `[3, height, width]`.
        resized: Vec<u8>,
    }

    fn shape(channels: usize, [height, width]: [usize; 2]) -> ImageShape {
        ImageShape { channels, height, width }
    }

    #[test]
    fn agrees_with_pillow_up_to_rounding() {
        let golden: Golden = serde_json::from_str(include_str!("../../tests/golden/resize.json")).unwrap();
        assert_eq!(golden.cases.len(), 3);
        for case in golden.cases {
            let image = RgbImage::from_raw(case.from[1] as u32, case.from[0] as u32, case.source).unwrap();
            let shape = shape(3, case.to);
            let mut found = vec![0; shape.len()];
            write_planes(&image, shape, &mut found);
            let apart = found.iter().zip(&case.resized).map(|(one, other)| one.abs_diff(*other)).max();
            assert!(apart <= Some(1), "{:?} to {:?}: {apart:?}", case.from, case.to);
        }
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let image = RgbImage::from_fn(2, 1, |x, _| Rgb([10 + x as u8, 20 + x as u8, 30 + x as u8]));
        let mut planes = [0; 6];
        write_planes(&image, shape(3, [1, 2]), &mut planes);
        assert_eq!(planes, [10, 11, 20, 21, 30, 31]);
        let mut plane = [0; 2];
        write_planes(&image, shape(1, [1, 2]), &mut plane);
        assert_eq!(plane, [10, 11]);
    }

    /// Twice the width: the weights are 1, 3/4 and 1/4, and 3/4 · 0 + 1/4 · 100 = 25.
    #[test]
    fn enlarging_is_bilinear_with_half_pixel_centres() {
        let image = RgbImage::from_fn(2, 1, |x, _| Rgb([100 * x as u8; 3]));
        let mut plane = [0; 4];
        write_planes(&image, shape(1, [1, 4]), &mut plane);
        assert_eq!(plane, [0, 25, 75, 100]);
    }
}
