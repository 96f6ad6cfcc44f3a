//! Images as CLIP's networks are shown them: the shorter side resized by a bicubic filter, then the middle square.
//!
//! Both are Pillow's `resize` with `BICUBIC` and `crop` on an image of bytes, to the byte, with the sizes that torchvision's `Resize` and
//! `CenterCrop` come to. The filter is Keys' with a = −1/2 over four pixels; reducing, it widens by the factor of the reduction.

use image::RgbImage;

/// Fractions of a bit that coefficients are kept in: a byte, two bits for what overshoots, and the sign fill the rest of 32.
const PRECISION_BITS: u32 = 22;

/// Writes the middle of an image as `[3, side, side]`.
///
/// # Panics
/// When the image has no pixels, `side` is 0, or `into` is of another length.
pub(crate) fn write_planes(image: &RgbImage, side: usize, into: &mut [u8]) {
    assert_eq!(into.len(), 3 * side * side, "one image of three channels");
    let (width, height) = (image.width() as usize, image.height() as usize);
    assert!(width > 0 && height > 0 && side > 0, "an image without pixels");
    let short = width.min(height);
    let to = |length: usize| {
        if length == short { side } else { (side as f64 * length as f64 / short as f64) as usize }
    };
    let (resized_width, resized_height) = (to(width), to(height));
    let columns = |image: Vec<u8>, rows: usize| match resized_width == width {
        true => image,
        false => resized(&image, [rows, width, 3], resized_width),
    };
    // Rows are brought where columns were, resized, and back.
    let rows = |image: Vec<u8>, columns: usize| match resized_height == height {
        true => image,
        false => {
            let turned = turned(&image, [height, columns]);
            self::turned(&resized(&turned, [columns, height, 3], resized_height), [columns, resized_height])
        }
    };
    let source = image.as_raw().clone();
    // Each pass rounds to bytes, so that their order matters: Pillow 13 takes rows first where an image is reduced that is more
    // than twice as high as wide (found by trying sizes).
    let resized = match height > 2 * width && resized_height < height {
        true => columns(rows(source, width), resized_height),
        false => rows(columns(source, height), resized_width),
    };
    let (left, top) = (offset(resized_width, side), offset(resized_height, side));
    for (channel, plane) in into.chunks_exact_mut(side * side).enumerate() {
        for (y, row) in plane.chunks_exact_mut(side).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                *value = resized[((top + y) * resized_width + left + x) * 3 + channel];
            }
        }
    }
}

/// Where the middle begins: half of what is too much, a half of a pixel to the even side as Python rounds.
fn offset(length: usize, side: usize) -> usize {
    ((length - side) as f64 / 2.0).round_ties_even() as usize
}

/// `[rows, columns, 3]` to `[columns, rows, 3]`.
fn turned(image: &[u8], [rows, columns]: [usize; 2]) -> Vec<u8> {
    let mut turned = Vec::with_capacity(image.len());
    for column in 0..columns {
        for row in 0..rows {
            turned.extend_from_slice(&image[(row * columns + column) * 3..][..3]);
        }
    }
    turned
}

/// The pixels that one of the result is made of.
struct Taps {
    first: usize,
    /// In units of 2^−[`PRECISION_BITS`].
    coefficients: Vec<i32>,
}

/// `[rows, columns, channels]` with another number of columns.
fn resized(image: &[u8], [rows, columns, channels]: [usize; 3], to: usize) -> Vec<u8> {
    let taps: Vec<Taps> = taps(columns, to);
    let mut resized = Vec::with_capacity(rows * to * channels);
    for row in image.chunks_exact(columns * channels) {
        for Taps { first, coefficients } in &taps {
            for channel in 0..channels {
                let pixels = row[first * channels + channel..].iter().step_by(channels);
                let weighted = pixels.zip(coefficients).map(|(&pixel, &of)| i32::from(pixel) * of);
                let sum = (1 << (PRECISION_BITS - 1)) + weighted.sum::<i32>();
                resized.push((sum >> PRECISION_BITS).clamp(0, 255) as u8);
            }
        }
    }
    resized
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let widened = scale.max(1.0);
    let support = 2.0 * widened;
    (0..to)
        .map(|place| {
            let center = (place as f64 + 0.5) * scale;
            // The casts cut off what is below 0.
            let first = (center - support + 0.5) as usize;
            let last = ((center + support + 0.5) as usize).min(from);
            let weights: Vec<f64> =
                (first..last).map(|pixel| bicubic((pixel as f64 - center + 0.5) * (1.0 / widened))).collect();
            let sum: f64 = weights.iter().sum();
            let fixed = |weight: &f64| {
                let scaled = weight / sum * f64::from(1_u32 << PRECISION_BITS);
                (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i32
            };
            Taps { first, coefficients: weights.iter().map(fixed).collect() }
        })
        .collect()
}

/// Keys' cubic convolution with a = −1/2 (IEEE Transactions on Acoustics, Speech, and Signal Processing, 1981).
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// `tests/golden/center_crop.json`; `center_crop.py` beside it says how it was made.
    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        height: u32,
        width: u32,
        side: usize,
        /// Row after row, red, green and blue of every pixel, in hexadecimal.
        source: String,
        /// `[3, side, side]`.
        cropped: String,
    }

    fn bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn crops_are_pillows_byte_for_byte() {
        let long = std::env::var_os("TAILWARD_PILLOW_CROPS");
        let text = long.map_or_else(
            || include_str!("../../tests/golden/center_crop.json").to_owned(),
            |path| std::fs::read_to_string(path).unwrap(),
        );
        let golden: Golden = serde_json::from_str(&text).unwrap();
        assert!(golden.cases.len() >= 12);
        for case in golden.cases {
            let Case { height, width, side, source, cropped } = case;
            let image = RgbImage::from_raw(width, height, bytes(&source)).unwrap();
            let mut found = vec![0; 3 * side * side];
            write_planes(&image, side, &mut found);
            assert!(found == bytes(&cropped), "{height}×{width} to {side}");
        }
    }
}
