//! Images on the device, and batches gathered from them there.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{ImageShape, Images};
use tailward_experiment::definition::Normalisation;

use super::augment::Augmentation;

/// Images as bytes on a device, with the statistics that batches are normalised with.
#[derive(Clone, Debug)]
pub struct Pixels {
    pixels: Tensor<2, Int>, // [images, channels * height * width], u8
    scale: Tensor<4>,       // [1, channels, 1, 1]
    shift: Tensor<4>,       // [1, channels, 1, 1]
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
        let count = images.len();
        let data = TensorData::new(images.pixels, [count, shape.len()]);
        let pixels = Tensor::from_data(data, (device, DType::U8));
        let (scale, shift) = statistics(normalisation, shape.channels, device);
        Self { pixels, scale, shift, shape }
    }

    /// The same images, copied nowhere, whose batches are normalised with other statistics.
    ///
    /// # Panics
    ///
    /// As [`Pixels::upload`].
    pub fn normalised(&self, normalisation: &Normalisation) -> Self {
        let (scale, shift) = statistics(normalisation, self.shape.channels, &self.device());
        Self { pixels: self.pixels.clone(), scale, shift, shape: self.shape }
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The device that the images are on.
    pub fn device(&self) -> Device {
        self.pixels.device()
    }

    /// The images of `rows`, normalised: `[rows, channels, height, width]`.
    pub fn batch(&self, rows: &[usize]) -> Tensor<4> {
        let ImageShape { channels, height, width } = self.shape;
        self.normalise(self.select(rows).reshape([rows.len(), channels, height, width]))
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
        let ImageShape { channels, height, width } = self.shape;
        let (count, area) = (rows.len(), height * width);
        let device = self.device();
        let sources = TensorData::new(augmentation.draw(count, self.shape, rng), [count, 1, area]);
        let sources = Tensor::<3, Int>::from_data(sources, &device).expand([count, channels, area]);
        let images = self.select(rows).reshape([count, channels, area]);
        let zero = Tensor::<3, Int>::zeros([count, channels, 1], (&device, DType::U8));
        let views = Tensor::cat(vec![images, zero], 2).gather(2, sources); // [rows, channels, area]
        self.normalise(views.reshape([count, channels, height, width]))
    }

    fn select(&self, rows: &[usize]) -> Tensor<2, Int> {
        let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let count = rows.len();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &self.device());
        self.pixels.clone().select(0, rows)
    }

    fn normalise(&self, bytes: Tensor<4, Int>) -> Tensor<4> {
        bytes.float() * self.scale.clone() + self.shift.clone()
    }
}

/// What a byte is multiplied by and what is added: `(byte / 255 − mean) / std = byte · scale + shift`, each
/// `[1, channels, 1, 1]`.
fn statistics(normalisation: &Normalisation, channels: usize, device: &Device) -> (Tensor<4>, Tensor<4>) {
    let Normalisation { mean, std } = normalisation;
    assert_eq!(mean.len(), channels, "one mean for each channel");
    assert_eq!(std.len(), channels, "one standard deviation for each channel");
    let scale: Vec<f32> = std.iter().map(|std| 1.0 / (255.0 * std)).collect();
    let shift: Vec<f32> = mean.iter().zip(std).map(|(mean, std)| -mean / std).collect();
    let channel_first = |values| Tensor::from_data(TensorData::new(values, [1, channels, 1, 1]), device);
    (channel_first(scale), channel_first(shift))
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
            let sources = augmentation.draw(rows.len(), SHAPE, &mut rng.clone());
            let all = images();
            let mut expected = Vec::new();
            for (view, &row) in rows.iter().enumerate() {
                for channel in 0..3 {
                    for &source in &sources[view * 20..(view + 1) * 20] {
                        let inside = usize::try_from(source).unwrap();
                        let byte = if inside < 20 { all.image(row)[channel * 20 + inside] } else { 0 };
                        expected.push(normalised(byte, channel));
                    }
                }
            }
            assert_eq!(found.len(), expected.len());
            assert!(sources.contains(&20), "some of it is padding");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{backend}: {found} is not {expected}");
            }
        }
    }
}
