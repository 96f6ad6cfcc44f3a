//! Views of images that are bytes on a device: moved, mirrored and normalised there.

use burn::tensor::{Int, Tensor, TensorData};

use crate::fused;
pub use crate::images::{Bytes, View};

/// The views: `[views, channels, height, width]`.
///
/// # Panics
///
/// A view is of an image that there is not.
pub fn views(images: &Bytes, views: &[View]) -> Tensor<4> {
    let device = images.device();
    if fused::available(&device) {
        return fused::views(images, views);
    }
    let &Bytes { height, width, .. } = images;
    let (count, area, channels) = (views.len(), height * width, images.scale.len());
    let rows: Vec<i32> = views.iter().map(|view| view.image as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &device);
    let mut seen = images.select(rows);
    if !views.iter().all(View::is_the_image) {
        let sources = TensorData::new(sources(views, height, width), [count, 1, area]);
        let sources = Tensor::<3, Int>::from_data(sources, &device).expand([count, channels, area]);
        let zero = Tensor::<3, Int>::zeros([count, channels, 1], (&device, seen.dtype()));
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
