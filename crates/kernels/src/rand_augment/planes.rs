//! An image in planes.

/// An image of bytes, `[channels, height, width]`.
pub(super) struct Planes<'a> {
    pub(super) values: &'a mut [u8],
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Planes<'_> {
    pub(super) fn area(&self) -> usize {
        self.height * self.width
    }

    /// The brightness of each pixel, Pillow's `convert("L")`: of an image in colours 0.299 R + 0.587 G + 0.114 B in units of
    /// 2⁻¹⁶, rounded.
    pub(super) fn grey(&self) -> Vec<u8> {
        let area = self.area();
        match self.values.len() / area {
            1 => self.values.to_vec(),
            _ => {
                let (red, rest) = self.values.split_at(area);
                let (green, blue) = rest.split_at(area);
                let pixels = red.iter().zip(green).zip(blue);
                pixels.map(|((&red, &green), &blue)| grey([red, green, blue])).collect()
            }
        }
    }
}

/// The brightness of a colour.
pub(super) fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471;
    ((sum + 0x8000) >> 16) as u8
}
