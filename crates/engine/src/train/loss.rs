//! What training minimises.

use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use tailward_experiment::definition::{ClassWeights, LossDefinition};

/// A loss over batches.
#[derive(Debug)]
pub enum Loss {
    /// The mean cross-entropy.
    Plain(CrossEntropyLoss),
    /// The weighted and smoothed cross-entropy, see [`Weighted`].
    Weighted(Weighted),
}

/// Cross-entropy with class weights `w` and label smoothing `ε`, as PyTorch defines it:
///
/// `Σ_i [ (1 − ε) w_{y_i} (−ln p_{i,y_i}) + ε/K Σ_c w_c (−ln p_{i,c}) ] / Σ_i w_{y_i}`
///
/// The smoothing term has the weights of the classes that it spreads to, and the sum is divided by the weights of the
/// labels alone. ("Weight times smoothed cross-entropy" would be another loss.)
#[derive(Clone, Debug)]
pub struct Weighted {
    weights: Tensor<2>, // [1, classes]
    smoothing: f64,
}

impl Loss {
    /// The loss of a definition; `labels` are those of the labelled set.
    pub fn new(definition: Option<LossDefinition>, labels: &[u32], classes: usize, device: &Device) -> Self {
        let Some(LossDefinition { class_weights, label_smoothing }) = definition else {
            return Self::Plain(CrossEntropyLossConfig::new().init(&device.clone().autodiff()));
        };
        let weights = match class_weights {
            ClassWeights::Equal => vec![1.0; classes],
            ClassWeights::InverseFrequency => inverse_frequencies(labels, classes),
        };
        Self::Weighted(Weighted::new(&weights, label_smoothing, device))
    }

    /// The loss of a batch, `[1]`, with gradients.
    ///
    /// # Shapes
    ///
    /// `logits`: `[batch, classes]`, on a device with automatic differentiation; `targets`: `[batch]`, on one without.
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
        match self {
            Self::Plain(loss) => loss.forward(logits, Tensor::from_inner(targets)),
            Self::Weighted(loss) => loss.forward(logits, targets),
        }
    }
}

impl Weighted {
    /// A loss with one weight for each class. `device` is one without automatic differentiation.
    pub fn new(weights: &[f32], smoothing: f64, device: &Device) -> Self {
        let data = TensorData::new(weights.to_vec(), [1, weights.len()]);
        Self { weights: Tensor::from_data(data, device), smoothing }
    }

    /// See [`Loss::forward`].
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
        let [batch, classes] = logits.dims();
        let targets = targets.reshape([batch, 1]);
        let weights = self.weights.clone().expand([batch, classes]); // [batch, classes]
        let of_labels = weights.clone().gather(1, targets.clone()); // [batch, 1]
        let total = of_labels.clone().sum();
        let surprise = log_softmax(logits, 1).neg(); // [batch, classes]
        let told = surprise.clone().gather(1, Tensor::from_inner(targets)); // [batch, 1]
        let mut loss = (told * Tensor::from_inner(of_labels)).sum() * (1.0 - self.smoothing);
        if self.smoothing > 0.0 {
            let spread = (surprise * Tensor::from_inner(weights)).sum();
            loss = loss + spread * (self.smoothing / classes as f64);
        }
        loss / Tensor::from_inner(total)
    }
}

/// Labels on a device: `[labels]`.
pub(super) fn targets(labels: impl IntoIterator<Item = u32>, device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i32> = labels.into_iter().map(|label| label as i32).collect();
    let count = labels.len();
    Tensor::from_data(TensorData::new(labels, [count]), device)
}

/// One divided by the number of labels of each class. A class without labels has no weight: it is no label of any batch,
/// and smoothing does not spread to it.
fn inverse_frequencies(labels: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0_u32; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    counts.into_iter().map(|count| if count == 0 { 0.0 } else { 1.0 / count as f32 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Backend;

    #[test]
    fn a_class_without_labels_has_no_weight() {
        assert_eq!(inverse_frequencies(&[0, 0, 2, 0, 0], 4), [0.25, 0.0, 1.0, 0.0]);
    }

    /// Two images by hand: p = (0.5, 0.25, 0.25) told class 0, and (0.25, 0.25, 0.5) told class 1.
    #[test]
    fn weights_and_smoothing_by_hand() {
        for backend in Backend::compiled() {
            let device = backend.device().unwrap();
            let p: [[f32; 3]; 2] = [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]];
            let logits = Tensor::<2>::from_data(p.map(|row| row.map(f32::ln)), &device.clone().autodiff());
            let targets = Tensor::<1, Int>::from_data([0, 1], &device);
            let loss = |smoothing| {
                let weighted = Weighted::new(&[1.0, 3.0, 0.5], smoothing, &device);
                weighted.forward(logits.clone(), targets.clone()).into_scalar::<f32>()
            };
            let (half, quarter) = (2_f32.ln(), 4_f32.ln());
            let told = half + 3.0 * quarter;
            assert!((loss(0.0) - told / 4.0).abs() < 1e-6);
            let spread = (half + 3.5 * quarter) + (4.0 * quarter + 0.5 * half);
            assert!((loss(0.1) - (0.9 * told + 0.1 / 3.0 * spread) / 4.0).abs() < 1e-6);
        }
    }
}
