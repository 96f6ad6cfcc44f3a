//! What a dataset is: its files, their sizes and checksums, its classes, and the terms under which it may be used.
//!
//! Here are data alone. How a manifest is read and checked is beside it, in `load`; what must be there, and how to get it, in
//! `presence`.

pub(crate) mod load;
pub(crate) mod names;
mod presence;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::checksum::Checksum;
use crate::images::ImageShape;
use crate::synthetic::config::SyntheticConfig;

/// One dataset, parsed from `datasets/<name>.toml`. Unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetManifest {
    /// The name used everywhere: lower-case letters, digits and hyphens, equal to the stem of the file.
    pub name: String,
    /// The name for a reader.
    pub title: String,
    /// Under which terms the images may be used.
    pub terms: String,
    /// How the bytes are laid out.
    pub layout: Layout,
    /// Which images are the test images, for a layout that leaves it open; none for the others.
    pub split: Option<TestSplit>,
    /// The folder under the data folder that holds the files.
    pub folder: String,
    /// The number of classes.
    pub classes: usize,
    /// `[classes]`, by class id.
    pub class_names: Vec<String>,
    /// The number of training images.
    pub train_images: usize,
    /// The number of test images.
    pub test_images: usize,
    /// The number of images of a validation split, for a layout that has one; absent: it is not used.
    pub validation_images: Option<usize>,
    /// Whether every class has the same number of training images and of test images; checked on reading.
    pub class_balanced: bool,
    /// The shape of every image.
    pub image: ImageShape,
    /// How images of other sizes are brought to the shape, for a layout that has such; absent: height and width are resized each on
    /// its own by a bilinear filter.
    pub resize: Option<Resize>,
    /// Whom to cite and where to look.
    pub source: Source,
    /// The archive to download, if there is one.
    pub archive: Option<Archive>,
    /// How to get the files by hand, for a dataset that has no lasting address with a checksum.
    pub instructions: Option<String>,
    /// The files, training files in the order of their images. None for a layout whose files have names of their own.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// How the files are generated, if they are.
    pub generator: Option<SyntheticConfig>,
}

/// How the bytes of a dataset are laid out.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One label byte, then the pixels.
    Cifar10Binary,
    /// A coarse label byte, a fine label byte, then the pixels; the fine label is the class.
    Cifar100Fine,
    /// As [`Layout::Cifar100Fine`]; the coarse label is the class.
    Cifar100Coarse,
    /// Folders of JPEG files, as in [`tiny_imagenet`](crate::layout::tiny_imagenet).
    TinyImagenet,
    /// MATLAB files, as in [`svhn`](crate::layout::svhn).
    SvhnMat,
    /// One file of NumPy arrays, as in [`medmnist`](crate::layout::medmnist).
    MedmnistNpz,
    /// A table and PNG files, as in [`wilds`](crate::layout::wilds).
    WildsFmow,
    /// A table and JPEG files, as in [`wilds`](crate::layout::wilds).
    WildsIwildcam,
}

/// How images are brought to another size.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// The shorter side is resized by a bicubic filter, and the middle square is taken, as CLIP's networks are shown images.
    CenterCrop,
}

/// Which images of [`Layout::TinyImagenet`] are the test images.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestSplit {
    /// All training images are training images; the official validation images are the test images, for the labels of
    /// the official test images are not public.
    Official,
    /// Of the official training images the last `test_images / classes` of each class are the test images and the others
    /// the training images; the official validation images are not used.
    HeldOut,
}

/// Where a dataset comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The publication to cite.
    pub citation: String,
    /// The page of its authors.
    pub homepage: String,
}

/// The archive that holds a dataset's files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The official address of the archive.
    pub url: String,
    /// The name of the archive in the data folder; its ending says its format.
    pub file: String,
    /// Its size.
    pub bytes: Option<u64>,
    /// Its checksum as published.
    pub checksum: Checksum,
}

/// The format of an archive.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ArchiveFormat {
    /// A gzipped tar archive, `.tar.gz`.
    TarGz,
    /// A zip archive, `.zip`.
    Zip,
}

impl Archive {
    /// The format that the ending of the file's name says, if it says one.
    pub fn format(&self) -> Option<ArchiveFormat> {
        let formats = [(".tar.gz", ArchiveFormat::TarGz), (".zip", ArchiveFormat::Zip)];
        formats.into_iter().find(|(ending, _)| self.file.ends_with(ending)).map(|(_, format)| format)
    }
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The path under the dataset's folder.
    pub path: String,
    /// What the file is for.
    pub role: FileRole,
    /// Its official address, for a dataset whose files are published one by one.
    pub url: Option<String>,
    /// Its size; required for files of records.
    pub bytes: Option<u64>,
    /// Its checksum, if one is known; required for a file with an address.
    pub checksum: Option<Checksum>,
}

/// What a file of a dataset is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileRole {
    /// Training images.
    Train,
    /// Test images.
    Test,
    /// Training and test images in one file.
    TrainAndTest,
    /// One class name per line, in the order of the class ids. May be absent: the manifest's names are the truth, and
    /// the file, where there is one, must agree with them.
    ClassNames,
}

impl DatasetManifest {
    /// The folder that holds this dataset's files, under the data folder.
    pub fn folder_in(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(&self.folder)
    }

    /// The entries of one role, in order.
    pub fn files_of(&self, role: FileRole) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(move |file| file.role == role)
    }

    /// Whether the files are published one by one. `DatasetManifest::load` makes sure that all are or none is.
    pub(crate) fn has_single_files(&self) -> bool {
        self.files.iter().any(|file| file.url.is_some())
    }

    /// The files that may not be absent.
    pub(crate) fn required_files(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(|file| file.role != FileRole::ClassNames)
    }
}
