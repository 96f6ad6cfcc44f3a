//! Images for people to look at: of files of any kind and size, written anew.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ImageEncoder, RgbImage};
use sha2::{Digest, Sha256};

use super::decode::{Decoded, Limits, Unusable};
use super::memory::Memory;
use super::read::with_image;

/// Memory for files and decoded images at a time, whoever asks.
const MEMORY_BYTES: u64 = 1 << 30;

/// Images of no more pixels than this are written without loss; each of their pixels counts.
const WITHOUT_LOSS: u32 = 256 * 256;

/// The quality of JPEG, of 100.
const QUALITY: u8 = 88;

/// An image that was written anew: nothing of its file but the pixels is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The file's bytes: PNG for small images, JPEG for others.
    pub bytes: Vec<u8>,
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// SHA-256 of the file that it was made of, in hexadecimal.
    pub sha256: String,
}

/// Makes previews, several at a time within one budget of memory.
#[derive(Debug)]
pub struct Previews {
    limits: Limits,
    memory: Memory,
}

impl Previews {
    /// Previews of files within limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, memory: Memory::new(MEMORY_BYTES) }
    }

    /// The image of a file, turned as its Exif data say, with at most so many pixels on its longer side; whole if that is nothing.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used.
    pub fn of(&self, path: &Path, longest_side: Option<u32>) -> Result<Preview, Unusable> {
        with_image(path, self.limits, &self.memory, |bytes, Decoded { image, .. }| {
            let image = match longest_side {
                Some(longest) => shrunk(image, longest),
                None => image,
            };
            let sha256 = hex::encode(Sha256::digest(bytes));
            let (bytes, media_type) = encoded(&image)?;
            Ok(Preview { bytes, media_type, sha256 })
        })?
    }
}

fn shrunk(image: RgbImage, longest: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let longer = width.max(height);
    if longer <= longest {
        return image;
    }
    let side = |side: u32| (u64::from(side) * u64::from(longest)).div_ceil(u64::from(longer)).max(1) as u32;
    image::imageops::thumbnail(&image, side(width), side(height))
}

fn encoded(image: &RgbImage) -> Result<(Vec<u8>, &'static str), Unusable> {
    let (width, height) = image.dimensions();
    let mut bytes = Vec::new();
    let colour = image::ExtendedColorType::Rgb8;
    let (written, media_type) = if width.saturating_mul(height) <= WITHOUT_LOSS {
        (PngEncoder::new(&mut bytes).write_image(image, width, height, colour), "image/png")
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        (encoder.write_image(image, width, height, colour), "image/jpeg")
    };
    // JPEG has no more than 65,535 pixels a side.
    written.map_err(|error| Unusable::Damaged(format!("it cannot be shown: {error}")))?;
    Ok((bytes, media_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::jpeg::tests::quadrants;

    fn preview(bytes: &[u8], longest: Option<u32>) -> Result<Preview, Unusable> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, bytes).unwrap();
        Previews::new(Limits::default()).of(&path, longest)
    }

    #[test]
    fn large_images_are_shrunk_and_small_ones_are_kept_without_loss() {
        let large = quadrants(800, 600, [[250, 0, 0], [0, 250, 0], [0, 0, 250], [128; 3]]);
        let found = preview(&large, Some(400)).unwrap();
        assert_eq!(found.media_type, "image/jpeg");
        assert_eq!(found.sha256, hex::encode(Sha256::digest(&large)));
        let image = image::load_from_memory(&found.bytes).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (400, 300));
        let red = image.get_pixel(100, 75).0;
        assert!(red[0] > 230 && red[1] < 20 && red[2] < 20, "{red:?}");
        let whole = preview(&large, None).unwrap();
        assert_eq!(image::load_from_memory(&whole.bytes).unwrap().to_rgb8().dimensions(), (800, 600));
        let small = quadrants(32, 24, [[9; 3]; 4]);
        let found = preview(&small, Some(400)).unwrap();
        assert_eq!(found.media_type, "image/png");
        let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgb8();
        assert_eq!(pixels(&found.bytes), pixels(&small));
    }

    #[test]
    fn what_is_no_image_is_named() {
        assert_eq!(preview(b"nothing", None), Err(Unusable::NotAnImage));
    }
}
