//! Views of images: bytes, moved and mirrored, to normalised activations.

use rayon::prelude::*;

use crate::buffers::Buffer;

/// Images as bytes, `[images, channels, height, width]`, and what a byte becomes: `byte · scale + offset` of its channel.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// The bytes of all images.
    pub bytes: &'a [u8],
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// `[channels]`.
    pub scale: &'a [f32],
    /// `[channels]`.
    pub offset: &'a [f32],
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

/// The views, `[views, height, width, channels]`.
///
/// # Panics
///
/// A view is of an image that there is not, or scale and offset differ in length.
pub fn gather(pixels: Pixels<'_>, views: &[View]) -> Buffer {
    let Pixels { bytes, height, width, scale, offset } = pixels;
    assert_eq!(scale.len(), offset.len(), "a scale and an offset for each channel");
    let (area, channels) = (height * width, scale.len());
    let mut output = Buffer::take(views.len() * area * channels);
    if output.is_empty() {
        return output;
    }
    output.par_chunks_mut(area * channels).zip(views).for_each(|(output, view)| {
        let image = &bytes[view.image * area * channels..][..area * channels];
        for (y, row) in output.chunks_exact_mut(width * channels).enumerate() {
            let source = y.checked_add_signed(view.top).filter(|&source| source < height);
            for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
                let x = if view.mirrored { width - 1 - x } else { x };
                let column = x.checked_add_signed(view.left).filter(|&column| column < width);
                match source.zip(column) {
                    Some((source, column)) => {
                        let at = source * width + column;
                        for (channel, value) in pixel.iter_mut().enumerate() {
                            *value = f32::from(image[channel * area + at]) * scale[channel] + offset[channel];
                        }
                    }
                    None => pixel.copy_from_slice(offset),
                }
            }
        }
    });
    output
}
