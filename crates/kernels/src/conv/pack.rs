//! Weights in the order in which the kernels read them: `[block of outputs][row of taps][run][output within the block]`.

use rayon::prelude::*;

use super::Geometry;
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// Output channels that one tile computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChannelBlock {
    /// The first of them.
    pub(super) first: usize,
    /// How many there are; the last block may not fill its vectors.
    pub(super) channels: usize,
    /// Vectors that hold them.
    pub(super) vectors: usize,
}

/// Cuts channels into blocks of as many vectors as fit a tile; what is left is a block of its own.
pub(super) fn blocks(channels: usize, lanes: Lanes) -> Vec<ChannelBlock> {
    let full = lanes.vectors() * lanes.width();
    let block = |first: usize| {
        let channels = full.min(channels - first);
        ChannelBlock { first, channels, vectors: channels.div_ceil(lanes.width()) }
    };
    (0..channels).step_by(full).map(block).collect()
}

/// A square kernel's taps that one phase uses: `first, first + step, …`, `count` of them in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taps {
    pub(super) first: usize,
    pub(super) step: usize,
    pub(super) count: usize,
    /// Whether the last is met first.
    pub(super) reversed: bool,
}

impl Taps {
    /// All taps, rising.
    fn all(kernel: usize) -> Self {
        Self { first: 0, step: 1, count: kernel, reversed: false }
    }

    fn tap(self, place: usize) -> usize {
        let place = if self.reversed { self.count - 1 - place } else { place };
        self.first + self.step * place
    }
}

/// Which weight goes where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Channels that are summed over.
    pub(super) summed: usize,
    /// Channels that a tile computes.
    pub(super) computed: usize,
    pub(super) kernel: usize,
    /// Whether the weights are `[summed, computed, kernel, kernel]` in place of `[computed, summed, kernel, kernel]`.
    pub(super) transposed: bool,
    pub(super) rows: Taps,
    pub(super) columns: Taps,
}

impl Layout {
    /// All taps of a convolution, as it and the gradient of its weights read them.
    pub(super) fn of(geometry: &Geometry) -> Self {
        let &Geometry { channels_in, channels_out, kernel, .. } = geometry;
        let taps = Taps::all(kernel);
        let (summed, computed) = (channels_in, channels_out);
        Self { summed, computed, kernel, transposed: false, rows: taps, columns: taps }
    }

    /// The taps of a pair of channels, as the weights have them.
    #[inline(always)]
    pub(super) fn taps_of<'a>(&self, weights: &'a [f32], summed: usize, computed: usize) -> &'a [f32] {
        let taps = self.kernel * self.kernel;
        let pair =
            if self.transposed { summed * self.computed + computed } else { computed * self.summed + summed };
        &weights[pair * taps..][..taps]
    }

    /// Floats of a row of taps.
    pub(super) fn run(&self) -> usize {
        self.columns.count * self.summed
    }
}

/// Packs weights. Lanes beyond the last channel are zero.
pub(super) fn pack(weights: &[f32], layout: &Layout, blocks: &[ChannelBlock], lanes: Lanes) -> Buffer {
    let taps = layout.rows.count * layout.run();
    let total: usize = blocks.iter().map(|block| taps * block.vectors * lanes.width()).sum();
    let mut packed = Buffer::take(total);
    let mut rest = &mut packed[..];
    let mut parts = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (part, after) = rest.split_at_mut(taps * block.vectors * lanes.width());
        parts.push((block, part));
        rest = after;
    }
    parts.into_par_iter().for_each(|(block, part)| {
        let wide = block.vectors * lanes.width();
        if block.channels < wide {
            part.fill(0.0);
        }
        pack_block(weights, layout, block, part, wide);
    });
    packed
}

fn pack_block(weights: &[f32], layout: &Layout, block: &ChannelBlock, part: &mut [f32], wide: usize) {
    let &Layout { summed, computed, kernel, transposed, rows, columns } = layout;
    let taps = kernel * kernel;
    // Where the taps of a pair of channels lie among themselves, and where they go.
    let places: Vec<(usize, usize)> = (0..rows.count)
        .flat_map(|row| (0..columns.count).map(move |column| (row, column)))
        .map(|(row, column)| {
            let from = rows.tap(row) * kernel + columns.tap(column);
            (from, (row * columns.count + column) * summed * wide)
        })
        .collect();
    let mut pair = |from: &[f32], channel: usize, lane: usize| {
        for &(tap, place) in &places {
            part[place + channel * wide + lane] = from[tap];
        }
    };
    if transposed {
        for channel in 0..summed {
            let start = (channel * computed + block.first) * taps;
            for (lane, from) in weights[start..].chunks_exact(taps).take(block.channels).enumerate() {
                pair(from, channel, lane);
            }
        }
    } else {
        // Sixteen outputs at a time, so that the lines that are written are not written again later.
        for lanes in (0..block.channels).collect::<Vec<_>>().chunks(16) {
            for channel in 0..summed {
                for &lane in lanes {
                    let start = ((block.first + lane) * summed + channel) * taps;
                    pair(&weights[start..start + taps], channel, lane);
                }
            }
        }
    }
}

/// The way back: sums in the order `[block][row of taps][run][output within the block]` to weights
/// `[computed, summed, kernel, kernel]`, or transposed.
pub(super) fn unpack(packed: &[f32], layout: &Layout, blocks: &[ChannelBlock], lanes: Lanes) -> Buffer {
    let &Layout { summed, computed, kernel, .. } = layout;
    let taps = kernel * kernel;
    let mut weights = Buffer::take(summed * computed * taps);
    let full = lanes.vectors() * lanes.width();
    let block_len = |wide: usize| taps * summed * wide;
    weights.par_chunks_mut(full * summed * taps).zip(blocks).for_each(|(part, block)| {
        let wide = block.vectors * lanes.width();
        let start = block_len(full) * (block.first / full);
        let packed = &packed[start..start + block_len(wide)];
        for (lane, of_output) in part.chunks_exact_mut(summed * taps).enumerate() {
            for (channel, of_pair) in of_output.chunks_exact_mut(taps).enumerate() {
                for (tap, weight) in of_pair.iter_mut().enumerate() {
                    *weight = packed[(tap * summed + channel) * wide + lane];
                }
            }
        }
    });
    weights
}
