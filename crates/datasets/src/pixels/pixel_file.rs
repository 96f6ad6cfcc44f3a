//! Images that are too many for memory: decoded once, kept in a file of records, read by position.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::records::Records;
use super::side_by_side;
use crate::error::{Error, Result};
use crate::images::ImageShape;

/// The first bytes of the file, with the version of its form.
const MAGIC: [u8; 8] = *b"TWIMG\0\0\x01";

/// The magic number; channels, height and width of four bytes each and the number of images of eight, little-endian; and the
/// SHA-256 of what the images were made from.
const HEADER_BYTES: usize = 60;

/// The pixels of many images of one shape on the disk, `[images, channels, height, width]`, 0 to 255.
///
/// Every record has a checksum, and every read verifies it. The file can be removed at any time: it is made again.
#[derive(Debug)]
pub struct PixelFile {
    records: Records,
    images: usize,
    /// What the images were made from, in hexadecimal; part of each record's checksum.
    origin: String,
}

impl PixelFile {
    /// Opens the file of these images, or makes it first: `make` writes the image of a row, `[channels, height, width]`, into
    /// its place, on all cores that this process may use. `sources` names what each image is made from and how, so that a file of
    /// other images is made anew.
    ///
    /// It is made under the name with `.part` behind it. Stopped anywhere, even by a loss of power, the next call looks through
    /// what there is, keeps every whole record and goes on.
    ///
    /// # Errors
    /// The error of an image that could not be made; [`Error::InUse`] when another process is making the file;
    /// [`Error::NoRoom`] when the disk is full; the file cannot be read or written.
    pub fn prepare(
        path: &Path,
        shape: ImageShape,
        sources: &[String],
        make: impl Fn(usize, &mut [u8]) -> Result<()> + Sync,
    ) -> Result<Self> {
        let header = header(shape, sources);
        if let Some(file) = Self::open_with(path, &header)? {
            return Ok(file);
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        let part = part_of(path);
        let open = || OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&part);
        let file = Self::of(open().map_err(Error::io("open", &part))?, &part, &header);
        lock(&file.records.file, path, &part)?;
        // Another process may have put the whole file in its place before it gave the lock back.
        if let Some(whole) = Self::open_with(path, &header)? {
            return Ok(whole);
        }
        file.fill(&header, make).map_err(|error| no_room(error, path, file.records.offset(sources.len())))?;
        // Should a loss of power undo the renaming, what is found is the whole part.
        fs::rename(&part, path).map_err(Error::io("rename", &part))?;
        // Opened anew for reading alone, and with it the lock is given back.
        Self::open(path)
    }

