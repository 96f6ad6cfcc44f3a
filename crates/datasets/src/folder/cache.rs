//! Small images in one file of fixed records, read by position: a cache that can be deleted at any time.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::images::{ImageShape, Images};

/// The first bytes of the file, with the version of its form.
const MAGIC: [u8; 8] = *b"TWPIX\0\0\x01";

/// The magic number and the shape: three numbers of four bytes, little-endian.
const HEADER_BYTES: u64 = 20;

/// Of the checksum before each record.
const CHECKSUM_BYTES: usize = 8;

/// The pixels of many images of one shape, by their place.
///
/// A record has a checksum over its pixels and the name of what they were made from, so that a record which was cut short, or
/// which belongs to another file, is not there. Whoever misses one makes it again.
#[derive(Debug)]
pub struct PixelCache {
    file: File,
    path: PathBuf,
    shape: ImageShape,
}

impl PixelCache {
    /// Opens a cache, or begins one. What is there and is no cache of this shape is begun anew.
    ///
    /// # Errors
    /// The file cannot be opened or written.
    pub fn open(path: &Path, shape: ImageShape) -> Result<Self> {
        let open = || OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
        let file = open().map_err(Error::io("open", path))?;
        let cache = Self { file, path: path.to_owned(), shape };
        let header = cache.header();
        let mut found = [0; HEADER_BYTES as usize];
        let is_ours = positional::read(&cache.file, &mut found, 0).is_ok() && found == header;
        if !is_ours {
            let begun = cache.file.set_len(0).and_then(|()| positional::write(&cache.file, &header, 0));
            begun.map_err(Error::io("write", path))?;
        }
        Ok(cache)
    }

    /// The shape of its images.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Keeps the pixels of the image at a place; `source` names what they were made from, such as a file's checksum.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// # Panics
    /// When the pixels are not of the cache's shape.
    pub fn put(&self, place: usize, source: &str, pixels: &[u8]) -> Result<()> {
        assert_eq!(pixels.len(), self.shape.len(), "pixels of another shape than {:?}", self.shape);
        let mut record = checksum(source, pixels).to_vec();
        record.extend_from_slice(pixels);
        positional::write(&self.file, &record, self.offset(place)).map_err(Error::io("write", &self.path))
    }

    /// Reads the pixels of the image at a place into `pixels`, and says whether they were there.
    ///
    /// # Errors
    /// The file cannot be read.
    ///
    /// # Panics
    /// When `pixels` are not of the cache's shape.
    pub fn get(&self, place: usize, source: &str, pixels: &mut [u8]) -> Result<bool> {
        assert_eq!(pixels.len(), self.shape.len(), "pixels of another shape than {:?}", self.shape);
        let mut found = [0; CHECKSUM_BYTES];
        let offset = self.offset(place);
        let read = positional::read(&self.file, &mut found, offset)
            .and_then(|()| positional::read(&self.file, pixels, offset + CHECKSUM_BYTES as u64));
        match read {
            Ok(()) => Ok(found == checksum(source, pixels)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(Error::io("read", &self.path)(error)),
        }
    }

    /// Reads many images into memory, in the order of their places and sources; the second answer lists those of them (by
    /// their position in `images`) that are not there and are left black.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, images: &[(usize, &str)]) -> Result<(Images, Vec<usize>)> {
        let mut read = Images { shape: self.shape, pixels: vec![0; images.len() * self.shape.len()] };
        let mut missing = Vec::new();
        for (position, (pixels, &(place, source))) in
            read.pixels.chunks_exact_mut(self.shape.len()).zip(images).enumerate()
        {
            if !self.get(place, source, pixels)? {
                pixels.fill(0);
                missing.push(position);
            }
        }
        Ok((read, missing))
    }

    fn offset(&self, place: usize) -> u64 {
        HEADER_BYTES + place as u64 * (CHECKSUM_BYTES + self.shape.len()) as u64
    }

    fn header(&self) -> [u8; HEADER_BYTES as usize] {
        let mut header = [0; HEADER_BYTES as usize];
        header[..8].copy_from_slice(&MAGIC);
        let ImageShape { channels, height, width } = self.shape;
        for (place, size) in header[8..].chunks_exact_mut(4).zip([channels, height, width]) {
            place.copy_from_slice(&(size as u32).to_le_bytes());
        }
        header
    }
}

fn checksum(source: &str, pixels: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new().chain_update(source).chain_update(b"\0").chain_update(pixels).finalize();
    std::array::from_fn(|place| digest[place])
}

/// Reading and writing at a place, which several threads may do at once where the system knows it.
mod positional {
    use std::fs::File;
    use std::io;

    #[cfg(unix)]
    pub(super) fn read(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
    }

    #[cfg(unix)]
    pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
    }

    #[cfg(windows)]
    pub(super) fn read(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !bytes.is_empty() {
            let count = file.seek_read(bytes, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes = &mut bytes[count..];
            offset += count as u64;
        }
        Ok(())
    }

    #[cfg(windows)]
    pub(super) fn write(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !bytes.is_empty() {
            let count = file.seek_write(bytes, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[count..];
            offset += count as u64;
        }
        Ok(())
    }
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
