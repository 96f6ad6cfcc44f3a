//! The two networks of VAAL (Sinha et al., ICCV 2019), trained from scratch for each query: a variational auto-encoder
//! that makes labelled and unlabelled images look alike in its latent space, and a discriminator that tells them apart.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tailward_experiment::definition::{KlReduction, Normalisation, VaalNetworks};
use tailward_models::discriminator::{Discriminator, DiscriminatorConfig};
use tailward_models::optimiser::Adam;
use tailward_models::vae::{Vae, VaeConfig, kl_sum, noise, reconstruction_error};

use crate::Error;
use crate::inputs::{Augmentation, Pixels};
use crate::rng::{Stream, stream};

/// Units in each of the discriminator's two hidden layers, as in the official implementation.
const HIDDEN: usize = 512;

/// Iterations between two looks at the losses, each of which waits for the device.
const LOOK: usize = 50;

/// What is trained, and with which streams of random numbers.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The networks.
    pub networks: &'a VaalNetworks,
    /// The run's seed.
    pub seed: u64,
    /// The round.
    pub round: usize,
}

/// What the networks learn from.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// All training images.
    pub images: &'a Pixels,
    /// The labelled images' rows.
    pub labelled: &'a [usize],
    /// The unlabelled images' rows.
    pub unlabelled: &'a [usize],
}

/// How far training is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Iterations done.
    pub iteration: usize,
    /// Iterations in all.
    pub iterations: usize,
}

/// What the networks learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    /// Mean of D(μ) over the unlabelled images.
    pub mean: f64,
    /// Standard deviation of D(μ) over the unlabelled images.
    pub deviation: f64,
    /// Root mean square over latent dimensions of the standard deviation of μ over the unlabelled images.
    pub latent_deviation: f64,
    /// Mean squared reconstruction error of the last tenth of the iterations.
    pub reconstruction_error: f64,
    /// Kullback–Leibler divergence per image of the last tenth of the iterations, in nats.
    pub divergence: f64,
}

/// Both networks after training, in training form.
#[derive(Debug)]
pub struct Trained {
    vae: Vae,
    discriminator: Discriminator,
    reconstruction_error: f64,
    divergence: f64,
}

