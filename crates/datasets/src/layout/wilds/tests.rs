//! Small trees in the layouts of both sets.

use std::io::Cursor;
use std::path::PathBuf;

use image::{Rgb, RgbImage};

use super::*;
use crate::manifest::DatasetManifest;
use crate::manifest::load::tests::load_changed;
use crate::pixels::jpeg::tests::quadrants;
use crate::{StoredImages, open, prepare, read, read_validation};

const FMOW: &str = r#"
name = "map"
title = "Map"
terms = "None."
layout = "wilds-fmow"
folder = "map_v1.1"
classes = 3
class_names = ["airport", "barn", "zoo"]
train_images = 2
test_images = 1
class_balanced = false
image = { channels = 3, height = 2, width = 2 }
source = { citation = "Nobody, 2000.", homepage = "http://localhost/" }
instructions = "Ask."
"#;

/// Lines 2 to 8: images 0 to 6.
const FMOW_METADATA: &str = "\
,split,img_path,category,timestamp,country_code
0,train,a,zoo,2012-12-31T23:59:59Z,USA
1,seq,b,moon,2010-01-01T00:00:00Z,USA
2,train,c,zoo,2013-01-01T00:00:00Z,USA
3,test,d,barn,2005-06-07T08:09:10Z,FRA
4,val,\"e, f\",barn,2005-06-07T08:09:10Z,FRA
5,train,g,airport,2002-06-07T08:09:10Z,FRA
6,test,h,airport,2016-06-07T08:09:10Z,FRA
";

const IWILDCAM: &str = r#"
name = "animals"
title = "Animals"
terms = "None."
layout = "wilds-iwildcam"
folder = "animals_v2.0"
classes = 3
class_names = ["empty", "cat", "cat"]
train_images = 2
test_images = 1
class_balanced = false
image = { channels = 3, height = 2, width = 2 }
source = { citation = "Nobody, 2000.", homepage = "http://localhost/" }
instructions = "Ask."
"#;

const IWILDCAM_METADATA: &str = "\
split,location_remapped,image_id,y,filename
train,3,a,2,a.jpg
id_test,3,b,1,b.jpg
val,4,c,0,c.jpg
train,3,d,0,d.jpg
test,5,e,1,e.jpg
id_val,3,f,1,f.jpg
";

/// A PNG image of one colour.
fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A data folder with a tree, and its manifest.
struct Tree {
    data: tempfile::TempDir,
    manifest: DatasetManifest,
}

impl Tree {
    fn new(manifest: &str, metadata: &str, files: &[(&str, Vec<u8>)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let manifest = load(manifest).unwrap();
        let set = if manifest.folder.starts_with("map") { Set::Fmow } else { Set::IWildCam };
        let folder = manifest.folder_in(data.path());
        let [table, images] = set.required().map(|name| folder.join(name));
        fs::create_dir_all(&images).unwrap();
        fs::write(table, metadata).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(images.join(name), bytes).unwrap());
        Self { data, manifest }
    }

    fn folder(&self) -> PathBuf {
        self.manifest.folder_in(self.data.path())
    }

    fn set(&self) -> Set {
        if self.manifest.name == "map" { Set::Fmow } else { Set::IWildCam }
    }

    fn error(&self) -> String {
        let error = prepare(&self.manifest, self.data.path(), &self.data.path().join("cache")).unwrap_err();
        format!(
            "{error}{}",
            std::error::Error::source(&error).map(|it| format!(": {it}")).unwrap_or_default()
        )
    }
}

fn load(manifest: &str) -> Result<DatasetManifest> {
    let name = if manifest.contains("name = \"map\"") { "map" } else { "animals" };
    load_changed(name, manifest, &[])
}

fn fmow(metadata: &str) -> Tree {
    let images = [
        ("rgb_img_0.png", png(2, 2, [1, 2, 3])),
        ("rgb_img_3.png", png(6, 4, [4, 5, 6])),
        ("rgb_img_5.png", png(1, 1, [7, 8, 9])),
    ];
    Tree::new(FMOW, metadata, &images)
}

fn iwildcam(metadata: &str) -> Tree {
    let images = ["a.jpg", "b.jpg", "d.jpg"].into_iter().zip([0, 100, 200]);
    let images: Vec<_> = images.map(|(name, value)| (name, quadrants(48, 32, [[value; 3]; 4]))).collect();
    Tree::new(IWILDCAM, metadata, &images)
}

