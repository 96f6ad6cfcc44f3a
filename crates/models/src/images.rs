//! Images that are bytes on a device, and what a view of one is.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// What a device has of images, and what a byte of them becomes.
#[derive(Clone, Debug)]
pub struct Bytes {
    pub(crate) stored: Stored,
    /// Rows of an image.
    pub(crate) height: usize,
    /// Columns of an image.
    pub(crate) width: usize,
    /// `[channels]`: a byte becomes `byte · scale + offset`.
    pub(crate) scale: Vec<f32>,
    /// `[channels]`.
    pub(crate) offset: Vec<f32>,
}

/// The bytes of images, a row for each image.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    /// `[images, channels · height · width]`, u8.
    Bytes(Tensor<2, Int>),
    /// i32, four bytes in each, the first of them lowest; the last of an image is filled up with zeros. WGSL, the language of
    /// WebGPU's kernels, has no type of eight bits.
    Words(Tensor<2, Int>),
}

/// Bytes of a word.
const WORD: usize = size_of::<i32>();

impl Bytes {
    /// Brings images to a device, one byte a value: `pixels` is `[images, channels, height, width]`, and a byte becomes
    /// `byte · scale + offset` with the numbers of its channel. A device that has bytes is handed them without a copy.
    ///
    /// # Panics
    ///
    /// The pixels are no whole number of images, or scale and offset are not for as many channels.
    pub fn upload(
        pixels: Vec<u8>,
        [channels, height, width]: [usize; 3],
        [scale, offset]: [Vec<f32>; 2],
        device: &Device,
    ) -> Self {
        let len = channels * height * width;
        assert_eq!(pixels.len() % len, 0, "whole images of {len} bytes");
        let stored = match device.supports_dtype(DType::U8) {
            true => Stored::bytes(pixels, len, device),
            false => Stored::words(&pixels, len, device),
        };
        assert_eq!([scale.len(), offset.len()], [channels; 2], "a scale and an offset for each channel");
        Self { stored, height, width, scale, offset }
    }

    /// The same images, copied nowhere, with another scale and offset for each channel.
    ///
    /// # Panics
    ///
    /// They are not for as many channels.
    pub fn scaled(&self, [scale, offset]: [Vec<f32>; 2]) -> Self {
        assert_eq!(
            [scale.len(), offset.len()],
            [self.scale.len(); 2],
            "a scale and an offset for each channel"
        );
        Self { stored: self.stored.clone(), scale, offset, ..*self }
    }

    /// The device that the images are on.
    pub fn device(&self) -> Device {
        match &self.stored {
            Stored::Bytes(images) | Stored::Words(images) => images.device(),
        }
    }

    /// Copies the bytes of some images to the host: `[rows, channels, height, width]`.
    pub fn download(&self, rows: &[usize]) -> Vec<u8> {
        let indices: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(indices, [rows.len()]), &self.device());
        self.select(rows).into_data().convert::<u8>().try_into_vec().expect("bytes are in [0, 255]")
    }

    /// Brings other images of the same shape to the same device: `pixels` is `[images, channels, height, width]`.
    ///
    /// # Panics
    ///
    /// As [`Bytes::upload`].
    pub fn others(&self, pixels: Vec<u8>) -> Self {
        let sides = [self.scale.len(), self.height, self.width];
        Self::upload(pixels, sides, [self.scale.clone(), self.offset.clone()], &self.device())
    }

    /// The bytes of some images, in whatever type of integer they come out: `[rows, channels, height · width]`.
    pub(crate) fn select(&self, rows: Tensor<1, Int>) -> Tensor<3, Int> {
        let [count] = rows.dims();
        let (channels, area) = (self.scale.len(), self.height * self.width);
        let bytes: Tensor<2, Int> = match &self.stored {
            Stored::Bytes(images) => images.clone().select(0, rows),
            Stored::Words(images) => {
                let words: Tensor<3, Int> = images.clone().select(0, rows).unsqueeze_dim(2);
                let parts = (0..WORD).map(|byte| {
                    words.clone().bitwise_right_shift_scalar(8 * byte as i32).bitwise_and_scalar(255)
                });
                let [_, len, _] = words.dims();
                let bytes: Tensor<2, Int> = Tensor::cat(parts.collect(), 2).reshape([count, len * WORD]);
                bytes.slice([0..count, 0..channels * area])
            }
        };
        bytes.reshape([count, channels, area])
    }
}

impl Stored {
    fn bytes(pixels: Vec<u8>, len: usize, device: &Device) -> Self {
        let count = pixels.len() / len;
        Self::Bytes(Tensor::from_data(TensorData::new(pixels, [count, len]), (device, DType::U8)))
    }

    fn words(pixels: &[u8], len: usize, device: &Device) -> Self {
        let count = pixels.len() / len;
        let word = |bytes: &[u8]| {
            let mut whole = [0; WORD];
            whole[..bytes.len()].copy_from_slice(bytes);
            i32::from_le_bytes(whole)
        };
        let words: Vec<i32> =
            pixels.chunks_exact(len).flat_map(|image| image.chunks(WORD).map(word)).collect();
        let shape = [count, len.div_ceil(WORD)];
        Self::Words(Tensor::from_data(TensorData::new(words, shape), (device, DType::I32)))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    /// With bytes above 127, whose word has its highest bit set, and images that fill no whole number of words.
    #[test]
    fn words_hold_the_same_bytes() {
        let device = device();
        let pixels: Vec<u8> = (0..5 * 3 * 7).map(|index| (index * 83 % 256) as u8).collect();
        let bytes = Bytes::upload(pixels.clone(), [3, 1, 7], [vec![1.0; 3], vec![0.0; 3]], &device);
        let words = Bytes { stored: Stored::words(&pixels, 21, &device), ..bytes.clone() };
        let rows = || Tensor::<1, Int>::from_data([4, 0, 4, 2], &device);
        let values =
            |images: &Bytes| -> Vec<i64> { images.select(rows()).into_data().iter::<i64>().collect() };
        assert_eq!(values(&words), values(&bytes));
        let expected = [4, 0, 4, 2].into_iter().flat_map(|row| &pixels[row * 21..][..21]);
        let expected: Vec<u8> = expected.copied().collect();
        assert_eq!(values(&words), expected.iter().map(|&byte| i64::from(byte)).collect::<Vec<_>>());
        for images in [&words, &bytes] {
            assert_eq!(images.download(&[4, 0, 4, 2]), expected);
            assert_eq!(images.others(expected.clone()).download(&[0, 1, 2, 3]), expected);
        }
    }
}
