//! What it costs to describe images, before it is begun.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::ImageShape;
use tailward_datasets::folder::inspect;
use tailward_features::{Patches, PatchesConfig};
use tailward_labelling::project::{Features, ImageRow, PatchFeatures, Project};

use super::describe::read_frozen;
use crate::Error;

/// Images that are tried.
const TRIED: usize = 64;

/// The time that an image takes on this machine, read from its file and described, by up to 64 images spread over the project's; nothing
/// where there are none.
///
/// # Errors
///
/// The network's file cannot be used.
pub fn time_of_an_image(project: &Project, features: &Features) -> Result<Option<Duration>, Error> {
    let rows: Vec<&ImageRow> = project.images.usable().collect();
    let step = rows.len().div_ceil(TRIED).max(1);
    let paths: Vec<_> = rows.iter().step_by(step).filter_map(|row| row.relative_path()).collect();
    let paths: Vec<&Path> = paths.iter().map(|path| path.as_path()).collect();
    let folder = project.settings.images_in(&project.folder);
    let shape = |side: usize| ImageShape { channels: 3, height: side, width: side };
    let read = |side: usize| {
        let begun = Instant::now();
        let found = inspect(&folder, &paths, shape(side), project.settings.limits.into());
        let pixels: Vec<u8> = found.into_iter().flatten().flat_map(|found| found.pixels).collect();
        (pixels, begun.elapsed())
    };
    let (taken, count) = match features {
        &Features::Patches(PatchFeatures { side, .. }) => {
            let (pixels, reading) = read(side);
            if pixels.is_empty() {
                return Ok(None);
            }
            // Centres of a few images are as quick as those of many; they are learned once and not timed.
            let config = PatchesConfig { rounds: 1, ..PatchesConfig::for_side(side) };
            let patches =
                Patches::learn(&config, [3, side, side], &pixels, &mut ChaCha8Rng::seed_from_u64(0));
            let begun = Instant::now();
            patches.features(&pixels);
            (reading + begun.elapsed(), pixels.len() / shape(side).len())
        }
        Features::EfficientNetLite0(frozen) => {
            let network = read_frozen(&project.folder.join(&frozen.weights))?;
            let (pixels, reading) = read(network.side());
            let begun = Instant::now();
            network.features(&pixels);
            (reading + begun.elapsed(), pixels.len() / shape(network.side()).len())
        }
    };
    Ok((count > 0).then(|| taken / count as u32))
}
