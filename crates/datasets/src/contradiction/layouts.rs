//! What a layout asks of a manifest.

use std::collections::BTreeSet;

use crate::cifar::{self, RecordLayout};
use crate::manifest::{DatasetManifest, FileRole, Layout};
use crate::svhn;
use crate::synthetic;
use crate::tiny_imagenet;

/// The first contradiction between a manifest and its layout, if there is one.
pub(super) fn find(manifest: &DatasetManifest) -> Option<String> {
    match manifest.layout {
        Layout::Cifar10Binary => record_files(manifest, RecordLayout::Cifar10),
        Layout::Cifar100Fine => record_files(manifest, RecordLayout::Cifar100Fine),
        Layout::Cifar100Coarse => record_files(manifest, RecordLayout::Cifar100Coarse),
        Layout::TinyImagenet => tiny_imagenet(manifest),
        Layout::SvhnMat => svhn(manifest),
        Layout::MedmnistNpz => medmnist(manifest),
        // FMoW's classes are found by their names.
        Layout::WildsFmow => wilds(manifest).or_else(|| repeated_name(&manifest.class_names)),
        Layout::WildsIwildcam => wilds(manifest),
    }
}

/// Files of records: as many bytes as the images need.
fn record_files(manifest: &DatasetManifest, layout: RecordLayout) -> Option<String> {
    if let Some(problem) = no_split(manifest).or_else(|| no_file_of_both(manifest)) {
        return Some(problem);
    }
    if manifest.classes > layout.max_classes() {
        let (classes, limit) = (manifest.classes, layout.max_classes());
        return Some(format!("{classes} classes, but the layout has at most {limit}"));
    }
    let record = cifar::record_bytes(layout, &manifest.image) as u64;
    for (role, name, images) in
        [(FileRole::Train, "training", manifest.train_images), (FileRole::Test, "test", manifest.test_images)]
    {
        let mut bytes = 0;
        for file in manifest.files_of(role) {
            match file.bytes {
                Some(size) if size.is_multiple_of(record) => bytes += size,
                Some(size) => {
                    return Some(format!("{} has {size} bytes, not a multiple of {record}", file.path));
                }
                None => return Some(format!("{} has no size", file.path)),
            }
        }
        if bytes != images as u64 * record {
            return Some(format!("the {name} files have {} records, expected {images}", bytes / record));
        }
    }
    manifest.generator.and_then(|_| generator(manifest))
}

/// Tiny ImageNet: folders of image files, whose names and shapes the layout fixes.
fn tiny_imagenet(manifest: &DatasetManifest) -> Option<String> {
    let problem = if manifest.split.is_none() {
        "the layout needs a split: \"official\" or \"held-out\"".to_owned()
    } else if let Some(problem) = no_files(manifest) {
        problem
    } else if let Some(problem) = no_generator(manifest) {
        problem
    } else if manifest.image != tiny_imagenet::IMAGE_SHAPE {
        format!("the layout has images of shape {:?}", tiny_imagenet::IMAGE_SHAPE)
    } else if !manifest.class_balanced {
        "the layout has equally many images of each class: class_balanced must be true".to_owned()
    } else if let Some(problem) = some_images(manifest) {
        problem
    } else {
        return repeated_name(&manifest.class_names).or_else(|| {
            manifest.class_names.iter().find(|name| !tiny_imagenet::is_class_name(name)).map(|name| {
                format!(
                    "class name `{name}` is not an identifier of eight digits after `n`, a space and a name"
                )
            })
        });
    };
    Some(problem)
}

fn repeated_name(names: &[String]) -> Option<String> {
    let mut seen = BTreeSet::new();
    names.iter().find(|name| !seen.insert(*name)).map(|name| format!("class name `{name}` is there twice"))
}

