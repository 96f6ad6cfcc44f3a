//! Rows of a matrix as they are computed, so that a kill costs some seconds.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// A file of chunks of rows, each behind its checksum. What is in it after a kill is used again up to the first chunk that is not whole.
pub(crate) struct PartialRows {
    file: File,
    dims: usize,
    /// Where the next whole chunk begins; nothing once there is none.
    place: Option<u64>,
}

impl PartialRows {
    /// Opens a file, or begins one.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub(crate) fn open(path: &Path, dims: usize) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        Ok(Self { file, dims, place: Some(0) })
    }

    /// The next chunk, if it is whole and has so many rows; otherwise nothing from here on.
    pub(crate) fn next(&mut self, rows: usize) -> Option<Vec<f32>> {
        let place = self.place.take()?;
        let found = self.read(place, rows);
        match &found {
            Some(values) => self.place = Some(place + 32 + 4 * values.len() as u64),
            None => self.cut(place),
        }
        found
    }

    fn read(&mut self, place: u64, rows: usize) -> Option<Vec<f32>> {
        let mut checksum = [0; 32];
        let mut bytes = vec![0; 4 * rows * self.dims];
        self.file.seek(SeekFrom::Start(place)).ok()?;
        self.file.read_exact(&mut checksum).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        let is_whole = Sha256::digest(&bytes)[..] == checksum;
        is_whole.then(|| bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }

    /// Appends a chunk. It is a courtesy: a disk that is full must not keep anybody from working.
    pub(crate) fn append(&mut self, values: impl Iterator<Item = f32>) {
        let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
        let written = self.file.write_all(&Sha256::digest(&bytes)).and_then(|()| self.file.write_all(&bytes));
        if let Err(error) = written {
            tracing::debug!("rows are not kept: {error}");
        }
    }

    /// Drops what is not whole, so that the next chunk stands where it is looked for.
    fn cut(&mut self, place: u64) {
        let cut = self.file.set_len(place).and_then(|()| self.file.seek(SeekFrom::Start(place)));
        if let Err(error) = cut {
            tracing::debug!("rows that are not whole could not be cut off: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_chunks_come_back_and_what_is_torn_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("partial");
        let mut partial = PartialRows::open(&path, 2).unwrap();
        assert_eq!(partial.next(2), None);
        partial.append([1.0, 2.0, 3.0, 4.0].into_iter());
        partial.append([5.0, 6.0, 7.0, 8.0].into_iter());
        let whole = std::fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(whole - 1).unwrap();
        let mut again = PartialRows::open(&path, 2).unwrap();
        assert_eq!(again.next(2), Some(vec![1.0, 2.0, 3.0, 4.0]));
        assert_eq!(again.next(2), None);
        again.append([9.0, 9.0, 9.0, 9.0].into_iter());
        let mut last = PartialRows::open(&path, 2).unwrap();
        assert_eq!((last.next(2), last.next(2)), (Some(vec![1.0, 2.0, 3.0, 4.0]), Some(vec![9.0; 4])));
        assert_eq!(last.next(2), None);
    }
}
