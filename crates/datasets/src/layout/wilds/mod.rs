//! Two sets of WILDS (Koh et al., ICML 2021) in their official layouts.
//!
//! ```text
//! fmow_v1.1/rgb_metadata.csv          a line for every image: split, category, timestamp, …
//! fmow_v1.1/images/rgb_img_<k>.png    k is the number of the line, from 0, lines of other splits included
//! iwildcam_v2.0/metadata.csv          a line for every image: split, y, filename, …
//! iwildcam_v2.0/train/<filename>      JPEG files of all splits
//! ```
//!
//! The training split is the pool and `id_test`, the test images from the same years or cameras, are the test images, as in
//! LabelBench. `id_val`, validation images from the same, is read where somebody asks for it ([`read_validation`](crate::read_validation)). The other splits are not used. FMoW's file has the splits of the original dataset; those of WILDS are the
//! images before 2013 of `train` and `test` (its official scheme `time_after_2016`, with the three years before for
//! validation out of the distribution). Images keep the order of the lines.
//!
//! The class of an image of FMoW is the place of its category among the manifest's names, that of iWildCam its `y`.
//!
//! Images are resized to the manifest's shape while they are decoded, and in runs kept in files of pixels, so that no more than one
//! image a thread is in memory ([`open`](crate::open)); [`read`](crate::read) has all of them there. `datasets/README.md` describes the filter. No checksums are published: what is verified is
//! that every line makes sense, that the splits have their numbers of images, and that every file of them decodes.

mod metadata;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage, load_from_memory_with_format};

use crate::error::{Error, Result};
use crate::images::Images;
use crate::labelled_images::LabelledImages;
use crate::manifest::{DatasetManifest, Resize};
use crate::pixels::jpeg::refuse_truncated;
use crate::pixels::pixel_file::PixelFile;
use crate::pixels::{center_crop, resize, side_by_side};

use super::labelled_file::{self, LabelledFile};
use super::opened::Opened;
use super::rules;
use metadata::Splits;

/// Which set it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Functional Map of the World: land use on satellite images.
    Fmow,
    /// iWildCam 2020: animals before camera traps.
    IWildCam,
}

impl Set {
    /// What of the dataset's folder is needed: the metadata, and the folder of images.
    pub(super) fn required(self) -> [&'static str; 2] {
        match self {
            Self::Fmow => ["rgb_metadata.csv", "images"],
            Self::IWildCam => ["metadata.csv", "train"],
        }
    }

    fn format(self) -> ImageFormat {
        match self {
            Self::Fmow => ImageFormat::Png,
            Self::IWildCam => ImageFormat::Jpeg,
        }
    }
}

/// What contradicts the layout, if anything: it fixes the names of the tables and of the image files.
pub(super) fn check(manifest: &DatasetManifest, set: Set) -> Option<String> {
    rules::no_split(manifest)
        .or_else(|| rules::no_generator(manifest))
        .or_else(|| rules::no_files(manifest))
        .or_else(|| rules::some_images(manifest))
        .or_else(|| rules::in_colours(manifest))
        .or_else(|| rules::some_pixels(manifest))
        .or_else(|| rules::square_for_crops(manifest))
        .or_else(|| match set {
            // FMoW's classes are found by their names.
            Set::Fmow => rules::repeated_name(&manifest.class_names),
            Set::IWildCam => None,
        })
}

/// Reads the training and the test images.
///
/// # Errors
/// Every message names the file: a line of the metadata is wrong (with its number), a split has another number of images
/// than the manifest says, or an image is missing, cut off or does not decode.
pub(super) fn read(
    manifest: &DatasetManifest,
    data_dir: &Path,
    set: Set,
) -> Result<(LabelledImages, LabelledImages)> {
    let (metadata, splits) = splits(manifest, data_dir, set)?;
    counted(&metadata, "train", &splits.train, manifest.train_images)?;
    counted(&metadata, "id_test", &splits.id_test, manifest.test_images)?;
    Ok((decode(&splits.train, set, manifest)?, decode(&splits.id_test, set, manifest)?))
}

/// Reads the validation images, where the manifest says how many there are.
///
/// # Errors
/// As [`read`].
pub(super) fn read_validation(
    manifest: &DatasetManifest,
    data_dir: &Path,
    set: Set,
) -> Result<Option<LabelledImages>> {
    let Some(expected) = manifest.validation_images else { return Ok(None) };
    let (metadata, splits) = splits(manifest, data_dir, set)?;
    counted(&metadata, "id_val", &splits.id_val, expected)?;
    decode(&splits.id_val, set, manifest).map(Some)
}

