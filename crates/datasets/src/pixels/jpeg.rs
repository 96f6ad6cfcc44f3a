//! Many small JPEG files, decoded side by side into one array.

use std::fs;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::Path;

use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, ImageDecoder};

use crate::error::{Error, Result};
use crate::images::{ImageShape, Images};
use crate::pixels::resize::write_planes;
use crate::pixels::side_by_side;

/// Decodes the files on all cores that this process may use.
///
/// # Errors
/// As [`decode_on`].
pub(crate) fn decode(files: &[&Path], shape: ImageShape) -> Result<Images> {
    decode_on(side_by_side::threads(), files, shape)
}

/// Decodes the files, in their order, on a number of threads that the result does not depend on.
///
/// # Errors
/// The error of the first file, in the order given, that is not a whole JPEG image of `shape`.
///
/// # Panics
/// When `shape` does not have three channels.
fn decode_on(threads: NonZeroUsize, files: &[&Path], shape: ImageShape) -> Result<Images> {
    assert_eq!(shape.channels, 3, "images are decoded to red, green and blue");
    let pixels = side_by_side::make(threads, files, shape, |file, into| decode_one(file, shape, into))?;
    Ok(Images { shape, pixels })
}

/// Decodes one file into `[3, height, width]`. Grey becomes red, green and blue of the same value.
fn decode_one(path: &Path, shape: ImageShape, into: &mut [u8]) -> Result<()> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let undecodable = |source| Error::Decode { path: path.into(), source };
    let decoder = JpegDecoder::new(Cursor::new(&bytes)).map_err(undecodable)?;
    let (width, height) = decoder.dimensions();
    let (found_width, found_height) = (width as usize, height as usize);
    if (found_width, found_height) != (shape.width, shape.height) {
        let (expected_width, expected_height) = (shape.width, shape.height);
        let path = path.into();
        return Err(Error::ImageSize { path, expected_width, expected_height, found_width, found_height });
    }
    refuse_truncated(path, &bytes)?;
    write_planes(&DynamicImage::from_decoder(decoder).map_err(undecodable)?.into_rgb8(), shape, into);
    Ok(())
}

/// Refuses a file that ends before its image does: the decoder fills what is missing with grey and says nothing.
pub(crate) fn refuse_truncated(path: &Path, bytes: &[u8]) -> Result<()> {
    if has_end(bytes) { Ok(()) } else { Err(Error::TruncatedImage { path: path.into(), bytes: bytes.len() }) }
}

