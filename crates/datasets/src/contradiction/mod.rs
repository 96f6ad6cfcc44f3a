//! What in a manifest contradicts itself: names, paths, checksums, sizes and counts.

mod layouts;

use std::path::{Component, Path};

use crate::checksum::Checksum;
use crate::manifest::{DatasetManifest, FileEntry};

/// The first contradiction of the manifest at `path`, if there is one.
pub(crate) fn find(manifest: &DatasetManifest, path: &Path) -> Option<String> {
    name(&manifest.name, path)
        .or_else(|| classes(manifest))
        .or_else(|| paths(manifest))
        .or_else(|| layouts::find(manifest))
        .or_else(|| sources(manifest))
}

/// Why a name does not name the manifest at `path`, if it does not.
pub(crate) fn name(name: &str, path: &Path) -> Option<String> {
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !is_name {
        return Some(format!("name `{name}` is not lower-case letters, digits and hyphens"));
    }
    path.file_stem()
        .is_none_or(|stem| stem != name)
        .then(|| format!("name `{name}` is not the name of the file"))
}

/// Whether a path is one plain name: no folder, no `..`, not absolute.
pub(crate) fn is_single_component(path: &str) -> bool {
    let mut components = Path::new(path).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(name)), None) if name == path)
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
mod tests {
    use crate::error::Error;
    use crate::manifest::tests::{load, tiny_manifest};

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
