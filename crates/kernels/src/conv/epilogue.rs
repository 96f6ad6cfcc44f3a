//! What may follow a convolution while its sums are still in registers.

use pulp::Simd;

use super::pack::ChannelBlock;

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

impl<'a> Epilogue<'a> {
    pub(super) fn check(&self, channels: usize, len: usize) {
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
fn load<S: Simd, const V: usize>(simd: S, from: &[f32]) -> [S::f32s; V] {
    let mut vectors = [simd.splat_f32s(0.0); V];
    for (vector, part) in vectors.iter_mut().zip(from.chunks(S::F32_LANES)) {
        *vector = simd.partial_load_f32s(part);
    }
    vectors
}
