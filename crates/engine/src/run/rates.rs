//! How fast a head is on this machine.

use std::time::Instant;

use burn::tensor::Device;
use tailward_datasets::{Images, SampleId};
use tailward_experiment::definition::HeadDefinition;
use tailward_features::Ridge;

use crate::Error;
use crate::inputs::features::{Pictures, describe};
use crate::rng::{Stream, stream};
use crate::score::download;

/// Images per second of fitting a head, and of describing images for it; learning the centres, once for a run, is part of the
/// latter. What the images show does not matter.
///
/// # Errors
///
/// An image cannot be read.
///
/// # Panics
///
/// There is no image, or they are smaller than a patch.
pub fn head_rates(
    head: &HeadDefinition,
    images: Images,
    classes: usize,
    device: &Device,
) -> Result<(f64, f64), Error> {
    let rows: Vec<usize> = (0..images.len()).collect();
    let samples: Vec<SampleId> = rows.iter().map(|&row| SampleId(row as u32)).collect();
    let none = Images { shape: images.shape, pixels: Vec::new() }.into();
    let images = images.into();
    let pictures = Pictures { train: &images, samples: &samples, test: &none };
    let rate = |started: Instant| rows.len() as f64 / started.elapsed().as_secs_f64();
    let started = Instant::now();
    let [features, _] = describe(&head.patches(), pictures, &mut stream(0, Stream::Patches, 0), device)?;
    let score_rate = rate(started);
    let features = download(features.batch(&rows));
    let labels: Vec<u32> = rows.iter().map(|row| (row % classes) as u32).collect();
    let started = Instant::now();
    let _ = Ridge::fit(features.view(), &labels, classes);
    Ok((rate(started), score_rate))
}
