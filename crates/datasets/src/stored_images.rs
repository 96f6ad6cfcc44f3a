//! Images in memory, or on the disk where they are too many for it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::images::{ImageShape, Images};
use crate::pixels::pixel_file::PixelFile;

/// The images of a split, wherever their pixels are.
#[derive(Clone, Debug)]
pub enum StoredImages {
    /// In memory.
    Memory(Images),
    /// On the disk, read by position.
    Disk(DiskImages),
}

/// Images of a [`PixelFile`], all or some of them.
#[derive(Clone, Debug)]
pub struct DiskImages {
    file: Arc<PixelFile>,
    /// The rows of the file that take part; nothing if all do.
    kept: Option<Arc<[usize]>>,
}

/// What images can be taken away from.
pub trait Keep {
    /// Leaves the images of these rows, in their order.
    fn keep(&mut self, rows: &[usize]);
}

impl Keep for Images {
    fn keep(&mut self, rows: &[usize]) {
        self.pixels = rows.iter().flat_map(|&row| self.image(row)).copied().collect();
    }
}

impl Keep for StoredImages {
    fn keep(&mut self, rows: &[usize]) {
        match self {
            Self::Memory(images) => images.keep(rows),
            Self::Disk(images) => images.kept = Some(rows.iter().map(|&row| images.place(row)).collect()),
        }
    }
}

impl StoredImages {
    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        match self {
            Self::Memory(images) => images.shape,
            Self::Disk(images) => images.shape(),
        }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        match self {
            Self::Memory(images) => images.len(),
            Self::Disk(images) => images.len(),
        }
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the images of these rows: `[rows, channels, height, width]`.
    ///
    /// # Errors
    /// As [`PixelFile::read`].
    ///
    /// # Panics
    /// When a row is not below [`StoredImages::len`].
    pub fn read(&self, rows: &[usize]) -> Result<Vec<u8>> {
        match self {
            Self::Memory(images) => Ok(rows.iter().flat_map(|&row| images.image(row)).copied().collect()),
            Self::Disk(images) => images.read(rows),
        }
    }

    /// What tells these images from others, in hexadecimal: SHA-256 of the pixels in memory, or of what a file of pixels was made from
    /// and which of its rows take part.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Memory(images) => hex::encode(Sha256::digest(&images.pixels)),
            Self::Disk(DiskImages { file, kept: None }) => file.origin().to_owned(),
            Self::Disk(DiskImages { file, kept: Some(kept) }) => {
                let mut digest = Sha256::new_with_prefix(file.origin());
                kept.iter().for_each(|&row| digest.update((row as u64).to_le_bytes()));
                hex::encode(digest.finalize())
            }
        }
    }
}

impl From<Images> for StoredImages {
    fn from(images: Images) -> Self {
        Self::Memory(images)
    }
}

impl From<PixelFile> for StoredImages {
    fn from(file: PixelFile) -> Self {
        Self::Disk(DiskImages { file: Arc::new(file), kept: None })
    }
}

impl DiskImages {
    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.file.shape()
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.kept.as_ref().map_or(self.file.len(), |kept| kept.len())
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`StoredImages::read`].
    ///
    /// # Errors
    /// As [`PixelFile::read`].
    ///
    /// # Panics
    /// When a row is not below [`DiskImages::len`].
    pub fn read(&self, rows: &[usize]) -> Result<Vec<u8>> {
        let places: Vec<usize> = rows.iter().map(|&row| self.place(row)).collect();
        let mut pixels = vec![0; rows.len() * self.shape().len()];
        self.file.read(&places, &mut pixels)?;
        Ok(pixels)
    }

    /// The row of the file that has the image of a row.
    fn place(&self, row: usize) -> usize {
        self.kept.as_ref().map_or(row, |kept| kept[row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 1, width: 2 };

    fn on_disk(folder: &std::path::Path) -> StoredImages {
        let sources: Vec<String> = (0..5).map(|row| row.to_string()).collect();
        let make = |row: usize, into: &mut [u8]| {
            into.copy_from_slice(&[row as u8, 10 * row as u8]);
            Ok(())
        };
        PixelFile::prepare(&folder.join("five.pixels"), SHAPE, &sources, make).unwrap().into()
    }

    /// The same rows of the same images, whatever was kept of them, in memory and on the disk.
    #[test]
    fn rows_mean_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let pixels = (0..5).flat_map(|row| [row, 10 * row]).collect();
        let mut both = [StoredImages::from(Images { shape: SHAPE, pixels }), on_disk(folder.path())];
        for images in &mut both {
            assert_eq!((images.len(), images.shape()), (5, SHAPE));
            assert_eq!(images.read(&[4, 0, 4]).unwrap(), [4, 40, 0, 0, 4, 40]);
            let whole = images.fingerprint();
            images.keep(&[1, 3, 4]);
            assert_ne!(images.fingerprint(), whole);
            images.keep(&[2, 0]);
            assert_eq!((images.len(), images.is_empty()), (2, false));
            assert_eq!(images.read(&[0, 1]).unwrap(), [4, 40, 1, 10]);
        }
        let again = on_disk(folder.path());
        assert_eq!(again.fingerprint(), on_disk(folder.path()).fingerprint());
    }
}
