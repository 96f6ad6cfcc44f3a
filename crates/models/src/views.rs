//! Views of images that are bytes on a device: moved, mirrored and normalised there.

use burn::tensor::{DType, Int, Tensor, TensorData};

/// What a device has of images, and what a byte of them becomes.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// `[images, channels · height · width]`, u8.
    pub bytes: Tensor<2, Int>,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// `[channels]`: a byte becomes `byte · scale + offset`.
    pub scale: Vec<f32>,
    /// `[channels]`.
    pub offset: Vec<f32>,
}

/// One view of one image, as large as the image. Pixels from beyond it are bytes of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Which image.
    pub image: usize,
    /// The row of the image that the view's first row shows; above it is negative.
    pub top: isize,
    /// The column of the image that the view's first column shows, before it is mirrored.
    pub left: isize,
    /// Whether columns run the other way.
    pub mirrored: bool,
}

impl View {
    /// The image as it is.
    pub fn of(image: usize) -> Self {
        Self { image, top: 0, left: 0, mirrored: false }
    }

    fn is_the_image(&self) -> bool {
        self.top == 0 && self.left == 0 && !self.mirrored
    }
}

/// The views: `[views, channels, height, width]`.
///
/// # Panics
///
/// A view is of an image that there is not.
pub fn views(images: &Bytes, views: &[View]) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::fused::available(&images.bytes.device()) {
        return crate::fused::views(images, views);
    }
    let &Bytes { height, width, .. } = images;
    let (count, area, channels) = (views.len(), height * width, images.scale.len());
    let device = images.bytes.device();
    let rows: Vec<i32> = views.iter().map(|view| view.image as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &device);
    let mut seen: Tensor<3, Int> = images.bytes.clone().select(0, rows).reshape([count, channels, area]);
    if !views.iter().all(View::is_the_image) {
        let sources = TensorData::new(sources(views, height, width), [count, 1, area]);
        let sources = Tensor::<3, Int>::from_data(sources, &device).expand([count, channels, area]);
        let zero = Tensor::<3, Int>::zeros([count, channels, 1], (&device, DType::U8));
        seen = Tensor::cat(vec![seen, zero], 2).gather(2, sources);
    }
    let by_channel = |values: &[f32]| {
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, channels, 1, 1]), &device)
    };
    let seen: Tensor<4, Int> = seen.reshape([count, channels, height, width]);
    seen.float() * by_channel(&images.scale) + by_channel(&images.offset)
}

/// For each pixel of each view, row by row, where in the image it comes from; `height · width` means a zero.
fn sources(views: &[View], height: usize, width: usize) -> Vec<i32> {
    let mut sources = Vec::with_capacity(views.len() * height * width);
    for view in views {
        for y in 0..height {
            let row = y.checked_add_signed(view.top).filter(|&row| row < height);
            for x in 0..width {
                let x = if view.mirrored { width - 1 - x } else { x };
                let column = x.checked_add_signed(view.left).filter(|&column| column < width);
                let source = row.zip(column).map_or(height * width, |(row, column)| row * width + column);
                sources.push(source as i32);
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_cropped_and_then_mirrored() {
        let view = |top, left, mirrored| sources(&[View { image: 0, top, left, mirrored }], 3, 2);
        assert_eq!(view(0, 0, false), [0, 1, 2, 3, 4, 5]);
        assert_eq!(view(-1, 0, false), [6, 6, 0, 1, 2, 3]);
        assert_eq!(view(1, 1, false), [3, 6, 5, 6, 6, 6]);
        assert_eq!(view(1, 1, true), [6, 3, 6, 5, 6, 6]);
    }
}