    /// Opens a file that [`PixelFile::prepare`] has made.
    ///
    /// # Errors
    /// The file cannot be read, is no such file, or has another size than it says.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let mut header = [0; HEADER_BYTES];
        let read = super::records::positional::read(&file, &mut header, 0);
        if read.is_err() || header[..8] != MAGIC {
            let problem = "it is no file of pixels, or of another version; remove it".to_owned();
            return Err(Error::UnexpectedEntry { path: path.into(), problem });
        }
        let file = Self::of(file, path, &header);
        let found_bytes = file.records.file.metadata().map_err(Error::io("read", path))?.len();
        let expected_bytes = file.records.offset(file.images);
        match found_bytes == expected_bytes {
            true => Ok(file),
            false => Err(Error::FileSize { path: path.into(), expected_bytes, found_bytes }),
        }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.images
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.images == 0
    }

    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.records.shape
    }

    /// What the images were made from, in hexadecimal: a SHA-256 over the sources.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Reads the images of these rows, in this order, on all cores: `into` is `[rows, channels, height, width]`.
    ///
    /// # Errors
    /// [`Error::DamagedRecord`] with the first row that is not what was written; the file cannot be read.
    ///
    /// # Panics
    /// When a row is not below [`PixelFile::len`], or `into` has not the room of as many images.
    pub fn read(&self, rows: &[usize], into: &mut [u8]) -> Result<()> {
        assert!(rows.iter().all(|row| *row < self.images), "{rows:?} are not all below {}", self.images);
        let threads = side_by_side::threads();
        side_by_side::make_into(threads, rows, self.shape(), into, |&row, into| {
            match self.records.get(row, &self.source(row), into)? {
                true => Ok(()),
                false => Err(Error::DamagedRecord { path: self.records.path.clone(), row }),
            }
        })
    }

    /// The file at a path, if it is whole and begins with this header.
    fn open_with(path: &Path, header: &[u8; HEADER_BYTES]) -> Result<Option<Self>> {
        match Self::open(path) {
            Ok(file) if file.header() == *header => Ok(Some(file)),
            Ok(_) | Err(Error::UnexpectedEntry { .. } | Error::FileSize { .. }) => Ok(None),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of(file: File, path: &Path, header: &[u8; HEADER_BYTES]) -> Self {
        let number = |from: usize, bytes: usize| {
            header[from..from + bytes].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
        };
        let shape = ImageShape { channels: number(8, 4), height: number(12, 4), width: number(16, 4) };
        let records = Records { file, path: path.into(), header_bytes: HEADER_BYTES as u64, shape };
        Self { records, images: number(20, 8), origin: hex::encode(&header[28..]) }
    }

    fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        // What cannot be read again is another file's.
        let _unread = super::records::positional::read(&self.records.file, &mut header, 0);
        header
    }

    /// What the checksum of a row covers beside its pixels, so that a record at a wrong place is none.
    fn source(&self, row: usize) -> String {
        format!("{}/{row}", self.origin)
    }

    /// Makes every record that is not there, on all cores, and puts the file on the disk.
    fn fill(
        &self,
        header: &[u8; HEADER_BYTES],
        make: impl Fn(usize, &mut [u8]) -> Result<()> + Sync,
    ) -> Result<()> {
        self.records.begin_unless(header)?;
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            let mut pixels = vec![0; self.shape().len()];
            while !failed.load(Ordering::Relaxed) {
                let row = next.fetch_add(1, Ordering::Relaxed);
                if row >= self.images {
                    break;
                }
                let source = self.source(row);
                let made = self.records.get(row, &source, &mut pixels).and_then(|is_there| match is_there {
                    true => Ok(()),
                    false => make(row, &mut pixels).and_then(|()| self.records.put(row, &source, &pixels)),
                });
                made.inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
            }
            Ok(())
        };
        side_by_side::on_each(NonZeroUsize::min(side_by_side::threads(), at_least_one(self.images)), work)?;
        // The last records may have been there from a file that was to be longer.
        let bytes = self.records.offset(self.images);
        let kept = self.records.file.set_len(bytes).and_then(|()| self.records.file.sync_all());
        kept.map_err(Error::io("write", &self.records.path))
    }
}

fn at_least_one(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN)
}

fn header(shape: ImageShape, sources: &[String]) -> [u8; HEADER_BYTES] {
    let mut digest = Sha256::new();
    sources.iter().for_each(|source| digest.update(format!("{}:{source}", source.len())));
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    let ImageShape { channels, height, width } = shape;
    for (place, size) in header[8..20].chunks_exact_mut(4).zip([channels, height, width]) {
        place.copy_from_slice(&(size as u32).to_le_bytes());
    }
    header[20..28].copy_from_slice(&(sources.len() as u64).to_le_bytes());
    header[28..].copy_from_slice(&digest.finalize());
    header
}

/// Where a file is made.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Takes the lock of a file that is being made; the operating system gives it back when the file is closed. A file system
/// without locks is no error: records that two processes write are the same.
fn lock(file: &File, path: &Path, part: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.into() }),
        Err(TryLockError::Error(error)) if has_no_locks(&error) => Ok(()),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", part)(error)),
    }
}

/// `ENOLCK`, `ENOSYS` and the like: what network file systems say that were mounted without locks.
fn has_no_locks(error: &std::io::Error) -> bool {
    const ENOLCK: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    error.kind() == ErrorKind::Unsupported || (cfg!(unix) && error.raw_os_error() == Some(ENOLCK))
}

