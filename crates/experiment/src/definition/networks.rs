//! VAAL's networks, and how they are trained.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// The variational auto-encoder and the discriminator of VAAL, and how they are trained in each round.
///
/// [`VaalNetworks::official`] has the settings of the official implementation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaalNetworks {
    /// Dimensions of the latent space.
    pub latent: usize,
    /// Channels after the first convolution; the next have 2, 4 and 8 times as many.
    pub width: usize,
    /// Weight of the Kullback–Leibler term.
    pub beta: f64,
    /// Over what the Kullback–Leibler term is reduced.
    pub kl: KlReduction,
    /// Iterations over which `beta` rises linearly from 0; 0 for none.
    pub warmup: usize,
    /// Weight of the adversarial term in the auto-encoder's loss.
    pub adversarial_weight: f64,
    /// Adam's learning rate, constant, for both networks.
    pub learning_rate: f64,
    /// Labelled images in a batch, and as many unlabelled ones.
    pub batch_size: usize,
    /// Iterations in a round.
    pub iterations: usize,
    /// Steps of the auto-encoder in an iteration, each after the first on new batches.
    pub vae_steps: usize,
    /// Steps of the discriminator in an iteration, the first on the last batches of the auto-encoder.
    pub discriminator_steps: usize,
    /// Score with the statistics of shuffled batches, as the official code does, which leaves its networks in training
    /// mode; false: with the running statistics.
    pub batch_statistics: bool,
}

/// Over what the Kullback–Leibler term of a variational auto-encoder is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KlReduction {
    /// Summed over batch and latent dimensions, as in the official code, beside a reconstruction error that is a mean:
    /// the posterior collapses.
    Sum,
    /// Mean over batch and latent dimensions, as the reconstruction error is over its own.
    Mean,
}

impl VaalNetworks {
    /// The settings of the official implementation, at its revision of February 2020.
    pub fn official() -> Self {
        Self {
            latent: 32,
            width: 128,
            beta: 1.0,
            kl: KlReduction::Sum,
            warmup: 0,
            adversarial_weight: 1.0,
            learning_rate: 5e-4,
            batch_size: 128,
            iterations: 39_062,
            vae_steps: 2,
            discriminator_steps: 1,
            batch_statistics: true,
        }
    }

    /// Checks the ranges.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        for (name, value, least) in [
            ("latent", self.latent, 1),
            ("width", self.width, 1),
            ("batch_size", self.batch_size, 2),
            ("iterations", self.iterations, 1),
            ("vae_steps", self.vae_steps, 1),
            ("discriminator_steps", self.discriminator_steps, 1),
        ] {
            ensure(value >= least, &format!("query.networks.{name}"), || {
                format!("{value} is less than {least}")
            })?;
        }
        for (name, value) in [("beta", self.beta), ("adversarial_weight", self.adversarial_weight)] {
            ensure(value.is_finite() && value >= 0.0, &format!("query.networks.{name}"), || {
                format!("{value} is not finite and not negative")
            })?;
        }
        let rate = self.learning_rate;
        ensure(rate.is_finite() && rate > 0.0, "query.networks.learning_rate", || {
            format!("{rate} is not finite and positive")
        })
    }
}
