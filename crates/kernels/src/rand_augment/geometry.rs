//! Operations that move pixels: the nearest pixel is taken, and what comes from beyond the image is black.

use super::planes::Planes;

/// Pillow's `Image.transform` with `AFFINE`: the pixel at (x, y) comes from (a x + b y + c, d x + e y + f), both measured at the
/// middles of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine(pub(super) [f64; 6]);

/// Pillow's `Image.rotate` about the middle of an image of so many rows and columns.
pub(super) fn rotation(degrees: f64, [height, width]: [f64; 2]) -> Affine {
    let angle = -degrees.rem_euclid(360.0).to_radians();
    // Pillow drops what is beyond 15 decimals, as written out.
    let rounded = |value: f64| format!("{value:.15}").parse().unwrap_or(value);
    let (cos, sin): (f64, f64) = (rounded(angle.cos()), rounded(angle.sin()));
    let minus_sin: f64 = rounded(-angle.sin());
    let (x, y) = (width / 2.0, height / 2.0);
    let c = cos * -x + sin * -y + 0.0 + x;
    let f = minus_sin * -x + cos * -y + 0.0 + y;
    Affine([cos, sin, c, minus_sin, cos, f])
}

impl Affine {
    pub(super) fn apply(self, image: &mut Planes<'_>) {
        let (height, width) = (image.height, image.width);
        let Self([_, b, _, d, _, _]) = self;
        // Pillow looks pixels up by rows and columns where it can, and steps in units of 2⁻¹⁶ elsewhere: the two round apart.
        let is_straight = b.abs() <= 0.0 && d.abs() <= 0.0;
        let sources = if is_straight { self.straight(height, width) } else { self.stepped(height, width) };
        let area = image.area();
        for plane in image.values.chunks_exact_mut(area) {
            let before = plane.to_vec();
            for (value, &source) in plane.iter_mut().zip(&sources) {
                *value = before.get(source as usize).copied().unwrap_or(0);
            }
        }
    }

    /// Where each pixel comes from; `BEYOND` means from nowhere.
    fn straight(self, height: usize, width: usize) -> Vec<u32> {
        let Self([a, _, c, _, e, f]) = self;
        let places = |start: f64, step: f64, count: usize| -> Vec<Option<usize>> {
            let mut at = start + step * 0.5;
            (0..count)
                .map(|_| {
                    let place = (at >= 0.0 && (at as usize) < count).then_some(at as usize);
                    at += step;
                    place
                })
                .collect()
        };
        let (columns, rows) = (places(c, a, width), places(f, e, height));
        let source = |row: Option<usize>, column: Option<usize>| {
            row.zip(column).map_or(BEYOND, |(row, column)| (row * width + column) as u32)
        };
        rows.iter().flat_map(|&row| columns.iter().map(move |&column| source(row, column))).collect()
    }

    /// As [`straight`](Self::straight), in fixed-point arithmetic.
    fn stepped(self, height: usize, width: usize) -> Vec<u32> {
        let Self([a, b, c, d, e, f]) = self;
        let fixed = |value: f64| (value * 65_536.0 + 0.5).floor() as i64;
        let (right_x, down_x) = (fixed(a), fixed(b));
        let (right_y, down_y) = (fixed(d), fixed(e));
        let mut row_x = fixed(c + a * 0.5 + b * 0.5);
        let mut row_y = fixed(f + d * 0.5 + e * 0.5);
        let mut sources = Vec::with_capacity(height * width);
        for _ in 0..height {
            let (mut x, mut y) = (row_x, row_y);
            for _ in 0..width {
                // Negative numbers become huge ones, which are beyond as well.
                let (column, row) = ((x >> 16) as usize, (y >> 16) as usize);
                let is_inside = column < width && row < height;
                sources.push(if is_inside { (row * width + column) as u32 } else { BEYOND });
                (x, y) = (x + right_x, y + right_y);
            }
            (row_x, row_y) = (row_x + down_x, row_y + down_y);
        }
        sources
    }
}

/// No place of an image.
const BEYOND: u32 = u32::MAX;
