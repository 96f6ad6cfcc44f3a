//! The sum that a convolution and its transpose are: for each output pixel, rows of taps gathered from a bordered input.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::epilogue::Epilogue;
use super::pack::ChannelBlock;
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// Where an output pixel's window begins in an image's bordered input, and where the pixel itself lies in an image's output;
/// both in floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pixel {
    pub(super) input: usize,
    pub(super) output: usize,
}

/// Output pixels that meet the same taps.
#[derive(Debug)]
pub(super) struct Phase {
    pub(super) pixels: Vec<Pixel>,
    /// Where each row of taps begins, from the beginning of the window.
    pub(super) rows: Vec<usize>,
    /// Floats of a row of taps.
    pub(super) run: usize,
    /// `[block][row of taps][run][output within the block]`.
    pub(super) weights: Buffer,
}

/// A whole sum.
#[derive(Debug)]
pub(super) struct Gather<'a> {
    pub(super) lanes: Lanes,
    pub(super) phases: &'a [Phase],
    pub(super) blocks: &'a [ChannelBlock],
    /// `[batch, …]`, bordered.
    pub(super) input: &'a [f32],
    /// Floats of an image of the input.
    pub(super) image_in: usize,
    /// Floats of an image of the output.
    pub(super) image_out: usize,
    pub(super) epilogue: Epilogue<'a>,
}

/// Pixels of a task, at least, so that the weights of a block are read often once they are near.
const PIXELS: usize = 512;

impl Gather<'_> {
    /// Writes every pixel that a phase has; the others stay as they are.
    pub(super) fn write(&self, output: &mut [f32]) {
        let batch = output.len() / self.image_out;
        let pixels: usize = self.phases.iter().map(|phase| phase.pixels.len()).sum();
        let threads = rayon::current_num_threads();
        let images = PIXELS.div_ceil(pixels.max(1)).min(batch.div_ceil(threads)).max(1);
        let chunks = output.par_chunks_mut(images * self.image_out).enumerate();
        chunks.for_each(|(chunk, output)| {
            self.lanes.dispatch(Task { gather: self, first_image: chunk * images, output });
        });
    }
}

/// Some images of the output.
struct Task<'a> {
    gather: &'a Gather<'a>,
    first_image: usize,
    output: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for phase in self.gather.phases {
            let mut start = 0;
            for block in self.gather.blocks {
                let len = phase.rows.len() * phase.run * block.vectors * S::F32_LANES;
                let weights = &phase.weights[start..start + len];
                start += len;
                // Pixels × vectors fill the registers: 32 of them with AVX-512, else 16; one is for the input.
                if S::F32_LANES == 16 {
                    match block.vectors {
                        1 => self.block::<S, 14, 1>(simd, phase, block, weights),
                        2 => self.block::<S, 12, 2>(simd, phase, block, weights),
                        3 => self.block::<S, 8, 3>(simd, phase, block, weights),
                        _ => self.block::<S, 6, 4>(simd, phase, block, weights),
                    }
                } else {
                    match block.vectors {
                        1 => self.block::<S, 8, 1>(simd, phase, block, weights),
                        _ => self.block::<S, 6, 2>(simd, phase, block, weights),
                    }
                }
            }
        }
    }
}

impl Task<'_> {
    /// One block of output channels for every pixel of the task.
    #[inline(always)]
    fn block<S: Simd, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        phase: &Phase,
        block: &ChannelBlock,
        weights: &[f32],
    ) {
        let Gather { input, image_in, image_out, epilogue, .. } = *self.gather;
        let (weights, _) = S::as_simd_f32s(weights);
        let (weights, _) = weights.as_chunks::<V>();
        let images = self.output.len() / image_out;
        let total = images * phase.pixels.len();
        let (mut image, mut pixel, mut done) = (0, 0, 0);
        while done < total {
            let real = P.min(total - done);
            let (mut inputs, mut outputs) = ([0; P], [0; P]);
            for place in 0..P {
                if place < real {
                    let at = phase.pixels[pixel];
                    inputs[place] = (self.first_image + image) * image_in + at.input;
                    outputs[place] = image * image_out + at.output + block.first;
                    pixel += 1;
                    if pixel == phase.pixels.len() {
                        (image, pixel) = (image + 1, 0);
                    }
                } else {
                    // A tile without enough pixels computes one of them again and drops it.
                    inputs[place] = inputs[0];
                }
            }
            let start = epilogue.start::<S, V>(simd, block);
            let sums = tile::<S, P, V>(simd, start, input, &inputs, phase, weights);
            let image_start = self.first_image * image_out;
            for place in 0..P {
                if place < real {
                    let at = outputs[place];
                    let shortcut = epilogue.shortcut_at(image_start + at, block.channels);
                    let output = &mut self.output[at..at + block.channels];
                    epilogue.store::<S, V>(simd, sums[place], shortcut, output);
                }
            }
            done += real;
        }
    }
}

/// The sums of `P` pixels × `V` vectors of output channels.
#[inline(always)]
fn tile<S: Simd, const P: usize, const V: usize>(
    simd: S,
    start: [S::f32s; V],
    input: &[f32],
    inputs: &[usize; P],
    phase: &Phase,
    weights: &[[S::f32s; V]],
) -> [[S::f32s; V]; P] {
    let mut sums = [start; P];
    let run = phase.run;
    for (&row, weights) in phase.rows.iter().zip(weights.chunks_exact(run)) {
        let mut windows = [&input[..0]; P];
        for place in 0..P {
            windows[place] = &input[inputs[place] + row..][..run];
        }
        // One length for all of them lets the compiler drop the checks in the loop.
        let weights = &weights[..run];
        for at in 0..run {
            let weights = weights[at];
            for place in 0..P {
                let value = simd.splat_f32s(windows[place][at]);
                for vector in 0..V {
                    sums[place][vector] = simd.mul_add_e_f32s(value, weights[vector], sums[place][vector]);
                }
            }
        }
    }
    sums
}
