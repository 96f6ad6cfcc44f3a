//! One pass of a trained classifier over samples: probabilities, logits and embeddings together.

pub mod average_precision;
pub mod evaluate;
pub mod outputs;
pub mod softmax;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array2, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::Needs;
use tailward_datasets::Images;
use tailward_experiment::definition::{Normalisation, ScoringDefinition, Statistics};
use tailward_models::classifier::Classifier;
use tailward_models::dropout::mask;

use crate::inputs::{Augmentation, Inputs, Pixels};

/// What a strategy asked for, on the host; a row for each image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// `[images, classes]`, rows sum to 1.
    pub probabilities: Option<Array2<f32>>,
    /// `[images, classes]`.
    pub logits: Option<Array2<f32>>,
    /// `[images, embedding]`.
    pub embeddings: Option<Array2<f32>>,
}

/// One random training view of each image, in place of the image: what the released code of CBAL scores.
#[derive(Clone, Debug)]
pub struct Views {
    /// What a view may be.
    pub augmentation: Augmentation,
    /// Where it is drawn from.
    pub rng: ChaCha8Rng,
}

/// Images that each thread of a processor takes through a network together: few enough that what a layer leaves is still near
/// when the next one reads it, and enough that the weights of wide layers are not prepared too often.
const IMAGES_PER_THREAD: usize = 100;

/// Scores the images of `rows` with a classifier in evaluation form ([`burn::module::Module::valid`]).
///
/// Batches are of one shape (the last is filled up with its first image and cut again), so that a GPU tunes its
/// kernels once, and everything is downloaded at the end, once for each kind of output. Where our own kernels compute, batches
/// may be smaller than the definition's: an image's scores do not depend on its batch. With the statistics of each batch,
/// where every image of it matters, batches are the definition's and nothing is filled up.
pub fn score(
    model: &Classifier,
    inputs: &Inputs,
    rows: &[usize],
    needs: Needs,
    scoring: &ScoringDefinition,
    mut views: Option<Views>,
) -> Scores {
    let by_batch = scoring.statistics == Some(Statistics::Batch);
    let of_processor = !by_batch && tailward_models::kernels(&inputs.device()).is_some();
    let most = if of_processor { IMAGES_PER_THREAD * rayon::current_num_threads() } else { usize::MAX };
    let batch_size = scoring.batch_size.min(most);
    let mut logits = Vec::new(); // each [batch, classes]
    let mut embeddings = Vec::new(); // each [batch, embedding]
    for chunk in rows.chunks(batch_size) {
        let mut padded = chunk.to_vec();
        if !by_batch {
            padded.resize(if rows.len() < batch_size { rows.len() } else { batch_size }, chunk[0]);
        }
        let batch = match &mut views {
            None => inputs.batch(&padded),
            Some(Views { augmentation, rng }) => inputs.augmented_batch(&padded, augmentation, rng),
        };
        let output = if by_batch { model.forward_with_batch_statistics(batch) } else { model.forward(batch) };
        let kept = 0..chunk.len();
        if needs.probabilities || needs.logits {
            logits.push(output.logits.slice([kept.clone()]));
        }
        if needs.embeddings {
            embeddings.push(output.embeddings.slice([kept]));
        }
    }
    let logits = (!logits.is_empty()).then(|| Tensor::cat(logits, 0));
    let embeddings = (!embeddings.is_empty()).then(|| Tensor::cat(embeddings, 0));
    Scores {
        probabilities: logits
            .clone()
            .filter(|_| needs.probabilities)
            .map(|logits| download(softmax(logits, 1))),
        logits: logits.filter(|_| needs.logits).map(download),
        embeddings: embeddings.map(download),
    }
}

