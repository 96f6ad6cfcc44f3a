//! The kernels on the shapes of the networks; one JSON line for each on stdout.

use std::time::Instant;

use serde_json::{Value, json};
use tailward_kernels::conv::{Epilogue, Geometry, forward, gradient_of_input, gradient_of_weights};
use tailward_kernels::{Buffer, Lanes};

/// How often each is timed, after one that is not.
const REPEATS: usize = 9;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    for threads in [1, rayon::current_num_threads()] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let Ok(pool) = pool else { panic!("a pool of {threads} threads") };
        pool.install(|| convolutions(threads, &filter));
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
