//! One image file of anybody's, decoded within limits.

use std::fmt;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use crate::pixels::jpeg::has_end;

/// What transparent pixels are laid over.
const BEHIND: u8 = 128;

/// What a file may ask for, looked at before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a file.
    pub max_file_bytes: u64,
    /// The most pixels of an image.
    pub max_pixels: u64,
}

impl Default for Limits {
    /// A quarter of a gibibyte and a hundred million pixels: more than cameras give.
    fn default() -> Self {
        Self { max_file_bytes: 1 << 28, max_pixels: 100_000_000 }
    }
}

/// A decoded image.
#[derive(Debug)]
pub struct Decoded {
    /// Its pixels, turned as its Exif data say.
    pub image: RgbImage,
    /// The Exif orientation, 1 (as it lies) to 8.
    pub orientation: u8,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It holds no image that is known here.
    NotAnImage,
    /// An image of a format that cannot be read.
    Format(&'static str),
    /// More bytes than the limit.
    TooManyBytes(u64),
    /// More pixels than the limit: width and height.
    TooManyPixels(u32, u32),
    /// It cannot be read from the disk.
    Unreadable(String),
    /// It is cut off or damaged.
    Damaged(String),
}

impl fmt::Display for Unusable {
    /// What is wrong with the file, to be read on after its name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnImage => formatter.write_str("holds no image"),
            Self::Format(name) => {
                write!(formatter, "is {name}, which cannot be read; convert it to JPEG or PNG")
            }
            Self::TooManyBytes(bytes) => write!(formatter, "has {bytes} bytes, more than the limit"),
            Self::TooManyPixels(width, height) => {
                write!(formatter, "has {width} × {height} pixels, more than the limit")
            }
            Self::Unreadable(why) => write!(formatter, "cannot be read: {why}"),
            Self::Damaged(why) => write!(formatter, "is damaged: {why}"),
        }
    }
}

/// Decodes a file by its content: JPEG, PNG, WebP, BMP, PNM, TIFF, the first frame of a GIF. Transparent pixels are laid over
/// mid-grey, sixteen bits are brought to eight, and colour profiles are not looked at.
///
/// # Errors
/// Why the file cannot be used. A decoder that panics is a damaged file.
pub fn decode(bytes: &[u8], limits: Limits) -> Result<Decoded, Unusable> {
    let format = format(bytes)?;
    let decoded = catch_unwind(AssertUnwindSafe(|| decode_as(format, bytes, limits)));
    decoded.unwrap_or_else(|_panic| Err(Unusable::Damaged("its decoder gave up".to_owned())))
}

/// The format of a file by its beginning.
///
/// # Errors
/// It holds no image, or one that cannot be read.
pub(super) fn format(bytes: &[u8]) -> Result<ImageFormat, Unusable> {
    if let Some(name) = unread(bytes) {
        return Err(Unusable::Format(name));
    }
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
    match image::guess_format(bytes) {
        Ok(format @ (Jpeg | Png | WebP | Bmp | Pnm | Tiff | Gif)) => Ok(format),
        Ok(_) => Err(Unusable::Format("an image of another format")),
        Err(_unknown) => Err(Unusable::NotAnImage),
    }
}

/// Formats of cameras and telephones that nothing here decodes, by their first bytes (ISO/IEC 14496-12: the brand of a file
/// stands behind `ftyp`).
fn unread(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(8..12).filter(|_| &bytes[4..8] == b"ftyp");
    match brand {
        Some(b"avif" | b"avis") => return Some("AVIF"),
        Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
            return Some("HEIC");
        }
        Some(b"crx ") => return Some("a raw photograph"),
        _ => {}
    }
    if bytes.starts_with(b"\xff\x0a") || bytes.starts_with(b"\0\0\0\x0cJXL ") {
        return Some("JPEG XL");
    }
    if bytes.starts_with(b"\0\0\0\x0cjP  ") {
        return Some("JPEG 2000");
    }
    let text = bytes.get(..256).unwrap_or(bytes);
    let is_svg =
        text.starts_with(b"<svg") || (text.starts_with(b"<?xml") && text.windows(4).any(|w| w == b"<svg"));
    is_svg.then_some("SVG")
}

fn decode_as(format: ImageFormat, bytes: &[u8], limits: Limits) -> Result<Decoded, Unusable> {
    let damaged = |error: image::ImageError| Unusable::Damaged(error.to_string());
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allowed = image::Limits::default();
    // Eight bytes a pixel is the most that a decoded image takes here (16 bits, four channels).
    allowed.max_alloc = Some(limits.max_pixels.saturating_mul(8).saturating_add(1 << 26));
    reader.limits(allowed);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Unusable::TooManyPixels(width, height));
    }
    if width == 0 || height == 0 {
        return Err(Unusable::Damaged(format!("it has {width} × {height} pixels")));
    }
    if format == ImageFormat::Jpeg && !has_end(bytes) {
        return Err(Unusable::Damaged(format!("it is cut off at byte {}", bytes.len())));
    }
    // What is wrong with the Exif data is not wrong with the image.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    Ok(Decoded { image: opaque(image), orientation: orientation.to_exif() })
}

