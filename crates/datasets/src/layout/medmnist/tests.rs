//! Files written by NumPy, files made here, and files that are wrong.

use std::fs;
use std::io::{Cursor, Write};

use ndarray::{Array, Array2, Array3, Array4};
use ndarray_npy::WriteNpyExt;
use serde::Deserialize;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::manifest::load::tests::load_changed;
use crate::{prepare, read};

const MANIFEST: &str = r#"
name = "cells"
title = "Cells"
terms = "None."
layout = "medmnist-npz"
folder = "cells"
classes = 3
class_names = ["a", "b", "c"]
train_images = 4
test_images = 2
class_balanced = false
image = { channels = 3, height = 3, width = 5 }
source = { citation = "Nobody, 2000.", homepage = "http://localhost/" }
[[files]]
path = "cells.npz"
role = "train-and-test"
"#;

/// `tests/golden/npz.json`; `npz.py` beside it says how it was made.
#[derive(Deserialize)]
struct Golden {
    colours: Case,
    grey: Case,
}

#[derive(Deserialize)]
struct Case {
    /// `[n, channels · 3 · 5]`, channel-major.
    train_images: Vec<Vec<u8>>,
    test_images: Vec<Vec<u8>>,
    train_labels: Vec<u32>,
    test_labels: Vec<u32>,
    file: String,
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.file).unwrap()
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/golden/npz.json")).unwrap()
}

fn manifest(changes: &[(&str, &str)]) -> Result<DatasetManifest> {
    load_changed("cells", MANIFEST, changes)
}

fn data(file: &[u8]) -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("cells")).unwrap();
    fs::write(data.path().join("cells/cells.npz"), file).unwrap();
    data
}