/// Trains both networks.
///
/// As in the official implementation: an iteration has `vae_steps` steps of the auto-encoder, each after the first on new
/// batches, then `discriminator_steps` of the discriminator, the first on the last batches of the auto-encoder. The
/// auto-encoder minimises reconstruction error, `beta` times the divergence from the prior, and `adversarial_weight` times
/// what it costs that the discriminator tells anything from labelled, all on a labelled and on an unlabelled batch.
/// Images are flipped at random and lie in [−1, 1].
///
/// # Errors
///
/// [`Error::NetworksDiverged`] if a loss is not finite.
///
/// # Panics
///
/// There is no labelled or no unlabelled image.
pub fn train(
    setting: Setting<'_>,
    data: Images<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Trained, Error> {
    let Setting { networks, seed, round } = setting;
    let images = in_unit_range(data.images);
    let mut state = State::new(setting, &images);
    let mut rng = stream(seed, Stream::VaalTrain, round);
    let mut labelled = Endless::new(data.labelled, &mut rng);
    let mut unlabelled = Endless::new(data.unlabelled, &mut rng);
    let mut draw = |rng: &mut ChaCha8Rng| Pair {
        labelled: labelled.batch(&images, networks.batch_size, rng),
        unlabelled: unlabelled.batch(&images, networks.batch_size, rng),
    };
    let last_tenth = networks.iterations - networks.iterations.div_ceil(10);
    let mut window = Losses::zero(&images.device());
    let mut settled = Losses::zero(&images.device());
    for iteration in 0..networks.iterations {
        let mut pair = draw(&mut rng);
        for step in 0..networks.vae_steps {
            if step > 0 {
                pair = draw(&mut rng);
            }
            let losses = state.vae_step(&pair, iteration, &mut rng);
            window.add(&losses);
            if iteration >= last_tenth {
                settled.add(&losses);
            }
        }
        for step in 0..networks.discriminator_steps {
            if step > 0 {
                pair = draw(&mut rng);
            }
            state.discriminator_step(&pair);
        }
        let done = iteration + 1;
        if done % LOOK == 0 || done == networks.iterations {
            let losses = std::mem::replace(&mut window, Losses::zero(&images.device())).mean();
            if !(losses.0.is_finite() && losses.1.is_finite()) {
                return Err(Error::NetworksDiverged { round, iteration: done });
            }
            progress(Progress { iteration: done, iterations: networks.iterations });
        }
    }
    let (reconstruction_error, divergence) = settled.mean();
    Ok(Trained { vae: state.vae, discriminator: state.discriminator, reconstruction_error, divergence })
}

impl Trained {
    /// The discriminator's estimate that each unlabelled image is labelled, in [0, 1], and what is to be said about it.
    ///
    /// # Errors
    ///
    /// [`Error::NetworksDiverged`] if an estimate is not finite.
    pub fn estimate(self, setting: Setting<'_>, data: Images<'_>) -> Result<(Vec<f32>, Account), Error> {
        let Setting { networks, seed, round } = setting;
        let images = in_unit_range(data.images);
        // In a random order, so that the statistics of a batch are not those of one class.
        let mut order: Vec<usize> = (0..data.unlabelled.len()).collect();
        order.shuffle(&mut stream(seed, Stream::VaalScore, round));
        let (mut means, mut told) = (Vec::new(), Vec::new()); // each [batch, latent], each [batch]
        for chunk in order.chunks(networks.batch_size) {
            // The last batch is filled up, so that its statistics are of as many images as any other's.
            let filled = chunk.iter().chain(order.iter().cycle()).take(networks.batch_size);
            let rows: Vec<usize> = filled.map(|&position| data.unlabelled[position]).collect();
            let (mean, estimate) = self.score(images.batch(&rows), networks.batch_statistics);
            let kept = 0..chunk.len();
            means.push(mean.slice([kept.clone()]));
            told.push(estimate.slice([kept]));
        }
        // One download for each.
        let (latent, shuffled) = (to_vec(Tensor::cat(means, 0)), to_vec(Tensor::cat(told, 0)));
        let mut estimates = vec![0.0; order.len()];
        for (&position, estimate) in order.iter().zip(shuffled) {
            estimates[position] = estimate;
        }
        if latent.iter().chain(&estimates).any(|value| !value.is_finite()) {
            return Err(Error::NetworksDiverged { round, iteration: networks.iterations });
        }
        let (mean, deviation) = mean_and_deviation(estimates.iter().copied());
        let account = Account {
            mean,
            deviation,
            latent_deviation: latent_deviation(&latent, networks.latent),
            reconstruction_error: self.reconstruction_error,
            divergence: self.divergence,
        };
        Ok((estimates, account))
    }

    /// μ and D(μ) of a batch: `[batch, latent]`, `[batch]`.
    fn score(&self, images: Tensor<4>, batch_statistics: bool) -> (Tensor<2>, Tensor<1>) {
        let vae = self.vae.valid();
        let mean = match batch_statistics {
            true => vae.encode_with_batch_statistics(images).0,
            false => vae.encode(images).0,
        };
        (mean.clone(), self.discriminator.valid().probability(mean))
    }
}

/// Both networks and their optimisers while they are trained.
struct State<'a> {
    networks: &'a VaalNetworks,
    vae: Vae,
    discriminator: Discriminator,
    vae_optimizer: ModuleOptimizer,
    discriminator_optimizer: ModuleOptimizer,
}

/// A labelled and an unlabelled batch: each `[batch, channels, height, width]`.
struct Pair {
    labelled: Tensor<4>,
    unlabelled: Tensor<4>,
}

