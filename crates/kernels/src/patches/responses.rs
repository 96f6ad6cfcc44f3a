//! What patches answer to filters, before their deviation is divided out.

use super::dictionary::{Dictionary, Grid};
use super::winograd;
use crate::buffers::Buffer;
use crate::conv::{self, Epilogue};
use crate::lanes::Lanes;

/// The filters of a dictionary, ready to be used.
#[derive(Debug)]
pub(super) enum Filters<'a> {
    Winograd(winograd::Filters),
    /// By a sum over every pixel of a patch.
    Direct {
        grid: Grid,
        dictionary: &'a Dictionary,
        lanes: Lanes,
    },
}

impl<'a> Filters<'a> {
    pub(super) fn of(grid: &Grid, dictionary: &'a Dictionary, lanes: Lanes) -> Self {
        if winograd::fits(grid) {
            Self::Winograd(winograd::Filters::of(grid, dictionary, lanes))
        } else {
            Self::Direct { grid: *grid, dictionary, lanes }
        }
    }

    /// Floats from the responses of a patch to those of the next.
    pub(super) fn stride(&self) -> usize {
        match self {
            Self::Winograd(filters) => filters.stride(),
            Self::Direct { dictionary, .. } => dictionary.offsets.len(),
        }
    }

    /// The responses of an image's patches. `pixels`: `[height, width, channels]`; the result: `[patches, stride]`, of which a
    /// patch's first are its responses and the others are anything.
    pub(super) fn respond(&self, pixels: &[f32]) -> Buffer {
        match self {
            Self::Winograd(filters) => filters.respond(pixels),
            Self::Direct { grid, dictionary, lanes } => {
                let geometry = grid.geometry(1, dictionary.offsets.len());
                conv::forward(*lanes, &geometry, pixels, &dictionary.filters, Epilogue::default())
            }
        }
    }
}
