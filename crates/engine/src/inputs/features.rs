//! Features of images, computed once: what a head is fed with.

use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::{Array2, Axis};
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::{SampleId, StoredImages};
use tailward_features::{Patches, PatchesConfig, Standardised};

use crate::Error;

/// Images that centres are learned from, at most.
pub const LEARNED_FROM: usize = 10_000;

/// Images whose pixels are copied at a time.
const CHUNK: usize = 2_048;

/// The features of some images, on a device.
#[derive(Clone, Debug)]
pub struct Features {
    /// `[described, dims]`
    values: Tensor<2>,
    /// The same of strong views of the images, one of each in each of them; none where nobody has made any.
    strong: Vec<Tensor<2>>,
    /// The row of `values` of each image of the dataset; nothing for one that is not described.
    places: Vec<Option<u32>>,
}

/// The images that a run describes.
#[derive(Clone, Copy, Debug)]
pub struct Pictures<'a> {
    /// The training images.
    pub train: &'a StoredImages,
    /// Those of them that take part, rising: centres are learned from them, and nothing else is described.
    pub samples: &'a [SampleId],
    /// The test images.
    pub test: &'a StoredImages,
}

/// Describes the training images that take part and the test images, in this order: centres are learned from the former, and
/// the latter are brought to the scale of the former.
///
/// # Errors
///
/// An image cannot be read.
///
/// # Panics
///
/// Nothing takes part, or the images are smaller than a patch.
pub fn describe(
    config: &PatchesConfig,
    pictures: Pictures<'_>,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Result<[Features; 2], Error> {
    let Pictures { train, samples, test } = pictures;
    let rows: Vec<usize> = samples.iter().map(|sample| sample.index()).collect();
    let drawn = index::sample(rng, rows.len(), rows.len().min(LEARNED_FROM)).into_vec();
    let drawn: Vec<usize> = drawn.into_iter().map(|place| rows[place]).collect();
    let shape = train.shape();
    let sides = [shape.channels, shape.height, shape.width];
    let patches = Patches::learn(config, sides, &train.read(&drawn)?, rng);
    let mut of_train = described(&patches, train, &rows)?;
    let scale = Standardised::of(of_train.view());
    scale.apply(&mut of_train);
    let every: Vec<usize> = (0..test.len()).collect();
    let mut of_test = described(&patches, test, &every)?;
    scale.apply(&mut of_test);
    Ok([
        Features::upload(of_train, Vec::new(), &rows, train.len(), device),
        Features::upload(of_test, Vec::new(), &every, test.len(), device),
    ])
}

fn described(patches: &Patches, images: &StoredImages, rows: &[usize]) -> Result<Array2<f32>, Error> {
    let mut features = Array2::zeros((rows.len(), patches.dims()));
    for (mut features, rows) in features.axis_chunks_iter_mut(Axis(0), CHUNK).zip(rows.chunks(CHUNK)) {
        features.assign(&patches.features(&images.read(rows)?));
    }
    Ok(features)
}

impl Features {
    /// Brings the features of the images of `rows`, of so many, to a device: those of the images as they are, and of strong views of them.
    ///
    /// # Shapes
    ///
    /// `values`, and each of `strong`: `[rows, dims]`
    ///
    /// # Panics
    ///
    /// They have more or fewer rows.
    pub fn upload(
        values: Array2<f32>,
        strong: Vec<Array2<f32>>,
        rows: &[usize],
        images: usize,
        device: &Device,
    ) -> Self {
        assert!(strong.iter().chain([&values]).all(|it| it.nrows() == rows.len()), "a row for each image");
        let mut places = vec![None; images];
        for (place, &row) in rows.iter().enumerate() {
            places[row] = Some(place as u32);
        }
        let tensor = |matrix: Array2<f32>| {
            let shape = [matrix.nrows(), matrix.ncols()];
            let (values, _) = matrix.into_raw_vec_and_offset();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { values: tensor(values), strong: strong.into_iter().map(tensor).collect(), places }
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
        self.values.clone().select(0, self.places(rows))
    }

    /// The features of strong views of the images of `rows`, `[rows, dims]`: an epoch sees one view of each, the first of them the first,
    /// and after the last the first again.
    ///
    /// # Panics
    ///
    /// There are no strong views, or as [`Features::batch`].
    pub fn strong_batch(&self, rows: &[usize], epoch: usize) -> Tensor<2> {
        assert!(!self.strong.is_empty(), "features of strong views");
        self.strong[epoch % self.strong.len()].clone().select(0, self.places(rows))
    }

    fn places(&self, rows: &[usize]) -> Tensor<1, Int> {
        let place = |&row: &usize| match self.places[row] {
            Some(place) => place as i32,
            None => panic!("image {row} takes no part, and is not described"),
        };
        let places: Vec<i32> = rows.iter().map(place).collect();
        Tensor::from_data(TensorData::new(places, [rows.len()]), &self.device())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;
    use tailward_datasets::{ImageShape, Images};

    use super::*;
    use crate::device::Backend;
    use crate::score::download;

    #[test]
    fn a_row_has_the_features_of_its_image_on_the_scale_of_those_that_take_part() {
        let shape = ImageShape { channels: 3, height: 8, width: 8 };
        let image = |row: usize| (0..shape.len()).map(move |place| ((place * (row + 3)) % 251) as u8);
        let images = |rows: &mut dyn Iterator<Item = usize>| {
            StoredImages::from(Images { shape, pixels: rows.flat_map(image).collect() })
        };
        let (train, test) = (images(&mut (0..20)), images(&mut (7..9)));
        let samples: Vec<SampleId> = (1..20).step_by(2).map(SampleId).collect();
        let pictures = Pictures { train: &train, samples: &samples, test: &test };
        let config = PatchesConfig { patch: 3, stride: 1, cells: 2, centres: 5, sample: 100, rounds: 3 };
        for backend in Backend::compiled() {
            let device = backend.device().unwrap();
            let rng = &mut ChaCha8Rng::seed_from_u64(1);
            let [of_train, of_test] = describe(&config, pictures, rng, &device).unwrap();
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
    #[test]
    fn epochs_see_the_strong_views_in_turn() {
        for backend in Backend::compiled() {
            let device = backend.device().unwrap();
            let view =
                |by: f32| Array2::from_shape_fn((2, 3), |(row, column)| by + (3 * row + column) as f32);
            let features = Features::upload(view(0.0), vec![view(10.0), view(20.0)], &[4, 1], 5, &device);
            assert_eq!(download(features.batch(&[1, 4])), ndarray::array![[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]);
            for (epoch, first) in [(0, 13.0), (1, 23.0), (2, 13.0)] {
                let found = download(features.strong_batch(&[1], epoch));
                assert_eq!(found, ndarray::array![[first, first + 1.0, first + 2.0]], "{backend}");
            }
        }
    }
}
