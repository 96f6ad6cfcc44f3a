//! Many files read and decoded side by side.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::decode::{Decoded, Limits, Unusable};
use super::memory::Memory;
use super::read::{dimensions, with_image};
use super::walk::FoundFile;
use crate::images::ImageShape;
use crate::pixels::resize::write_planes;
use crate::pixels::side_by_side::threads;

/// Memory for files and decoded images at a time, whatever the number of threads.
const MEMORY_BYTES: u64 = 2 << 30;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of its decoded pixels with their width and height, in hexadecimal: equal for two files that show the same.
    pub pixels_sha256: String,
    /// Columns of pixels, after turning.
    pub width: u32,
    /// Rows of pixels, after turning.
    pub height: u32,
    /// The Exif orientation, 1 to 8; the image has been turned by it.
    pub orientation: u8,
    /// The image at the shape that was asked for. `[channels, height, width]`
    pub pixels: Vec<u8>,
}

/// Reads, decodes and shrinks files on all cores, and gives the answers in the order of the files.
///
/// Files and decoded images take no more than two gibibytes at a time together, but for a single one that is larger alone.
pub fn inspect(
    folder: &Path,
    files: &[&Path],
    shape: ImageShape,
    limits: Limits,
) -> Vec<Result<Inspected, Unusable>> {
    let memory = Memory::new(MEMORY_BYTES);
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(vec![None; files.len()]);
    std::thread::scope(|scope| {
        for _ in 0..threads().get().min(files.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(index) else { return };
                    let answer = one(&folder.join(file), shape, limits, &memory);
                    answers.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(answer);
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.into_iter().map(|answer| answer.expect("every file was taken by a thread")).collect()
}

fn one(path: &Path, shape: ImageShape, limits: Limits, memory: &Memory) -> Result<Inspected, Unusable> {
    with_image(path, limits, memory, |bytes, Decoded { image, orientation }| {
        let (width, height) = image.dimensions();
        let mut pixels = vec![0; shape.len()];
        write_planes(&image, shape, &mut pixels);
        let shown = Sha256::new().chain_update(width.to_le_bytes()).chain_update(height.to_le_bytes());
        Inspected {
            sha256: hex::encode(Sha256::digest(bytes)),
            pixels_sha256: hex::encode(shown.chain_update(image.as_raw()).finalize()),
            width,
            height,
            orientation,
            pixels,
        }
    })
}

/// The shorter side that images of a folder have, in pixels: the median of up to two hundred of them, spread over the list, by
/// their headers. Nothing where none of them is an image.
pub fn typical_side(folder: &Path, files: &[FoundFile]) -> Option<u32> {
    const LOOKED_AT: usize = 200;
    let step = files.len().div_ceil(LOOKED_AT).max(1);
    let side = |file: &FoundFile| {
        let file = File::open(folder.join(&file.path)).ok()?;
        dimensions(io::BufReader::new(file)).map(|(width, height)| width.min(height))
    };
    let mut sides: Vec<u32> = files.iter().step_by(step).filter_map(side).collect();
    sides.sort_unstable();
    sides.get(sides.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::pixels::jpeg::tests::quadrants;

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

    #[test]
    fn answers_come_in_order_and_a_bad_file_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let images: Vec<Vec<u8>> =
            (0..9_u8).map(|i| quadrants(32, 24, [[i * 25, 0, 9], [9, i, 200], [0; 3], [7; 3]])).collect();
        let mut files: Vec<PathBuf> = Vec::new();
        for (index, bytes) in images.iter().enumerate() {
            files.push(format!("{index}.jpg").into());
            std::fs::write(folder.path().join(&files[index]), bytes).unwrap();
        }
        std::fs::write(folder.path().join("3.jpg"), b"nothing").unwrap();
        std::fs::copy(folder.path().join("5.jpg"), folder.path().join("7.jpg")).unwrap();
        std::fs::remove_file(folder.path().join("8.jpg")).unwrap();
        // Whatever is no file is not waited for.
        std::fs::remove_file(folder.path().join("6.jpg")).unwrap();
        std::fs::create_dir(folder.path().join("6.jpg")).unwrap();
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let found = inspect(folder.path(), &files, SHAPE, Limits::default());
        assert_eq!(found.len(), 9);
        assert_eq!(found[3], Err(Unusable::NotAnImage));
        assert!(matches!(found[8], Err(Unusable::Unreadable(_))));
        assert_eq!(found[6], Err(Unusable::Unreadable("it is no file".to_owned())));
        assert_eq!(found[5], found[7]);
        let fourth = found[4].as_ref().unwrap();
        assert_eq!((fourth.width, fourth.height, fourth.pixels.len()), (32, 24, 192));
        assert_eq!(fourth.sha256, hex::encode(Sha256::digest(&images[4])));
        assert_ne!(fourth.pixels_sha256, found[5].as_ref().unwrap().pixels_sha256);
        let listed: Vec<FoundFile> =
            files.iter().map(|path| FoundFile { path: path.to_path_buf(), bytes: 0 }).collect();
        assert_eq!(typical_side(folder.path(), &listed), Some(24));
        assert_eq!(typical_side(folder.path(), &listed[3..4]), None);
        let small = Limits { max_file_bytes: 10, ..Limits::default() };
        assert!(matches!(
            inspect(folder.path(), &files[..1], SHAPE, small)[0],
            Err(Unusable::TooManyBytes(_))
        ));
    }
}
