//! A dataset of three classes in the layout, made here: four training and two validation images a class.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::manifest::load::tests::load_changed;
use crate::pixels::jpeg::tests::{grey_ramp, quadrants};
use crate::prepare::{prepare, read};

/// In the order of `wnids.txt`, which is not the alphabetical one.
const WNIDS: [&str; 3] = ["n02124075", "n01443537", "n03126707"];

/// Numbers that are in another order as text; no class starts at 0.
const NUMBERS: [u32; 4] = [9, 10, 100, 2];

const MANIFEST: &str = r#"
name = "little"
title = "Little"
terms = "None."
layout = "tiny-imagenet"
split = "official"
folder = "little-3"
classes = 3
class_names = ["n02124075 Egyptian cat", "n01443537 goldfish", "n03126707 crane"]
train_images = 12
test_images = 6
class_balanced = true
image = { channels = 3, height = 64, width = 64 }
source = { citation = "Nobody, 2000.", homepage = "http://localhost/" }

[archive]
url = "http://localhost/little-3.zip"
file = "little-3.zip"
checksum = { md5 = "90528d7ca1a48142e341f4ef8d21d0de" }
"#;

const HELD_OUT: [(&str, &str); 3] = [
    ("\"official\"", "\"held-out\""),
    ("train_images = 12", "train_images = 9"),
    ("test_images = 6", "test_images = 3"),
];

/// The image of a class and a number: its quadrants tell both.
fn jpeg(class: usize, number: u32) -> Vec<u8> {
    let mut colours = [[40, 200, 90], [class as u8 * 80; 3], [(2 * number) as u8; 3], [0, 0, 255]];
    colours[0][class] = 10;
    quadrants(64, 64, colours)
}

/// Class and number of an image that [`jpeg`] made.
fn class_and_number(pixels: &[u8]) -> (u32, u32) {
    let at = |row: usize, column: usize| f64::from(pixels[row * 64 + column]);
    ((at(16, 48) / 80.0).round() as u32, (at(48, 16) / 2.0).round() as u32)
}

fn manifest(changes: &[(&str, &str)]) -> Result<DatasetManifest> {
    load_changed("little", MANIFEST, changes)
}

fn image_path(class: usize, number: u32) -> String {
    format!("train/{0}/images/{0}_{number}.JPEG", WNIDS[class])
}

/// A data folder with the dataset in it.
fn little() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("little-3");
    fs::create_dir_all(folder.join("val/images")).unwrap();
    fs::write(folder.join("wnids.txt"), WNIDS.join("\n") + "\n").unwrap();
    let words = "n00001740\tentity\nn01443537\tgoldfish, Carassius auratus\nn02012849\tcrane\nn02124075\tEgyptian cat\n\
                 n03126707\tcrane\n";
    fs::write(folder.join("words.txt"), words).unwrap();
    for (class, wnid) in WNIDS.iter().enumerate() {
        fs::create_dir_all(folder.join("train").join(wnid).join("images")).unwrap();
        fs::write(folder.join("train").join(wnid).join(format!("{wnid}_boxes.txt")), "").unwrap();
        for number in NUMBERS {
            fs::write(folder.join(image_path(class, number)), jpeg(class, number)).unwrap();
        }
    }
    let mut annotations = String::new();
    for number in (0..6).rev() {
        let class = number as usize % 3;
        fs::write(folder.join(format!("val/images/val_{number}.JPEG")), jpeg(class, number)).unwrap();
        annotations += &format!("val_{number}.JPEG\t{}\t0\t1\t62\t63\n", WNIDS[class]);
    }
    fs::write(folder.join("val/val_annotations.txt"), annotations).unwrap();
    data
}

fn error_after(change: impl FnOnce(&Path)) -> Error {
    let data = little();
    change(&data.path().join("little-3"));
    read(&manifest(&[]).unwrap(), data.path()).unwrap_err()
}

