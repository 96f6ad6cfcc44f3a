//! `tailward bench`: the engine's parts, measured; one JSON line for each on stdout.
//!
//! Content does not matter to speed, so the images are made up and no data need be present.

use std::time::Instant;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor, TensorData};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use tailward_datasets::{ImageShape, Images};
use tailward_engine::device::Backend;
use tailward_engine::inputs::{Augmentation, Inputs, Pixels};
use tailward_engine::rng::{Stream, stream};
use tailward_engine::train::optimiser::optimiser;
use tailward_engine::train::supervised::{LabelledSet, Streams, train};
use tailward_engine::train::vaal;
use tailward_experiment::definition::{Normalisation, Optimiser, Schedule, TrainingDefinition, VaalNetworks};
use tailward_experiment::plan::vaal_images;
use tailward_models::classifier::ClassifierConfig;
use tailward_models::resnet::{BlockKind, ResNetConfig, Stem};

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

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Some(backend) = arguments.backend.or_else(|| Backend::compiled().first().copied()) else {
        anyhow::bail!("this binary was built without any backend");
    };
    let device = backend.device()?;
    let repeats = arguments.repeats.max(1);
    let small = ClassifierConfig::ResNet(ResNetConfig {
        channels: 3,
        classes: 100,
        stem: Stem::CifarStrided,
        block: BlockKind::Basic,
        blocks: vec![1, 1, 1],
        widths: vec![32, 64, 128],
    });
    let resnet_18 = ClassifierConfig::ResNet(ResNetConfig {
        channels: 3,
        classes: 100,
        stem: Stem::Cifar,
        block: BlockKind::Basic,
        blocks: vec![2, 2, 2, 2],
        widths: vec![64, 128, 256, 512],
    });
    let images = Pixels::upload(made_up_images(4096), &normalisation(), &device);
    let inputs = Inputs::Pixels(images.clone());
    let benchmarks: [(String, &dyn Fn() -> Measured); 6] = [
        (format!("{backend}/augment/batch=256"), &|| augment(&images, repeats)),
        (format!("{backend}/train/quick-resnet/batch=64"), &|| {
            training_speed(&small, &inputs, Steps { batch_size: 64, steps: 12, repeats })
        }),
        (format!("{backend}/train/resnet-18/batch=32"), &|| {
            training_speed(&resnet_18, &inputs, Steps { batch_size: 32, steps: 2, repeats: repeats.min(3) })
        }),
        (format!("{backend}/train/vaal/width=8/batch=32"), &|| {
            vaal_speed(
                &VaalNetworks { width: 8, batch_size: 32, iterations: 4, ..VaalNetworks::official() },
                &images,
                repeats,
            )
        }),
        (format!("{backend}/train/vaal/official/batch=128"), &|| {
            vaal_speed(&VaalNetworks { iterations: 1, ..VaalNetworks::official() }, &images, 1)
        }),
        (format!("{backend}/overhead-over-bare-loop/quick-resnet/batch=64"), &|| {
            overhead(&small, &inputs, Steps { batch_size: 64, steps: 12, repeats })
        }),
    ];
    for (benchmark, measure) in benchmarks.into_iter().filter(|(name, _)| name.contains(&arguments.filter)) {
        let (seconds, detail) = measure();
        println!("{}", serde_json::to_string(&Measurement { benchmark, seconds, detail })?);
    }
    Ok(())
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
    let model = config.init(&mut stream(0, Stream::Init, 0), &inputs.device().autodiff());
    let rows: Vec<usize> = (0..steps.batch_size * steps.steps).collect();
    let labels: Vec<u32> = rows.iter().map(|&row| (row % config.classes()) as u32).collect();
    let data = LabelledSet { inputs, rows: &rows, labels: &labels };
    let streams =
        Streams { order: stream(0, Stream::Order, 0), augment: stream(0, Stream::Augment, 0), dropout: None };
    let started = Instant::now();
    let trained = train(&training(steps.batch_size), model, data, streams, &mut |_| {});
    let elapsed = started.elapsed().as_secs_f64();
    assert!(trained.is_ok(), "a learning rate this small cannot make the loss infinite");
    elapsed
}

fn bare_loop(config: &ClassifierConfig, inputs: &Inputs, steps: Steps) -> f64 {
    let plain = inputs.device();
    let device = plain.clone().autodiff();
    let mut model = config.init(&mut stream(0, Stream::Init, 0), &device);
    let mut optimiser = optimiser(&training(steps.batch_size));
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

fn training(batch_size: usize) -> TrainingDefinition {
    TrainingDefinition {
        epochs: 1,
        batch_size,
        learning_rate: 1e-3,
        schedule: Schedule::Milestones { epochs: vec![], factor: 1.0 },
        optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true },
        incomplete_batch: None,
        loss: None,
        weight_decay: 5e-4,
        crop_padding: 4,
        horizontal_flip: true,
        normalisation: normalisation(),
    }
}

fn normalisation() -> Normalisation {
    Normalisation { mean: vec![0.5; 3], std: vec![0.25; 3] }
}

fn made_up_images(count: usize) -> Images {
    let pixels = (0..count * SHAPE.len()).map(|index| (index * 7 % 251) as u8).collect();
    Images { shape: SHAPE, pixels }
}

fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
