//! The kernels on the shapes of the networks; one JSON line for each on stdout.

use std::time::Instant;

use serde_json::{Value, json};
use tailward_kernels::conv::{Epilogue, Geometry, forward, gradient_of_input, gradient_of_weights};
use tailward_kernels::depthwise::{self, Depthwise};
use tailward_kernels::max_pool::{self, MaxPool};
use tailward_kernels::optimiser::{Adam, Sgd};
use tailward_kernels::patches::{self, Dictionary, Grid};
use tailward_kernels::rand_augment::{self, Cutout, OperationKind, StrongView};
use tailward_kernels::{Buffer, Lanes, batch_norm};

/// How often each is timed, after one that is not.
const REPEATS: usize = 9;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    for threads in [1, rayon::current_num_threads()] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let Ok(pool) = pool else { panic!("a pool of {threads} threads") };
        pool.install(|| {
            convolutions(threads, &filter);
            normalisations(threads, &filter);
            pooling(threads, &filter);
            depthwise_convolutions(threads, &filter);
            patch_features(threads, &filter);
            strong_views(threads, &filter);
            optimisers(threads, &filter);
        });
    }
}

/// Name, batch, side, channels in and out, kernel, stride, padding.
type Layer = (&'static str, usize, usize, usize, usize, usize, usize, usize);

const LAYERS: [Layer; 22] = [
    ("quick/3x3/32", 64, 16, 32, 32, 3, 1, 1),
    ("quick/3x3/32-64/stride=2", 64, 16, 32, 64, 3, 2, 1),
    ("quick/3x3/64", 64, 8, 64, 64, 3, 1, 1),
    ("quick/3x3/64-128/stride=2", 64, 8, 64, 128, 3, 2, 1),
    ("quick/3x3/128", 64, 4, 128, 128, 3, 1, 1),
    ("3x3/64", 32, 32, 64, 64, 3, 1, 1),
    ("3x3/128", 32, 16, 128, 128, 3, 1, 1),
    ("3x3/256", 32, 8, 256, 256, 3, 1, 1),
    ("3x3/512", 32, 4, 512, 512, 3, 1, 1),
    ("3x3/16", 32, 32, 16, 16, 3, 1, 1),
    ("3x3/32", 32, 16, 32, 32, 3, 1, 1),
    ("3x3/first", 32, 32, 3, 64, 3, 1, 1),
    ("3x3/first/stride=2", 64, 32, 3, 32, 3, 2, 1),
    ("3x3/64-128/stride=2", 32, 32, 64, 128, 3, 2, 1),
    ("3x3/256-512/stride=2", 32, 8, 256, 512, 3, 2, 1),
    ("1x1/64-128/stride=2", 32, 32, 64, 128, 1, 2, 0),
    ("1x1/64-256", 8, 64, 64, 256, 1, 1, 0),
    ("1x1/256-64", 8, 64, 256, 64, 1, 1, 0),
    ("7x7/first/stride=2", 32, 32, 3, 64, 7, 2, 3),
    ("4x4/first/stride=2", 32, 32, 3, 128, 4, 2, 1),
    ("4x4/128-256/stride=2", 32, 16, 128, 256, 4, 2, 1),
    ("4x4/512-1024/stride=2", 32, 4, 512, 1024, 4, 2, 1),
];

fn convolutions(threads: usize, filter: &str) {
    let lanes = Lanes::detect();
    for (name, batch, side, channels_in, channels_out, kernel, stride, padding) in LAYERS {
        let geometry =
            Geometry { batch, height: side, width: side, channels_in, channels_out, kernel, stride, padding };
        let input = values(geometry.input_len());
        let weights = values(geometry.weights_len());
        let gradient = values(geometry.output_len());
        let passes: [(&str, &dyn Fn() -> Buffer); 3] = [
            ("forward", &|| forward(lanes, &geometry, &input, &weights, Epilogue::default())),
            ("gradient-of-input", &|| gradient_of_input(lanes, &geometry, &gradient, &weights)),
            ("gradient-of-weights", &|| gradient_of_weights(lanes, &geometry, &input, &gradient)),
        ];
        for (pass, run) in passes {
            let name = format!("kernels/conv/{name}/{pass}/batch={batch}/threads={threads}");
            if !name.contains(filter) {
                continue;
            }
            let seconds = timed(run);
            let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
            print(
                &name,
                &seconds,
                json!({ "lanes": lanes.to_string(), "gflops": geometry.flops() / least / 1e9 }),
            );
        }
    }
}

/// Batch normalisation in training, ReLU behind it and a shortcut where there is one, forward and backward.
fn normalisations(threads: usize, filter: &str) {
    const BATCH: usize = 32;
    let lanes = Lanes::detect();
    let layers = [(32, 64, false), (32, 64, true), (16, 128, false), (8, 256, false), (4, 512, true)];
    for (side, channels, has_shortcut) in layers {
        let shortcut_name = if has_shortcut { "+shortcut" } else { "" };
        let name =
            format!("kernels/batch-norm+relu{shortcut_name}/{channels}/batch={BATCH}/threads={threads}");
        if !name.contains(filter) {
            continue;
        }
        let pixels = values(BATCH * side * side * channels);
        let (input, gradient, shortcut) = (&pixels, &pixels, has_shortcut.then_some(&pixels[..]));
        let (gamma, beta) = (vec![1.0; channels], vec![0.1; channels]);
        let run = || {
            let batch_norm::Statistics { mean, variance } = batch_norm::statistics(lanes, input, channels);
            let inverse_deviation: Vec<f32> = variance.iter().map(|it| 1.0 / (it + 1e-5).sqrt()).collect();
            let scale: Vec<f32> =
                gamma.iter().zip(&inverse_deviation).map(|(gamma, it)| gamma * it).collect();
            let offset: Vec<f32> =
                beta.iter().zip(&mean).zip(&scale).map(|((beta, mean), scale)| beta - mean * scale).collect();
            let affine = batch_norm::Affine { scale: &scale, offset: &offset, shortcut, relu: true };
            let output = batch_norm::apply(lanes, input, affine);
            batch_norm::backward(
                lanes,
                batch_norm::Backward {
                    input,
                    activated: Some(&output),
                    gradient,
                    mean: &mean,
                    inverse_deviation: &inverse_deviation,
                    scale: &gamma,
                    shortcut: has_shortcut,
                },
            )
        };
        print(&name, &timed(run), json!({ "lanes": lanes.to_string() }));
    }
}

/// The pooling behind the first layer of a residual network for ImageNet, forward and backward.
fn pooling(threads: usize, filter: &str) {
    let pool = MaxPool { batch: 16, height: 32, width: 32, channels: 64, kernel: 3, stride: 2, padding: 1 };
    let name = format!("kernels/max-pool/64/batch=16/threads={threads}");
    if !name.contains(filter) {
        return;
    }
    let input = values(16 * 32 * 32 * 64);
    let gradient = values(16 * 16 * 16 * 64);
    let run = || {
        let output = max_pool::forward(&pool, &input);
        max_pool::backward(&pool, &input, &output, &gradient)
    };
    print(&name, &timed(run), json!({}));
}

/// Depthwise convolutions at two sizes of EfficientNet-Lite0.
fn depthwise_convolutions(threads: usize, filter: &str) {
    const BATCH: usize = 8;
    let lanes = Lanes::detect();
    for (side, channels, kernel, stride) in [(112, 96, 3, 2), (14, 672, 5, 1)] {
        let name = format!(
            "kernels/depthwise/{side}x{side}x{channels}/kernel={kernel}/stride={stride}/batch={BATCH}/threads={threads}"
        );
        if !name.contains(filter) {
            continue;
        }
        let geometry = Depthwise { height: side, width: side, channels, kernel, stride };
        let input = values(BATCH * side * side * channels);
        let (weights, bias) = (values(kernel * kernel * channels), values(channels));
        let seconds = timed(|| depthwise::forward(lanes, &geometry, &input, &weights, &bias, 6.0));
        let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let outputs = BATCH * geometry.height_out() * geometry.width_out() * channels;
        let gflops = 2e-9 * (outputs * kernel * kernel) as f64 / least;
        print(&name, &seconds, json!({ "lanes": lanes.to_string(), "gflops": gflops }));
    }
}

/// Features of patches at the sizes that a project has.
fn patch_features(threads: usize, filter: &str) {
    const BATCH: usize = 32;
    const CENTRES: usize = 400;
    let lanes = Lanes::detect();
    for (side, stride) in [(32, 1), (64, 2)] {
        let name = format!(
            "kernels/patches/{side}x{side}/stride={stride}/centres={CENTRES}/batch={BATCH}/threads={threads}"
        );
        if !name.contains(filter) {
            continue;
        }
        let grid = Grid { height: side, width: side, channels: 3, patch: 6, stride, cells: 2 };
        let dictionary = Dictionary {
            filters: values((CENTRES + grid.values()) * grid.values()),
            offsets: values(CENTRES + grid.values()),
            squared_norms: vec![100.0; CENTRES],
            noise: 10.0,
        };
        let images: Vec<u8> = (0..BATCH * 3 * side * side).map(|index| (index * 7919 % 251) as u8).collect();
        let mut features = vec![0.0; BATCH * grid.cells * grid.cells * CENTRES];
        let seconds = timed_mut(|| patches::features(lanes, &grid, &dictionary, &images, &mut features));
        let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let detail =
            json!({ "lanes": lanes.to_string(), "milliseconds_an_image": 1e3 * least / BATCH as f64 });
        print(&name, &seconds, detail);
    }
}

/// Strong views of three operations and Cutout, every operation as often as any other.
fn strong_views(threads: usize, filter: &str) {
    const BATCH: usize = 42;
    for side in [32, 224] {
        let name = format!("kernels/strong-views/{side}x{side}/batch={BATCH}/threads={threads}");
        if !name.contains(filter) {
            continue;
        }
        let images: Vec<u8> = (0..BATCH * 3 * side * side).map(|index| (index * 7919 % 251) as u8).collect();
        let kinds = OperationKind::ALL;
        let view = |view: usize| StrongView {
            operations: (0..3).map(|step| kinds[(3 * view + step) % kinds.len()].with(0.3)).collect(),
            cutout: Cutout::from_unit(0.5, 0.5, 0.5, [side, side]),
        };
        let views: Vec<StrongView> = (0..BATCH).map(view).collect();
        let seconds = timed(|| rand_augment::strong_views(&images, [3, side, side], &views));
        let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        print(&name, &seconds, json!({ "milliseconds_an_image": 1e3 * least / BATCH as f64 }));
    }
}

/// A step over as many parameters as ResNet-18 has, in one tensor.
fn optimisers(threads: usize, filter: &str) {
    const PARAMETERS: usize = 11_220_132;
    let lanes = Lanes::detect();
    let sgd = Sgd { learning_rate: 1e-3, momentum: 0.9, nesterov: true, weight_decay: 5e-4 };
    let adam = Adam {
        learning_rate: 1e-3,
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
        decoupled: false,
        weight_decay: 5e-4,
        steps: 10,
    };
    let gradient = values(PARAMETERS);
    let mut parameters = gradient.clone();
    let (mut first, mut second) = (vec![0.0; PARAMETERS], vec![0.0; PARAMETERS]);
    let name = format!("kernels/sgd/parameters={PARAMETERS}/threads={threads}");
    if name.contains(filter) {
        let seconds = timed_mut(|| sgd.step(lanes, &mut parameters, &gradient, &mut first));
        print(&name, &seconds, json!({ "lanes": lanes.to_string() }));
    }
    let name = format!("kernels/adam/parameters={PARAMETERS}/threads={threads}");
    if name.contains(filter) {
        let seconds = timed_mut(|| adam.step(lanes, &mut parameters, &gradient, &mut first, &mut second));
        print(&name, &seconds, json!({ "lanes": lanes.to_string() }));
    }
}

fn timed_mut(mut run: impl FnMut()) -> Vec<f64> {
    run();
    let once = |_| {
        let started = Instant::now();
        run();
        started.elapsed().as_secs_f64()
    };
    (0..REPEATS).map(once).collect()
}

fn timed<T>(run: impl Fn() -> T) -> Vec<f64> {
    drop(run());
    let once = |_| {
        let started = Instant::now();
        let result = run();
        let elapsed = started.elapsed().as_secs_f64();
        drop(result);
        elapsed
    };
    (0..REPEATS).map(once).collect()
}

fn print(benchmark: &str, seconds: &[f64], detail: Value) {
    println!("{}", json!({ "benchmark": benchmark, "seconds": seconds, "detail": detail }));
}

/// Values in ±1.
fn values(count: usize) -> Vec<f32> {
    (0..count).map(|index| (index * 7919 % 2003) as f32 / 1001.0 - 1.0).collect()
}
