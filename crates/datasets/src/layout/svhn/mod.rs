//! SVHN's cropped digits in their official layout ("Format 2"): MATLAB files of level 5 with two variables.
//!
//! `X` is `[height, width, 3, n]` of bytes with the row varying fastest; `y` has the digit of each image, 10 for the digit
//! 0. The class of an image is its digit, so that label 10 is class 0. Source: Netzer et al., Reading Digits in Natural
//! Images with Unsupervised Feature Learning, NIPS workshop 2011, <http://ufldl.stanford.edu/housenumbers/>.

mod mat;

use std::path::Path;

use crate::error::{Error, Result};
use crate::files;
use crate::images::ImageShape;
use crate::labelled_images::LabelledImages;
use crate::manifest::{DatasetManifest, FileRole};

use super::rules;
use mat::{Values, Variable};

/// The classes: the digits.
pub const CLASSES: usize = 10;

/// The names of the variables.
const NAMES: [&str; 2] = ["X", "y"];

/// What contradicts the layout, if anything: there are files for training and files for test images, of the ten digits.
pub(super) fn check(manifest: &DatasetManifest) -> Option<String> {
    rules::no_split(manifest)
        .or_else(|| rules::as_they_are(manifest))
        .or_else(|| rules::no_generator(manifest))
        .or_else(|| rules::no_file_of_both(manifest))
        .or_else(|| rules::some_images(manifest))
        .or_else(|| rules::no_files_of(manifest, FileRole::Train, "training"))
        .or_else(|| rules::no_files_of(manifest, FileRole::Test, "test"))
        .or_else(|| {
            let (found, expected) = (manifest.classes, CLASSES);
            (found != expected).then(|| format!("{found} classes, but the layout has {expected}"))
        })
        .or_else(|| rules::in_colours(manifest))
        .or_else(|| rules::some_pixels(manifest))
}

/// What must be there: the files that the manifest lists.
pub(super) fn required(manifest: &DatasetManifest) -> Vec<&str> {
    rules::listed_files(manifest)
}

/// Reads the training and the test images, each in the order of the files, verifying sizes and checksums.
///
/// # Errors
/// Every message names the file, and the byte, the variable or the image: a file is damaged, a variable is missing or has
/// another shape than the manifest says, a label is not 1 to 10, or there are more or fewer images.
pub(super) fn read(manifest: &DatasetManifest, data_dir: &Path) -> Result<(LabelledImages, LabelledImages)> {
    let read = |role, count| read_role(manifest, data_dir, role, count);
    Ok((read(FileRole::Train, manifest.train_images)?, read(FileRole::Test, manifest.test_images)?))
}

fn read_role(
    manifest: &DatasetManifest,
    data_dir: &Path,
    role: FileRole,
    expected: usize,
) -> Result<LabelledImages> {
    let mut found = LabelledImages::with_capacity(manifest.image, 0);
    let mut last = manifest.folder_in(data_dir);
    for file in manifest.files_of(role) {
        let path = manifest.folder_in(data_dir).join(&file.path);
        files::verify_entry(&path, file)?;
        append(&path, &mut found)?;
        last = path;
    }
    match found.labels.len() {
        count if count == expected => Ok(found),
        count => Err(Error::ImageCount { path: last, expected, found: count }),
    }
}

/// Appends the images of one file.
fn append(path: &Path, to: &mut LabelledImages) -> Result<()> {
    let variables = mat::read(path, &NAMES)?;
    let find = |name: &str| {
        let found = variables.iter().find(|it| it.name == name);
        found.ok_or_else(|| wrong(path, name, "it is not there".to_owned()))
    };
    let (pixels, labels) = (find(NAMES[0])?, find(NAMES[1])?);
    let (bytes, count) = pixel_bytes(path, pixels, to.images.shape)?;
    if labels.values.len() != count {
        let problem = format!("it has {} labels for {count} images", labels.values.len());
        return Err(wrong(path, NAMES[1], problem));
    }
    to.labels.reserve_exact(count);
    for row in 0..count {
        to.labels.push(
            label(labels.values.number(row))
                .map_err(|problem| wrong(path, NAMES[1], format!("image {row}: {problem}")))?,
        );
    }
    let (shape, into) = (to.images.shape, &mut to.images.pixels);
    into.reserve_exact(bytes.len());
    for image in bytes.chunks_exact(shape.len()) {
        let planes = image.chunks_exact(shape.height * shape.width);
        planes.for_each(|plane| push_transposed(plane, shape.height, into));
    }
    Ok(())
}

