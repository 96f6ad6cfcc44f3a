//! How pixels are cut into rows that vectors fill, and into blocks whose sums are added in order.

/// Pixels side by side, so that few channels fill vectors too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Channels of a pixel.
    pub(super) channels: usize,
    /// Floats of a row: the channels of one pixel, or of several.
    pub(super) wide: usize,
}

/// Floats of a block. Sums within a block are `f32`, between blocks `f64`; a fixed size keeps them the same on any number
/// of threads.
const BLOCK: usize = 1 << 15;

/// Floats that a row should have.
const WIDE: usize = 128;

impl Rows {
    pub(super) fn of(len: usize, channels: usize) -> Self {
        assert!(
            channels > 0 && len.is_multiple_of(channels),
            "{len} floats are no pixels of {channels} channels"
        );
        let mut wide = channels;
        while wide < WIDE && len.is_multiple_of(2 * wide) {
            wide *= 2;
        }
        Self { channels, wide }
    }

    /// Floats of a block: whole rows.
    pub(super) fn block(self) -> usize {
        (BLOCK / self.wide).max(1) * self.wide
    }

    /// A value for each channel, for each place of a row.
    pub(super) fn spread(self, values: &[f32]) -> Vec<f32> {
        values.iter().copied().cycle().take(self.wide).collect()
    }

    /// Adds up the places of a row that are the same channel, over blocks in order.
    pub(super) fn fold(self, blocks: impl Iterator<Item = Vec<f32>>) -> Vec<f64> {
        let mut sums = vec![0.0; self.channels];
        for block in blocks {
            for pixel in block.chunks_exact(self.channels) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += f64::from(value);
                }
            }
        }
        sums
    }
}