#[test]
fn fmow_is_read_by_split_year_and_line() {
    let tree = fmow(FMOW_METADATA);
    let dataset = read(&tree.manifest, tree.data.path()).unwrap();
    assert_eq!((&dataset.truth.train[..], &dataset.truth.test[..]), (&[2, 0][..], &[1][..]));
    assert_eq!(dataset.train.image(0), [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    assert_eq!(dataset.train.image(1), [7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9]);
    assert_eq!(dataset.test.image(0), [4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6]);
}

#[test]
fn iwildcam_is_read_by_split_and_file_name() {
    let tree = iwildcam(IWILDCAM_METADATA);
    let dataset = read(&tree.manifest, tree.data.path()).unwrap();
    assert_eq!((&dataset.truth.train[..], &dataset.truth.test[..]), (&[2, 0][..], &[1][..]));
    let near = |image: &[u8], value: u8| image.iter().all(|it| it.abs_diff(value) <= 2);
    assert!(near(dataset.train.image(0), 0) && near(dataset.train.image(1), 200));
    assert!(near(dataset.test.image(0), 100));
}

/// Images on the disk are those in memory; a file that is another makes the file of pixels anew, and nothing else does.
#[test]
fn images_are_kept_on_the_disk_as_they_are_in_memory() {
    for tree in [fmow(FMOW_METADATA), iwildcam(IWILDCAM_METADATA)] {
        let cache = tree.data.path().join("cache");
        let opened = || open(&tree.manifest, tree.data.path(), &cache).unwrap();
        let dataset = read(&tree.manifest, tree.data.path()).unwrap();
        let on_disk = opened();
        assert_eq!(on_disk.truth, dataset.truth);
        for (found, images) in [(&on_disk.train, &dataset.train), (&on_disk.test, &dataset.test)] {
            assert!(matches!(found, StoredImages::Disk(_)) && tree.manifest.is_on_disk());
            let rows: Vec<usize> = (0..images.len()).rev().collect();
            let pixels: Vec<u8> = rows.iter().flat_map(|&row| images.image(row)).copied().collect();
            assert_eq!((found.len(), found.read(&rows).unwrap()), (images.len(), pixels));
        }
        let made = || {
            let file = cache.join(&tree.manifest.name).join("train.pixels");
            (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap())
        };
        let first = made();
        opened();
        assert_eq!(made(), first, "it is made once");
        let image = fs::read_dir(tree.folder().join(tree.set().required()[1])).unwrap();
        let mut images: Vec<_> = image.map(|entry| entry.unwrap().path()).collect();
        images.sort();
        // A longer file of the same image: what follows an image is not looked at.
        let bytes = fs::read(&images[0]).unwrap();
        fs::write(&images[0], [&bytes[..], &[0; 8]].concat()).unwrap();
        opened();
        assert_ne!(made().0, first.0, "its header names the file's size");
    }
}

/// The validation images of the same years or cameras: before 2013 of `val`, and `id_val`.
#[test]
fn validation_images_are_read_where_they_are_asked_for() {
    let with = |manifest: &str, count: usize| {
        manifest.replace("class_balanced", &format!("validation_images = {count}\nclass_balanced"))
    };
    let tree = Tree::new(&with(FMOW, 1), FMOW_METADATA, &[("rgb_img_4.png", png(2, 2, [3, 4, 5]))]);
    let (images, labels) = read_validation(&tree.manifest, tree.data.path()).unwrap().unwrap();
    assert_eq!((labels, images.image(0)), (vec![1], &[3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5][..]));
    let animals = [("f.jpg", quadrants(48, 32, [[100; 3]; 4]))];
    let tree = Tree::new(&with(IWILDCAM, 1), IWILDCAM_METADATA, &animals);
    assert_eq!(read_validation(&tree.manifest, tree.data.path()).unwrap().unwrap().1, [1]);
    let tree = Tree::new(&with(IWILDCAM, 2), IWILDCAM_METADATA, &animals);
    let error = read_validation(&tree.manifest, tree.data.path()).unwrap_err().to_string();
    assert!(error.contains("metadata.csv has 1 images of split id_val, expected 2"), "{error}");
    let tree = fmow(FMOW_METADATA);
    assert!(read_validation(&tree.manifest, tree.data.path()).unwrap().is_none());
}

/// Four wide images of which the middle square is red: nothing else is left of them.
#[test]
fn the_middle_of_an_image_is_taken_where_the_manifest_says_so() {
    let image =
        RgbImage::from_fn(24, 8, |x, _| Rgb(if (8..16).contains(&x) { [200, 0, 0] } else { [0, 0, 200] }));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let files =
        ["rgb_img_0.png", "rgb_img_3.png", "rgb_img_5.png"].map(|name| (name, bytes.get_ref().clone()));
    let manifest = FMOW.replace("image = {", "resize = \"center-crop\"\nimage = {");
    let manifest = manifest.replace("height = 2, width = 2", "height = 8, width = 8");
    let tree = Tree::new(&manifest, FMOW_METADATA, &files);
    let dataset = read(&tree.manifest, tree.data.path()).unwrap();
    assert_eq!(dataset.train.image(1), [[200; 64], [0; 64], [0; 64]].concat());
}

#[test]
fn a_wrong_line_of_fmow_is_named() {
    for (from, to, problem) in [
        ("0,train,", "0,trian,", "rgb_metadata.csv, line 2: `trian` is none of the splits"),
        ("5,train,g,airport", "5,train,g,moon", "line 7: the manifest has no class `moon`"),
        ("2012-12-31T23:59:59Z", "12-12-31T23:59:59Z", "line 2: timestamp `12-12-31T23:59:59Z` is not"),
        (
            "2012-12-31T23:59:59Z",
            "2012-12-31T23:59:59+02:00",
            "line 2: timestamp `2012-12-31T23:59:59+02:00`",
        ),
        ("category", "kind", "line 1: there is no column `category`"),
        (",2005-06-07T08:09:10Z,FRA\n4", ",FRA\n4", "rgb_metadata.csv: CSV error: record 4 (line: 5"),
        ("3,test", "3,val", "rgb_metadata.csv has 0 images of split id_test, expected 1"),
    ] {
        let metadata = FMOW_METADATA.replacen(from, to, 1);
        assert_ne!(metadata, FMOW_METADATA);
        let error = fmow(&metadata).error();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_wrong_line_of_iwildcam_is_named() {
    for (from, to, problem) in [
        ("id_test", "id-test", "metadata.csv, line 3: `id-test` is none of the splits"),
        ("a,2,", "a,3,", "line 2: class 3 is not below 3"),
        ("a,2,", "a,cat,", "line 2: y `cat` is not a class"),
        ("d.jpg", "../d.jpg", "line 5: `../d.jpg` is not the name of a file"),
        ("train,3,d", "id_val,3,d", "metadata.csv has 1 images of split train, expected 2"),
    ] {
        let error = iwildcam(&IWILDCAM_METADATA.replacen(from, to, 1)).error();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn missing_and_damaged_images_are_named() {
    let tree = fmow(FMOW_METADATA);
    let image = tree.folder().join("images/rgb_img_3.png");
    let whole = fs::read(&image).unwrap();
    fs::write(&image, &whole[..whole.len() - 20]).unwrap();
    assert!(
        tree.error().contains("could not decode ") && tree.error().contains("rgb_img_3.png"),
        "{}",
        tree.error()
    );
    fs::remove_file(&image).unwrap();
    assert!(
        tree.error().contains("could not read ") && tree.error().contains("rgb_img_3.png"),
        "{}",
        tree.error()
    );
    fs::remove_dir_all(tree.folder().join("images")).unwrap();
    let error = tree.error();
    assert!(error.contains("map_v1.1/images of dataset map is missing; it has to be got by hand"), "{error}");

    let tree = iwildcam(IWILDCAM_METADATA);
    let image = tree.folder().join("train/d.jpg");
    let whole = fs::read(&image).unwrap();
    fs::write(&image, &whole[..whole.len() - 20]).unwrap();
    assert!(tree.error().contains("d.jpg: the file is truncated at byte"), "{}", tree.error());
    fs::write(&image, b"GIF89a").unwrap();
    assert!(
        tree.error().contains("could not decode ") && tree.error().contains("d.jpg: "),
        "{}",
        tree.error()
    );
}

#[test]
fn manifests_that_contradict_the_layout_are_refused() {
    let file = "[[files]]\npath = \"a.png\"\nrole = \"train\"\n";
    for manifest in [FMOW, IWILDCAM] {
        for (from, to, problem) in [
            ("instructions = \"Ask.\"\n", file, "the layout fixes the files' names; there are no [[files]]"),
            ("channels = 3", "channels = 1", "the layout has images of 3 channels"),
            (
                "image = { channels = 3, height = 2",
                "resize = \"center-crop\"\nimage = { channels = 3, height = 3",
                "is a square",
            ),
            ("width = 2", "width = 0", "the images have no pixels"),
            ("test_images = 1", "test_images = 0", "there are no training images or no test images"),
            ("folder =", "split = \"official\"\nfolder =", "split is for the layout tiny-imagenet"),
            ("folder =", "generator = { seed = 1 }\nfolder =", "the generator makes files of records only"),
        ] {
            let error = load(&manifest.replacen(from, to, 1)).unwrap_err();
            assert!(matches!(error, Error::InvalidManifest { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
    let error = load(&FMOW.replacen("barn", "zoo", 1)).unwrap_err();
    assert!(error.to_string().contains("class name `zoo` is there twice"), "{error}");
}