impl<'a> State<'a> {
    fn new(setting: Setting<'a>, images: &Pixels) -> Self {
        let networks = setting.networks;
        let device = images.device().autodiff();
        let shape = images.shape();
        let mut rng = stream(setting.seed, Stream::VaalInit, setting.round);
        let vae = VaeConfig {
            channels: shape.channels,
            image_size: shape.height,
            latent: networks.latent,
            width: networks.width,
        }
        .init(&mut rng, &device);
        let discriminator =
            DiscriminatorConfig { latent: networks.latent, hidden: HIDDEN }.init(&mut rng, &device);
        // PyTorch's defaults, and so the official implementation's.
        let adam = Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false };
        let adam = || ModuleOptimizer::from(adam);
        Self { networks, vae, discriminator, vae_optimizer: adam(), discriminator_optimizer: adam() }
    }

    /// One step of the auto-encoder.
    fn vae_step(&mut self, pair: &Pair, iteration: usize, rng: &mut ChaCha8Rng) -> Losses {
        let networks = self.networks;
        let mut loss = None;
        let mut losses = Losses::zero(&pair.labelled.device());
        for batch in [&pair.labelled, &pair.unlabelled] {
            let count = batch.dims()[0];
            let inputs = Tensor::from_inner(batch.clone());
            let noise = noise([count, networks.latent], rng, &batch.device());
            let output = self.vae.forward(inputs.clone(), Tensor::from_inner(noise));
            let error = reconstruction_error(output.reconstruction, inputs); // [1]
            let summed = kl_sum(output.mean.clone(), output.log_variance); // [1]
            let reduced = match networks.kl {
                KlReduction::Sum => summed.clone(),
                KlReduction::Mean => summed.clone() / (count * networks.latent) as f64,
            };
            // −ln D(μ): that the discriminator should take every image for a labelled one.
            let fooled = -log_sigmoid(self.discriminator.forward(output.mean)).mean(); // [1]
            let part = error.clone()
                + reduced * warmed(networks.beta, iteration, networks.warmup)
                + fooled * networks.adversarial_weight;
            losses.add(&Losses { error: error.inner(), divergence: summed.inner() / count as f64, count: 1 });
            loss = Some(loss.map_or(part.clone(), |sum: Tensor<1>| sum + part));
        }
        let loss = loss.expect("there are two batches");
        let gradients = GradientsParams::from_grads(loss.backward(), &self.vae);
        self.vae = self.vae_optimizer.step(networks.learning_rate, self.vae.clone(), gradients);
        losses
    }

    /// One step of the discriminator, which sees μ and leaves the auto-encoder alone.
    fn discriminator_step(&mut self, pair: &Pair) {
        let encode = |batch: &Tensor<4>| {
            let mean = self.vae.encode(Tensor::from_inner(batch.clone())).0;
            Tensor::<2>::from_inner(mean.inner())
        };
        let (labelled, unlabelled) = (encode(&pair.labelled), encode(&pair.unlabelled));
        let told_labelled = -log_sigmoid(self.discriminator.forward(labelled)).mean(); // [1]
        let told_unlabelled = -log_sigmoid(-self.discriminator.forward(unlabelled)).mean(); // [1]
        let loss = told_labelled + told_unlabelled;
        let gradients = GradientsParams::from_grads(loss.backward(), &self.discriminator);
        self.discriminator = self.discriminator_optimizer.step(
            self.networks.learning_rate,
            self.discriminator.clone(),
            gradients,
        );
    }
}

/// Sums of losses that stay on the device until somebody looks.
struct Losses {
    error: Tensor<1>,
    divergence: Tensor<1>,
    count: usize,
}

impl Losses {
    fn zero(device: &Device) -> Self {
        Self { error: Tensor::zeros([1], device), divergence: Tensor::zeros([1], device), count: 0 }
    }

