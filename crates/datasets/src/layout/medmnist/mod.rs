//! The two-dimensional sets of MedMNIST in their official layout: one `.npz` file of NumPy arrays.
//!
//! `train_images` and `test_images` are `[n, height, width]` (grey) or `[n, height, width, 3]` bytes, `train_labels` and
//! `test_labels` `[n, 1]` bytes. The training images are the pool, the test images the test images; the official
//! validation images (`val_images`) are not used. Images are resized to the manifest's shape where theirs differs, as
//! `datasets/README.md` says; grey ones become red, green and blue of the same value where it has three channels.
//!
//! ChestMNIST has several labels for an image and is refused. RetinaMNIST's ordered grades are read as classes.
//!
//! Source: Yang et al., MedMNIST v2, Scientific Data 2023, <https://medmnist.com/>.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::RgbImage;
use ndarray::{ArrayD, ArrayViewD};
use ndarray_npy::ReadNpyExt;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::{Error, Result};
use crate::files;
use crate::images::Images;
use crate::labelled_images::LabelledImages;
use crate::manifest::{DatasetManifest, FileRole};
use crate::pixels::resize::write_planes;
use crate::pixels::side_by_side;

use super::rules;

/// What contradicts the layout, if anything: there is one file for training and test images, in colours or grey.
pub(super) fn check(manifest: &DatasetManifest) -> Option<String> {
    rules::no_split(manifest)
        .or_else(|| rules::as_they_are(manifest))
        .or_else(|| rules::no_generator(manifest))
        .or_else(|| rules::some_images(manifest))
        .or_else(|| {
            let of_images = manifest.required_files().count();
            let of_both = manifest.files_of(FileRole::TrainAndTest).count();
            let is_one = (of_images, of_both) == (1, 1);
            (!is_one).then(|| "the layout has one file, with the role train-and-test".to_owned())
        })
        .or_else(|| {
            let channels = manifest.image.channels;
            (!matches!(channels, 1 | 3)).then(|| format!("{channels} channels are neither grey nor colours"))
        })
        .or_else(|| rules::some_pixels(manifest))
}

/// What must be there: the files that the manifest lists.
pub(super) fn required(manifest: &DatasetManifest) -> Vec<&str> {
    rules::listed_files(manifest)
}

/// Reads the training and the test images in the order of the file, verifying its checksum.
///
/// # Errors
/// Every message names the file and the array: it is missing, damaged, not of bytes or of another shape; a label is not
/// below the number of classes, or an image has several; there are more or fewer images than the manifest says.
pub(super) fn read(manifest: &DatasetManifest, data_dir: &Path) -> Result<(LabelledImages, LabelledImages)> {
    // `DatasetManifest::load` refuses all but one file.
    let file = manifest.files_of(FileRole::TrainAndTest).next();
    let file = file.ok_or_else(|| Error::NoSource { dataset: manifest.name.clone() })?;
    let path = manifest.folder_in(data_dir).join(&file.path);
    files::verify_entry(&path, file)?;
    let mut arrays = Arrays::open(&path)?;
    let train = split(&mut arrays, manifest, "train", manifest.train_images)?;
    Ok((train, split(&mut arrays, manifest, "test", manifest.test_images)?))
}

/// The arrays of a file.
struct Arrays<'a> {
    path: &'a Path,
    archive: ZipArchive<BufReader<File>>,
}

impl<'a> Arrays<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let archive = ZipArchive::new(BufReader::new(file));
        Ok(Self { path, archive: archive.map_err(|error| Error::io("read", path)(error.into()))? })
    }

    fn read(&mut self, name: &str) -> Result<ArrayD<u8>> {
        let entry = match self.archive.by_name(&format!("{name}.npy")) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Err(wrong(self.path, name, "it is not there".to_owned())),
            Err(error) => return Err(Error::io("read", self.path)(error.into())),
        };
        ArrayD::read_npy(entry).map_err(|source| Error::Npy {
            path: self.path.into(),
            array: name.to_owned(),
            source,
        })
    }
}

fn wrong(path: &Path, array: &str, problem: String) -> Error {
    Error::Array { path: path.into(), array: array.to_owned(), problem }
}

/// The images and labels of "train" or "test".
fn split(
    arrays: &mut Arrays<'_>,
    manifest: &DatasetManifest,
    name: &str,
    expected: usize,
) -> Result<LabelledImages> {
    let (images_name, labels_name) = (format!("{name}_images"), format!("{name}_labels"));
    let labels = arrays.read(&labels_name)?;
    let labels =
        classes(&labels, manifest.classes).map_err(|problem| wrong(arrays.path, &labels_name, problem))?;
    let images = arrays.read(&images_name)?;
    let shape = manifest.image;
    check_shape(images.shape(), shape.channels)
        .map_err(|problem| wrong(arrays.path, &images_name, problem))?;
    let counts = [(&images_name, images.shape()[0]), (&labels_name, labels.len())];
    if let Some((array, found)) = counts.into_iter().find(|(_, found)| *found != expected) {
        return Err(wrong(arrays.path, array, format!("it has {found} entries, expected {expected}")));
    }
    let each: Vec<ArrayViewD<'_, u8>> = images.outer_iter().collect();
    let pixels = side_by_side::make(side_by_side::threads(), &each, shape, |image, into| {
        write_planes(&rgb(image), shape, into);
        Ok(())
    })?;
    Ok(LabelledImages { images: Images { shape, pixels }, labels })
}

/// The labels of a column.
fn classes(labels: &ArrayD<u8>, classes: usize) -> std::result::Result<Vec<u32>, String> {
    match labels.shape() {
        [_, 1] => {}
        [_, several] if *several > 1 => {
            return Err(format!(
                "an image has {several} labels; sets of several labels have no class for an image and are not supported"
            ));
        }
        other => return Err(format!("it has shape {other:?}, expected one column of labels")),
    }
    let class = |(row, &label): (usize, &u8)| match usize::from(label) < classes {
        true => Ok(u32::from(label)),
        false => Err(format!("image {row}: label {label} is not below {classes}")),
    };
    labels.iter().enumerate().map(class).collect()
}

/// Checks that images are grey or in three colours, and that colours are not asked for in grey.
fn check_shape(found: &[usize], channels: usize) -> std::result::Result<(), String> {
    match found {
        [_, height, width] | [_, height, width, 3] if *height == 0 || *width == 0 => {
            Err(format!("it has shape {found:?}, which has no pixels"))
        }
        [_, _, _] => Ok(()),
        [_, _, _, 3] if channels == 3 => Ok(()),
        [_, _, _, 3] => Err("its images are in colours, but the manifest has one channel".to_owned()),
        _ => Err(format!("it has shape {found:?}, expected [n, height, width] or [n, height, width, 3]")),
    }
}

/// An image in colours or in grey, as [`check_shape`] lets them through.
fn rgb(image: &ArrayViewD<'_, u8>) -> RgbImage {
    let (height, width) = (image.shape()[0] as u32, image.shape()[1] as u32);
    let mut rgb = RgbImage::new(width, height);
    if image.ndim() == 2 {
        rgb.pixels_mut().zip(image).for_each(|(pixel, value)| pixel.0 = [*value; 3]);
    } else {
        rgb.iter_mut().zip(image).for_each(|(into, value)| *into = *value);
    }
    rgb
}

#[cfg(test)]
mod tests;
