//! From a file to a manifest that can be relied on: one that contradicts itself in names, paths, checksums, sizes or counts
//! is refused.

use std::fs;
use std::path::Path;

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::layout;
use crate::manifest::names::{is_single_component, name_problem};
use crate::manifest::{DatasetManifest, FileEntry};

impl DatasetManifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, has an unknown key, or contradicts itself (sizes, counts, names, paths).
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let manifest: Self = toml::from_str(&text)
            .map_err(|source| Error::Toml { path: path.into(), source: Box::new(source) })?;
        match contradiction(&manifest, path) {
            Some(problem) => Err(Error::InvalidManifest { path: path.into(), problem }),
            None => Ok(manifest),
        }
    }
}

/// The first contradiction of the manifest at `path`, if there is one.
fn contradiction(manifest: &DatasetManifest, path: &Path) -> Option<String> {
    name_problem(&manifest.name, path)
        .or_else(|| classes(manifest))
        .or_else(|| paths(manifest))
        .or_else(|| layout::check(manifest))
        .or_else(|| sources(manifest))
}

fn classes(manifest: &DatasetManifest) -> Option<String> {
    let (names, classes) = (&manifest.class_names, manifest.classes);
    if names.len() != classes {
        return Some(format!("{} class names for {classes} classes", names.len()));
    }
    if classes < 2 {
        return Some(format!("{classes} classes, expected 2 or more"));
    }
    let (train, test) = (manifest.train_images, manifest.test_images);
    if manifest.class_balanced && !(train.is_multiple_of(classes) && test.is_multiple_of(classes)) {
        return Some(format!(
            "{train} training and {test} test images cannot be balanced over {classes} classes"
        ));
    }
    None
}

fn paths(manifest: &DatasetManifest) -> Option<String> {
    if !is_single_component(&manifest.folder) {
        return Some(format!("folder `{}` is not one plain name", manifest.folder));
    }
    if let Some(archive) = &manifest.archive {
        if !is_single_component(&archive.file) || archive.file == manifest.folder {
            return Some(format!("archive file `{}` is not one plain name", archive.file));
        }
        if archive.format().is_none() {
            return Some(format!("archive file `{}` ends in neither .tar.gz nor .zip", archive.file));
        }
        if let Some(problem) = checksum(&archive.checksum, "the archive") {
            return Some(problem);
        }
    }
    manifest.files.iter().find_map(file)
}

fn file(file: &FileEntry) -> Option<String> {
    let path = &file.path;
    match &file.checksum {
        _ if !is_single_component(path) => Some(format!("file path `{path}` is not one plain name")),
        None if file.url.is_some() => {
            Some(format!("{path} has an address and no checksum to tell what comes from there"))
        }
        found => found.as_ref().and_then(|found| checksum(found, path)),
    }
}

/// There is one way at most to get the files, and it gets all of them.
fn sources(manifest: &DatasetManifest) -> Option<String> {
    let ways = [
        ("an archive", manifest.archive.is_some()),
        ("files with addresses", manifest.has_single_files()),
        ("a generator", manifest.generator.is_some()),
        ("instructions", manifest.instructions.is_some()),
    ];
    let ways: Vec<&str> = ways.into_iter().filter(|(_, there)| *there).map(|(way, _)| way).collect();
    if ways.len() > 1 {
        return Some(format!("{} are two ways to get the files, expected one", ways[..2].join(" and ")));
    }
    let lacking = manifest.required_files().find(|file| file.url.is_none())?;
    manifest.has_single_files().then(|| format!("{} has no address, but other files have", lacking.path))
}

/// What is wrong with the checksum of a file of a dataset, if anything.
fn checksum(checksum: &Checksum, of: &str) -> Option<String> {
    if !checksum.is_well_formed() {
        return Some(format!("checksum `{}` of {of} is not well-formed", checksum.hex()));
    }
    matches!(checksum, Checksum::Sha256Prefix(_)).then(|| {
        format!("checksum `{}` of {of} is not a whole one; only weights may have that", checksum.hex())
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::manifest::{FileRole, Layout};

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

    pub(crate) fn load(text: &str) -> Result<DatasetManifest> {
        load_changed("tiny", text, &[])
    }

    /// The manifest `<name>.toml` of this text, each first occurrence of what is to change replaced.
    pub(crate) fn load_changed(name: &str, text: &str, changes: &[(&str, &str)]) -> Result<DatasetManifest> {
        let folder = tempfile::tempdir().unwrap();
        let mut text = text.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let path = folder.path().join(format!("{name}.toml"));
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
            (
                "bytes = 20",
                "bytes = 20\nurl = \"http://localhost/train.bin\"",
                "train.bin has an address and no checksum",
            ),
            (
                "bytes = 20",
                "bytes = 20\nurl = \"http://localhost/\"\nchecksum = { md5 = \"900150983cd24fb0d6963f7d28e17f72\" }",
                "test.bin has no address, but other files have",
            ),
            (
                "[source]",
                "instructions = \"Ask.\"\n[archive]\nurl = \"http://localhost/\"\nfile = \"tiny.zip\"\n\
                 checksum = { md5 = \"900150983cd24fb0d6963f7d28e17f72\" }\n[source]",
                "an archive and instructions are two ways",
            ),
            ("bytes = 20", "bytes = 20\nchecksum = { sha256-prefix = \"00112233\" }", "not a whole one"),
        ] {
            let error = load(&tiny_manifest().replacen(from, to, 1)).unwrap_err();
            assert!(matches!(&error, Error::InvalidManifest { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