/// The table, and the files of the splits by it.
fn splits(manifest: &DatasetManifest, data_dir: &Path, set: Set) -> Result<(PathBuf, Splits)> {
    let folder = manifest.folder_in(data_dir);
    let [metadata, images] = set.required().map(|name| folder.join(name));
    let splits = match set {
        Set::Fmow => metadata::fmow(&metadata, &images, &manifest.class_names)?,
        Set::IWildCam => metadata::iwildcam(&metadata, &images, manifest.classes)?,
    };
    Ok((metadata, splits))
}

/// The training and the test images as files of pixels below `cache`, which are made where they are not there. Other files than those that
/// they were made from, by name, size and filter, make them anew.
///
/// # Errors
/// As [`read`]; [`PixelFile::prepare`].
pub(super) fn open(
    manifest: &DatasetManifest,
    data_dir: &Path,
    cache: &Path,
    set: Set,
) -> Result<[Opened; 2]> {
    let (metadata, splits) = splits(manifest, data_dir, set)?;
    counted(&metadata, "train", &splits.train, manifest.train_images)?;
    counted(&metadata, "id_test", &splits.id_test, manifest.test_images)?;
    let open = |split: &str, files: &[LabelledFile]| {
        pixel_file(manifest, &cached(manifest, cache, split), files, set)
    };
    Ok([open("train", &splits.train)?, open("id_test", &splits.id_test)?])
}

/// The same of the validation images, where the manifest says how many there are.
///
/// # Errors
/// As [`open`].
pub(super) fn open_validation(
    manifest: &DatasetManifest,
    data_dir: &Path,
    cache: &Path,
    set: Set,
) -> Result<Option<Opened>> {
    let Some(expected) = manifest.validation_images else { return Ok(None) };
    let (metadata, splits) = splits(manifest, data_dir, set)?;
    counted(&metadata, "id_val", &splits.id_val, expected)?;
    pixel_file(manifest, &cached(manifest, cache, "id_val"), &splits.id_val, set).map(Some)
}

/// Where the pixels of a split are kept.
fn cached(manifest: &DatasetManifest, cache: &Path, split: &str) -> PathBuf {
    cache.join(&manifest.name).join(format!("{split}.pixels"))
}

fn pixel_file(manifest: &DatasetManifest, path: &Path, files: &[LabelledFile], set: Set) -> Result<Opened> {
    let how = manifest.resize.map_or("bilinear", |Resize::CenterCrop| "center-crop");
    let source = |file: &LabelledFile| {
        let bytes = fs::metadata(&file.path).map_err(Error::io("read", &file.path))?.len();
        // Below the dataset's folder, wherever that is.
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        Ok(format!("{how} {name} {bytes}"))
    };
    let sources: Vec<String> = files.iter().map(source).collect::<Result<_>>()?;
    let make = |row: usize, into: &mut [u8]| write_pixels(&files[row], set, manifest, into);
    let file = PixelFile::prepare(path, manifest.image, &sources, make)?;
    Ok((file, labelled_file::labels(files)))
}

fn counted(metadata: &Path, split: &'static str, files: &[LabelledFile], expected: usize) -> Result<()> {
    if files.len() == expected {
        return Ok(());
    }
    Err(Error::SplitCount { path: metadata.into(), split, expected, found: files.len() })
}

fn decode(files: &[LabelledFile], set: Set, manifest: &DatasetManifest) -> Result<LabelledImages> {
    let shape = manifest.image;
    let pixels = side_by_side::make(side_by_side::threads(), files, shape, |file, into| {
        write_pixels(file, set, manifest, into)
    })?;
    Ok(LabelledImages { images: Images { shape, pixels }, labels: labelled_file::labels(files) })
}

fn write_pixels(file: &LabelledFile, set: Set, manifest: &DatasetManifest, into: &mut [u8]) -> Result<()> {
    let image = decode_one(&file.path, set.format())?;
    match manifest.resize {
        None => resize::write_planes(&image, manifest.image, into),
        Some(Resize::CenterCrop) => center_crop::write_planes(&image, manifest.image.width, into),
    }
    Ok(())
}

fn decode_one(path: &Path, format: ImageFormat) -> Result<RgbImage> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let image = load_from_memory_with_format(&bytes, format);
    let image = image.map_err(|source| Error::Decode { path: path.into(), source })?;
    if format == ImageFormat::Jpeg {
        refuse_truncated(path, &bytes)?;
    }
    Ok(image.into_rgb8())
}