fn replace_in(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn images_come_by_class_and_number_and_match_their_labels() {
    let data = little();
    let manifest = manifest(&[]).unwrap();
    assert!(prepare(&manifest, data.path(), data.path()).unwrap().generated.is_empty());
    let dataset = read(&manifest, data.path()).unwrap();
    let found: Vec<_> = (0..12).map(|row| class_and_number(dataset.train.image(row))).collect();
    let expected: Vec<_> = (0..3).flat_map(|class| [2, 9, 10, 100].map(|number| (class, number))).collect();
    assert_eq!(found, expected);
    assert_eq!(dataset.truth.train, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    let found: Vec<_> = (0..6).map(|row| class_and_number(dataset.test.image(row))).collect();
    assert_eq!(found, [(0, 0), (1, 1), (2, 2), (0, 3), (1, 4), (2, 5)]);
    assert_eq!(dataset.truth.test, [0, 1, 2, 0, 1, 2]);
    assert_eq!(dataset.train.shape, IMAGE_SHAPE);
}

#[test]
fn held_out_images_are_the_last_of_each_class() {
    let data = little();
    let manifest = manifest(&HELD_OUT).unwrap();
    fs::remove_dir_all(data.path().join("little-3/val")).unwrap(); // not needed
    let dataset = read(&manifest, data.path()).unwrap();
    let found: Vec<_> = (0..9).map(|row| class_and_number(dataset.train.image(row))).collect();
    let expected: Vec<_> = (0..3).flat_map(|class| [2, 9, 10].map(|number| (class, number))).collect();
    assert_eq!(found, expected);
    assert_eq!(dataset.truth.train, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    let found: Vec<_> = (0..3).map(|row| class_and_number(dataset.test.image(row))).collect();
    assert_eq!((found, dataset.truth.test), (vec![(0, 100), (1, 100), (2, 100)], vec![0, 1, 2]));
}

#[test]
fn grey_images_have_three_equal_channels() {
    let data = little();
    fs::write(data.path().join("little-3").join(image_path(0, 2)), grey_ramp(64, 64)).unwrap();
    let dataset = read(&manifest(&[]).unwrap(), data.path()).unwrap();
    let (red, rest) = dataset.train.image(0).split_at(64 * 64);
    assert_eq!([red, red].concat(), rest);
    assert!(red[..64].is_sorted() && red[63] > 250);
}

#[test]
fn classes_that_are_not_the_manifests_are_named_with_their_line() {
    let swapped = error_after(|folder| {
        fs::write(folder.join("wnids.txt"), "n02124075\nn03126707\nn01443537\n").unwrap()
    });
    assert!(
        swapped
            .to_string()
            .ends_with("wnids.txt, line 2: class name `n03126707`, but the manifest says `n01443537`")
    );
    let repeated = error_after(|folder| {
        fs::write(folder.join("wnids.txt"), "n02124075\nn02124075\nn03126707\n").unwrap()
    });
    assert!(matches!(repeated, Error::ClassName { line: 2, .. }), "{repeated:?}");
    let short = error_after(|folder| fs::write(folder.join("wnids.txt"), "n02124075\nn01443537\n").unwrap());
    assert!(matches!(&short, Error::ClassName { line: 3, found, .. } if found.is_empty()), "{short:?}");
    let renamed =
        error_after(|folder| replace_in(&folder.join("words.txt"), "Egyptian cat", "tabby, tabby cat"));
    assert!(
        renamed
            .to_string()
            .ends_with("words.txt, line 4: class name `tabby`, but the manifest says `Egyptian cat`")
    );
    let unnamed = error_after(|folder| replace_in(&folder.join("words.txt"), "n01443537\t", "n99999999\t"));
    assert!(unnamed.to_string().ends_with("words.txt, line 5: the file ends without a name for n01443537"));
}

#[test]
fn names_beside_the_images_may_be_absent() {
    let data = little();
    fs::remove_file(data.path().join("little-3/words.txt")).unwrap();
    read(&manifest(&[]).unwrap(), data.path()).unwrap();
}

#[test]
fn what_is_missing_says_how_to_get_it() {
    for missing in ["wnids.txt", "train", "val"] {
        let error = error_after(|folder| fs::rename(folder.join(missing), folder.join("elsewhere")).unwrap());
        assert!(matches!(&error, Error::MissingFile { path, .. } if path.ends_with(missing)), "{error:?}");
        for expected in [
            "`cargo xtask fetch little`",
            "little-3.zip",
            "little-3/wnids.txt",
            "little-3/train",
            "little-3/val",
        ] {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
    for missing in ["train/n01443537/images", "val/images", "val/val_annotations.txt"] {
        let error = error_after(|folder| fs::rename(folder.join(missing), folder.join("elsewhere")).unwrap());
        assert!(matches!(&error, Error::Io { path, .. } if path.ends_with(missing)), "{error:?}");
    }
}

#[test]
fn counts_that_are_not_the_manifests_are_errors() {
    let error = error_after(|folder| fs::remove_file(folder.join(image_path(1, 9))).unwrap());
    assert!(error.to_string().ends_with("n01443537/images has 3 images, expected 4"), "{error}");
    let error = error_after(|folder| fs::write(folder.join(image_path(1, 3)), jpeg(1, 3)).unwrap());
    assert!(error.to_string().ends_with("n01443537/images has 5 images, expected 4"), "{error}");
    let error = error_after(|folder| {
        fs::remove_file(folder.join("val/images/val_0.JPEG")).unwrap();
        replace_in(&folder.join("val/val_annotations.txt"), "val_0.JPEG\tn02124075\t0\t1\t62\t63\n", "");
    });
    assert!(error.to_string().ends_with("val/images has 5 images, expected 6"), "{error}");
    let error = error_after(|folder| {
        replace_in(&folder.join("val/val_annotations.txt"), "val_0.JPEG\tn02124075", "val_0.JPEG\tn03126707");
    });
    assert!(
        matches!(error, Error::ClassCount { split: "test", class: 0, expected: 2, found: 1, .. }),
        "{error:?}"
    );
}

#[test]
fn what_has_no_place_is_refused() {
    for (path, problem) in [
        ("train/n01443537/images/n02124075_7.JPEG", "its name is not n01443537_<number>.JPEG"),
        ("train/n01443537/images/n01443537_010.JPEG", "its name is not n01443537_<number>.JPEG"),
        ("train/n00000000", "wnids.txt has no such class"),
        ("val/images/val_00.JPEG", "its name is not val_<number>.JPEG"),
    ] {
        let error = error_after(|folder| fs::write(folder.join(path), b"").unwrap());
        assert!(error.to_string().ends_with(&format!("{path}: {problem}")), "{error}");
    }
}

#[test]
fn annotations_and_images_must_match_one_to_one() {
    for (from, to, problem) in [
        ("val_4.JPEG\tn01443537", "val_4.JPEG\tn00000000", "line 2: wnids.txt has no class n00000000"),
        ("val_4.JPEG", "val_5.JPEG", "line 2: val_5.JPEG is annotated already in line 1"),
        ("val_4.JPEG\t", "val_4.JPEG ", "line 2: 5 fields between tabs, expected 6"),
        ("val_4.JPEG", "val_4.PNG", "line 2: `val_4.PNG` is not val_<number>.JPEG"),
        ("val_4.JPEG", "val_7.JPEG", "val_7.JPEG is not there"),
    ] {
        let error = error_after(|folder| replace_in(&folder.join("val/val_annotations.txt"), from, to));
        assert!(matches!(&error, Error::Line { line: 2, .. }), "{error:?}");
        assert!(
            error.to_string().contains("val_annotations.txt, line 2: ")
                && error.to_string().ends_with(problem),
            "{error}"
        );
    }
    let error = error_after(|folder| fs::write(folder.join("val/images/val_6.JPEG"), jpeg(0, 6)).unwrap());
    assert!(matches!(error, Error::NotAnnotated { .. }), "{error:?}");
    assert!(
        error.to_string().contains("val_6.JPEG has no line in ")
            && error.to_string().ends_with("val_annotations.txt")
    );
}

#[test]
fn a_damaged_image_is_named() {
    let error = error_after(|folder| fs::write(folder.join(image_path(2, 10)), b"GIF89a").unwrap());
    assert!(error.to_string().ends_with("n03126707_10.JPEG"), "{error}");
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    let cut = jpeg(2, 10).len() - 20;
    let error = error_after(|folder| fs::write(folder.join(image_path(2, 10)), &jpeg(2, 10)[..cut]).unwrap());
    assert!(
        error.to_string().ends_with(&format!("n03126707_10.JPEG: the file is truncated at byte {cut}")),
        "{error}"
    );
    let large = quadrants(64, 65, [[0; 3]; 4]);
    let error = error_after(|folder| fs::write(folder.join("val/images/val_3.JPEG"), large).unwrap());
    assert!(error.to_string().ends_with("val_3.JPEG is 64×65 pixels, expected 64×64"), "{error}");
}

#[test]
fn manifests_that_contradict_the_layout_are_refused() {
    let files = "\n[[files]]\npath = \"train.bin\"\nrole = \"train\"\nbytes = 20\n\n[archive]";
    for (from, to, problem) in [
        ("split = \"official\"", "", "the layout needs a split: \"official\" or \"held-out\""),
        ("[archive]", files, "the layout fixes the files' names; there are no [[files]]"),
        ("[archive]", "generator = { seed = 1 }\n[archive]", "the generator makes files of records only"),
        ("height = 64", "height = 32", "the layout has images of shape"),
        ("class_balanced = true", "class_balanced = false", "class_balanced must be true"),
        ("test_images = 6", "test_images = 0", "there are no training images or no test images"),
        (
            "file = \"little-3.zip\"",
            "file = \"little-3.rar\"",
            "`little-3.rar` ends in neither .tar.gz nor .zip",
        ),
        ("test_images = 6", "test_images = 7", "cannot be balanced over 3 classes"),
        ("n03126707 crane", "n01443537 goldfish", "class name `n01443537 goldfish` is there twice"),
        ("n03126707 crane", "crane", "class name `crane` is not an identifier"),
        ("tiny-imagenet\"", "cifar10-binary\"", "split is for the layout tiny-imagenet"),
    ] {
        let error = manifest(&[(from, to)]).unwrap_err();
        assert!(matches!(error, Error::InvalidManifest { .. }), "{error:?}");
        assert!(error.to_string().contains(problem), "{error}");
    }
    let error = manifest(&[("\"official\"", "\"90k\"")]).unwrap_err();
    assert!(matches!(error, Error::Toml { .. }), "{error:?}");
}
