//! The CIFAR binary layouts: files of records, one after the other.
//!
//! Source: <https://www.cs.toronto.edu/~kriz/cifar.html>, "Binary version". The generator of synthetic datasets writes files of
//! this kind, too.

mod records;

use std::path::Path;

use crate::error::Result;
use crate::labelled_images::LabelledImages;
use crate::manifest::{DatasetManifest, FileRole, Layout};
use crate::synthetic;

use super::rules;
use records::{RecordFile, append_records, record_bytes};

pub use records::RecordLayout;
pub(crate) use records::encode;

impl Layout {
    /// The layout of one record, for the layouts that are files of records.
    pub fn records(self) -> Option<RecordLayout> {
        match self {
            Self::Cifar10Binary => Some(RecordLayout::Cifar10),
            Self::Cifar100Fine => Some(RecordLayout::Cifar100Fine),
            Self::Cifar100Coarse => Some(RecordLayout::Cifar100Coarse),
            Self::TinyImagenet
            | Self::SvhnMat
            | Self::MedmnistNpz
            | Self::WildsFmow
            | Self::WildsIwildcam => None,
        }
    }
}

/// What contradicts the layout, if anything: the files have as many bytes as the images need.
pub(super) fn check(manifest: &DatasetManifest, layout: RecordLayout) -> Option<String> {
    let of_any = rules::no_split(manifest)
        .or_else(|| rules::as_they_are(manifest))
        .or_else(|| rules::no_file_of_both(manifest));
    if let Some(problem) = of_any.or_else(|| rules::some_pixels(manifest)) {
        return Some(problem);
    }
    if manifest.classes > layout.max_classes() {
        let (classes, limit) = (manifest.classes, layout.max_classes());
        return Some(format!("{classes} classes, but the layout has at most {limit}"));
    }
    let record = record_bytes(layout, &manifest.image) as u64;
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

/// What must be there: the files that the manifest lists.
pub(super) fn required(manifest: &DatasetManifest) -> Vec<&str> {
    rules::listed_files(manifest)
}

/// Reads the training and the test images, each in the order of the files, verifying sizes, checksums and labels.
///
/// # Errors
/// A file has another size or checksum than the manifest says, or a label that names no class; the message has the path and
/// the byte offset.
pub(super) fn read(
    manifest: &DatasetManifest,
    data_dir: &Path,
    layout: RecordLayout,
) -> Result<(LabelledImages, LabelledImages)> {
    let read = |role| read_records(manifest, data_dir, layout, role);
    Ok((read(FileRole::Train)?, read(FileRole::Test)?))
}

fn read_records(
    manifest: &DatasetManifest,
    data_dir: &Path,
    layout: RecordLayout,
    role: FileRole,
) -> Result<LabelledImages> {
    let count = if role == FileRole::Train { manifest.train_images } else { manifest.test_images };
    let mut images = LabelledImages::with_capacity(manifest.image, count);
    for file in manifest.files_of(role) {
        let path = manifest.folder_in(data_dir).join(&file.path);
        let bytes = file.bytes.unwrap_or_default(); // `DatasetManifest::load` refuses image files without a size
        let classes = manifest.classes;
        let records = RecordFile { path: &path, layout, classes, bytes, checksum: file.checksum.as_ref() };
        append_records(&records, &mut images)?;
    }
    Ok(images)
}
