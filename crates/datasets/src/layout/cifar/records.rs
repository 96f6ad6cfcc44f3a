//! Records of one or two label bytes and channel-major pixels, nothing between them.
//!
//! CIFAR-10 records are 1 label byte and 3,072 pixel bytes; CIFAR-100 records are a coarse label byte, a fine label byte and
//! 3,072 pixel bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::files;
use crate::images::ImageShape;
use crate::labelled_images::LabelledImages;

/// The number of coarse classes ("superclasses") of CIFAR-100.
const COARSE_CLASSES: usize = 20;

/// Records read, hashed and taken apart at a time: about 200 kB, which stays in the second-level cache.
const RECORDS_PER_CHUNK: u64 = 64;

/// Which labels a record has, and which of them is the class.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RecordLayout {
    /// One label byte, then the pixels.
    Cifar10,
    /// A coarse label byte, a fine label byte, then the pixels; the fine label is the class.
    Cifar100Fine,
    /// As [`RecordLayout::Cifar100Fine`]; the coarse label is the class.
    Cifar100Coarse,
}

impl RecordLayout {
    /// The number of classes that a label can name.
    pub fn max_classes(self) -> usize {
        match self {
            Self::Cifar10 => 256,
            Self::Cifar100Fine => 100,
            Self::Cifar100Coarse => COARSE_CLASSES,
        }
    }
}

/// What a file of records must be.
#[derive(Clone, Debug)]
pub(super) struct RecordFile<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// How a record is laid out.
    pub(super) layout: RecordLayout,
    /// The number of classes of the label that is read.
    pub(super) classes: usize,
    /// The expected size.
    pub(super) bytes: u64,
    /// The expected checksum, if one is known.
    pub(super) checksum: Option<&'a Checksum>,
}

/// Reads one file of records and appends them to `to`, hashing while reading.
///
/// # Errors
/// [`Error::Truncated`], [`Error::TrailingBytes`], [`Error::LabelOutOfRange`] and [`Error::ChecksumMismatch`] name the
/// path and the byte offset. After an error `to` may hold some of the file's records.
pub(super) fn append_records(file: &RecordFile<'_>, to: &mut LabelledImages) -> Result<()> {
    let mut reader = open_sized(file, &to.images.shape)?;
    let record_bytes = record_bytes(file.layout, &to.images.shape);
    let rows = file.bytes / record_bytes as u64;
    to.labels.reserve_exact(rows as usize);
    to.images.pixels.reserve_exact(rows as usize * to.images.shape.len());

    let mut hasher = file.checksum.map(Checksum::hasher);
    let mut chunk = vec![0; record_bytes * RECORDS_PER_CHUNK as usize];
    let mut row = 0;
    while row < rows {
        let records = RECORDS_PER_CHUNK.min(rows - row);
        let chunk = &mut chunk[..records as usize * record_bytes];
        reader.read_exact(chunk).map_err(Error::io("read", file.path))?;
        if let Some(hasher) = &mut hasher {
            hasher.update(chunk);
        }
        for record in chunk.chunks_exact(record_bytes) {
            to.labels.push(label(file, record, row, record_bytes)?);
            to.images.pixels.extend_from_slice(&record[label_bytes(file.layout)..]);
            row += 1;
        }
    }
    match (hasher, file.checksum) {
        (Some(hasher), Some(expected)) => files::compare(file.path, expected, hasher.hex()),
        _ => Ok(()),
    }
}

/// The size of one record.
pub(super) fn record_bytes(layout: RecordLayout, shape: &ImageShape) -> usize {
    label_bytes(layout) + shape.len()
}

/// The bytes of a file of records in `layout`.
pub(crate) fn encode(from: &LabelledImages, layout: RecordLayout) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(from.labels.len() * record_bytes(layout, &from.images.shape));
    for (row, &label) in from.labels.iter().enumerate() {
        write_record(layout, label, from.images.image(row), &mut bytes);
    }
    bytes
}

/// Writes one record: the label bytes, then the pixels. The coarse label of a CIFAR-100 record is `label / 5`, which
/// holds for generated data (five consecutive fine classes to a coarse one) and not for the CIFAR-100 photographs.
fn write_record(layout: RecordLayout, label: u32, pixels: &[u8], to: &mut Vec<u8>) {
    match layout {
        RecordLayout::Cifar10 => to.push(label as u8),
        RecordLayout::Cifar100Fine | RecordLayout::Cifar100Coarse => {
            to.extend([(label / 5) as u8, label as u8])
        }
    }
    to.extend_from_slice(pixels);
}

fn label_bytes(layout: RecordLayout) -> usize {
    match layout {
        RecordLayout::Cifar10 => 1,
        RecordLayout::Cifar100Fine | RecordLayout::Cifar100Coarse => 2,
    }
}

/// Opens the file and checks its size before a byte is read.
fn open_sized(file: &RecordFile<'_>, shape: &ImageShape) -> Result<File> {
    let reader = File::open(file.path).map_err(Error::io("open", file.path))?;
    let found_bytes = reader.metadata().map_err(Error::io("read", file.path))?.len();
    let row = found_bytes / record_bytes(file.layout, shape) as u64;
    if found_bytes < file.bytes {
        Err(Error::Truncated { path: file.path.into(), expected_bytes: file.bytes, found_bytes, row })
    } else if found_bytes > file.bytes {
        Err(Error::TrailingBytes { path: file.path.into(), offset: file.bytes, found_bytes })
    } else {
        Ok(reader)
    }
}