/// Whether the last scan has an end-of-image marker behind it. Neither marker can be part of the entropy-coded data
/// (ITU-T T.81, B.1.1.2 and B.1.1.5: a byte 0xFF there is followed by 0x00 or by a restart marker).
pub(crate) fn has_end(bytes: &[u8]) -> bool {
    const START_OF_SCAN: [u8; 2] = [0xFF, 0xDA];
    const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];
    let scan = bytes.windows(2).rposition(|pair| pair == START_OF_SCAN);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == END_OF_IMAGE))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, GrayImage, ImageEncoder, Luma, Rgb, RgbImage};

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 16, width: 16 };

    /// The bytes of a JPEG image with one colour in each quadrant: top left, top right, bottom left, bottom right.
    pub(crate) fn quadrants(width: u32, height: u32, colours: [[u8; 3]; 4]) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| {
            Rgb(colours[usize::from(y >= height / 2) * 2 + usize::from(x >= width / 2)])
        });
        encode(image.as_raw(), width, height, ExtendedColorType::Rgb8)
    }

    /// The bytes of a JPEG image with a single, grey channel that brightens from left to right.
    pub(crate) fn grey_ramp(width: u32, height: u32) -> Vec<u8> {
        let image = GrayImage::from_fn(width, height, |x, _| Luma([(255 * x / (width - 1)) as u8]));
        encode(image.as_raw(), width, height, ExtendedColorType::L8)
    }

    fn encode(pixels: &[u8], width: u32, height: u32, colour: ExtendedColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 100).write_image(pixels, width, height, colour).unwrap();
        bytes
    }

    fn files(folder: &Path, contents: &[Vec<u8>]) -> Vec<PathBuf> {
        let write = |(index, bytes): (usize, &Vec<u8>)| {
            let path = folder.join(format!("{index}.JPEG"));
            fs::write(&path, bytes).unwrap();
            path
        };
        contents.iter().enumerate().map(write).collect()
    }

    fn decode_bytes(bytes: &[u8]) -> Result<Images> {
        let folder = tempfile::tempdir().unwrap();
        decode(&[&files(folder.path(), &[bytes.to_vec()])[0]], SHAPE)
    }

    /// A row that is channel-major is not pixel-major: red, green, blue and white lie where they were drawn.
    #[test]
    fn every_pixel_is_where_it_was_and_in_its_channel() {
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
        let images = decode_bytes(&quadrants(16, 16, colours)).unwrap();
        for (channel, row, column) in
            (0..3).flat_map(|c| (0..16).flat_map(move |y| (0..16).map(move |x| (c, y, x))))
        {
            let found = images.image(0)[(channel * 16 + row) * 16 + column];
            let expected = colours[row / 8 * 2 + column / 8][channel];
            assert!(found.abs_diff(expected) <= 2, "{channel} {row} {column}: {found}, expected {expected}");
        }
    }

    #[test]
    fn grey_is_the_same_in_all_channels() {
        let images = decode_bytes(&grey_ramp(16, 16)).unwrap();
        let (red, rest) = images.image(0).split_at(256);
        assert_eq!([red, red].concat(), rest);
        assert!(red[0] < 3 && red[15] > 252 && red[..16].is_sorted(), "{red:?}");
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let contents: Vec<_> =
            (0..11_u8).map(|i| quadrants(16, 16, [[i * 20, 0, 9], [i; 3], [0; 3], [7; 3]])).collect();
        let files = files(folder.path(), &contents);
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let threads = |count| NonZeroUsize::new(count).unwrap();
        let alone = decode_on(threads(1), &files, SHAPE).unwrap();
        for count in [2, 3, 11, 40] {
            assert_eq!(decode_on(threads(count), &files, SHAPE).unwrap(), alone, "{count} threads");
        }
        // Of two damaged files the first is reported, whichever thread comes across which one first.
        for index in [4, 9] {
            fs::write(files[index], b"no image").unwrap();
        }
        for count in [1, 2, 11] {
            let error = decode_on(threads(count), &files, SHAPE).unwrap_err();
            assert!(matches!(&error, Error::Decode { path, .. } if path.ends_with("4.JPEG")), "{error:?}");
        }
    }

    #[test]
    fn no_files_are_no_images() {
        assert!(decode(&[], SHAPE).unwrap().is_empty());
    }

    #[test]
    fn an_image_cut_off_anywhere_is_an_error() {
        let whole = quadrants(16, 16, [[200, 10, 10], [10, 200, 10], [10, 10, 200], [90, 90, 90]]);
        assert!(decode_bytes(&whole).is_ok());
        for bytes in 0..whole.len() {
            let error = decode_bytes(&whole[..bytes]).unwrap_err();
            assert!(
                matches!(error, Error::Decode { .. } | Error::TruncatedImage { .. }),
                "{bytes}: {error:?}"
            );
        }
        let error = decode_bytes(&whole[..whole.len() - 1]).unwrap_err().to_string();
        assert!(error.contains(&format!("the file is truncated at byte {}", whole.len() - 1)), "{error}");
    }

    #[test]
    fn another_format_or_size_is_an_error_with_the_path() {
        let error = decode_bytes(b"\x89PNG\r\n\x1a\n").unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "{error:?}");
        assert!(error.to_string().contains("could not decode ") && error.to_string().ends_with("0.JPEG"));
        let error = decode_bytes(&quadrants(16, 8, [[0; 3]; 4])).unwrap_err();
        assert!(error.to_string().ends_with("0.JPEG is 16×8 pixels, expected 16×16"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = decode(&[Path::new("/nowhere/0.JPEG")], SHAPE).unwrap_err();
        assert_eq!(error.to_string(), "could not read /nowhere/0.JPEG");
    }
}