    fn add(&mut self, other: &Self) {
        self.error = self.error.clone() + other.error.clone();
        self.divergence = self.divergence.clone() + other.divergence.clone();
        self.count += other.count;
    }

    /// Mean reconstruction error and mean divergence per image.
    fn mean(self) -> (f64, f64) {
        let count = self.count as f64;
        let value = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>()) / count;
        (value(self.error), value(self.divergence))
    }
}

/// Rows in a new random order, again and again: every batch is full.
struct Endless {
    rows: Vec<usize>,
    next: usize,
}

impl Endless {
    fn new(rows: &[usize], rng: &mut ChaCha8Rng) -> Self {
        assert!(!rows.is_empty(), "no image to draw from");
        let mut rows = rows.to_vec();
        rows.shuffle(rng);
        Self { rows, next: 0 }
    }

    fn rows(&mut self, count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count {
            if self.next == self.rows.len() {
                self.rows.shuffle(rng);
                self.next = 0;
            }
            drawn.push(self.rows[self.next]);
            self.next += 1;
        }
        drawn
    }

    fn batch(&mut self, images: &Pixels, count: usize, rng: &mut ChaCha8Rng) -> Tensor<4> {
        let rows = self.rows(count, rng);
        images.augmented_batch(&rows, &Augmentation { crop_padding: 0, horizontal_flip: true }, rng)
    }
}

/// The images in [−1, 1], as the official implementation has them.
fn in_unit_range(images: &Pixels) -> Pixels {
    let channels = images.shape().channels;
    images.normalised(&Normalisation { mean: vec![0.5; channels], std: vec![0.5; channels] })
}

/// `beta`, or the part of it that the warm-up has reached.
fn warmed(beta: f64, iteration: usize, warmup: usize) -> f64 {
    if iteration < warmup { beta * (iteration + 1) as f64 / warmup as f64 } else { beta }
}

fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("the device computes in f32")
}