/// The label of a record, with both labels of a CIFAR-100 record checked.
fn label(file: &RecordFile<'_>, record: &[u8], row: u64, record_bytes: usize) -> Result<u32> {
    let check = |position: usize, field: &'static str, classes: usize| {
        let found = record[position];
        if usize::from(found) < classes {
            return Ok(u32::from(found));
        }
        let offset = row * record_bytes as u64 + position as u64;
        Err(Error::LabelOutOfRange { path: file.path.into(), offset, row, field, found, classes })
    };
    match file.layout {
        RecordLayout::Cifar10 => check(0, "class", file.classes),
        RecordLayout::Cifar100Fine => {
            check(0, "coarse", COARSE_CLASSES).and_then(|_| check(1, "fine", file.classes))
        }
        RecordLayout::Cifar100Coarse => check(1, "fine", 100).and_then(|_| check(0, "coarse", file.classes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::sha256_hex;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 1, width: 2 };

    /// Writes `bytes` and reads them back as `layout`, expecting `expected_bytes`.
    fn read(
        bytes: &[u8],
        layout: RecordLayout,
        classes: usize,
        expected_bytes: u64,
    ) -> Result<LabelledImages> {
        let checksum = Checksum::Sha256(sha256_hex(bytes));
        read_with(bytes, layout, classes, expected_bytes, &checksum)
    }

    fn read_with(
        bytes: &[u8],
        layout: RecordLayout,
        classes: usize,
        size: u64,
        checksum: &Checksum,
    ) -> Result<LabelledImages> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.bin");
        std::fs::write(&path, bytes).unwrap();
        let mut images = LabelledImages::with_capacity(SHAPE, 0);
        let file = RecordFile { path: &path, layout, classes, bytes: size, checksum: Some(checksum) };
        append_records(&file, &mut images).map(|()| images)
    }

    #[test]
    fn cifar10_records_are_label_then_pixels() {
        let images = read(&[3, 10, 11, 0, 20, 21], RecordLayout::Cifar10, 4, 6).unwrap();
        assert_eq!(images.labels, [3, 0]);
        assert_eq!(images.images.pixels, [10, 11, 20, 21]);
    }

    #[test]
    fn cifar100_records_are_coarse_then_fine() {
        let bytes = [4, 22, 10, 11, 19, 99, 20, 21];
        assert_eq!(read(&bytes, RecordLayout::Cifar100Fine, 100, 8).unwrap().labels, [22, 99]);
        assert_eq!(read(&bytes, RecordLayout::Cifar100Coarse, 20, 8).unwrap().labels, [4, 19]);
    }

    #[test]
    fn many_chunks_are_read_in_order() {
        let mut bytes = Vec::new();
        for row in 0..1000_u32 {
            write_record(
                RecordLayout::Cifar100Fine,
                row % 100,
                &[(row % 251) as u8, (row / 251) as u8],
                &mut bytes,
            );
        }
        let images = read(&bytes, RecordLayout::Cifar100Fine, 100, 4000).unwrap();
        assert!((0..1000).all(|row| images.labels[row] == row as u32 % 100));
        assert!((0..1000).all(|row| images.images.image(row) == [(row % 251) as u8, (row / 251) as u8]));
    }

    #[test]
    fn a_truncated_file_names_its_first_missing_byte() {
        let error = read(&[0, 1, 2, 1, 1], RecordLayout::Cifar10, 2, 6).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { expected_bytes: 6, found_bytes: 5, row: 1, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("data.bin is truncated: it ends at byte 5 of 6, inside row 1"));
    }

    #[test]
    fn trailing_bytes_name_the_first_byte_too_many() {
        let error = read(&[0, 1, 2, 1, 1, 2, 9, 9], RecordLayout::Cifar10, 2, 6).unwrap_err();
        assert!(matches!(error, Error::TrailingBytes { offset: 6, found_bytes: 8, .. }), "{error:?}");
    }

    #[test]
    fn a_label_out_of_range_names_row_and_offset() {
        let error = read(&[1, 0, 0, 2, 0, 0], RecordLayout::Cifar10, 2, 6).unwrap_err();
        assert!(
            matches!(error, Error::LabelOutOfRange { offset: 3, row: 1, field: "class", found: 2, .. }),
            "{error:?}"
        );
        let error = read(&[0, 1, 0, 0, 1, 100, 0, 0], RecordLayout::Cifar100Fine, 100, 8).unwrap_err();
        assert!(
            matches!(error, Error::LabelOutOfRange { offset: 5, row: 1, field: "fine", .. }),
            "{error:?}"
        );
        let error = read(&[20, 1, 0, 0], RecordLayout::Cifar100Fine, 100, 4).unwrap_err();
        assert!(
            matches!(error, Error::LabelOutOfRange { offset: 0, field: "coarse", classes: 20, .. }),
            "{error:?}"
        );
        let error = read(&[1, 255, 0, 0], RecordLayout::Cifar100Coarse, 20, 4).unwrap_err();
        assert!(
            matches!(error, Error::LabelOutOfRange { offset: 1, field: "fine", classes: 100, .. }),
            "{error:?}"
        );
    }

    #[test]
    fn one_flipped_bit_is_found() {
        let checksum = Checksum::Sha256(sha256_hex(&[1, 7, 7]));
        let error = read_with(&[1, 7, 6], RecordLayout::Cifar10, 2, 3, &checksum).unwrap_err();
        assert!(matches!(error, Error::ChecksumMismatch { algorithm: "sha256", .. }), "{error:?}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let mut images = LabelledImages::with_capacity(SHAPE, 0);
        let path = Path::new("/nowhere/data.bin");
        let file = RecordFile { path, layout: RecordLayout::Cifar10, classes: 2, bytes: 3, checksum: None };
        let error = append_records(&file, &mut images).unwrap_err();
        assert_eq!(error.to_string(), "could not open /nowhere/data.bin");
    }
}