/// An archive of the four arrays.
fn npz(arrays: [(&str, &dyn WriteNpy); 4]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        writer.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        writer.write_all(&array.npy()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// [`WriteNpyExt`] for a list of arrays of several kinds.
trait WriteNpy {
    fn npy(&self) -> Vec<u8>;
}

impl<A: ndarray_npy::WritableElement, D: ndarray::Dimension> WriteNpy for Array<A, D> {
    fn npy(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_npy(&mut bytes).unwrap();
        bytes
    }
}

/// An archive of four training and two test images in grey, with something else in place of one array.
fn with(name: &str, array: &dyn WriteNpy) -> Vec<u8> {
    let (train, test) = (Array3::<u8>::zeros((4, 3, 5)), Array3::<u8>::zeros((2, 3, 5)));
    let (train_labels, test_labels) = (Array2::<u8>::zeros((4, 1)), Array2::<u8>::zeros((2, 1)));
    let arrays: [(&str, &dyn WriteNpy); 4] = [
        ("train_images", &train),
        ("train_labels", &train_labels),
        ("test_images", &test),
        ("test_labels", &test_labels),
    ];
    npz(arrays.map(|(other, usual)| if other == name { (other, array) } else { (other, usual) }))
}

#[test]
fn files_of_numpy_are_read() {
    let Golden { colours, grey } = golden();
    let dataset = read(&manifest(&[]).unwrap(), data(&colours.bytes()).path()).unwrap();
    assert_eq!(dataset.truth.train, colours.train_labels);
    assert_eq!(dataset.truth.test, colours.test_labels);
    assert_eq!(dataset.train.pixels, colours.train_images.concat());
    assert_eq!(dataset.test.pixels, colours.test_images.concat());

    let dataset =
        read(&manifest(&[("channels = 3", "channels = 1")]).unwrap(), data(&grey.bytes()).path()).unwrap();
    assert_eq!(
        (&dataset.truth.train, &dataset.train.pixels),
        (&grey.train_labels, &grey.train_images.concat())
    );
    assert_eq!((&dataset.truth.test, &dataset.test.pixels), (&grey.test_labels, &grey.test_images.concat()));
    let dataset = read(&manifest(&[]).unwrap(), data(&grey.bytes()).path()).unwrap();
    let thrice: Vec<Vec<u8>> = grey.train_images.iter().map(|image| image.repeat(3)).collect();
    assert_eq!(dataset.train.pixels, thrice.concat());
}

#[test]
fn images_are_resized_to_the_manifest() {
    let mut images = Array4::<u8>::from_elem((4, 2, 2, 3), 9);
    (images[[1, 0, 1, 0]], images[[1, 1, 1, 0]]) = (109, 109);
    let manifest = manifest(&[("height = 3, width = 5", "height = 2, width = 4")]).unwrap();
    let dataset = read(&manifest, data(&with("train_images", &images)).path()).unwrap();
    assert_eq!(dataset.train.image(0), [9; 24]);
    assert_eq!(dataset.train.image(1)[..8], [9, 34, 84, 109, 9, 34, 84, 109]);
    assert_eq!(dataset.train.image(1)[8..], [9; 16]);
}

#[test]
fn what_is_wrong_is_named() {
    let label = |label| Array2::<u8>::from_elem((2, 1), label);
    for (file, problem) in [
        (with("test_labels", &label(3)), "cells.npz, array `test_labels`: image 0: label 3 is not below 3"),
        (with("train_labels", &Array2::<u8>::zeros((4, 14))), "array `train_labels`: an image has 14 labels"),
        (
            with("train_labels", &Array3::<u8>::zeros((4, 1, 1))),
            "array `train_labels`: it has shape [4, 1, 1]",
        ),
        (
            with("train_labels", &Array2::<u8>::zeros((3, 1))),
            "array `train_labels`: it has 3 entries, expected 4",
        ),
        (
            with("train_images", &Array3::<u8>::zeros((5, 3, 5))),
            "array `train_images`: it has 5 entries, expected 4",
        ),
        (
            with("train_images", &Array3::<u8>::zeros((4, 0, 5))),
            "array `train_images`: it has shape [4, 0, 5], which has no",
        ),
        (
            with("test_images", &Array4::<u8>::zeros((2, 3, 5, 4))),
            "array `test_images`: it has shape [2, 3, 5, 4]",
        ),
        (with("train_images", &Array3::<f32>::zeros((4, 3, 5))), "could not read array `train_images` of "),
        (with("train_labels", &Array2::<i64>::zeros((4, 1))), "could not read array `train_labels` of "),
        (b"no archive".to_vec(), "could not read "),
    ] {
        let error =
            prepare(&manifest(&[]).unwrap(), data(&file).path(), data(&file).path()).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(error.contains("cells.npz"), "{error}");
    }
    let one_channel = manifest(&[("channels = 3", "channels = 1")]).unwrap();
    let error = read(&one_channel, data(&golden().colours.bytes()).path()).unwrap_err().to_string();
    assert!(error.contains("its images are in colours"), "{error}");
}

#[test]
fn damaged_files_are_errors() {
    let file = golden().colours.bytes();
    let error = read(&manifest(&[]).unwrap(), data(&file[..file.len() / 2]).path()).unwrap_err();
    assert!(matches!(error, Error::Io { action: "read", .. }), "{error:?}");
    // In the middle of the first entry, whose compressed bytes have a CRC-32.
    let mut flipped = file.clone();
    flipped[200] ^= 1;
    let error = read(&manifest(&[]).unwrap(), data(&flipped).path()).unwrap_err();
    assert!(matches!(&error, Error::Npy { array, .. } if array == "train_images"), "{error:?}");
    let sum = "role = \"train-and-test\"\nchecksum = { md5 = \"900150983cd24fb0d6963f7d28e17f72\" }";
    let strict = manifest(&[("role = \"train-and-test\"", sum)]).unwrap();
    assert!(matches!(read(&strict, data(&file).path()), Err(Error::ChecksumMismatch { .. })));
    let empty = npz([
        ("a", &Array2::<u8>::zeros((1, 1))),
        ("b", &Array2::<u8>::zeros((1, 1))),
        ("c", &Array2::<u8>::zeros((1, 1))),
        ("d", &Array2::<u8>::zeros((1, 1))),
    ]);
    let error = read(&manifest(&[]).unwrap(), data(&empty).path()).unwrap_err().to_string();
    assert!(error.ends_with("cells.npz, array `train_labels`: it is not there"), "{error}");
}

#[test]
fn manifests_that_contradict_the_layout_are_refused() {
    let another = "[[files]]\npath = \"more.npz\"\nrole = \"train\"\n[[files]]";
    for (from, to, problem) in [
        ("\"train-and-test\"", "\"train\"", "the layout has one file, with the role train-and-test"),
        ("[[files]]", another, "the layout has one file, with the role train-and-test"),
        ("channels = 3", "channels = 2", "2 channels are neither grey nor colours"),
        ("height = 3", "height = 0", "the images have no pixels"),
        ("train_images = 4", "train_images = 0", "there are no training images or no test images"),
        ("folder =", "split = \"official\"\nfolder =", "split is for the layout tiny-imagenet"),
        ("folder =", "generator = { seed = 1 }\nfolder =", "the generator makes files of records only"),
    ] {
        let error = manifest(&[(from, to)]).unwrap_err();
        assert!(matches!(error, Error::InvalidManifest { .. }), "{error:?}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}
