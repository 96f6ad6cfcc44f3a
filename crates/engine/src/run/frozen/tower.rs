//! From images to features, by CLIP's image tower.

use std::cell::OnceCell;
use std::ops::Range;
use std::time::Instant;

use burn::tensor::Device;
use ndarray::Array2;
use tailward_datasets::{ImageShape, Images, StoredImages};
use tailward_experiment::definition::{FrozenFeatures, Normalisation, TrainingDefinition, VitTower};
use tailward_models::classifier::Classifier;
use tailward_models::pretrained;
use tailward_models::vit::{VitConfig, VitHead};

use super::super::model::vit;
use super::how::{Frozen, Kept};
use crate::Error;
use crate::inputs::StrongAugmentation;
use crate::project::sha256;
use crate::rng::{Stream, stream};
use crate::score::embeddings;

/// Images that go through the tower at a time.
const BATCH: usize = 128;

/// The seed of what is drawn: one for all runs, which share what comes of it.
const SEED: u64 = 0;

/// The tower, loaded when the first image is described.
pub(super) struct Tower<'a> {
    frozen: &'a Frozen<'a>,
    device: &'a Device,
    model: OnceCell<Classifier>,
}

impl<'a> Tower<'a> {
    pub(super) fn new(frozen: &'a Frozen<'a>, device: &'a Device) -> Self {
        Self { frozen, device, model: OnceCell::new() }
    }

    /// Everything that features depend on beside the images, in words.
    pub(super) fn origin(&self) -> Result<String, Error> {
        let Frozen { features, training, kept: Kept { weights, backend, .. } } = self.frozen;
        let VitTower { image, patch, width, layers, heads, features, .. } = &features.network;
        let weights = match weights {
            None => "drawn at random".to_owned(),
            Some(weights) => format!("SHA-256 {}", sha256(&weights.path).map_err(Error::io(&weights.path))?),
        };
        let Normalisation { mean, std } = &training.normalisation;
        Ok(format!(
            "Features of images by a network that is not trained.\n\
             network: CLIP's image tower, image {image}, patch {patch}, width {width}, layers {layers}, heads {heads}, features \
             {features}\n\
             weights: {weights}\n\
             normalisation: mean {mean:?}, deviation {std:?}\n\
             made by: tailward {}, kernels {}, on {backend}\n",
            env!("CARGO_PKG_VERSION"),
            tailward_kernels::VERSION
        ))
    }

    /// The features of images as they are: `[rows, features]`.
    pub(super) fn features(&self, images: &StoredImages, rows: Range<usize>) -> Result<Array2<f32>, Error> {
        let rows: Vec<usize> = rows.collect();
        self.of_pixels(images.shape(), images.read(&rows)?)
    }

    /// The features of a strong view of each image, one of several: `[rows, features]`. What a view is depends on its number and the
    /// image's row alone.
    pub(super) fn strong_features(
        &self,
        images: &StoredImages,
        rows: Range<usize>,
        augmentation: &StrongAugmentation,
        view: usize,
    ) -> Result<Array2<f32>, Error> {
        let rows: Vec<usize> = rows.collect();
        let shape = images.shape();
        let drawn = rows.iter().enumerate().map(|(place, &row)| {
            let mut rng = stream(SEED, Stream::KeptViews, view);
            rng.set_stream(row as u64);
            augmentation.draw(place, [shape.height, shape.width], &mut rng)
        });
        let drawn = drawn.collect();
        self.of_pixels(shape, augmentation.views(images.read(&rows)?, shape, drawn))
    }

    fn of_pixels(&self, shape: ImageShape, pixels: Vec<u8>) -> Result<Array2<f32>, Error> {
        let normalisation = &self.frozen.training.normalisation;
        Ok(embeddings(self.model()?, Images { shape, pixels }, normalisation, BATCH, self.device))
    }

    fn model(&self) -> Result<&Classifier, Error> {
        if let Some(model) = self.model.get() {
            return Ok(model);
        }
        let Frozen { features, kept: Kept { weights, .. }, .. } = self.frozen;
        let config = config(features);
        let mut rng = stream(SEED, Stream::Init, 0);
        let model = match weights {
            None => config.init(&mut rng, self.device),
            Some(weights) => {
                pretrained::load_clip(&config, &weights.path, weights.format, &mut rng, self.device)?
            }
        };
        Ok(self.model.get_or_init(|| Classifier::Vit(model)))
    }
}

/// A tower whose head nobody asks.
fn config(features: &FrozenFeatures) -> VitConfig {
    vit(&features.network, VitHead::Linear, 1)
}

/// Images per second of describing images of a shape, measured on a few. What they show and what the weights are does not matter.
pub fn describing_rate(
    features: &FrozenFeatures,
    training: &TrainingDefinition,
    shape: ImageShape,
    device: &Device,
) -> f64 {
    let model = Classifier::Vit(config(features).init(&mut stream(SEED, Stream::Init, 0), device));
    let describe = |count: usize| {
        let images = Images { shape, pixels: vec![127; count * shape.len()] };
        let begun = Instant::now();
        embeddings(&model, images, &training.normalisation, BATCH, device);
        count as f64 / begun.elapsed().as_secs_f64()
    };
    // The first warms up; fewer than a batch, for a CPU takes half a second for one of the published size.
    describe(2);
    describe(8)
}
