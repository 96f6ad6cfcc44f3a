//! Small images in one file of fixed records, read by position: a cache that can be deleted at any time.

use std::fs::OpenOptions;
use std::path::Path;

use crate::error::{Error, Result};
use crate::images::{ImageShape, Images};
use crate::pixels::records::Records;

/// The first bytes of the file, with the version of its form.
const MAGIC: [u8; 8] = *b"TWPIX\0\0\x01";

/// The magic number and the shape: three numbers of four bytes, little-endian.
const HEADER_BYTES: u64 = 20;

/// The pixels of many images of one shape, by their place.
///
/// A record which was cut short, or which belongs to another file, is not there. Whoever misses one makes it again.
#[derive(Debug)]
pub struct PixelCache {
    records: Records,
}

impl PixelCache {
    /// Opens a cache, or begins one. What is there and is no cache of this shape is begun anew.
    ///
    /// # Errors
    /// The file cannot be opened or written.
    pub fn open(path: &Path, shape: ImageShape) -> Result<Self> {
        let open = || OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
        let file = open().map_err(Error::io("open", path))?;
        let cache =
            Self { records: Records { file, path: path.to_owned(), header_bytes: HEADER_BYTES, shape } };
        cache.records.begin_unless(&header(shape))?;
        Ok(cache)
    }

    /// The shape of its images.
    pub fn shape(&self) -> ImageShape {
        self.records.shape
    }

    /// Keeps the pixels of the image at a place; `source` names what they were made from, such as a file's checksum.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// # Panics
    /// When the pixels are not of the cache's shape.
    pub fn put(&self, place: usize, source: &str, pixels: &[u8]) -> Result<()> {
        self.records.put(place, source, pixels)
    }

    /// Reads the pixels of the image at a place into `pixels`, and says whether they were there.
    ///
    /// # Errors
    /// The file cannot be read.
    ///
    /// # Panics
    /// When `pixels` are not of the cache's shape.
    pub fn get(&self, place: usize, source: &str, pixels: &mut [u8]) -> Result<bool> {
        self.records.get(place, source, pixels)
    }

    /// Reads many images into memory, in the order of their places and sources; the second answer lists those of them (by
    /// their position in `images`) that are not there and are left black.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, images: &[(usize, &str)]) -> Result<(Images, Vec<usize>)> {
        let mut read = Images { shape: self.shape(), pixels: vec![0; images.len() * self.shape().len()] };
        let mut missing = Vec::new();
        for (position, (pixels, &(place, source))) in
            read.pixels.chunks_exact_mut(self.shape().len()).zip(images).enumerate()
        {
            if !self.get(place, source, pixels)? {
                pixels.fill(0);
                missing.push(position);
            }
        }
        Ok((read, missing))
    }
}

fn header(shape: ImageShape) -> [u8; HEADER_BYTES as usize] {
    let mut header = [0; HEADER_BYTES as usize];
    header[..8].copy_from_slice(&MAGIC);
    let ImageShape { channels, height, width } = shape;
    for (place, size) in header[8..].chunks_exact_mut(4).zip([channels, height, width]) {
        place.copy_from_slice(&(size as u32).to_le_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 2, width: 2 };

    fn pixels(value: u8) -> Vec<u8> {
        (0..12).map(|place| value + place).collect()
    }

    #[test]
    fn what_was_put_is_read_back_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pixels.bin");
        let cache = PixelCache::open(&path, SHAPE).unwrap();
        cache.put(3, "three", &pixels(3)).unwrap();
        cache.put(0, "zero", &pixels(0)).unwrap();
        drop(cache);
        let cache = PixelCache::open(&path, SHAPE).unwrap();
        let asked = [(0, "zero"), (1, "one"), (3, "three"), (3, "other"), (9, "nine")];
        let (images, missing) = cache.read(&asked).unwrap();
        assert_eq!(missing, [1, 3, 4]);
        assert_eq!((images.image(0), images.image(2)), (&pixels(0)[..], &pixels(3)[..]));
        assert_eq!(images.image(3), [0; 12]);
    }

    /// Cut anywhere, or with one byte changed, every record is whole or not there.
    #[test]
    fn a_damaged_file_gives_no_wrong_pixels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pixels.bin");
        let cache = PixelCache::open(&path, SHAPE).unwrap();
        (0..3).for_each(|place| cache.put(place, "s", &pixels(place as u8)).unwrap());
        drop(cache);
        let whole = std::fs::read(&path).unwrap();
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let cache = PixelCache::open(&path, SHAPE).unwrap();
            let (images, missing) = cache.read(&[(0, "s"), (1, "s"), (2, "s")]).unwrap();
            for place in (0..3).filter(|place| !missing.contains(place)) {
                assert_eq!(images.image(place), pixels(place as u8));
            }
            missing.len()
        };
        for end in 0..whole.len() {
            assert!(check(&whole[..end]) > 0, "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(check(&changed) > 0, "changed at {at}");
        }
        assert_eq!(check(&whole), 0);
    }

    #[test]
    fn another_shape_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pixels.bin");
        PixelCache::open(&path, SHAPE).unwrap().put(0, "s", &pixels(0)).unwrap();
        let other = ImageShape { width: 3, ..SHAPE };
        let cache = PixelCache::open(&path, other).unwrap();
        assert_eq!(cache.shape(), other);
        assert_eq!(cache.read(&[(0, "s")]).unwrap().1, [0]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), HEADER_BYTES);
    }
}
