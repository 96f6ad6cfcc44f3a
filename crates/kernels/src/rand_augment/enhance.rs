//! Operations that go a part of the way from a degenerate image to the image itself (Pillow's `ImageEnhance`).

use super::lookup::everywhere;
use super::planes::Planes;

/// A value between two, the share of the second being `factor`: Pillow computes it in f32 and drops the fraction.
fn blended(degenerate: u8, value: u8, factor: f32) -> u8 {
    let (from, to) = (f32::from(degenerate), f32::from(value));
    (from + factor * (to - from)) as u8
}

/// From black.
pub(super) fn brightness(image: &mut Planes<'_>, factor: f32) {
    constant(image, 0, factor);
}

/// From grey of the same brightness.
pub(super) fn color(image: &mut Planes<'_>, factor: f32) {
    let (grey, area) = (image.grey(), image.area());
    for plane in image.values.chunks_exact_mut(area) {
        for (value, &grey) in plane.iter_mut().zip(&grey) {
            *value = blended(grey, *value, factor);
        }
    }
}

/// From the mean brightness of the whole image, rounded.
pub(super) fn contrast(image: &mut Planes<'_>, factor: f32) {
    let grey = image.grey();
    let sum: u64 = grey.iter().map(|&value| u64::from(value)).sum();
    let mean = (sum as f64 / grey.len() as f64 + 0.5) as u8;
    constant(image, mean, factor);
}

fn constant(image: &mut Planes<'_>, degenerate: u8, factor: f32) {
    let table: [u8; 256] = std::array::from_fn(|value| blended(degenerate, value as u8, factor));
    everywhere(image, table);
}

/// From a smoothed image: each pixel but those of the border is five parts of itself and one of each of its eight neighbours
/// (Pillow's `ImageFilter.SMOOTH`), rounded.
pub(super) fn sharpness(image: &mut Planes<'_>, factor: f32) {
    let (area, height, width) = (image.area(), image.height, image.width);
    // The border is smoothed into itself, and a blend of a value with itself is the value.
    if height < 3 || width < 3 {
        return;
    }
    for plane in image.values.chunks_exact_mut(area) {
        let source = plane.to_vec();
        for y in 1..height - 1 {
            let rows: [&[u8]; 3] = [y - 1, y, y + 1].map(|y| &source[y * width..][..width]);
            let of_columns: Vec<u32> =
                (0..width).map(|x| rows.iter().map(|row| u32::from(row[x])).sum()).collect();
            for x in 1..width - 1 {
                let value = rows[1][x];
                let sum = of_columns[x - 1] + of_columns[x] + of_columns[x + 1] + 4 * u32::from(value);
                // Thirteenths are never halves, so that rounding leaves no choice.
                let smooth = ((2 * sum + 13) / 26) as u8;
                plane[y * width + x] = blended(smooth, value, factor);
            }
        }
    }
}
