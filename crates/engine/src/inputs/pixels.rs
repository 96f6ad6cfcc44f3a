//! Images on the device, and batches gathered from them there.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{ImageShape, Images};
use tailward_experiment::definition::Normalisation;
use tailward_kernels::rand_augment::strong_views;
use tailward_models::views::{Bytes, View, views as views_of};

use super::augment::Augmentation;
use super::strong::{StrongAugmentation, moved};

/// Images as bytes on a device, with the statistics that batches are normalised with.
#[derive(Clone, Debug)]
pub struct Pixels {
    images: Bytes,
    shape: ImageShape,
}

impl Pixels {
    /// Brings all images to `device`, one byte a value. On a CPU they are moved there, not copied.
    ///
    /// # Panics
    ///
    /// The statistics are not for as many channels as the images have.
    pub fn upload(images: Images, normalisation: &Normalisation, device: &Device) -> Self {
        let shape = images.shape;
        let sides = [shape.channels, shape.height, shape.width];
        let statistics = statistics(normalisation, shape.channels);
        Self { images: Bytes::upload(images.pixels, sides, statistics, device), shape }
    }

    /// The same images, copied nowhere, whose batches are normalised with other statistics.
    ///
    /// # Panics
    ///
    /// As [`Pixels::upload`].
    pub fn normalised(&self, normalisation: &Normalisation) -> Self {
        let statistics = statistics(normalisation, self.shape.channels);
        Self { images: self.images.scaled(statistics), shape: self.shape }
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The device that the images are on.
    pub fn device(&self) -> Device {
        self.images.device()
    }

    /// The images of `rows`, normalised: `[rows, channels, height, width]`.
    pub fn batch(&self, rows: &[usize]) -> Tensor<4> {
        let shown: Vec<View> = rows.iter().map(|&row| View::of(row)).collect();
        views_of(&self.images, &shown)
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
        let shown: Vec<View> = rows.iter().map(|&row| augmentation.draw(row, rng)).collect();
        views_of(&self.images, &shown)
    }
}

impl Pixels {
    /// One strong view of each image of `rows`, normalised: `[rows, channels, height, width]`. Views are drawn here in the order of
    /// the rows and made on all cores.
    pub fn strong_batch(
        &self,
        rows: &[usize],
        augmentation: &StrongAugmentation,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<4> {
        let ImageShape { channels, height, width } = self.shape;
        let sides = [height, width];
        let mut bytes = self.images.download(rows);
        let mut views = Vec::with_capacity(rows.len());
        for (place, image) in bytes.chunks_exact_mut(self.shape.len()).enumerate() {
            let (view, strong) = augmentation.draw(place, sides, rng);
            if view != View::of(place) {
                image.copy_from_slice(&moved(image, sides, view));
            }
            views.push(strong);
        }
        let changed = self.images.others(strong_views(&bytes, [channels, height, width], &views));
        let shown: Vec<View> = (0..rows.len()).map(View::of).collect();
        views_of(&changed, &shown)
    }
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

    use super::*;
    use crate::device::Backend;

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
}