/// The embeddings of images as they are, so many of them at a time: `[images, embedding]`.
///
/// # Panics
///
/// There is no image, or as [`Pixels::upload`].
pub(crate) fn embeddings(
    model: &Classifier,
    images: Images,
    normalisation: &Normalisation,
    batch_size: usize,
    device: &Device,
) -> Array2<f32> {
    let rows: Vec<usize> = (0..images.len()).collect();
    let inputs = Inputs::Pixels(Pixels::upload(images, normalisation, device));
    let needs = Needs { embeddings: true, ..Needs::default() };
    let scoring =
        ScoringDefinition { batch_size, augmented_pool: false, statistics: None, evaluate_pool: false };
    score(model, &inputs, &rows, needs, &scoring, None).embeddings.expect("embeddings were asked for")
}

/// The class probabilities of one pass with dropout before the head: `[images, classes]`.
///
/// Dropout acts on the embeddings alone, so that a pass repeats the head and nothing else; the masks are drawn from `rng`
/// on the host.
///
/// # Shapes
///
/// `embeddings`: `[images, embedding]`, of the same model in evaluation form.
///
/// # Panics
///
/// `rate` is not in [0, 1), or there is no image.
pub fn dropout_pass(
    model: &Classifier,
    embeddings: ArrayView2<'_, f32>,
    rate: f64,
    rng: &mut ChaCha8Rng,
    batch_size: usize,
    device: &Device,
) -> Array2<f32> {
    let width = embeddings.ncols();
    let mut probabilities = Vec::new(); // each [batch, classes]
    for chunk in embeddings.axis_chunks_iter(Axis(0), batch_size) {
        let values: Vec<f32> = chunk.iter().copied().collect();
        let shape = [chunk.nrows(), width];
        let features = Tensor::<2>::from_data(TensorData::new(values, shape), device);
        let kept = features * mask(shape, rate, rng, device);
        probabilities.push(softmax(model.head(kept), 1));
    }
    download(Tensor::cat(probabilities, 0))
}

/// Copies a matrix to the host.
pub(crate) fn download(tensor: Tensor<2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    let data: TensorData = tensor.into_data();
    let values: Vec<f32> = data.try_into_vec().expect("the device computes in f32");
    Array2::from_shape_vec((rows, columns), values).expect("a matrix has rows × columns values")
}

impl Scores {
    /// The scores of these rows, in this order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let of = |matrix: &Option<Array2<f32>>| matrix.as_ref().map(|matrix| matrix.select(Axis(0), rows));
        Self {
            probabilities: of(&self.probabilities),
            logits: of(&self.logits),
            embeddings: of(&self.embeddings),
        }
    }
}

/// Copies the weights of the last layer to the host: `[classes, embedding]`.
pub fn head(model: &Classifier) -> Array2<f32> {
    download(model.head_weights())
}

