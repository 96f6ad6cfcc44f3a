//! Images on the device, and batches gathered from them there.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{ImageShape, Images};
use tailward_experiment::definition::Normalisation;

use crate::augment::Augmentation;

/// Images as bytes on a device, with the statistics that batches are normalised with.
#[derive(Clone, Debug)]
pub struct DeviceImages {
    pixels: Tensor<2, Int>, // [images, channels * height * width], u8
    scale: Tensor<4>,       // [1, channels, 1, 1]
    shift: Tensor<4>,       // [1, channels, 1, 1]
    shape: ImageShape,
}

impl DeviceImages {
    /// Copies all images to `device`, one byte a value.
    ///
    /// # Panics
    ///
    /// The statistics are not for as many channels as the images have.
    pub fn upload(images: &Images, normalisation: &Normalisation, device: &Device) -> Self {
        let shape = images.shape;
        assert_eq!(normalisation.mean.len(), shape.channels, "one mean for each channel");
        assert_eq!(normalisation.std.len(), shape.channels, "one standard deviation for each channel");
        let data = TensorData::new(images.pixels.clone(), [images.len(), shape.len()]);
        // (byte / 255 − mean) / std = byte · scale + shift
        let scale: Vec<f32> = normalisation.std.iter().map(|std| 1.0 / (255.0 * std)).collect();
        let shift: Vec<f32> =
            normalisation.mean.iter().zip(&normalisation.std).map(|(mean, std)| -mean / std).collect();
        let channel_first =
            |values| Tensor::from_data(TensorData::new(values, [1, shape.channels, 1, 1]), device);
        Self {
            pixels: Tensor::from_data(data, (device, DType::U8)),
            scale: channel_first(scale),
            shift: channel_first(shift),
            shape,
        }
    }

    /// The device that the images are on.
    pub fn device(&self) -> Device {
        self.pixels.device()
    }

    /// The shape of one image.
    pub fn shape(&self) -> ImageShape {
        self.shape
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
