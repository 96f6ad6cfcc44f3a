//! How patches are drawn and compared.

use serde::{Deserialize, Serialize};

/// How patches are drawn and compared. The paper's numbers are named where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchesConfig {
    /// Rows and columns of a patch (6 in the paper).
    pub patch: usize,
    /// Pixels from one patch to the next (1 in the paper).
    pub stride: usize,
    /// Cells that an image is divided into in each direction (2 in the paper).
    pub cells: usize,
    /// Centres (up to 4,000 in the paper).
    pub centres: usize,
    /// Patches that the centres are learned from.
    pub sample: usize,
    /// Rounds of k-means.
    pub rounds: usize,
}

impl PatchesConfig {
    /// For square images of a side in pixels: 400 centres of patches of six pixels, two pixels apart where a side has more
    /// than 48.
    pub fn for_side(side: usize) -> Self {
        let stride = if side > 48 { 2 } else { 1 };
        Self { patch: 6, stride, cells: 2, centres: 400, sample: 40_000, rounds: 10 }
    }

    /// As [`for_side`](Self::for_side) with so many centres, each learned from a hundred patches.
    pub fn with_centres(side: usize, centres: usize) -> Self {
        /// Patches that are drawn for each centre.
        const PATCHES_A_CENTRE: usize = 100;
        Self { centres, sample: PATCHES_A_CENTRE * centres, ..Self::for_side(side) }
    }

    /// The number of features of an image.
    pub fn dims(&self) -> usize {
        self.cells * self.cells * self.centres
    }
}
