//! Blends of images in the place of images (mixup; Zhang et al., ICLR 2018).

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};
use tailward_experiment::definition::{Mixup, MixupTargets};
use tailward_models::classifier::Batch;

use super::loss::{Loss, targets};

/// One blend of a batch with itself in reverse order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blend {
    /// The share of the image itself, in [0, 1].
    pub(super) share: f64,
    targets: MixupTargets,
}

impl Blend {
    /// Draws the share of a batch.
    ///
    /// # Panics
    ///
    /// α is not positive: a definition has been checked.
    pub(super) fn draw(mixup: Mixup, rng: &mut ChaCha8Rng) -> Self {
        let Ok(distribution) = Beta::new(mixup.alpha, mixup.alpha) else {
            panic!("mixup with α = {}", mixup.alpha)
        };
        Self { share: distribution.sample(rng), targets: mixup.targets }
    }

    /// The batch, blended.
    pub(super) fn batch(self, batch: Batch) -> Batch {
        batch.blended_with_its_reverse(self.share)
    }

    /// The loss of the blends' logits `[batch, classes]` against the labels of the images.
    pub(super) fn loss(self, loss: &Loss, logits: Tensor<2>, labels: &[u32], device: &Device) -> Tensor<1> {
        let own = || targets(labels.iter().copied(), device);
        let other = || targets(labels.iter().rev().copied(), device);
        match self.targets {
            MixupTargets::Both => {
                loss.forward(logits.clone(), own()) * self.share
                    + loss.forward(logits, other()) * (1.0 - self.share)
            }
            MixupTargets::Larger if self.share >= 0.5 => loss.forward(logits, own()),
            MixupTargets::Larger => loss.forward(logits, other()),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::device::Backend;

    fn blend(share: f64, targets: MixupTargets) -> Blend {
        Blend { share, targets }
    }

    #[test]
    fn a_share_is_of_the_beta_distribution() {
        let mixup = Mixup { alpha: 0.3, targets: MixupTargets::Both };
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let shares: Vec<f64> = (0..20_000).map(|_| Blend::draw(mixup, &mut rng).share).collect();
        let mean = shares.iter().sum::<f64>() / 2e4;
        let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 2e4;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        // The variance of Beta(α, α) is 1 / (4 (2 α + 1)).
        assert!((variance - 1.0 / (4.0 * 1.6)).abs() < 0.004, "{variance}");
    }

    /// Two images whose probabilities are (0.5, 0.5) and (0.25, 0.75), labelled 0 and 1.
    #[test]
    fn a_blend_is_held_to_both_labels_or_to_the_larger_share() {
        for backend in Backend::compiled() {
            let device = backend.device().unwrap();
            let loss = Loss::new(None, &[0, 1], 2, &device);
            let p: [[f32; 2]; 2] = [[0.5, 0.5], [0.25, 0.75]];
            let logits = Tensor::<2>::from_data(p.map(|row| row.map(f32::ln)), &device.clone().autodiff());
            let of = |blend: Blend| {
                f64::from(blend.loss(&loss, logits.clone(), &[0, 1], &device).into_scalar::<f32>())
            };
            let own = -(0.5_f64.ln() + 0.75_f64.ln()) / 2.0;
            let other = -(0.5_f64.ln() + 0.25_f64.ln()) / 2.0;
            for (found, expected) in [
                (of(blend(0.8, MixupTargets::Both)), 0.8 * own + 0.2 * other),
                (of(blend(0.8, MixupTargets::Larger)), own),
                (of(blend(0.2, MixupTargets::Larger)), other),
            ] {
                assert!((found - expected).abs() < 1e-6, "{backend}: {found} is not {expected}");
            }
            let features = TensorData::new(vec![0.0_f32, 1.0, 10.0, 3.0, 4.0, 8.0], [3, 2]);
            let batch = Batch::Features(Tensor::from_data(features, &device));
            let Batch::Features(blended) = blend(0.75, MixupTargets::Both).batch(batch) else {
                panic!("features stay features")
            };
            assert_eq!(
                blended.into_data().try_into_vec::<f32>().unwrap(),
                [1.0, 2.75, 10.0, 3.0, 3.0, 6.25],
                "{backend}"
            );
        }
    }
}
