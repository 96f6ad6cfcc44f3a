//! One pass of a trained classifier over images: probabilities, logits and embeddings together.

use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::Needs;
use tailward_models::resnet::ResNet;

use crate::augment::Augmentation;
use crate::batches::DeviceImages;

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

/// Scores the images of `rows` with a classifier in evaluation form ([`burn::module::Module::valid`]).
///
/// Batches are of one shape (the last is filled up with its first image and cut again), so that a GPU tunes its
/// kernels once, and everything is downloaded at the end, once for each kind of output.
pub fn score(
    model: &ResNet,
    images: &DeviceImages,
    rows: &[usize],
    needs: Needs,
    batch_size: usize,
    mut views: Option<Views>,
) -> Scores {
    let mut logits = Vec::new(); // each [batch, classes]
    let mut embeddings = Vec::new(); // each [batch, embedding]
    for chunk in rows.chunks(batch_size) {
        let mut padded = chunk.to_vec();
        padded.resize(if rows.len() < batch_size { rows.len() } else { batch_size }, chunk[0]);
        let inputs = match &mut views {
            None => images.batch(&padded),
            Some(Views { augmentation, rng }) => images.augmented_batch(&padded, augmentation, rng),
        };
        let output = model.forward(inputs);
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

/// Copies a matrix to the host.
fn download(tensor: Tensor<2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    let data: TensorData = tensor.into_data();
    let values: Vec<f32> = data.try_into_vec().expect("the device computes in f32");
    Array2::from_shape_vec((rows, columns), values).expect("a matrix has rows × columns values")
}

/// The first row that holds a value that is not finite.
pub fn first_not_finite(matrix: &Array2<f32>) -> Option<usize> {
    matrix.rows().into_iter().position(|row| row.iter().any(|value| !value.is_finite()))
}