/// The bytes of `X` and the number of its images. MATLAB leaves out a last dimension of 1.
fn pixel_bytes<'a>(path: &Path, pixels: &'a Variable, shape: ImageShape) -> Result<(&'a [u8], usize)> {
    let Values::Bytes(bytes) = &pixels.values else {
        return Err(wrong(path, NAMES[0], "its values are not bytes".to_owned()));
    };
    let expected = [shape.height, shape.width, shape.channels];
    match pixels.dims[..] {
        [height, width, channels] if [height, width, channels] == expected => Ok((bytes, 1)),
        [height, width, channels, count] if [height, width, channels] == expected => Ok((bytes, count)),
        _ => {
            let problem = format!(
                "it has dimensions {:?}, expected {expected:?} and the number of images",
                pixels.dims
            );
            Err(wrong(path, NAMES[0], problem))
        }
    }
}

/// The class of a label.
fn label(value: f64) -> std::result::Result<u32, String> {
    let label = value as u32;
    // Exact: only whole numbers from 1 to 10 are equal to what they convert to.
    let is_label = (1..=CLASSES as u32).contains(&label) && f64::from(label).total_cmp(&value).is_eq();
    if is_label { Ok(label % CLASSES as u32) } else { Err(format!("label {value} is not 1 to {CLASSES}")) }
}

/// Appends a plane, stored column after column, row after row.
fn push_transposed(plane: &[u8], height: usize, pixels: &mut Vec<u8>) {
    for row in 0..height {
        pixels.extend(plane[row..].iter().step_by(height));
    }
}

