//! Images with zeros around them.

use rayon::prelude::*;

use crate::buffers::Buffer;

/// Zeros around an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Border {
    pub(super) before: usize,
    pub(super) below: usize,
    pub(super) right: usize,
}

/// Images as the kernels read them: with their borders, or as they came where they need none.
#[derive(Debug)]
pub(super) enum Bordered<'a> {
    Copied(Buffer),
    AsTheyAre(&'a [f32]),
}

/// What one image is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Side {
    /// With a border.
    pub(super) fn within(self, border: Border) -> Self {
        Self {
            height: border.before + self.height + border.below,
            width: border.before + self.width + border.right,
            channels: self.channels,
        }
    }

    /// Floats of an image.
    pub(super) fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Floats of a row of pixels.
    pub(super) fn row(self) -> usize {
        self.width * self.channels
    }
}

impl Bordered<'_> {
    pub(super) fn as_slice(&self) -> &[f32] {
        match self {
            Self::Copied(buffer) => buffer,
            Self::AsTheyAre(images) => images,
        }
    }
}

/// Copies images `[batch, height, width, channels]` into their border.
pub(super) fn with_border(images: &[f32], side: Side, border: Border) -> Bordered<'_> {
    if border == (Border { before: 0, below: 0, right: 0 }) {
        return Bordered::AsTheyAre(images);
    }
    let wide = side.within(border);
    let mut copied = Buffer::take(images.len() / side.len() * wide.len());
    let (left, right) = (border.before * side.channels, border.right * side.channels);
    let copy = |(image, wide_image): (&[f32], &mut [f32])| {
        let mut rows = wide_image.chunks_exact_mut(wide.row());
        rows.by_ref().take(border.before).for_each(|row| row.fill(0.0));
        for (row, wide_row) in image.chunks_exact(side.row()).zip(rows.by_ref()) {
            wide_row[..left].fill(0.0);
            wide_row[left..left + row.len()].copy_from_slice(row);
            wide_row[left + row.len()..left + row.len() + right].fill(0.0);
        }
        rows.for_each(|row| row.fill(0.0));
    };
    images.par_chunks_exact(side.len()).zip(copied.par_chunks_exact_mut(wide.len())).for_each(copy);
    Bordered::Copied(copied)
}
