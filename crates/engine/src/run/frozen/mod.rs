//! Features of a network that is not trained, for the layers on them that are: computed once, kept, shared by all runs that want the
//! same.

mod how;
mod store;
mod tower;

use burn::tensor::Device;
use ndarray::Axis;
use tailward_datasets::{SampleId, StoredImages};
use tailward_experiment::definition::FlexMatch;
use tailward_features::Standardised;

use crate::Error;
use crate::inputs::{Augmentation, Features, StrongAugmentation};
use crate::pool::image_rows;
pub(super) use how::{Frozen, Kept};
use store::Store;
use tower::Tower;
pub use tower::describing_rate;

/// The images of a dataset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pictures<'a> {
    /// The dataset's name.
    pub(super) dataset: &'a str,
    pub(super) train: &'a StoredImages,
    pub(super) test: &'a StoredImages,
    pub(super) validation: Option<&'a StoredImages>,
}

/// Their features.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) train: Features,
    pub(super) test: Features,
    pub(super) validation: Option<Features>,
}

impl Frozen<'_> {
    /// The features of all images, and of strong views of the training images as far as the definition wants any, brought to mean 0 and
    /// deviation 1 over the training images that take part, as they are.
    ///
    /// # Errors
    ///
    /// The weights are damaged or of another network; an image cannot be read; the folder of features cannot be made.
    pub(super) fn describe(
        &self,
        pictures: Pictures<'_>,
        taking_part: &[SampleId],
        device: &Device,
    ) -> Result<Described, Error> {
        let Pictures { dataset, train, test, validation } = pictures;
        let tower = Tower::new(self, device);
        let store =
            Store::open(self.kept.cache_dir, dataset, &tower.origin()?, self.features.network.features)?;
        let named = |split: &str, images: &StoredImages| format!("{split}-{}", &images.fingerprint()[..16]);
        let plain = |name: &str, images: &StoredImages| {
            store.matrix(name, images.len(), &mut |rows| tower.features(images, rows))
        };
        // All pixels are read for it: once.
        let name = named("train", train);
        let mut of_train = plain(&name, train)?;
        let scale = Standardised::of(of_train.select(Axis(0), &image_rows(taking_part)).view());
        let mut strong = Vec::new();
        if let Some(FlexMatch { operations, .. }) = self.training.flexmatch {
            let augmentation = StrongAugmentation { weak: Augmentation::IDENTITY, operations };
            for view in 0..self.features.strong_views.unwrap_or(0) {
                let name = format!("{name}-strong-{operations}-{view}");
                let mut matrix = store.matrix(&name, train.len(), &mut |rows| {
                    tower.strong_features(train, rows, &augmentation, view)
                })?;
                scale.apply(&mut matrix);
                strong.push(matrix);
            }
        }
        scale.apply(&mut of_train);
        let others = |split: &str, images: &StoredImages| {
            let mut matrix = plain(&named(split, images), images)?;
            scale.apply(&mut matrix);
            Ok::<_, Error>(uploaded(matrix, Vec::new(), device))
        };
        Ok(Described {
            test: others("test", test)?,
            validation: validation.map(|images| others("validation", images)).transpose()?,
            train: uploaded(of_train, strong, device),
        })
    }
}

/// A row for each image.
fn uploaded(values: ndarray::Array2<f32>, strong: Vec<ndarray::Array2<f32>>, device: &Device) -> Features {
    let rows: Vec<usize> = (0..values.nrows()).collect();
    Features::upload(values, strong, &rows, rows.len(), device)
}
