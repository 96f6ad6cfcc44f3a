//! What a dataset is: its files, their sizes and checksums, its classes, and the terms under which it may be used.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::checksum::Checksum;
use crate::cifar;
use crate::error::{Error, Result};
use crate::images::ImageShape;
use crate::synthetic::{self, SyntheticConfig};

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
    /// Whether every class has the same number of training images and of test images; checked on reading.
    pub class_balanced: bool,
    /// The shape of every image.
    pub image: ImageShape,
    /// Whom to cite and where to look.
    pub source: Source,
    /// The archive to download, if there is one.
    pub archive: Option<Archive>,
    /// The files, training files in the order of their images.
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
    /// The official address of the gzipped tar archive.
    pub url: String,
    /// The name of the archive in the data folder.
    pub file: String,
    /// Its size.
    pub bytes: Option<u64>,
    /// Its checksum as published.
    pub checksum: Checksum,
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The path under the dataset's folder.
    pub path: String,
    /// What the file is for.
    pub role: FileRole,
    /// Its size; required for images.
    pub bytes: Option<u64>,
    /// Its checksum, if one is known.
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
    /// One class name per line, in the order of the class ids. May be absent: the manifest's names are the truth, and
    /// the file, where there is one, must agree with them.
    ClassNames,
}

impl DatasetManifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, has an unknown key, or contradicts itself (sizes, counts, names, paths).
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let manifest: Self = toml::from_str(&text)
            .map_err(|source| Error::Toml { path: path.into(), source: Box::new(source) })?;
        match manifest.problem(path) {
            Some(problem) => Err(Error::InvalidManifest { path: path.into(), problem }),
            None => Ok(manifest),
        }
    }

    /// The folder that holds this dataset's files, under the data folder.
    pub fn folder_in(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(&self.folder)
    }

    /// The entries of one role, in order.
    pub fn files_of(&self, role: FileRole) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(move |file| file.role == role)
    }

    /// How to get the files: the command, then what to put where by hand. Reads on after "; ".
    pub(crate) fn help(&self, data_dir: &Path) -> String {
        let fetch = format!("`cargo xtask fetch {}`", self.name);
        let Some(archive) = &self.archive else {
            return format!("{fetch} generates the files");
        };
        let size = archive.bytes.map(|bytes| format!("{bytes} bytes, ")).unwrap_or_default();
        format!(
            "{fetch} gets it from {url}. Without a network, put either the archive ({size}{algorithm} {hex}) at {archive_at} \
             and run that command again, or the unpacked files at {files_at}",
            url = archive.url,
            algorithm = archive.checksum.algorithm(),
            hex = archive.checksum.hex(),
            archive_at = data_dir.join(&archive.file).display(),
            files_at = self
                .files
                .iter()
                .filter(|file| file.role != FileRole::ClassNames)
                .map(|file| self.folder_in(data_dir).join(&file.path).display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
        )
    }

    /// The first contradiction, if there is one.
    fn problem(&self, path: &Path) -> Option<String> {
        let is_name = !self.name.is_empty()
            && self.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !is_name {
            return Some(format!("name `{}` is not lower-case letters, digits and hyphens", self.name));
        }
        if path.file_stem().is_none_or(|stem| stem != self.name.as_str()) {
            return Some(format!("name `{}` is not the name of the file", self.name));
        }
        if self.class_names.len() != self.classes {
            return Some(format!("{} class names for {} classes", self.class_names.len(), self.classes));
        }
        if self.classes < 2 {
            return Some(format!("{} classes, expected 2 or more", self.classes));
        }
        if self.class_balanced
            && !(self.train_images.is_multiple_of(self.classes)
                && self.test_images.is_multiple_of(self.classes))
        {
            return Some(format!(
                "{} training and {} test images cannot be balanced over {} classes",
                self.train_images, self.test_images, self.classes
            ));
        }
        self.paths_problem().or_else(|| self.files_problem()).or_else(|| cifar::layout_problem(self))
    }

    fn paths_problem(&self) -> Option<String> {
        if !is_single_component(&self.folder) {
            return Some(format!("folder `{}` is not one plain name", self.folder));
        }
        if let Some(archive) = &self.archive {
            if !is_single_component(&archive.file) || archive.file == self.folder {
                return Some(format!("archive file `{}` is not one plain name", archive.file));
            }
            if !archive.checksum.is_well_formed() {
                return Some(format!(
                    "checksum `{}` of the archive is not well-formed",
                    archive.checksum.hex()
                ));
            }
        }
        self.files.iter().find_map(|file| match &file.checksum {
            _ if !is_single_component(&file.path) => {
                Some(format!("file path `{}` is not one plain name", file.path))
            }
            Some(checksum) if !checksum.is_well_formed() => {
                Some(format!("checksum `{}` of {} is not well-formed", checksum.hex(), file.path))
            }
            _ => None,
        })
    }

    fn files_problem(&self) -> Option<String> {
        let record = cifar::record_bytes(self.layout, &self.image) as u64;
        for (role, name, images) in
            [(FileRole::Train, "training", self.train_images), (FileRole::Test, "test", self.test_images)]
        {
            let mut bytes = 0;
            for file in self.files_of(role) {
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
        self.generator.and_then(|_| self.generator_problem())
    }

    /// What the generator cannot make, if anything.
    fn generator_problem(&self) -> Option<String> {
        if self.files_of(FileRole::Train).count() != 1 || self.files_of(FileRole::Test).count() != 1 {
            return Some("a generated dataset has one training and one test file".to_owned());
        }
        if self.image != synthetic::IMAGE_SHAPE || self.classes > synthetic::MAX_CLASSES {
            let (shape, most) = (synthetic::IMAGE_SHAPE, synthetic::MAX_CLASSES);
            return Some(format!("the generator makes images of shape {shape:?} in at most {most} classes"));
        }
        (self.layout == Layout::Cifar100Coarse).then(|| "the generator has no coarse classes".to_owned())
    }
}

fn is_single_component(path: &str) -> bool {
    let mut components = Path::new(path).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(name)), None) if name == path)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A dataset of four 1×2×2 training images and two test images in two classes.
    pub(crate) fn tiny_manifest() -> String {
        r#"
name = "tiny"
title = "Tiny"
terms = "None."
layout = "cifar10-binary"
folder = "tiny-bin"
classes = 2
class_names = ["cat", "dog"]
train_images = 4
test_images = 2
class_balanced = true
image = { channels = 1, height = 2, width = 2 }

[source]
citation = "Nobody, 2000."
homepage = "http://localhost/"

[[files]]
path = "train.bin"
role = "train"
bytes = 20

[[files]]
path = "test.bin"
role = "test"
bytes = 10
"#
        .to_owned()
    }

    fn load(text: &str) -> Result<DatasetManifest> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.toml");
        fs::write(&path, text).unwrap();
        DatasetManifest::load(&path)
    }

    #[test]
    fn a_sound_manifest_loads() {
        let manifest = load(&tiny_manifest()).unwrap();
        assert_eq!(manifest.layout, Layout::Cifar10Binary);
        assert_eq!(manifest.files_of(FileRole::Test).count(), 1);
    }

    #[test]
    fn an_unknown_key_is_an_error_everywhere() {
        for (section, with) in [
            ("title =", "colour = \"red\"\ntitle ="),
            ("[source]", "[source]\nauthor = \"x\""),
            ("role = \"train\"", "role = \"train\"\nsize = 3"),
            ("channels = 1,", "channels = 1, depth = 2,"),
            ("bytes = 20", "bytes = 20\nchecksum = { crc = \"00\" }"),
        ] {
            let text = tiny_manifest().replacen(section, with, 1);
            assert!(matches!(load(&text), Err(Error::Toml { .. })), "{with}");
        }
    }

    #[test]
    fn contradictions_are_named() {
        for (from, to, problem) in [
            ("bytes = 20", "bytes = 21", "not a multiple of 5"),
            ("bytes = 20", "bytes = 25", "5 records, expected 4"),
            ("bytes = 20", "", "no size"),
            ("[\"cat\", \"dog\"]", "[\"cat\"]", "1 class names for 2 classes"),
            ("name = \"tiny\"", "name = \"big\"", "not the name of the file"),
            ("folder = \"tiny-bin\"", "folder = \"../tiny-bin\"", "not one plain name"),
            ("path = \"train.bin\"", "path = \"/train.bin\"", "not one plain name"),
            ("bytes = 20", "bytes = 20\nchecksum = { sha1 = \"00\" }", "not well-formed"),
        ] {
            let error = load(&tiny_manifest().replacen(from, to, 1)).unwrap_err();
            assert!(matches!(&error, Error::InvalidManifest { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