fn opaque(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let (width, height) = image.dimensions();
    let over = |pixel: &image::Rgba<u8>| {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        [red, green, blue].map(|value| {
            let sum = value * alpha + u32::from(BEHIND) * (255 - alpha);
            ((sum + 127) / 255) as u8
        })
    };
    let pixels = image.pixels().flat_map(over).collect();
    RgbImage::from_raw(width, height, pixels).expect("three values for each pixel")
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder, Rgb, Rgba, RgbaImage};

    use super::*;
    use crate::pixels::jpeg::tests::quadrants;

    const FORMATS: [ImageFormat; 7] = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Pnm,
        ImageFormat::Tiff,
        ImageFormat::Gif,
    ];

    fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn sample() -> DynamicImage {
        RgbImage::from_fn(24, 16, |x, _| if x < 12 { Rgb([250, 10, 10]) } else { Rgb([10, 10, 250]) }).into()
    }

    #[test]
    fn every_format_is_known_by_its_content() {
        for format in FORMATS {
            let decoded = decode(&written(&sample(), format), Limits::default()).unwrap();
            assert_eq!((decoded.image.dimensions(), decoded.orientation), ((24, 16), 1), "{format:?}");
            let [left, right] = [2, 21].map(|x| decoded.image.get_pixel(x, 8).0);
            assert!(left[0] > 240 && left[2] < 20 && right[2] > 240 && right[0] < 20, "{format:?}");
        }
    }

    /// Cut anywhere a file is an error or an image, never a panic; cut in the header it is an error for certain.
    #[test]
    fn files_that_are_cut_off_or_garbled_are_no_trouble() {
        for format in FORMATS {
            let whole = written(&sample(), format);
            for end in 0..whole.len() {
                let decoded = decode(&whole[..end], Limits::default());
                assert!(end > 12 || decoded.is_err(), "{format:?} cut at {end}");
            }
            for at in 0..whole.len().min(200) {
                let mut garbled = whole.clone();
                garbled[at] ^= 0xA5;
                let _is_an_image_or_not = decode(&garbled, Limits::default());
            }
        }
        let jpeg = written(&sample(), ImageFormat::Jpeg);
        let cut = decode(&jpeg[..jpeg.len() - 2], Limits::default()).unwrap_err();
        assert!(cut.to_string().contains("cut off at byte"), "{cut}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let refused = |bytes: &[u8]| decode(bytes, Limits::default()).unwrap_err().to_string();
        assert_eq!(refused(b""), "holds no image");
        assert_eq!(refused(b"path,label\n"), "holds no image");
        assert!(refused(b"\0\0\0\x18ftypheic\0\0\0\0").contains("is HEIC, which cannot be read; convert it"));
        assert!(refused(b"\0\0\0\x18ftypavif\0\0\0\0").contains("AVIF"));
        assert!(refused(b"<?xml version='1.0'?><svg/>").contains("SVG"));
    }

    #[test]
    fn limits_are_looked_at_before_decoding() {
        let png = written(&sample(), ImageFormat::Png);
        let limits = Limits { max_pixels: 383, ..Limits::default() };
        assert_eq!(decode(&png, limits).unwrap_err(), Unusable::TooManyPixels(24, 16));
        // A PNG of 60,000 × 60,000 pixels in a hundred bytes: only its header says so.
        let mut bomb = written(&RgbImage::new(1, 1).into(), ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(decode(&bomb, Limits::default()).unwrap_err(), Unusable::TooManyPixels(60_000, 60_000));
        // A GIF whose screen is 65,535 × 65,535 (image issue 1052).
        let mut gif = written(&sample(), ImageFormat::Gif);
        gif[6..10].fill(0xFF);
        assert!(matches!(decode(&gif, Limits::default()), Err(Unusable::TooManyPixels(65_535, 65_535))));
    }

    /// PNG's checksum of a chunk (ISO/IEC 15948, annex D).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
        })
    }

    #[test]
    fn transparent_pixels_lie_over_grey() {
        let image = RgbaImage::from_fn(2, 1, |x, _| Rgba([255, 0, 0, if x == 0 { 0 } else { 128 }]));
        let decoded = decode(&written(&image.into(), ImageFormat::Png), Limits::default()).unwrap();
        assert_eq!(decoded.image.get_pixel(0, 0).0, [128, 128, 128]);
        assert_eq!(decoded.image.get_pixel(1, 0).0, [192, 64, 64]);
    }

    #[test]
    fn sixteen_bits_and_grey_are_brought_to_eight_and_colours() {
        let grey = [0xFFFF_u16, 0x8000].map(u16::to_ne_bytes).concat();
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&grey, 2, 1, ExtendedColorType::L16)
            .unwrap();
        let decoded = decode(&bytes, Limits::default()).unwrap();
        assert_eq!(decoded.image.into_raw(), [255, 255, 255, 128, 128, 128]);
    }

    /// The Exif block of a JPEG with orientation 6: what was taken to lie on its left side is turned to the right.
    #[test]
    fn exif_turns_an_image() {
        let colours = [[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 250]];
        let plain = quadrants(32, 16, colours);
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut turned = plain[..2].to_vec();
        turned.extend([0xFF, 0xE1]);
        turned.extend((exif.len() as u16 + 2).to_be_bytes());
        turned.extend(exif);
        turned.extend(&plain[2..]);
        let decoded = decode(&turned, Limits::default()).unwrap();
        assert_eq!((decoded.image.dimensions(), decoded.orientation), ((16, 32), 6));
        // The top left is what was at the bottom left.
        let pixel = decoded.image.get_pixel(3, 3).0;
        assert!(pixel[2] > 200 && pixel[0] < 60, "{pixel:?}");
    }
}
