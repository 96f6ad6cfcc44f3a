//! `tailward probe`: how fast a run would go here, measured on a few steps of it.

use std::path::PathBuf;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;
use clap::Args;
use ndarray::Array2;
use tailward_acquisition::Needs;
use tailward_datasets::{DatasetManifest, Images};
use tailward_engine::inputs::{Features, Inputs, Pixels};
use tailward_engine::rng::{Stream, stream};
use tailward_engine::run::{check_shape, classifier, describing_rate, head_rates, streams};
use tailward_engine::score::score;
use tailward_engine::train::rate::time_of_an_epoch;
use tailward_engine::train::vaal;
use tailward_experiment::definition::{
    ClassifierDefinition, FrozenFeatures, RunDefinition, TrainingDefinition, VaalNetworks,
};
use tailward_experiment::plan::{WorkRates, vaal_images};

use tailward_models::classifier::ClassifierConfig;

use crate::environment::Environment;

/// Images that are described, and labels that a head is fitted to: about a second.
const HEAD_IMAGES: usize = 500;

/// Arguments of `tailward probe`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The run's definition, as `tailward run` reads it.
    #[arg(value_name = "RUN.toml")]
    definition: PathBuf,
    #[command(flatten)]
    environment: Environment,
    /// Training steps that are timed, after as many that are not.
    #[arg(long, default_value_t = 4)]
    steps: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let definition = crate::run::load(&arguments.definition)?;
    let manifest = arguments.environment.manifest(&definition)?;
    let backend = arguments.environment.backend()?;
    let device = backend.device()?;
    check_shape(&definition, manifest.image)?;
    let rates = match definition.classifier() {
        ClassifierDefinition::Network { model, training } => {
            let count = arguments.steps.max(1) * training.batch_size;
            let images = || Pixels::upload(blank_images(&manifest, count), &training.normalisation, &device);
            let networks = definition.strategy.query.networks.as_ref();
            let vaal_images_per_sec =
                networks.map(|networks| vaal_rate(networks, &images(), count)).transpose()?;
            let (inputs, describe_images_per_sec) = match model.frozen() {
                None => (Inputs::Pixels(images()), None),
                Some(frozen) => {
                    let rate = describing_rate(frozen, training, manifest.image, &device);
                    (Inputs::Features(blank_features(frozen, count, &device)), Some(rate))
                }
            };
            let classes = definition.classes(manifest.classes);
            let config = classifier(&definition, manifest.image.channels, classes);
            let (train_images_per_sec, score_images_per_sec) =
                rates(&definition, training, &config, &inputs, count)?;
            WorkRates {
                train_images_per_sec,
                score_images_per_sec,
                vaal_images_per_sec,
                describe_images_per_sec,
            }
        }
        ClassifierDefinition::Head(head) => {
            let (train_images_per_sec, score_images_per_sec) =
                head_rates(head, blank_images(&manifest, HEAD_IMAGES), manifest.classes, &device)?;
            WorkRates {
                train_images_per_sec,
                score_images_per_sec,
                vaal_images_per_sec: None,
                describe_images_per_sec: None,
            }
        }
    };
    Ok(crate::output::write(None, format!("{}\n", serde_json::to_string(&rates)?).as_bytes())?)
}

/// Images of the dataset's shape without content: speed does not depend on it, and no data need be present.
fn blank_images(manifest: &DatasetManifest, images: usize) -> Images {
    let shape = manifest.image;
    Images { shape, pixels: (0..images * shape.len()).map(|index| (index % 251) as u8).collect() }
}

/// Features without content, of images as they are and of one strong view.
fn blank_features(frozen: &FrozenFeatures, count: usize, device: &Device) -> Features {
    let shape = (count, frozen.network.features);
    let values = Array2::from_shape_fn(shape, |(row, column)| ((row + column) % 251) as f32 / 125.0 - 1.0);
    let rows: Vec<usize> = (0..count).collect();
    Features::upload(values.clone(), vec![values], &rows, count, device)
}

/// Images per second of training and of scoring.
fn rates(
    definition: &RunDefinition,
    training: &TrainingDefinition,
    config: &ClassifierConfig,
    inputs: &Inputs,
    count: usize,
) -> anyhow::Result<(f64, f64)> {
    let device = inputs.device().autodiff();
    let model = config.init(&mut stream(0, Stream::Init, 0), &device);
    let evaluated = model.clone();
    let streams = streams(definition, config, 0);
    let epoch = time_of_an_epoch(training, model, inputs, count, streams)
        .map_err(|failed| anyhow::anyhow!("training failed: {failed:?}"))?;
    let model = evaluated.valid();
    let needs = Needs { probabilities: true, ..Needs::default() };
    let batch = definition.scoring.batch_size;
    let score_rows: Vec<usize> = (0..batch).map(|index| index % count).collect();
    score(&model, inputs, &score_rows, needs, &definition.scoring, None);
    let started = Instant::now();
    score(&model, inputs, &score_rows, needs, &definition.scoring, None);
    Ok((epoch.images_per_sec(), batch as f64 / started.elapsed().as_secs_f64()))
}

/// Images per second of training VAAL's networks, measured on two iterations after as many that are not.
fn vaal_rate(networks: &VaalNetworks, images: &Pixels, count: usize) -> anyhow::Result<f64> {
    let rows: Vec<usize> = (0..count).collect();
    let data = vaal::Images { images, labelled: &rows, unlabelled: &rows };
    let few = VaalNetworks { iterations: 2, ..networks.clone() };
    let setting = vaal::Setting { networks: &few, seed: 0, round: 0 };
    vaal::train(setting, data, &mut |_| {})?;
    let started = Instant::now();
    vaal::train(setting, data, &mut |_| {})?;
    Ok(vaal_images(&few) as f64 / started.elapsed().as_secs_f64())
}
