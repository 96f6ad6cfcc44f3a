//! Images that are bytes on a device, and what a view of one is.

use burn::tensor::{Int, Tensor};

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

    pub(crate) fn is_the_image(&self) -> bool {
        self.top == 0 && self.left == 0 && !self.mirrored
    }
}
