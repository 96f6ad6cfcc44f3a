//! `tailward bench`: the engine's parts, measured; one JSON line for each on stdout.
//!
//! Content does not matter to speed, so the images are made up and no data need be present.

use std::time::Instant;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Int, Tensor, TensorData};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use tailward_acquisition::Needs;
use tailward_engine::device::Backend;
use tailward_engine::inputs::{Augmentation, Inputs, Pixels};
use tailward_engine::rng::{Stream, stream};
use tailward_engine::score::score;
use tailward_engine::train::optimiser::optimiser;
use tailward_engine::train::vaal;
use tailward_experiment::definition::{ScoringDefinition, VaalNetworks};
use tailward_experiment::plan::vaal_images;
use tailward_models::classifier::ClassifierConfig;
use tailward_models::optimiser::Adam;
use tailward_models::resnet::{BlockKind, Stem};
use tailward_models::vae::{VaeConfig, kl_sum, noise, reconstruction_error};

use crate::made_up;

/// Arguments of `tailward bench`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The backend; by default the first that the binary has.
    #[arg(long)]
    backend: Option<Backend>,
    /// How often each thing is timed.
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// Only benchmarks whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
}

/// One line of output; the form is that of the other packages' benchmarks.
#[derive(Serialize)]
struct Measurement {
    benchmark: String,
    seconds: Vec<f64>,
    detail: Value,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Some(backend) = arguments.backend.or_else(|| Backend::compiled().first().copied()) else {
        anyhow::bail!("this binary was built without any backend");
    };
    let device = backend.device()?;
    let repeats = arguments.repeats.max(1);
    let (quick, resnet_18) = (&made_up::quick_resnet(), &made_up::resnet_18());
    let wide = [64, 128, 256, 512];
    let resnet_50 = &made_up::resnet(Stem::ImageNet, BlockKind::Bottleneck, 100, &[3, 4, 6, 3], &wide);
    let images = made_up::images(4096, 32, &device);
    let large = Inputs::Pixels(made_up::images(64, 64, &device));
    let inputs = Inputs::Pixels(images.clone());
    let tower = &made_up::clip_vit_b_32();
    let largest = Inputs::Pixels(made_up::images(16, 224, &device));
    let small_vaal = VaalNetworks { width: 8, batch_size: 32, iterations: 4, ..VaalNetworks::official() };
    let official_vaal = VaalNetworks { iterations: 1, ..VaalNetworks::official() };
    let steps = |batch_size, steps| Steps { batch_size, steps, repeats };
    let few = repeats.min(3);
    let benchmarks: [(&str, &dyn Fn() -> Measured); 14] = [
        ("augment/batch=256", &|| augment(&images, repeats)),
        ("train/quick-resnet/batch=64", &|| training_speed(quick, &inputs, steps(64, 12))),
        ("train/resnet-18/batch=32", &|| training_speed(resnet_18, &inputs, steps(32, 2))),
        ("train/vaal/width=8/batch=32", &|| vaal_speed(&small_vaal, &images, repeats)),
        ("train/vaal/official/batch=128", &|| vaal_speed(&official_vaal, &images, 1)),
        ("train-step/quick-resnet/batch=64", &|| step_speed(quick, &inputs, steps(64, 1))),
        ("train-step/resnet-18/batch=32", &|| step_speed(resnet_18, &inputs, steps(32, 1))),
        ("train-step/resnet-50/side=64/batch=16", &|| step_speed(resnet_50, &large, steps(16, 1))),
        ("train-step/clip-vit-b-32/batch=8", &|| step_speed(tower, &largest, steps(8, 1))),
        ("train-step/vae/official/batch=32", &|| vae_step_speed(&images, steps(32, 1))),
        ("score/quick-resnet/batch=500", &|| scoring_speed(quick, &inputs, 500, repeats)),
        ("score/resnet-18/batch=100", &|| scoring_speed(resnet_18, &inputs, 100, few)),
        ("score/clip-vit-b-32/batch=8", &|| scoring_speed(tower, &largest, 8, few)),
        ("overhead-over-bare-loop/quick-resnet/batch=64", &|| overhead(quick, &inputs, steps(64, 12))),
    ];
    for (name, measure) in benchmarks {
        let benchmark = format!("{backend}/{name}/threads={}", threads());
        if benchmark.contains(&arguments.filter) {
            let (seconds, detail) = measure();
            println!("{}", serde_json::to_string(&Measurement { benchmark, seconds, detail })?);
        }
    }
    Ok(())
}

