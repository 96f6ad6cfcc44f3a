//! Tiny ImageNet in its official layout: 200 classes of ImageNet, 64×64 pixels, one JPEG file an image.
//!
//! ```text
//! tiny-imagenet-200/wnids.txt                               the classes' WordNet identifiers, one a line
//! tiny-imagenet-200/words.txt                               identifier, tab, names; may be absent
//! tiny-imagenet-200/train/<wnid>/images/<wnid>_<k>.JPEG     the training images of a class
//! tiny-imagenet-200/val/val_annotations.txt                 file, tab, wnid, and a box that is not used
//! tiny-imagenet-200/val/images/val_<k>.JPEG                 the validation images
//! ```
//!
//! Class ids are the lines of `wnids.txt`, from 0. Training images are ordered by class id, then by `k` as a number, and
//! a [`SampleId`](crate::SampleId) is the place in that order. Validation images are ordered by `k` as a number.
//!
//! Pixels are channel-major, `[3, 64, 64]`; the few grey images have three equal channels. (The loader that the authors of
//! CBAL published takes pixel-major bytes for channel-major ones, which scrambles every image; this one does not.)
//!
//! Checksums of single files are not published. What is verified: the archive's checksum when it is fetched; and on every
//! read that the classes are the manifest's, that every class has its number of images, that every validation image has
//! one annotation and every annotation its image, and that every file is a whole JPEG image of 64×64 pixels. A changed
//! byte within the coded pixels of a file goes unnoticed.

mod classes;
mod listing;

use std::path::Path;

use crate::error::{Error, Result};
use crate::images::ImageShape;
use crate::labelled_images::LabelledImages;
use crate::manifest::{DatasetManifest, TestSplit};
use crate::pixels::jpeg;

use super::labelled_file::{self, LabelledFile};
use super::rules;

/// The shape of every image.
pub const IMAGE_SHAPE: ImageShape = ImageShape { channels: 3, height: 64, width: 64 };

/// What contradicts the layout, if anything: it fixes the names and the shapes of the image files.
pub(super) fn check(manifest: &DatasetManifest) -> Option<String> {
    let problem = if manifest.split.is_none() {
        "the layout needs a split: \"official\" or \"held-out\"".to_owned()
    } else if let Some(problem) = rules::no_files(manifest) {
        problem
    } else if let Some(problem) = rules::no_generator(manifest) {
        problem
    } else if let Some(problem) = rules::as_they_are(manifest) {
        problem
    } else if manifest.image != IMAGE_SHAPE {
        format!("the layout has images of shape {:?}", IMAGE_SHAPE)
    } else if !manifest.class_balanced {
        "the layout has equally many images of each class: class_balanced must be true".to_owned()
    } else if let Some(problem) = rules::some_images(manifest) {
        problem
    } else {
        return rules::repeated_name(&manifest.class_names).or_else(|| {
            manifest.class_names.iter().find(|name| !classes::is_class_name(name)).map(|name| {
                format!(
                    "class name `{name}` is not an identifier of eight digits after `n`, a space and a name"
                )
            })
        });
    };
    Some(problem)
}

/// Reads the training and the test images as the manifest splits them.
///
/// # Errors
/// Every message names the file or folder, and the line of a text file: something is missing, is there twice or has no
/// place in the layout; an image does not decode or has another size; classes or counts are not the manifest's.
pub(super) fn read(manifest: &DatasetManifest, data_dir: &Path) -> Result<(LabelledImages, LabelledImages)> {
    let (train, test) = files(manifest, data_dir)?;
    let decode = |files: &[LabelledFile]| -> Result<LabelledImages> {
        let images = jpeg::decode(&labelled_file::paths(files), manifest.image)?;
        Ok(LabelledImages { images, labels: labelled_file::labels(files) })
    };
    Ok((decode(&train)?, decode(&test)?))
}

/// What of the dataset's folder the manifest's split needs.
pub(super) fn required(manifest: &DatasetManifest) -> Vec<&str> {
    match manifest.split {
        Some(TestSplit::HeldOut) => vec!["wnids.txt", "train"],
        Some(TestSplit::Official) | None => vec!["wnids.txt", "train", "val"],
    }
}

/// The files of the training and of the test images, in order.
fn files(manifest: &DatasetManifest, data_dir: &Path) -> Result<(Vec<LabelledFile>, Vec<LabelledFile>)> {
    let folder = manifest.folder_in(data_dir);
    let wnids = classes::read(manifest, &folder)?;
    let held_out = match manifest.split {
        Some(TestSplit::HeldOut) => manifest.test_images / manifest.classes,
        Some(TestSplit::Official) | None => 0, // `DatasetManifest::load` refuses a layout without its split
    };
    let per_class = manifest.train_images / manifest.classes + held_out;
    let (mut train, mut last) = (Vec::with_capacity(manifest.train_images), Vec::new());
    for (label, wnid) in (0..).zip(&wnids) {
        let mut files = listing::training(&folder, wnid, label, per_class)?;
        last.extend(files.split_off(per_class - held_out));
        train.extend(files);
    }
    listing::refuse_other_classes(&folder, &wnids)?;
    if held_out > 0 {
        return Ok((train, last));
    }
    let test = listing::validation(&folder, &wnids)?;
    let (expected, found) = (manifest.test_images, test.len());
    if found != expected {
        return Err(Error::ImageCount { path: folder.join("val").join("images"), expected, found });
    }
    Ok((train, test))
}

#[cfg(test)]
mod tests;
