//! A convolution, and what may follow it while its sums are still in registers.

use pulp::Simd;

use super::Geometry;
use super::border::{Border, Side, with_border};
use super::gather::{Gather, Phase, Pixel};
use super::pack::{ChannelBlock, Layout, Taps, blocks, pack};
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// What happens to a sum before it is written: a bias is added, then a shortcut, then ReLU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// `[channels_out]`.
    pub bias: Option<&'a [f32]>,
    /// As long as the output.
    pub shortcut: Option<&'a [f32]>,
    /// Whether what is below zero becomes zero.
    pub relu: bool,
}

/// A convolution (as in deep learning: the kernel is not turned round).
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels_in]`
/// - `weights`: `[channels_out, channels_in, kernel, kernel]`
/// - the result: `[batch, height_out, width_out, channels_out]`
///
/// # Panics
///
/// A slice has another length than the geometry says.
pub fn forward(
    lanes: Lanes,
    geometry: &Geometry,
    input: &[f32],
    weights: &[f32],
    epilogue: Epilogue<'_>,
) -> Buffer {
    geometry.check();
    assert_eq!(input.len(), geometry.input_len(), "the input of {geometry:?}");
    assert_eq!(weights.len(), geometry.weights_len(), "the weights of {geometry:?}");
    epilogue.check(geometry.channels_out, geometry.output_len());
    let &Geometry { channels_in, channels_out, kernel, .. } = geometry;
    let window = Windows::of(geometry);
    let bordered = with_border(input, window.side, window.border);
    let wide = window.side.within(window.border);
    let blocks = blocks(channels_out, lanes);
    let layout = Layout {
        summed: channels_in,
        computed: channels_out,
        kernel,
        transposed: false,
        rows: Taps::all(kernel),
        columns: Taps::all(kernel),
    };
    let phase = Phase {
        pixels: window.pixels(geometry),
        rows: window.rows(kernel),
        run: layout.run(),
        weights: pack(weights, &layout, &blocks, lanes),
    };
    let mut output = Buffer::take(geometry.output_len());
    let gather = Gather {
        lanes,
        phases: &[phase],
        blocks: &blocks,
        input: bordered.as_slice(),
        image_in: wide.len(),
        image_out: geometry.height_out() * geometry.width_out() * channels_out,
        epilogue,
    };
    if !output.is_empty() {
        gather.write(&mut output);
    }
    output
}

/// Where the windows of a convolution lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    /// An image of the input.
    pub(super) side: Side,
    /// The zeros around it that windows reach.
    pub(super) border: Border,
}

impl Windows {
    pub(super) fn of(geometry: &Geometry) -> Self {
        let &Geometry { height, width, channels_in, kernel, stride, padding, .. } = geometry;
        let beyond = |out: usize, size: usize| ((out - 1) * stride + kernel).saturating_sub(padding + size);
        let border = Border {
            before: padding,
            below: beyond(geometry.height_out(), height),
            right: beyond(geometry.width_out(), width),
        };
        Self { side: Side { height, width, channels: channels_in }, border }
    }

    /// The windows of an image's output pixels.
    pub(super) fn pixels(&self, geometry: &Geometry) -> Vec<Pixel> {
        let wide = self.side.within(self.border);
        let (width_out, stride) = (geometry.width_out(), geometry.stride);
        let pixel = |index: usize| Pixel {
            input: index / width_out * stride * wide.row() + index % width_out * stride * wide.channels,
            output: index * geometry.channels_out,
        };
        (0..geometry.height_out() * width_out).map(pixel).collect()
    }

    /// Where each row of taps begins.
    pub(super) fn rows(&self, kernel: usize) -> Vec<usize> {
        let row = self.side.within(self.border).row();
        (0..kernel).map(|tap| tap * row).collect()
    }
}

impl<'a> Epilogue<'a> {
    fn check(&self, channels: usize, len: usize) {
        assert!(
            self.bias.is_none_or(|bias| bias.len() == channels),
            "a bias for each of {channels} channels"
        );
        assert!(self.shortcut.is_none_or(|it| it.len() == len), "a shortcut as long as the output, {len}");
    }

    /// What the sums of a block start from.
    #[inline(always)]
    pub(super) fn start<S: Simd, const V: usize>(&self, simd: S, block: &ChannelBlock) -> [S::f32s; V] {
        match self.bias {
            None => [simd.splat_f32s(0.0); V],
            Some(bias) => load(simd, &bias[block.first..block.first + block.channels]),
        }
    }

    #[inline(always)]
    pub(super) fn shortcut_at(&self, at: usize, len: usize) -> Option<&'a [f32]> {
        self.shortcut.map(|shortcut| &shortcut[at..at + len])
    }

    /// Writes the sums of a pixel.
    #[inline(always)]
    pub(super) fn store<S: Simd, const V: usize>(
        &self,
        simd: S,
        mut sums: [S::f32s; V],
        shortcut: Option<&[f32]>,
        output: &mut [f32],
    ) {
        if let Some(shortcut) = shortcut {
            let shortcut = load::<S, V>(simd, shortcut);
            for vector in 0..V {
                sums[vector] = simd.add_f32s(sums[vector], shortcut[vector]);
            }
        }
        if self.relu {
            let zero = simd.splat_f32s(0.0);
            for sum in &mut sums {
                // Not the larger of both: what is no number has to stay none.
                *sum = simd.select_f32s(simd.less_than_f32s(*sum, zero), zero, *sum);
            }
        }
        if output.len() == V * S::F32_LANES {
            let (whole, _) = S::as_mut_simd_f32s(output);
            whole.copy_from_slice(&sums);
        } else {
            for (sum, part) in sums.into_iter().zip(output.chunks_mut(S::F32_LANES)) {
                simd.partial_store_f32s(part, sum);
            }
        }
    }
}

/// Reads at most `V` vectors; lanes beyond the slice are zero.
#[inline(always)]
pub(super) fn load<S: Simd, const V: usize>(simd: S, from: &[f32]) -> [S::f32s; V] {
    let mut vectors = [simd.splat_f32s(0.0); V];
    for (vector, part) in vectors.iter_mut().zip(from.chunks(S::F32_LANES)) {
        *vector = simd.partial_load_f32s(part);
    }
    vectors
}
