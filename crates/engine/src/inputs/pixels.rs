//! Images on the device, or read from the disk when they are wanted, and batches gathered from them.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{DiskImages, ImageShape, StoredImages};
use tailward_experiment::definition::Normalisation;
use tailward_models::views::{Bytes, View, views as views_of};

use super::augment::Augmentation;
use super::strong::StrongAugmentation;
use crate::guard;

/// Images, with the statistics that batches are normalised with.
#[derive(Clone, Debug)]
pub struct Pixels {
    held: Held,
    shape: ImageShape,
}

/// Where the images are.
#[derive(Clone, Debug)]
enum Held {
    /// As bytes on a device.
    OnDevice(Box<Bytes>),
    /// In a file: those of a batch are brought to the device with it.
    OnDisk { images: DiskImages, statistics: [Vec<f32>; 2], device: Device },
}

impl Pixels {
    /// Brings images that are in memory to `device`, one byte a value; on a CPU they are moved there, not copied. Images on the disk stay
    /// there.
    ///
    /// # Panics
    ///
    /// The statistics are not for as many channels as the images have.
    pub fn upload(images: impl Into<StoredImages>, normalisation: &Normalisation, device: &Device) -> Self {
        let images = images.into();
        let shape = images.shape();
        let statistics = statistics(normalisation, shape.channels);
        let held = match images {
            StoredImages::Memory(images) => {
                Held::OnDevice(Box::new(Bytes::upload(images.pixels, sides(shape), statistics, device)))
            }
            StoredImages::Disk(images) => Held::OnDisk { images, statistics, device: device.clone() },
        };
        Self { held, shape }
    }

