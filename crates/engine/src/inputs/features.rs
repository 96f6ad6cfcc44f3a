//! Features of images, computed once for a run: what a head is fed with.

use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::{Array2, Axis};
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{Images, SampleId};
use tailward_features::{Patches, PatchesConfig, Standardised};

/// Images that centres are learned from, at most.
pub const LEARNED_FROM: usize = 10_000;

/// Images whose pixels are copied at a time.
const CHUNK: usize = 2_048;

/// The features of some images, on a device.
#[derive(Clone, Debug)]
pub struct Features {
    /// `[described, dims]`
    values: Tensor<2>,
    /// The row of `values` of each image of the dataset; nothing for one that is not described.
    places: Vec<Option<u32>>,
}

/// The images that a run describes.
#[derive(Clone, Copy, Debug)]
pub struct Pictures<'a> {
    /// The training images.
    pub train: &'a Images,
    /// Those of them that take part, rising: centres are learned from them, and nothing else is described.
    pub samples: &'a [SampleId],
    /// The test images.
    pub test: &'a Images,
}

/// Describes the training images that take part and the test images, in this order: centres are learned from the former, and
/// the latter are brought to the scale of the former.
///
/// # Panics
///
/// Nothing takes part, or the images are smaller than a patch.
pub fn describe(
    config: &PatchesConfig,
    pictures: Pictures<'_>,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> [Features; 2] {
    let Pictures { train, samples, test } = pictures;
    let rows: Vec<usize> = samples.iter().map(|sample| sample.index()).collect();
    let drawn = index::sample(rng, rows.len(), rows.len().min(LEARNED_FROM)).into_vec();
    let drawn: Vec<usize> = drawn.into_iter().map(|place| rows[place]).collect();
    let shape = train.shape;
    let sides = [shape.channels, shape.height, shape.width];
    let patches = Patches::learn(config, sides, &pixels(train, &drawn), rng);
    let mut of_train = described(&patches, train, &rows);
    let scale = Standardised::of(of_train.view());
    scale.apply(&mut of_train);
    let every: Vec<usize> = (0..test.len()).collect();
    let mut of_test = described(&patches, test, &every);
    scale.apply(&mut of_test);
    [
        Features::upload(of_train, &rows, train.len(), device),
        Features::upload(of_test, &every, test.len(), device),
    ]
}

/// The pixels of some images, one after the other.
fn pixels(images: &Images, rows: &[usize]) -> Vec<u8> {
    rows.iter().flat_map(|&row| images.image(row)).copied().collect()
}

fn described(patches: &Patches, images: &Images, rows: &[usize]) -> Array2<f32> {
    let mut features = Array2::zeros((rows.len(), patches.dims()));
    for (mut features, rows) in features.axis_chunks_iter_mut(Axis(0), CHUNK).zip(rows.chunks(CHUNK)) {
        features.assign(&patches.features(&pixels(images, rows)));
    }
    features
}

impl Features {
    fn upload(values: Array2<f32>, rows: &[usize], images: usize, device: &Device) -> Self {
        let mut places = vec![None; images];
        for (place, &row) in rows.iter().enumerate() {
            places[row] = Some(place as u32);
        }
        let shape = [values.nrows(), values.ncols()];
        let (values, _) = values.into_raw_vec_and_offset();
        Self { values: Tensor::from_data(TensorData::new(values, shape), device), places }
    }

    /// The device that the features are on.
    pub fn device(&self) -> Device {
        self.values.device()
    }

    /// The features of the images of `rows`: `[rows, dims]`.
    ///
    /// # Panics
    ///
    /// One of them is not described.
    pub fn batch(&self, rows: &[usize]) -> Tensor<2> {
        let place = |&row: &usize| match self.places[row] {
            Some(place) => place as i32,
            None => panic!("image {row} takes no part, and is not described"),
        };
        let places: Vec<i32> = rows.iter().map(place).collect();
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [rows.len()]), &self.device());
        self.values.clone().select(0, places)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;
    use tailward_datasets::ImageShape;

    use super::*;
    use crate::device::Backend;
    use crate::score::download;

    #[test]
    fn a_row_has_the_features_of_its_image_on_the_scale_of_those_that_take_part() {
        let shape = ImageShape { channels: 3, height: 8, width: 8 };
        let image = |row: usize| (0..shape.len()).map(move |place| ((place * (row + 3)) % 251) as u8);
        let images =
            |rows: &mut dyn Iterator<Item = usize>| Images { shape, pixels: rows.flat_map(image).collect() };
        let (train, test) = (images(&mut (0..20)), images(&mut (7..9)));
        let samples: Vec<SampleId> = (1..20).step_by(2).map(SampleId).collect();
        let pictures = Pictures { train: &train, samples: &samples, test: &test };
        let config = PatchesConfig { patch: 3, stride: 1, cells: 2, centres: 5, sample: 100, rounds: 3 };
        for backend in Backend::compiled() {
            let device = backend.device().unwrap();
            let rng = &mut ChaCha8Rng::seed_from_u64(1);
            let [of_train, of_test] = describe(&config, pictures, rng, &device);
            let every = download(of_train.batch(&[1, 3, 5, 7, 9, 11, 13, 15, 17, 19]));
            for column in every.columns() {
                assert!(column.mean().unwrap().abs() < 1e-4, "{backend}");
            }
            // The first test image is training image 7.
            let same = [of_train.batch(&[7]), of_test.batch(&[0])].map(download);
            for (one, other) in same[0].iter().zip(&same[1]) {
                assert!((one - other).abs() < 1e-5, "{backend}: {one} is not {other}");
            }
        }
    }
}
