//! What several layouts ask of a manifest alike: each function is the problem, if there is one.

use std::collections::BTreeSet;

use crate::manifest::{DatasetManifest, FileRole};

/// The names of the files that the manifest lists, without those that may be absent.
pub(super) fn listed_files(manifest: &DatasetManifest) -> Vec<&str> {
    manifest.required_files().map(|file| file.path.as_str()).collect()
}

pub(super) fn repeated_name(names: &[String]) -> Option<String> {
    let mut seen = BTreeSet::new();
    names.iter().find(|name| !seen.insert(*name)).map(|name| format!("class name `{name}` is there twice"))
}

pub(super) fn no_files(manifest: &DatasetManifest) -> Option<String> {
    let some = !manifest.files.is_empty();
    some.then(|| "the layout fixes the files' names; there are no [[files]]".to_owned())
}

pub(super) fn in_colours(manifest: &DatasetManifest) -> Option<String> {
    (manifest.image.channels != 3).then(|| "the layout has images of 3 channels".to_owned())
}

pub(super) fn some_pixels(manifest: &DatasetManifest) -> Option<String> {
    (manifest.image.len() == 0).then(|| "the images have no pixels".to_owned())
}

pub(super) fn no_split(manifest: &DatasetManifest) -> Option<String> {
    manifest.split?;
    Some("split is for the layout tiny-imagenet; here the files say what they are for".to_owned())
}

pub(super) fn no_generator(manifest: &DatasetManifest) -> Option<String> {
    manifest.generator?;
    Some("the generator makes files of records only".to_owned())
}

pub(super) fn no_file_of_both(manifest: &DatasetManifest) -> Option<String> {
    let file = manifest.files_of(FileRole::TrainAndTest).next()?;
    Some(format!("{} cannot be for training and for test images", file.path))
}

pub(super) fn no_files_of(manifest: &DatasetManifest, role: FileRole, name: &str) -> Option<String> {
    manifest.files_of(role).next().is_none().then(|| format!("there is no file of {name} images"))
}

pub(super) fn some_images(manifest: &DatasetManifest) -> Option<String> {
    let none = manifest.train_images == 0 || manifest.test_images == 0;
    none.then(|| "there are no training images or no test images".to_owned())
}

/// For a layout whose images are of one size and in two splits.
pub(super) fn as_they_are(manifest: &DatasetManifest) -> Option<String> {
    let resized = manifest.resize.is_some();
    let validated = manifest.validation_images.is_some();
    let key = if resized { "resize" } else { "validation_images" };
    (resized || validated).then(|| format!("{key} is for the layouts of WILDS"))
}

pub(super) fn square_for_crops(manifest: &DatasetManifest) -> Option<String> {
    let is_square = manifest.image.height == manifest.image.width;
    (manifest.resize.is_some() && !is_square)
        .then(|| "the middle of an image is a square, and image is none".to_owned())
}
