//! Records of one size behind a header in one file, read and written by position.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::images::ImageShape;

/// Of the checksum before each record.
const CHECKSUM_BYTES: usize = 8;

/// The pixels of many images of one shape, by their place.
///
/// A record has a checksum over its pixels and the name of what they were made from, so that a record which was cut short, or
/// which belongs to something else, is not there.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) header_bytes: u64,
    pub(crate) shape: ImageShape,
}

impl Records {
    /// Begins the file anew, unless it begins with this header.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn begin_unless(&self, header: &[u8]) -> Result<()> {
        let mut found = vec![0; header.len()];
        if positional::read(&self.file, &mut found, 0).is_ok() && found == header {
            return Ok(());
        }
        let begun = self.file.set_len(0).and_then(|()| positional::write(&self.file, header, 0));
        begun.map_err(Error::io("write", &self.path))
    }

    /// Writes the pixels of the image at a place; `source` names what they were made from.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// # Panics
    /// When the pixels are not of the shape.
    pub(crate) fn put(&self, place: usize, source: &str, pixels: &[u8]) -> Result<()> {
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
    /// When `pixels` are not of the shape.
    pub(crate) fn get(&self, place: usize, source: &str, pixels: &mut [u8]) -> Result<bool> {
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

    /// Where the record of a place begins; of the number of images, the size of the file.
    pub(crate) fn offset(&self, place: usize) -> u64 {
        self.header_bytes + place as u64 * (CHECKSUM_BYTES + self.shape.len()) as u64
    }
}

fn checksum(source: &str, pixels: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new().chain_update(source).chain_update(b"\0").chain_update(pixels).finalize();
    std::array::from_fn(|place| digest[place])
}

/// Reading and writing at a place, which several threads may do at once where the system knows it.
pub(super) mod positional {
    use std::fs::File;
    use std::io;

    #[cfg(unix)]
    pub(in crate::pixels) fn read(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
    }

    #[cfg(unix)]
    pub(in crate::pixels) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
    }

    #[cfg(windows)]
    pub(in crate::pixels) fn read(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
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
    pub(in crate::pixels) fn write(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
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