    /// The same images, copied nowhere, whose batches are normalised with other statistics.
    ///
    /// # Panics
    ///
    /// As [`Pixels::upload`].
    pub fn normalised(&self, normalisation: &Normalisation) -> Self {
        let statistics = statistics(normalisation, self.shape.channels);
        let held = match &self.held {
            Held::OnDevice(images) => Held::OnDevice(Box::new(images.scaled(statistics))),
            Held::OnDisk { images, device, .. } => {
                Held::OnDisk { images: images.clone(), statistics, device: device.clone() }
            }
        };
        Self { held, shape: self.shape }
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The device that batches are on.
    pub fn device(&self) -> Device {
        match &self.held {
            Held::OnDevice(images) => images.device(),
            Held::OnDisk { device, .. } => device.clone(),
        }
    }

    /// The images of `rows`, normalised: `[rows, channels, height, width]`.
    ///
    /// An image that cannot be read from the disk is an error of the [guarded](crate::guard::guarded) work that this is a part of.
    pub fn batch(&self, rows: &[usize]) -> Tensor<4> {
        self.seen(rows.iter().map(|&row| View::of(row)).collect())
    }

    /// One random view of each image of `rows`, normalised: `[rows, channels, height, width]`.
    ///
    /// Padding is zero before normalisation, as in the protocol.
    pub fn augmented_batch(
        &self,
        rows: &[usize],
        augmentation: &Augmentation,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<4> {
        if augmentation.is_identity() {
            return self.batch(rows);
        }
        self.seen(rows.iter().map(|&row| augmentation.draw(row, rng)).collect())
    }

    /// One strong view of each image of `rows`, normalised: `[rows, channels, height, width]`. Views are drawn here in the order of
    /// the rows and made on all cores.
    pub fn strong_batch(
        &self,
        rows: &[usize],
        augmentation: &StrongAugmentation,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<4> {
        let sides = [self.shape.height, self.shape.width];
        let drawn: Vec<_> = (0..rows.len()).map(|place| augmentation.draw(place, sides, rng)).collect();
        let bytes = match &self.held {
            Held::OnDevice(images) => images.download(rows),
            Held::OnDisk { images, .. } => read(images, rows),
        };
        let changed = self.others(augmentation.views(bytes, self.shape, drawn));
        views_of(&changed, &(0..rows.len()).map(View::of).collect::<Vec<_>>())
    }

    /// Views of images, in their order.
    fn seen(&self, mut views: Vec<View>) -> Tensor<4> {
        match &self.held {
            Held::OnDevice(images) => views_of(images, &views),
            Held::OnDisk { images, .. } => {
                let rows: Vec<usize> = views.iter().map(|view| view.image).collect();
                views.iter_mut().enumerate().for_each(|(place, view)| view.image = place);
                views_of(&self.others(read(images, &rows)), &views)
            }
        }
    }

    /// Brings other images of the same shape to the same device, to be normalised in the same way.
    fn others(&self, pixels: Vec<u8>) -> Bytes {
        match &self.held {
            Held::OnDevice(images) => images.others(pixels),
            Held::OnDisk { statistics, device, .. } => {
                Bytes::upload(pixels, sides(self.shape), statistics.clone(), device)
            }
        }
    }
}

/// The pixels of some images on the disk: `[rows, channels, height, width]`.
fn read(images: &DiskImages, rows: &[usize]) -> Vec<u8> {
    images.read(rows).unwrap_or_else(|error| guard::leave(error.into()))
}

fn sides(shape: ImageShape) -> [usize; 3] {
    [shape.channels, shape.height, shape.width]
}

/// What a byte is multiplied by and what is added, for each channel: `(byte / 255 − mean) / std = byte · scale + offset`.
fn statistics(normalisation: &Normalisation, channels: usize) -> [Vec<f32>; 2] {
    let Normalisation { mean, std } = normalisation;
    assert_eq!(mean.len(), channels, "one mean for each channel");
    assert_eq!(std.len(), channels, "one standard deviation for each channel");
    let scale = std.iter().map(|std| 1.0 / (255.0 * std)).collect();
    let offset = mean.iter().zip(std).map(|(mean, std)| -mean / std).collect();
    [scale, offset]
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;
    use tailward_datasets::{Images, PixelFile};

    use super::*;
    use crate::Error;
    use crate::device::Backend;
    use crate::failure::Work;
    use crate::guard::guarded;

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 4, width: 5 };

    fn images() -> Images {
        let pixels = (0..7 * SHAPE.len()).map(|index| (index * 13 % 256) as u8).collect();
        Images { shape: SHAPE, pixels }
    }

    fn uploaded(backend: Backend) -> Pixels {
        let normalisation = Normalisation { mean: vec![0.5, 0.4, 0.3], std: vec![0.25, 0.2, 0.1] };
        Pixels::upload(images(), &normalisation, &backend.device().unwrap())
    }

    fn normalised(byte: u8, channel: usize) -> f32 {
        let (mean, std) = ([0.5, 0.4, 0.3][channel], [0.25, 0.2, 0.1][channel]);
        (f32::from(byte) / 255.0 - mean) / std
    }

    #[test]
    fn a_batch_holds_the_rows_asked_for_normalised_by_channel() {
        for backend in Backend::compiled() {
            let found = uploaded(backend).batch(&[6, 0, 6]).into_data().try_into_vec::<f32>().unwrap();
            let all = images();
            let expected = [6, 0, 6].iter().flat_map(|&row| {
                all.image(row)
                    .iter()
                    .enumerate()
                    .map(|(at, &byte)| normalised(byte, at / 20))
                    .collect::<Vec<_>>()
            });
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{backend}: {found} is not {expected}");
            }
        }
    }

    /// The gather on the device, against the same views looked up on the host: zero padding, crop, flip, all channels.
    #[test]
    fn views_are_gathered_as_they_were_drawn() {
        let augmentation = Augmentation { crop_padding: 2, horizontal_flip: true };
        let rows = [3, 1, 5, 5];
        for backend in Backend::compiled() {
            let rng = ChaCha8Rng::seed_from_u64(9);
            let found = uploaded(backend).augmented_batch(&rows, &augmentation, &mut rng.clone());
            let found = found.into_data().try_into_vec::<f32>().unwrap();
            let mut rng = rng.clone();
            let shown: Vec<View> = rows.iter().map(|&row| augmentation.draw(row, &mut rng)).collect();
            let all = images();
            let mut expected = Vec::new();
            let mut beyond = 0;
            for View { image, top, left, mirrored } in shown {
                for (channel, place) in (0..3).flat_map(|channel| (0..20).map(move |place| (channel, place)))
                {
                    let (y, x) = (place / 5, place % 5);
                    let x = if mirrored { 4 - x } else { x };
                    let (y, x) = (y as isize + top, x as isize + left);
                    let inside = (0..4).contains(&y) && (0..5).contains(&x);
                    beyond += usize::from(!inside);
                    let byte = if inside { all.image(image)[channel * 20 + (y * 5 + x) as usize] } else { 0 };
                    expected.push(normalised(byte, channel));
                }
            }
            assert!(beyond > 0, "some of it is padding");
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{backend}: {found} is not {expected}");
            }
        }
    }
    /// Images on the disk give the batches that they give in memory, and one that is damaged is an error with its row.
    #[test]
    fn images_on_the_disk_are_those_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seven.pixels");
        let sources: Vec<String> = (0..7).map(|row| row.to_string()).collect();
        let make = |row: usize, into: &mut [u8]| {
            into.copy_from_slice(images().image(row));
            Ok(())
        };
        let normalisation = Normalisation { mean: vec![0.5, 0.4, 0.3], std: vec![0.25, 0.2, 0.1] };
        let weak = Augmentation { crop_padding: 1, horizontal_flip: true };
        let strong = StrongAugmentation { weak, operations: 2 };
        let rows = [6, 0, 3, 3];
        for backend in Backend::compiled() {
            let device = backend.device().unwrap();
            let file = PixelFile::prepare(&path, SHAPE, &sources, make).unwrap();
            let on_disk = Pixels::upload(file, &normalisation, &device);
            let others = Normalisation { mean: vec![0.1; 3], std: vec![0.7; 3] };
            let batches = |pixels: &Pixels| {
                let mut rng = ChaCha8Rng::seed_from_u64(4);
                [
                    pixels.batch(&rows),
                    pixels.augmented_batch(&rows, &weak, &mut rng),
                    pixels.strong_batch(&rows, &strong, &mut rng),
                    pixels.normalised(&others).batch(&rows),
                ]
                .map(|batch| batch.into_data().try_into_vec::<f32>().unwrap())
            };
            assert_eq!(batches(&on_disk), batches(&uploaded(backend)), "{backend}");
            let mut bytes = std::fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(&path, bytes).unwrap();
            let work = Work { device: String::new(), doing: String::new(), afterwards: "" };
            let error = guarded(&work, || Ok(on_disk.batch(&rows))).unwrap_err();
            assert!(
                matches!(&error, Error::Dataset(tailward_datasets::Error::DamagedRecord { row: 6, .. })),
                "{error:?}"
            );
            std::fs::remove_file(&path).unwrap();
        }
    }
}
