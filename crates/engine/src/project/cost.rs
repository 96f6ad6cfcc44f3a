//! What it costs to describe images, before it is begun.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::folder::inspect;
use tailward_datasets::{ImageShape, Images};
use tailward_features::{Patches, PatchesConfig};
use tailward_labelling::project::{Features, ImageRow, PatchFeatures, Project};
use tailward_models::classifier::ClassifierConfig;

use super::describe::{Architecture, Learning, Network};
use crate::Error;
use crate::device::Backend;
use crate::failure::Work;
use crate::guard::guarded;
use crate::inputs::{Inputs, Pixels};
use crate::train::classifier::{NotFinite, Streams};
use crate::train::rate::time_of_an_epoch;

/// Images that are tried.
const TRIED: usize = 64;

/// Images that learning is tried on, twice: a large network takes a second for each.
const TRAINED: usize = 16;

/// What an image costs on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Reading it from its file and describing it.
    pub describing: Duration,
    /// What learning takes for each labelled image in each round, where features learn.
    pub learning: Option<Duration>,
}

/// What an image costs on this machine, by up to 64 images spread over the project's; nothing where there are none.
///
/// # Errors
///
/// The network's file cannot be used.
pub fn cost(project: &Project, features: &Features) -> Result<Option<Cost>, Error> {
    let rows: Vec<&ImageRow> = project.images.usable().collect();
    let step = rows.len().div_ceil(TRIED).max(1);
    let paths: Vec<_> = rows.iter().step_by(step).filter_map(|row| row.relative_path()).collect();
    let paths: Vec<&Path> = paths.iter().map(|path| path.as_path()).collect();
    let folder = project.settings.images_in(&project.folder);
    let read = |side: usize| {
        let begun = Instant::now();
        let shape = ImageShape { channels: 3, height: side, width: side };
        let found = inspect(&folder, &paths, shape, project.settings.limits.into());
        let pixels = found.into_iter().flatten().flat_map(|found| found.pixels).collect();
        (Images { shape, pixels }, begun.elapsed())
    };
    let by_network = |network: Network| {
        let (images, reading) = read(network.shape().height);
        let count = images.len();
        let begun = Instant::now();
        network.features(images.pixels)?;
        Ok::<_, Error>((reading + begun.elapsed(), count))
    };
    let of_file = |architecture, weights: &Path| {
        by_network(Network::read(architecture, &project.folder.join(weights))?)
    };
    // Classes may be named later.
    let learning = Learning::of(features, project.classes.names().len().max(2));
    let (describing, count) = match features {
        &Features::Patches(PatchFeatures { side, .. }) => {
            let (images, reading) = read(side);
            if images.is_empty() {
                return Ok(None);
            }
            // Centres of a few images are as quick as those of many; they are learned once and not timed.
            let config = PatchesConfig { rounds: 1, ..PatchesConfig::for_side(side) };
            let rng = &mut ChaCha8Rng::seed_from_u64(0);
            let patches = Patches::learn(&config, [3, side, side], &images.pixels, rng);
            let begun = Instant::now();
            patches.features(&images.pixels);
            (reading + begun.elapsed(), images.len())
        }
        Features::EfficientNetLite0(it) => of_file(Architecture::EfficientNetLite0, &it.weights)?,
        Features::ResNet18(it) => of_file(Architecture::ResNet18, &it.weights)?,
        Features::ResNet50(it) => of_file(Architecture::ResNet50, &it.weights)?,
        Features::Network(_) => by_network(learning.as_ref().expect("a network learns").untrained()?)?,
    };
    if count == 0 {
        return Ok(None);
    }
    let learning = learning.as_ref().map(time_of_learning).transpose()?;
    Ok(Some(Cost { describing: describing / count as u32, learning }))
}

/// The time that training takes for each image, over all epochs.
fn time_of_learning(learning: &Learning) -> Result<Duration, Error> {
    let (config, side, training) = learning.parts();
    let backend = Backend::preferred()?;
    let shape = ImageShape { channels: 3, height: side, width: side };
    // Blank images: speed does not depend on what is in them.
    let pixels = (0..TRAINED * shape.len()).map(|place| (place % 251) as u8).collect();
    let work = Work {
        device: backend.device_words(),
        doing: format!("trying to train a network on {TRAINED} images of {side} × {side} pixels at a time"),
        afterwards: "The project is there; the same command goes on.",
    };
    guarded(&work, || {
        let device = backend.device()?;
        let images = Images { shape, pixels };
        let inputs = Inputs::Pixels(Pixels::upload(images, &training.normalisation, &device));
        let rng = || ChaCha8Rng::seed_from_u64(0);
        let model = ClassifierConfig::ResNet(config.clone()).init(&mut rng(), &device.autodiff());
        let streams = Streams { order: rng(), augment: rng(), dropout: None };
        let epoch = time_of_an_epoch(training, model, &inputs, TRAINED, streams)
            .map_err(|NotFinite { epoch, loss }| Error::Diverged { round: 0, epoch, loss })?;
        Ok(epoch.took * training.epochs as u32 / TRAINED as u32)
    })
}