fn mean_and_deviation(values: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let variance = values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// Root mean square over dimensions of the standard deviation over images.
fn latent_deviation(latent: &[f32], dimensions: usize) -> f64 {
    let variances: f64 = (0..dimensions)
        .map(|dimension| {
            let column = latent.iter().skip(dimension).step_by(dimensions).copied();
            mean_and_deviation(column).1.powi(2)
        })
        .sum();
    (variances / dimensions as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;
    use tailward_datasets::ImageShape;

    use super::*;
    use crate::device::Backend;

    fn networks() -> VaalNetworks {
        VaalNetworks {
            latent: 4,
            width: 4,
            beta: 0.1,
            kl: KlReduction::Mean,
            warmup: 0,
            adversarial_weight: 0.0,
            learning_rate: 5e-3,
            batch_size: 8,
            iterations: 150,
            vae_steps: 1,
            discriminator_steps: 1,
            batch_statistics: false,
        }
    }

    /// Pictures of three kinds with the same mean and spread: bright above, bright below, and striped. Of the first two
    /// there are 8 each with labels and 8 each without, of the last 16 without.
    fn images() -> Pixels {
        let shape = ImageShape { channels: 3, height: 16, width: 16 };
        let bright = |image: usize, y: usize| match image {
            0..8 | 16..24 => y < 8,
            8..16 | 24..32 => y >= 8,
            _ => y % 4 < 2,
        };
        let pixels = (0..48)
            .flat_map(|image| {
                (0..shape.len()).map(move |pixel| {
                    let level = if bright(image, pixel / 16 % 16) { 190 } else { 40 };
                    (level + (image * 31 + pixel * 7) % 20) as u8
                })
            })
            .collect();
        let images = tailward_datasets::Images { shape, pixels };
        let normalisation = Normalisation { mean: vec![0.4; 3], std: vec![0.2; 3] };
        Pixels::upload(images, &normalisation, &Backend::compiled()[0].device().unwrap())
    }

    fn estimates(networks: &VaalNetworks, seed: u64) -> (Vec<f32>, Account) {
        let images = images();
        let (labelled, unlabelled): (Vec<usize>, Vec<usize>) = ((0..16).collect(), (16..48).collect());
        let data = Images { images: &images, labelled: &labelled, unlabelled: &unlabelled };
        let setting = Setting { networks, seed, round: 0 };
        train(setting, data, &mut |_| {}).unwrap().estimate(setting, data).unwrap()
    }

    #[test]
    fn what_looks_like_nothing_labelled_gets_the_lowest_estimates() {
        // Of all pairs of a known and an unknown picture, how many are told apart; half of them by chance. So short a training
        // ends well or badly by the last digits, so that several seeds are looked at.
        let (mut right, mut pairs) = (0, 0);
        for seed in 3..10 {
            let (scored, account) = estimates(&networks(), seed);
            let (known, unknown) = scored.split_at(16);
            right += known.iter().map(|it| unknown.iter().filter(|other| it > other).count()).sum::<usize>();
            pairs += known.len() * unknown.len();
            assert!(account.latent_deviation > 0.1, "{account:?}");
        }
        assert!(100 * right > 60 * pairs, "{right} of {pairs}");
        let (scored, account) = estimates(&networks(), 1);
        // The statistics of a batch are those of another mixture than either that the networks learned from.
        let with_batch_statistics = VaalNetworks { batch_statistics: true, ..networks() };
        let (others, other_account) = estimates(&with_batch_statistics, 1);
        assert_ne!(others, scored);
        assert!(others.iter().all(|estimate| (0.0..=1.0).contains(estimate)));
        let learned =
            |account: &Account| [account.reconstruction_error, account.divergence].map(f64::to_bits);
        assert_eq!(learned(&other_account), learned(&account));
    }

    /// Beside a reconstruction error that is a mean, a summed divergence leaves the latent space empty.
    #[test]
    fn a_summed_divergence_makes_the_posterior_collapse() {
        let mean = estimates(&networks(), 2).1;
        let sum = estimates(&VaalNetworks { kl: KlReduction::Sum, ..networks() }, 2).1;
        assert!(sum.latent_deviation < 0.5 * mean.latent_deviation, "{sum:?} against {mean:?}");
        assert!(sum.divergence < 0.5 * mean.divergence, "{sum:?} against {mean:?}");
    }

    #[test]
    fn the_seed_decides_everything() {
        let short = VaalNetworks { iterations: 3, ..networks() };
        assert_eq!(estimates(&short, 3), estimates(&short, 3));
        assert_ne!(estimates(&short, 3).0, estimates(&short, 4).0);
    }

    #[test]
    fn a_loss_that_is_not_finite_is_an_error() {
        let images = images();
        let rows: Vec<usize> = (0..16).collect();
        let data = Images { images: &images, labelled: &rows, unlabelled: &rows };
        let networks = VaalNetworks { learning_rate: 1e30, iterations: 20, ..networks() };
        let error = train(Setting { networks: &networks, seed: 0, round: 3 }, data, &mut |_| {}).unwrap_err();
        assert!(matches!(error, Error::NetworksDiverged { round: 3, .. }), "{error}");
    }

    #[test]
    fn every_image_is_drawn_before_any_is_drawn_again() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut endless = Endless::new(&[3, 5, 7, 9, 11], &mut rng);
        let mut drawn: Vec<usize> = (0..5).flat_map(|_| endless.rows(2, &mut rng)).collect();
        for half in drawn.chunks_mut(5) {
            half.sort_unstable();
            assert_eq!(half, [3, 5, 7, 9, 11]);
        }
    }

    #[test]
    fn the_divergence_is_warmed_up_linearly() {
        let weights =
            |warmup| -> Vec<f64> { (0..6).map(|iteration| warmed(2.0, iteration, warmup)).collect() };
        assert_eq!(weights(4), [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]);
        assert_eq!(weights(0), [2.0; 6]);
    }
}