/// The first row that holds a value that is not finite.
pub fn first_not_finite(matrix: &Array2<f32>) -> Option<usize> {
    matrix.rows().into_iter().position(|row| row.iter().any(|value| !value.is_finite()))
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;
    use tailward_datasets::ImageShape;
    use tailward_models::classifier::ClassifierConfig;
    use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};

    use super::*;
    use crate::device::Backend;

    const NEEDS: Needs = Needs {
        probabilities: true,
        logits: true,
        embeddings: true,
        labelled_probabilities: false,
        labelled_embeddings: false,
        dropout_passes: 0,
        discriminator: false,
        head: false,
    };

    fn scoring(batch_size: usize) -> ScoringDefinition {
        ScoringDefinition { batch_size, augmented_pool: false, statistics: None, evaluate_pool: false }
    }

    /// With statistics of batches an image's score depends on the batch that it is in; selecting changes nothing.
    #[test]
    fn statistics_of_batches_depend_on_the_batch() {
        let (model, inputs) = model_and_inputs();
        let rows: Vec<usize> = (0..11).collect();
        let by_batch = |size| ScoringDefinition { statistics: Some(Statistics::Batch), ..scoring(size) };
        let whole = score(&model, &inputs, &rows, NEEDS, &by_batch(11), None);
        let parts = score(&model, &inputs, &rows, NEEDS, &by_batch(6), None);
        assert_ne!(whole, parts);
        let first = score(&model, &inputs, &rows[..6], NEEDS, &by_batch(6), None);
        assert_eq!(first, parts.select(&[0, 1, 2, 3, 4, 5]));
    }

    fn model_and_inputs() -> (Classifier, Inputs) {
        let device = Backend::compiled()[0].device().unwrap();
        let config = ClassifierConfig::ResNet(ResNetConfig {
            channels: 3,
            classes: 4,
            stem: Stem::Cifar,
            block: BlockKind::Basic,
            blocks: vec![1, 1],
            widths: vec![4, 8],
        });
        let shape = ImageShape { channels: 3, height: 8, width: 8 };
        let pixels = (0..11 * shape.len()).map(|index| (index * 29 % 256) as u8).collect();
        let images = Images { shape, pixels };
        let normalisation = Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] };
        let model = config.init(&mut ChaCha8Rng::seed_from_u64(4), &device);
        (model, Inputs::Pixels(Pixels::upload(images, &normalisation, &device)))
    }

    /// The last batch is filled up and cut again; neither that nor the order of rows changes an image's scores.
    #[test]
    fn batches_of_any_size_score_the_same() {
        let (model, inputs) = model_and_inputs();
        let rows: Vec<usize> = (0..11).rev().collect();
        let whole = score(&model, &inputs, &rows, NEEDS, &scoring(11), None);
        for batch_size in [1, 4, 5, 64] {
            let parts = score(&model, &inputs, &rows, NEEDS, &scoring(batch_size), None);
            assert_eq!(parts, whole, "batches of {batch_size}");
        }
        let probabilities = whole.probabilities.unwrap();
        assert_eq!((probabilities.dim(), whole.embeddings.unwrap().dim()), ((11, 4), (11, 8)));
        for (row, logits) in probabilities.rows().into_iter().zip(whole.logits.unwrap().rows()) {
            let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
            for (probability, logit) in row.iter().zip(logits) {
                assert!((probability - logit.exp() / sum).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn only_what_is_needed_is_computed_and_views_change_it() {
        let (model, inputs) = model_and_inputs();
        let rows: Vec<usize> = (0..11).collect();
        let needs = Needs { probabilities: true, ..Needs::default() };
        let plain = score(&model, &inputs, &rows, needs, &scoring(4), None);
        assert!(plain.logits.is_none() && plain.embeddings.is_none());
        let views = || Views {
            augmentation: Augmentation { crop_padding: 2, horizontal_flip: true },
            rng: ChaCha8Rng::seed_from_u64(1),
        };
        let viewed = score(&model, &inputs, &rows, needs, &scoring(4), Some(views()));
        assert_ne!(viewed, plain);
        assert_eq!(viewed, score(&model, &inputs, &rows, needs, &scoring(4), Some(views())));
    }

    /// Without dropout a pass says what the network says; with it, each stream says something else, in batches of any size.
    #[test]
    fn passes_with_dropout_start_from_the_embeddings() {
        let (model, inputs) = model_and_inputs();
        let rows: Vec<usize> = (0..11).collect();
        let whole = score(&model, &inputs, &rows, NEEDS, &scoring(11), None);
        let embeddings = whole.embeddings.unwrap();
        let pass = |rate, seed, batch_size| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            dropout_pass(&model, embeddings.view(), rate, &mut rng, batch_size, &inputs.device())
        };
        for (found, expected) in pass(0.0, 1, 4).iter().zip(&whole.probabilities.unwrap()) {
            assert!((found - expected).abs() < 1e-6);
        }
        assert_eq!(pass(0.5, 1, 4), pass(0.5, 1, 11));
        assert_ne!(pass(0.5, 1, 4), pass(0.5, 2, 4));
        for row in pass(0.5, 1, 4).rows() {
            assert!((row.sum() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_value_that_is_not_finite_is_found_by_row() {
        let mut matrix = Array2::<f32>::zeros((3, 2));
        assert_eq!(first_not_finite(&matrix), None);
        matrix[[2, 1]] = f32::NAN;
        assert_eq!(first_not_finite(&matrix), Some(2));
    }
}
