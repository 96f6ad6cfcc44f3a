//! One image file of anybody's, read and decoded within limits and a share of memory.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;

use super::decode::{Decoded, Limits, Unusable, decode, format};
use super::memory::Memory;

/// Bytes that tell what a file is.
const BEGINNING: u64 = 512;

/// Reads and decodes a file, and gives its bytes and its image to `take` while their memory is reserved.
///
/// # Errors
///
/// Why the file cannot be used.
pub(super) fn with_image<T>(
    path: &Path,
    limits: Limits,
    memory: &Memory,
    take: impl FnOnce(&[u8], Decoded) -> T,
) -> Result<T, Unusable> {
    let unreadable = |error: io::Error| Unusable::Unreadable(error.to_string());
    // A pipe would be waited for.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Unusable::Unreadable("it is no file".to_owned()));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    // A film, or whatever else lies there, is not read to its end.
    let mut beginning = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut beginning).map_err(unreadable)?;
    format(&beginning)?;
    file.rewind().map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > limits.max_file_bytes {
        return Err(Unusable::TooManyBytes(size));
    }
    let bytes = memory.with(size, || read(file, limits.max_file_bytes))?;
    let claim = claimed_pixels(&bytes).min(limits.max_pixels);
    // The decoded image and the same as red, green and blue.
    memory.with(size + claim.saturating_mul(8), || Ok(take(&bytes, decode(&bytes, limits)?)))
}

/// Width and height by a header.
pub(super) fn dimensions(file: impl io::BufRead + Seek) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(file).with_guessed_format().ok()?;
    reader.into_dimensions().ok()
}

/// A file may grow while it is read.
fn read(file: File, limit: u64) -> Result<Vec<u8>, Unusable> {
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Unusable::Unreadable(error.to_string()))?;
    let size = bytes.len() as u64;
    if size > limit { Err(Unusable::TooManyBytes(size)) } else { Ok(bytes) }
}

/// The pixels that the header of a file speaks of; none where it cannot be read, which decoding says again.
fn claimed_pixels(bytes: &[u8]) -> u64 {
    dimensions(io::Cursor::new(bytes)).map_or(0, |(width, height)| u64::from(width) * u64::from(height))
}
