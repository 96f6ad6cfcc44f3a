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
//! LabelBench. The other splits are not used. FMoW's file has the splits of the original dataset; those of WILDS are the
//! images before 2013 of `train` and `test` (its official scheme `time_after_2016`, with the three years before for
//! validation out of the distribution). Images keep the order of the lines.
//!
//! The class of an image of FMoW is the place of its category among the manifest's names, that of iWildCam its `y`.
//!
//! Images are resized to the manifest's shape while they are decoded, so that no more than the resized ones and one image a
//! thread are in memory. `datasets/README.md` describes the filter. No checksums are published: what is verified is
//! that every line makes sense, that the splits have their numbers of images, and that every file of them decodes.

mod metadata;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use image::{ImageFormat, load_from_memory_with_format};

use crate::error::{Error, Result};
use crate::images::{ImageShape, Images};
use crate::labelled_images::LabelledImages;
use crate::manifest::DatasetManifest;
use crate::pixels::jpeg::refuse_truncated;
use crate::pixels::resize::write_planes;
use crate::pixels::side_by_side;

use super::labelled_file::{self, LabelledFile};
use super::rules;

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
    let folder = manifest.folder_in(data_dir);
    let [metadata, images] = set.required().map(|name| folder.join(name));
    let splits = match set {
        Set::Fmow => metadata::fmow(&metadata, &images, &manifest.class_names)?,
        Set::IWildCam => metadata::iwildcam(&metadata, &images, manifest.classes)?,
    };
    for (split, files, expected) in
        [("train", &splits.train, manifest.train_images), ("id_test", &splits.id_test, manifest.test_images)]
    {
        if files.len() != expected {
            let (path, found) = (metadata, files.len());
            return Err(Error::SplitCount { path, split, expected, found });
        }
    }
    let decode = |files: &[LabelledFile]| decode(files, set.format(), manifest.image);
    Ok((decode(&splits.train)?, decode(&splits.id_test)?))
}

fn decode(files: &[LabelledFile], format: ImageFormat, shape: ImageShape) -> Result<LabelledImages> {
    let pixels = side_by_side::make(side_by_side::threads(), files, shape, |file, into| {
        decode_one(&file.path, format, shape, into)
    })?;
    Ok(LabelledImages { images: Images { shape, pixels }, labels: labelled_file::labels(files) })
}

fn decode_one(path: &Path, format: ImageFormat, shape: ImageShape, into: &mut [u8]) -> Result<()> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let image = load_from_memory_with_format(&bytes, format);
    let image = image.map_err(|source| Error::Decode { path: path.into(), source })?;
    if format == ImageFormat::Jpeg {
        refuse_truncated(path, &bytes)?;
    }
    write_planes(&image.into_rgb8(), shape, into);
    Ok(())
}