/// Says what a full disk means for a file of so many bytes.
fn no_room(error: Error, path: &Path, bytes: u64) -> Error {
    match error {
        Error::Io { source, .. }
            if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
        {
            Error::NoRoom { path: path.into(), bytes, source }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 2, width: 3 };

    fn sources(count: usize) -> Vec<String> {
        (0..count).map(|row| format!("{row}.jpg")).collect()
    }

    fn make(row: usize, into: &mut [u8]) -> Result<()> {
        into.iter_mut().zip(0..).for_each(|(value, at)| *value = row as u8 * 20 + at);
        Ok(())
    }

    fn image(row: usize) -> Vec<u8> {
        let mut pixels = vec![0; SHAPE.len()];
        make(row, &mut pixels).unwrap();
        pixels
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache").join("train.pixels");
        (folder, path)
    }

    /// Prepares it, and says which rows were made.
    fn prepared(path: &Path, count: usize) -> (PixelFile, Vec<usize>) {
        let made = Mutex::new(Vec::new());
        let file = PixelFile::prepare(path, SHAPE, &sources(count), |row, into| {
            made.lock().unwrap().push(row);
            make(row, into)
        });
        let mut made = made.into_inner().unwrap();
        made.sort_unstable();
        (file.unwrap(), made)
    }

    #[test]
    fn rows_are_read_in_any_order_from_a_file_that_is_made_once() {
        let (_folder, path) = place();
        let (file, made) = prepared(&path, 9);
        assert_eq!((file.len(), file.is_empty(), file.shape(), made.len()), (9, false, SHAPE, 9));
        let rows = [8, 0, 3, 3, 7];
        let mut pixels = vec![0; rows.len() * SHAPE.len()];
        file.read(&rows, &mut pixels).unwrap();
        assert_eq!(pixels, rows.map(image).concat());
        file.read(&[], &mut []).unwrap();
        assert_eq!(prepared(&path, 9).1.len(), 0);
        PixelFile::open(&path).unwrap().read(&rows, &mut pixels).unwrap();
        assert_eq!(pixels, rows.map(image).concat());
        // Other images are another file.
        assert_eq!(prepared(&path, 4).1, [0, 1, 2, 3]);
        assert_eq!(PixelFile::open(&path).unwrap().len(), 4);
        assert!(prepared(&path, 0).0.is_empty());
    }

    #[test]
    fn what_was_stopped_goes_on_where_it_was() {
        let (_folder, path) = place();
        let fail = |row: usize, into: &mut [u8]| match row {
            6.. => Err(Error::TruncatedImage { path: format!("{row}.jpg").into(), bytes: 1 }),
            _ => make(row, into),
        };
        let error = PixelFile::prepare(&path, SHAPE, &sources(9), fail).unwrap_err();
        assert!(matches!(error, Error::TruncatedImage { .. }) && !path.exists(), "{error:?}");
        // A record is damaged, and the last one is cut off, as by a loss of power.
        let part = part_of(&path);
        let mut bytes = fs::read(&part).unwrap();
        let record = SHAPE.len() + 8;
        bytes[HEADER_BYTES + 2 * record + 11] ^= 1;
        fs::write(&part, &bytes[..HEADER_BYTES + 6 * record - 1]).unwrap();
        let (file, made) = prepared(&path, 9);
        assert_eq!(made, [2, 5, 6, 7, 8]);
        let mut pixels = vec![0; 9 * SHAPE.len()];
        file.read(&[0, 1, 2, 3, 4, 5, 6, 7, 8], &mut pixels).unwrap();
        assert_eq!(pixels, (0..9).flat_map(image).collect::<Vec<_>>());
        assert!(!part.exists());
    }

    #[test]
    fn damage_is_found_where_it_is_read() {
        let (_folder, path) = place();
        prepared(&path, 3);
        let whole = fs::read(&path).unwrap();
        let record = SHAPE.len() + 8;
        for at in 0..record {
            let mut bytes = whole.clone();
            bytes[HEADER_BYTES + record + at] ^= 1;
            fs::write(&path, bytes).unwrap();
            let mut pixels = vec![0; 2 * SHAPE.len()];
            let file = PixelFile::open(&path).unwrap();
            file.read(&[0, 2], &mut pixels).unwrap();
            let error = file.read(&[0, 1], &mut pixels).unwrap_err();
            assert!(matches!(error, Error::DamagedRecord { row: 1, .. }), "{error:?}");
        }
        for bytes in [0, 3, HEADER_BYTES - 1, HEADER_BYTES, whole.len() - 1] {
            fs::write(&path, &whole[..bytes]).unwrap();
            assert!(PixelFile::open(&path).is_err(), "{bytes}");
        }
        // What is no such file is made anew.
        assert_eq!(prepared(&path, 3).1, [0, 1, 2]);
        assert!(matches!(PixelFile::open(Path::new("/nowhere")), Err(Error::Io { .. })));
    }

    #[test]
    fn one_process_at_a_time_makes_a_file() {
        let (_folder, path) = place();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let other = File::create(part_of(&path)).unwrap();
        other.lock().unwrap();
        let error = PixelFile::prepare(&path, SHAPE, &sources(2), make).unwrap_err();
        assert!(error.to_string().contains("train.pixels is being made by another process"), "{error}");
        drop(other);
        assert_eq!(prepared(&path, 2).1, [0, 1]);
    }

    #[test]
    fn a_full_disk_says_how_much_is_needed() {
        let full = Error::io("write", "x.part")(ErrorKind::StorageFull.into());
        let error = no_room(full, Path::new("x"), 19_000_000_000).to_string();
        assert!(error.contains("19000000000 bytes") && error.contains("the disk is full"), "{error}");
        let other = no_room(Error::ReplayWithoutList, Path::new("x"), 1);
        assert!(matches!(other, Error::ReplayWithoutList));
    }
}
