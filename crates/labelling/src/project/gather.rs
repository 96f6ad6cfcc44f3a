//! From a folder of files to numbered images with their pixels in the cache.

use std::path::{Path, PathBuf};

use tailward_datasets::folder::{FoundFile, Inspected, Limits, PixelCache, Unusable, inspect, path_to_text};

use super::{ImageRow, ImageState, ImageTable};
use crate::Error;

/// Files that are looked at between two writes to the disk: what a kill can cost.
const CHUNK: usize = 256;

/// What came of looking at files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// New images that take part.
    pub usable: usize,
    /// New files that show the same as another: the file, and the one before it.
    pub duplicates: Vec<(PathBuf, String)>,
    /// New files that hold an image and cannot be used, with why.
    pub unusable: Vec<(PathBuf, Unusable)>,
    /// Files that hold no image.
    pub others: usize,
    /// Files that have a number already.
    pub known: usize,
}

/// Gives every new image file a number, for ever, and keeps its pixels. What is done is on the disk after every 256 files:
/// the same call goes on where another was killed.
///
/// # Errors
///
/// The disk fails. A file that cannot be used is no error.
pub fn gather(
    images: &mut ImageTable,
    cache: &PixelCache,
    folder: &Path,
    files: &[FoundFile],
    limits: Limits,
    progress: &mut dyn FnMut(usize),
) -> Result<Gathered, Error> {
    let (known, new): (Vec<&FoundFile>, Vec<&FoundFile>) =
        files.iter().partition(|file| images.find(&file.path).is_some());
    let mut gathered = Gathered { known: known.len(), ..Gathered::default() };
    progress(known.len());
    for chunk in new.chunks(CHUNK) {
        let paths: Vec<&Path> = chunk.iter().map(|file| file.path.as_path()).collect();
        let answers = inspect(folder, &paths, cache.shape(), limits);
        let mut rows: Vec<ImageRow> = Vec::with_capacity(chunk.len());
        for (file, answer) in chunk.iter().zip(answers) {
            let id = tailward_datasets::SampleId(images.next().0 + rows.len() as u32);
            let blank = ImageRow {
                id,
                path: path_to_text(&file.path),
                bytes: file.bytes,
                sha256: None,
                pixels_sha256: None,
                width: None,
                height: None,
                orientation: None,
                state: ImageState::Unusable,
                detail: None,
            };
            match answer {
                Ok(inspected) => {
                    let before = rows
                        .iter()
                        .find(|row| row.pixels_sha256.as_ref() == Some(&inspected.pixels_sha256))
                        .map(|row| row.id)
                        .or_else(|| images.showing(&inspected.pixels_sha256));
                    let Inspected { sha256, pixels_sha256, width, height, orientation, pixels } = inspected;
                    let state = if before.is_some() { ImageState::Duplicate } else { ImageState::Usable };
                    match before {
                        Some(first) => {
                            let name = rows.iter().chain(images.rows()).find(|row| row.id == first);
                            let name = name.map_or_else(String::new, |row| row.path.clone());
                            gathered.duplicates.push((file.path.clone(), name));
                        }
                        None => {
                            gathered.usable += 1;
                            cache.put(id.index(), &sha256, &pixels)?;
                        }
                    }
                    rows.push(ImageRow {
                        sha256: Some(sha256),
                        pixels_sha256: Some(pixels_sha256),
                        width: Some(width),
                        height: Some(height),
                        orientation: Some(orientation),
                        state,
                        detail: before.map(|first| first.to_string()),
                        ..blank
                    });
                }
                Err(Unusable::NotAnImage) => gathered.others += 1,
                Err(unusable) => {
                    rows.push(ImageRow { detail: Some(one_line(&unusable.to_string())), ..blank });
                    gathered.unusable.push((file.path.clone(), unusable));
                }
            }
        }
        images.append(&rows)?;
        progress(chunk.len());
    }
    Ok(gathered)
}

/// What decoders say may have more lines than a cell should.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use tailward_datasets::ImageShape;
    use tailward_datasets::folder::walk;

    use super::*;
    use crate::Access;

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 4, width: 4 };

    /// A grey picture as a portable pixmap, which needs no encoder.
    fn picture(value: u8) -> Vec<u8> {
        [b"P6\n2 2\n255\n".as_slice(), &[value; 12]].concat()
    }

    fn folder_of_images() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("a.ppm", picture(1)),
            ("b c.ppm", picture(2)),
            ("copy of a.ppm", picture(1)),
            ("cut.ppm", picture(3)[..15].to_vec()),
            ("notes.txt", b"nothing to see".to_vec()),
            ("d.heic", b"\0\0\0\x18ftypheic\0\0\0\0".to_vec()),
        ] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn gathered(project: &Path, folder: &Path) -> (Gathered, ImageTable, PixelCache) {
        let mut images = ImageTable::open(&project.join(ImageTable::FILE), Access::Append).unwrap();
        let cache = PixelCache::open(&project.join("pixels.bin"), SHAPE).unwrap();
        let files = walk(folder).unwrap().files;
        let mut done = 0;
        let gathered =
            gather(&mut images, &cache, folder, &files, Limits::default(), &mut |count| done += count)
                .unwrap();
        assert_eq!(done, files.len());
        (gathered, images, cache)
    }

    #[test]
    fn every_image_gets_a_number_and_its_pixels_are_kept() {
        let (project, folder) = (tempfile::tempdir().unwrap(), folder_of_images());
        let (found, images, cache) = gathered(project.path(), folder.path());
        assert_eq!((found.usable, found.others, found.known), (2, 1, 0));
        assert_eq!(found.duplicates, [(PathBuf::from("copy of a.ppm"), "a.ppm".to_owned())]);
        let unusable: Vec<String> =
            found.unusable.iter().map(|(path, why)| format!("{} {why}", path.display())).collect();
        assert!(unusable[0].starts_with("cut.ppm is damaged: ") && unusable[1].starts_with("d.heic is HEIC"));
        let sources: Vec<(usize, &str)> =
            images.usable().map(|row| (row.id.index(), row.sha256.as_deref().unwrap())).collect();
        let (pixels, missing) = cache.read(&sources).unwrap();
        assert!(missing.is_empty());
        assert_eq!([pixels.image(0)[0], pixels.image(1)[0]], [1, 2]);
    }

    #[test]
    fn numbers_stay_when_files_come_and_go() {
        let (project, folder) = (tempfile::tempdir().unwrap(), folder_of_images());
        let (_, first, _) = gathered(project.path(), folder.path());
        std::fs::remove_file(folder.path().join("a.ppm")).unwrap();
        std::fs::write(folder.path().join("aa.ppm"), picture(9)).unwrap();
        let (found, second, _) = gathered(project.path(), folder.path());
        assert_eq!((found.usable, found.known), (1, 4));
        assert_eq!(second.rows()[..first.rows().len()], *first.rows());
        assert_eq!(second.rows().last().unwrap().path, "aa.ppm");
    }
}
