//! How the bytes of a dataset are laid out: one file or folder a layout, each with what it asks of a manifest (`check`),
//! what must be there (`required`) and how it is read (`read`).
//!
//! `rules` has what several layouts ask of a manifest alike.

pub mod cifar;
pub mod medmnist;
pub mod svhn;
pub mod tiny_imagenet;
pub mod wilds;

mod labelled_file;
mod opened;
mod rules;

use std::path::Path;

use crate::error::Result;
use crate::labelled_images::LabelledImages;
use crate::manifest::{DatasetManifest, Layout};

use cifar::RecordLayout;
use opened::Opened;
use wilds::Set;

/// What there is to a layout.
struct Functions {
    check: fn(&DatasetManifest) -> Option<String>,
    required: fn(&DatasetManifest) -> Vec<&str>,
    read: fn(&DatasetManifest, &Path) -> Result<(LabelledImages, LabelledImages)>,
}

/// The functions of a layout: the one place that knows them all.
fn functions(layout: Layout) -> Functions {
    match layout {
        Layout::Cifar10Binary => Functions {
            check: |manifest| cifar::check(manifest, RecordLayout::Cifar10),
            required: cifar::required,
            read: |manifest, data_dir| cifar::read(manifest, data_dir, RecordLayout::Cifar10),
        },
        Layout::Cifar100Fine => Functions {
            check: |manifest| cifar::check(manifest, RecordLayout::Cifar100Fine),
            required: cifar::required,
            read: |manifest, data_dir| cifar::read(manifest, data_dir, RecordLayout::Cifar100Fine),
        },
        Layout::Cifar100Coarse => Functions {
            check: |manifest| cifar::check(manifest, RecordLayout::Cifar100Coarse),
            required: cifar::required,
            read: |manifest, data_dir| cifar::read(manifest, data_dir, RecordLayout::Cifar100Coarse),
        },
        Layout::TinyImagenet => Functions {
            check: tiny_imagenet::check,
            required: tiny_imagenet::required,
            read: tiny_imagenet::read,
        },
        Layout::SvhnMat => Functions { check: svhn::check, required: svhn::required, read: svhn::read },
        Layout::MedmnistNpz => {
            Functions { check: medmnist::check, required: medmnist::required, read: medmnist::read }
        }
        Layout::WildsFmow => Functions {
            check: |manifest| wilds::check(manifest, Set::Fmow),
            required: |_| Set::Fmow.required().to_vec(),
            read: |manifest, data_dir| wilds::read(manifest, data_dir, Set::Fmow),
        },
        Layout::WildsIwildcam => Functions {
            check: |manifest| wilds::check(manifest, Set::IWildCam),
            required: |_| Set::IWildCam.required().to_vec(),
            read: |manifest, data_dir| wilds::read(manifest, data_dir, Set::IWildCam),
        },
    }
}

/// The first contradiction between a manifest and its layout, if there is one.
pub(crate) fn check(manifest: &DatasetManifest) -> Option<String> {
    (functions(manifest.layout).check)(manifest)
}

/// What must be in the dataset's folder: files, and folders whose content the layout's reader checks.
pub(crate) fn required(manifest: &DatasetManifest) -> Vec<&str> {
    (functions(manifest.layout).required)(manifest)
}

/// The training and the test images as files of pixels below `cache`, with their labels, for a layout whose images are too many for
/// memory; nothing for the others.
///
/// # Errors
/// As [`read`]; a file of pixels cannot be made.
pub(crate) fn open(manifest: &DatasetManifest, data_dir: &Path, cache: &Path) -> Result<Option<[Opened; 2]>> {
    match wilds_set(manifest.layout) {
        Some(set) => wilds::open(manifest, data_dir, cache, set).map(Some),
        None => Ok(None),
    }
}

/// The same of the validation images.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_validation(
    manifest: &DatasetManifest,
    data_dir: &Path,
    cache: &Path,
) -> Result<Option<Opened>> {
    match wilds_set(manifest.layout) {
        Some(set) => wilds::open_validation(manifest, data_dir, cache, set),
        None => Ok(None),
    }
}

fn wilds_set(layout: Layout) -> Option<Set> {
    match layout {
        Layout::WildsFmow => Some(Set::Fmow),
        Layout::WildsIwildcam => Some(Set::IWildCam),
        _ => None,
    }
}

/// Whether images of a layout are on the disk in a run, and not in memory.
pub(crate) fn is_on_disk(layout: Layout) -> bool {
    wilds_set(layout).is_some()
}

/// Reads the validation images, with their labels; none where the layout or the manifest has none.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_validation(manifest: &DatasetManifest, data_dir: &Path) -> Result<Option<LabelledImages>> {
    match wilds_set(manifest.layout) {
        Some(set) => wilds::read_validation(manifest, data_dir, set),
        None => Ok(None),
    }
}

/// Reads the training and the test images, with their labels.
///
/// # Errors
/// When a file is damaged, or not what the manifest says.
pub(crate) fn read(manifest: &DatasetManifest, data_dir: &Path) -> Result<(LabelledImages, LabelledImages)> {
    (functions(manifest.layout).read)(manifest, data_dir)
}