/// What the generator cannot make, if anything.
fn generator(manifest: &DatasetManifest) -> Option<String> {
    if manifest.files_of(FileRole::Train).count() != 1 || manifest.files_of(FileRole::Test).count() != 1 {
        return Some("a generated dataset has one training and one test file".to_owned());
    }
    if manifest.image != synthetic::IMAGE_SHAPE || manifest.classes > synthetic::MAX_CLASSES {
        let (shape, most) = (synthetic::IMAGE_SHAPE, synthetic::MAX_CLASSES);
        return Some(format!("the generator makes images of shape {shape:?} in at most {most} classes"));
    }
    (manifest.layout == Layout::Cifar100Coarse).then(|| "the generator has no coarse classes".to_owned())
}

/// SVHN: files for training and files for test images, of the ten digits.
fn svhn(manifest: &DatasetManifest) -> Option<String> {
    no_split(manifest)
        .or_else(|| no_generator(manifest))
        .or_else(|| no_file_of_both(manifest))
        .or_else(|| some_images(manifest))
        .or_else(|| no_files_of(manifest, FileRole::Train, "training"))
        .or_else(|| no_files_of(manifest, FileRole::Test, "test"))
        .or_else(|| {
            let (found, expected) = (manifest.classes, svhn::CLASSES);
            (found != expected).then(|| format!("{found} classes, but the layout has {expected}"))
        })
        .or_else(|| in_colours(manifest))
        .or_else(|| some_pixels(manifest))
}

/// MedMNIST: one file for training and test images, in colours or grey.
fn medmnist(manifest: &DatasetManifest) -> Option<String> {
    no_split(manifest)
        .or_else(|| no_generator(manifest))
        .or_else(|| some_images(manifest))
        .or_else(|| {
            let of_images = manifest.required_files().count();
            let of_both = manifest.files_of(FileRole::TrainAndTest).count();
            let is_one = (of_images, of_both) == (1, 1);
            (!is_one).then(|| "the layout has one file, with the role train-and-test".to_owned())
        })
        .or_else(|| {
            let channels = manifest.image.channels;
            (!matches!(channels, 1 | 3)).then(|| format!("{channels} channels are neither grey nor colours"))
        })
        .or_else(|| some_pixels(manifest))
}

/// WILDS: tables and folders of image files, whose names the layout fixes.
fn wilds(manifest: &DatasetManifest) -> Option<String> {
    no_split(manifest)
        .or_else(|| no_generator(manifest))
        .or_else(|| no_files(manifest))
        .or_else(|| some_images(manifest))
        .or_else(|| in_colours(manifest))
        .or_else(|| some_pixels(manifest))
}

fn no_files(manifest: &DatasetManifest) -> Option<String> {
    let some = !manifest.files.is_empty();
    some.then(|| "the layout fixes the files' names; there are no [[files]]".to_owned())
}

fn in_colours(manifest: &DatasetManifest) -> Option<String> {
    (manifest.image.channels != 3).then(|| "the layout has images of 3 channels".to_owned())
}

fn some_pixels(manifest: &DatasetManifest) -> Option<String> {
    (manifest.image.len() == 0).then(|| "the images have no pixels".to_owned())
}

fn no_split(manifest: &DatasetManifest) -> Option<String> {
    manifest.split?;
    Some("split is for the layout tiny-imagenet; here the files say what they are for".to_owned())
}

fn no_generator(manifest: &DatasetManifest) -> Option<String> {
    manifest.generator?;
    Some("the generator makes files of records only".to_owned())
}

fn no_file_of_both(manifest: &DatasetManifest) -> Option<String> {
    let file = manifest.files_of(FileRole::TrainAndTest).next()?;
    Some(format!("{} cannot be for training and for test images", file.path))
}

fn no_files_of(manifest: &DatasetManifest, role: FileRole, name: &str) -> Option<String> {
    manifest.files_of(role).next().is_none().then(|| format!("there is no file of {name} images"))
}

fn some_images(manifest: &DatasetManifest) -> Option<String> {
    let none = manifest.train_images == 0 || manifest.test_images == 0;
    none.then(|| "there are no training images or no test images".to_owned())
}
