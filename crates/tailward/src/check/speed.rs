//! How many images a second a device trains on, in the engine's own loop.

use std::time::Instant;

use burn::tensor::Device;
use tailward_engine::inputs::Inputs;
use tailward_models::classifier::ClassifierConfig;

use crate::made_up::{Steps, images, model, quick_resnet, resnet_18, trained};

/// Height and width of CIFAR's images.
const SIDE: usize = 32;

/// What is trained, and how much of it.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) name: &'static str,
    config: ClassifierConfig,
    pub(super) batch_size: usize,
    pub(super) steps: usize,
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speed {
    pub(super) images_per_sec: f64,
    /// Bytes that the device's allocator holds afterwards, where the backend tells.
    pub(super) held_bytes: Option<u64>,
}

/// The network of `--scale quick`, and ResNet-18 with the batch of the published protocols. A processor that stands in for a
/// GPU gets just enough to show that it works.
pub(super) fn workloads(software: bool) -> Vec<Workload> {
    let quick = Workload {
        name: "the network of `--scale quick`",
        config: quick_resnet(),
        batch_size: if software { 8 } else { 64 },
        steps: if software { 2 } else { 50 },
    };
    let resnet_18 =
        Workload { name: "ResNet-18 for 32 × 32", config: resnet_18(), batch_size: 128, steps: 20 };
    if software { vec![quick] } else { vec![quick, resnet_18] }
}

/// Trains for some steps, after two that compile and tune what these need.
pub(super) fn measure(workload: &Workload, device: &Device) -> Speed {
    let Workload { config, batch_size, steps, .. } = workload;
    let inputs = Inputs::Pixels(images(batch_size * steps, SIDE, device));
    // So small that made-up labels cannot make the loss infinite.
    let training = Steps { epochs: 2, batch_size: *batch_size, learning_rate: 1e-3, augmented: true };
    let timed = |count: usize, epochs: usize| {
        let start = model(config, &device.clone().autodiff());
        let started = Instant::now();
        // A loss that is not finite would have cost as much.
        let _ = trained(start, config.classes(), &inputs, count, Steps { epochs, ..training });
        started.elapsed().as_secs_f64()
    };
    timed(*batch_size, 2);
    let images = batch_size * steps;
    let images_per_sec = images as f64 / timed(images, 1);
    Speed { images_per_sec, held_bytes: device.memory_pool_usage().map(|usage| usage.bytes_reserved) }
}