/// Threads that the CPU's backends use: Rayon's pool asks the same variable.
fn threads() -> usize {
    let told = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse().ok());
    told.filter(|&count| count > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Seconds of each repeat, and what they mean.
type Measured = (Vec<f64>, Value);

/// How much is timed at once, and how often.
#[derive(Clone, Copy, Debug)]
struct Steps {
    batch_size: usize,
    steps: usize,
    repeats: usize,
}

impl Steps {
    /// One epoch, at a rate so small that made-up labels cannot make the loss infinite.
    fn training(self) -> made_up::Steps {
        made_up::Steps { epochs: 1, batch_size: self.batch_size, learning_rate: 1e-3, augmented: true }
    }
}

/// Drawing and gathering one augmented batch of 256.
fn augment(images: &Pixels, repeats: usize) -> Measured {
    let augmentation = Augmentation { crop_padding: 4, horizontal_flip: true };
    let mut rng = stream(0, Stream::Augment, 0);
    let rows: Vec<usize> = (0..256).collect();
    let mut once = || {
        let started = Instant::now();
        // Reading one number waits for all of them.
        let _ = images.augmented_batch(&rows, &augmentation, &mut rng).sum().into_scalar::<f32>();
        started.elapsed().as_secs_f64()
    };
    once();
    let seconds: Vec<f64> = (0..repeats).map(|_| once()).collect();
    let rate = 256.0 / median(&seconds);
    (seconds, json!({ "images_per_sec": rate.round() }))
}

/// Training through the engine's own loop.
fn training_speed(config: &ClassifierConfig, inputs: &Inputs, steps: Steps) -> Measured {
    engine_loop(config, inputs, Steps { steps: 1, ..steps });
    let seconds: Vec<f64> = (0..steps.repeats).map(|_| engine_loop(config, inputs, steps)).collect();
    let rate = (steps.batch_size * steps.steps) as f64 / median(&seconds);
    (seconds, json!({ "images_per_sec": rate.round() }))
}

/// Training of VAAL's networks: two steps of the auto-encoder and one of the discriminator an iteration.
fn vaal_speed(networks: &VaalNetworks, images: &Pixels, repeats: usize) -> Measured {
    let rows: Vec<usize> = (0..1024).collect();
    let data = vaal::Images { images, labelled: &rows[..512], unlabelled: &rows[512..] };
    let once = |_| {
        let started = Instant::now();
        let setting = vaal::Setting { networks, seed: 0, round: 0 };
        let trained = vaal::train(setting, data, &mut |_| {});
        assert!(trained.is_ok(), "the losses of so few iterations are finite");
        started.elapsed().as_secs_f64()
    };
    once(0);
    let seconds: Vec<f64> = (0..repeats).map(once).collect();
    let rate = vaal_images(networks) as f64 / median(&seconds);
    (seconds, json!({ "images_per_sec": rate.round() }))
}

/// Forward, backward and step of a classifier on a batch that is ready.
fn step_speed(config: &ClassifierConfig, inputs: &Inputs, steps: Steps) -> Measured {
    let plain = inputs.device();
    let device = plain.clone().autodiff();
    let mut model = made_up::model(config, &device);
    let mut optimiser = optimiser(&made_up::training(steps.training()));
    let loss_function = CrossEntropyLossConfig::new().init(&device);
    let rows: Vec<usize> = (0..steps.batch_size).collect();
    let labels: Vec<i32> = rows.iter().map(|&row| (row % config.classes()) as i32).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(labels, [steps.batch_size]), &plain);
    let batch = inputs.batch(&rows);
    let mut seconds = Vec::new();
    // The first two are not timed.
    for _ in 0..steps.repeats + 2 {
        let started = Instant::now();
        let output = model.forward(batch.clone().for_training());
        let loss = loss_function.forward(output.logits, Tensor::from_inner(targets.clone()));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimiser.step(1e-3, model, gradients);
        let _ = loss.inner().into_scalar::<f32>();
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.drain(..2);
    let rate = steps.batch_size as f64 / median(&seconds);
    (seconds, json!({ "images_per_sec": rate.round() }))
}

/// Forward, backward and step of VAAL's official autoencoder on a batch that is ready.
fn vae_step_speed(images: &Pixels, steps: Steps) -> Measured {
    let device = images.device().autodiff();
    let config = VaeConfig { channels: 3, image_size: 32, latent: 32, width: 128 };
    let mut model = config.init(&mut stream(0, Stream::VaalInit, 0), &device);
    let mut optimiser = ModuleOptimizer::from(Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        decoupled: false,
    });
    let rows: Vec<usize> = (0..steps.batch_size).collect();
    let batch = images.batch(&rows);
    let noise = noise([steps.batch_size, 32], &mut stream(0, Stream::VaalInit, 1), &images.device());
    let mut seconds = Vec::new();
    // The first two are not timed.
    for _ in 0..steps.repeats + 2 {
        let started = Instant::now();
        let inputs = Tensor::from_inner(batch.clone());
        let output = model.forward(inputs.clone(), Tensor::from_inner(noise.clone()));
        let loss =
            reconstruction_error(output.reconstruction, inputs) + kl_sum(output.mean, output.log_variance);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimiser.step(5e-4, model, gradients);
        let _ = loss.inner().into_scalar::<f32>();
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.drain(..2);
    let rate = steps.batch_size as f64 / median(&seconds);
    (seconds, json!({ "images_per_sec": rate.round() }))
}

/// Probabilities of one batch.
fn scoring_speed(config: &ClassifierConfig, inputs: &Inputs, batch_size: usize, repeats: usize) -> Measured {
    let model = made_up::model(config, &inputs.device().autodiff()).valid();
    let rows: Vec<usize> = (0..batch_size).collect();
    let needs = Needs { probabilities: true, ..Needs::default() };
    let scoring =
        ScoringDefinition { batch_size, augmented_pool: false, evaluate_pool: false, statistics: None };
    let once = || {
        let started = Instant::now();
        score(&model, inputs, &rows, needs, &scoring, None);
        started.elapsed().as_secs_f64()
    };
    once();
    let seconds: Vec<f64> = (0..repeats).map(|_| once()).collect();
    let rate = batch_size as f64 / median(&seconds);
    (seconds, json!({ "images_per_sec": rate.round() }))
}

/// The engine's loop against forward, backward and step of the same model on batches that are ready; measured in turns,
/// so that both see the same machine.
fn overhead(config: &ClassifierConfig, inputs: &Inputs, steps: Steps) -> Measured {
    engine_loop(config, inputs, Steps { steps: 2, ..steps });
    bare_loop(config, inputs, Steps { steps: 2, ..steps });
    let mut engine = Vec::new();
    let mut bare = Vec::new();
    for _ in 0..steps.repeats {
        bare.push(bare_loop(config, inputs, steps));
        engine.push(engine_loop(config, inputs, steps));
    }
    let share = median(&engine) / median(&bare) - 1.0;
    (engine, json!({ "bare_seconds": bare, "overhead": (share * 1e4).round() / 1e4 }))
}

fn engine_loop(config: &ClassifierConfig, inputs: &Inputs, steps: Steps) -> f64 {
    let model = made_up::model(config, &inputs.device().autodiff());
    let count = steps.batch_size * steps.steps;
    let started = Instant::now();
    let trained = made_up::trained(model, config.classes(), inputs, count, steps.training());
    let elapsed = started.elapsed().as_secs_f64();
    assert!(trained.is_ok(), "a learning rate this small cannot make the loss infinite");
    elapsed
}

fn bare_loop(config: &ClassifierConfig, inputs: &Inputs, steps: Steps) -> f64 {
    let plain = inputs.device();
    let device = plain.clone().autodiff();
    let mut model = made_up::model(config, &device);
    let mut optimiser = optimiser(&made_up::training(steps.training()));
    let loss_function = CrossEntropyLossConfig::new().init(&device);
    let batches: Vec<_> = (0..steps.steps)
        .map(|step| {
            let rows: Vec<usize> = (step * steps.batch_size..(step + 1) * steps.batch_size).collect();
            inputs.batch(&rows)
        })
        .collect();
    let labels: Vec<i32> = (0..steps.batch_size).map(|row| (row % config.classes()) as i32).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(labels, [steps.batch_size]), &plain);
    let started = Instant::now();
    let mut last = None;
    for batch in batches {
        let output = model.forward(batch.for_training());
        let loss = loss_function.forward(output.logits, Tensor::from_inner(targets.clone()));
        last = Some(loss.clone().inner());
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimiser.step(1e-3, model, gradients);
    }
    let _ = last.map(Tensor::into_scalar::<f32>);
    let _ = model.valid();
    started.elapsed().as_secs_f64()
}

fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