fn wrong(path: &Path, array: &str, problem: String) -> Error {
    Error::Array { path: path.into(), array: array.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::manifest::load::tests::load_changed;
    use crate::prepare::prepare;
    use crate::read;
    use mat::tests::{Golden, Stored, bytes, encode};

    const MANIFEST: &str = r#"
name = "digits"
title = "Digits"
terms = "None."
layout = "svhn-mat"
folder = "digits"
classes = 10
class_names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
train_images = 4
test_images = 1
class_balanced = false
image = { channels = 3, height = 3, width = 5 }
source = { citation = "Nobody, 2000.", homepage = "http://localhost/" }
[[files]]
path = "train.mat"
role = "train"
[[files]]
path = "test.mat"
role = "test"
"#;

    fn manifest(changes: &[(&str, &str)]) -> Result<DatasetManifest> {
        load_changed("digits", MANIFEST, changes)
    }

    /// A data folder with these files.
    fn data(train: &[u8], test: &[u8]) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("digits")).unwrap();
        fs::write(data.path().join("digits/train.mat"), train).unwrap();
        fs::write(data.path().join("digits/test.mat"), test).unwrap();
        data
    }

    /// One image, without a last dimension, as MATLAB writes it.
    fn one_image() -> Vec<u8> {
        let pixels: Vec<u8> = (0..45).collect();
        encode(&[bytes("y", &[1, 1], &[3]), bytes("X", &[3, 5, 3], &pixels)], false, true)
    }

    #[test]
    fn images_and_labels_of_scipy_are_read() {
        let golden = Golden::load();
        for train in golden.files() {
            let data = data(&train, &one_image());
            let dataset = read(&manifest(&[]).unwrap(), data.path()).unwrap();
            assert_eq!(golden.labels, [10.0, 1.0, 9.0, 10.0]);
            assert_eq!(dataset.truth.train, [0, 1, 9, 0]);
            assert_eq!(dataset.train.pixels, golden.images.concat());
            assert_eq!(dataset.truth.test, [3]);
            // The first row of the first channel: columns are three bytes apart.
            assert_eq!(dataset.test.pixels[..6], [0, 3, 6, 9, 12, 1]);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let pixels = [0; 90];
        let labels = |bytes_of: &[u8]| {
            encode(&[bytes("X", &[3, 5, 3, 2], &pixels), bytes("y", &[2, 1], bytes_of)], false, true)
        };
        let half = Stored {
            name: "y",
            dims: &[1, 1],
            class: 6,
            kind: 9,
            width: 8,
            bytes: 2.5_f64.to_le_bytes().to_vec(),
        };
        let float = Stored { name: "X", dims: &[1, 1], class: 6, kind: 9, width: 8, bytes: vec![0; 8] };
        for (file, problem) in [
            (labels(&[1, 11]), "test.mat, array `y`: image 1: label 11 is not 1 to 10"),
            (labels(&[0, 1]), "array `y`: image 0: label 0 is not 1 to 10"),
            (
                encode(&[bytes("X", &[3, 5, 3, 2], &pixels), bytes("y", &[3, 1], &[1; 3])], false, false),
                "array `y`: it has 3 labels for 2 images",
            ),
            (
                encode(&[bytes("X", &[3, 5, 3], &pixels[..45]), half], false, false),
                "image 0: label 2.5 is not",
            ),
            (encode(&[bytes("X", &[3, 5, 3, 2], &pixels)], false, false), "array `y`: it is not there"),
            (
                encode(&[float, bytes("y", &[1, 1], &[1])], false, false),
                "array `X`: its values are not bytes",
            ),
            (
                encode(&[bytes("X", &[5, 3, 3, 2], &pixels), bytes("y", &[2, 1], &[1; 2])], false, false),
                "array `X`: it has dimensions [5, 3, 3, 2], expected [3, 5, 3] and the number of images",
            ),
            (labels(&[1, 2]), "test.mat has 2 images, expected 1"),
            (one_image()[..150].to_vec(), "test.mat, byte 128: the file is truncated at byte 150"),
        ] {
            let data = data(&Golden::load().files()[1], &file);
            let error = prepare(&manifest(&[]).unwrap(), data.path(), data.path()).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn sizes_and_checksums_are_verified() {
        let data = data(&Golden::load().files()[0], &one_image());
        let (size, sum) = (
            "role = \"test\"\nbytes = 12",
            "role = \"test\"\nchecksum = { md5 = \"900150983cd24fb0d6963f7d28e17f72\" }",
        );
        let error = read(&manifest(&[("role = \"test\"", size)]).unwrap(), data.path()).unwrap_err();
        assert!(matches!(error, Error::FileSize { expected_bytes: 12, .. }), "{error:?}");
        let error = read(&manifest(&[("role = \"test\"", sum)]).unwrap(), data.path()).unwrap_err();
        assert!(matches!(error, Error::ChecksumMismatch { .. }), "{error:?}");
        fs::remove_file(data.path().join("digits/test.mat")).unwrap();
        let error = read(&manifest(&[]).unwrap(), data.path()).unwrap_err();
        assert!(matches!(error, Error::MissingFile { .. }), "{error:?}");
    }

    #[test]
    fn manifests_that_contradict_the_layout_are_refused() {
        for (from, to, problem) in [
            ("channels = 3", "channels = 1", "the layout has images of 3 channels"),
            ("classes = 10", "classes = 9", "10 class names for 9 classes"),
            ("\"8\", \"9\"]", "\"8\"]", "9 class names for 10 classes"),
            (
                "role = \"test\"",
                "role = \"train-and-test\"",
                "test.mat cannot be for training and for test images",
            ),
            ("role = \"test\"", "role = \"train\"", "there is no file of test images"),
            ("test_images = 1", "test_images = 0", "there are no training images or no test images"),
            ("folder =", "split = \"official\"\nfolder =", "split is for the layout tiny-imagenet"),
            ("folder =", "generator = { seed = 1 }\nfolder =", "the generator makes files of records only"),
        ] {
            let error = manifest(&[(from, to)]).unwrap_err();
            assert!(matches!(error, Error::InvalidManifest { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
        let few = [("classes = 10", "classes = 9"), ("\"8\", \"9\"]", "\"8\"]")];
        let error = manifest(&few).unwrap_err();
        assert!(error.to_string().contains("9 classes, but the layout has 10"), "{error}");
    }
}
