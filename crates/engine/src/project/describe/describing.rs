//! What leads from pixels to features.

use std::path::Path;

use ndarray::Array2;
use rand::seq::index;
use tailward_datasets::ImageShape;
use tailward_features::{Patches, PatchesConfig};
use tailward_labelling::project::{ImageRow, Project};

use super::network::Network;
use super::pixels::pixels;
use super::same_file::Lost;
use crate::Error;
use crate::inputs::features::LEARNED_FROM;
use crate::partial_rows::PartialRows;
use crate::rng::{Stream, stream};

/// Bytes of pixels that are in memory at a time, about.
const PIXELS: usize = 12 << 20;

/// What leads from pixels to features.
#[derive(Debug)]
pub(in crate::project) enum Describing {
    /// Distances of patches to centres.
    Patches { side: usize, patches: Box<Patches> },
    /// A network that others have trained, by the SHA-256 of its file.
    Frozen { network: Network, name: &'static str, sha256: String },
    /// A network that learned from the labels of the project.
    Learned { network: Network },
}

impl Describing {
    /// Learns centres of patches from some images.
    pub(super) fn patches(
        project: &Project,
        (side, config): (usize, &PatchesConfig),
        rows: &[&ImageRow],
    ) -> Result<Self, Error> {
        let mut rng = stream(project.settings.seed, Stream::Patches, 0);
        let drawn = index::sample(&mut rng, rows.len(), rows.len().min(LEARNED_FROM)).into_vec();
        let drawn: Vec<&ImageRow> = drawn.into_iter().map(|place| rows[place]).collect();
        let (pixels, _) = pixels(project, &drawn, side)?;
        let patches = Box::new(Patches::learn(config, [3, side, side], &pixels, &mut rng));
        Ok(Self::Patches { side, patches })
    }

    pub(super) fn shape(&self) -> ImageShape {
        match self {
            Self::Patches { side, .. } => ImageShape { channels: 3, height: *side, width: *side },
            Self::Frozen { network, .. } | Self::Learned { network } => network.shape(),
        }
    }

    fn dims(&self) -> usize {
        match self {
            Self::Patches { patches, .. } => patches.dims(),
            Self::Frozen { network, .. } | Self::Learned { network } => network.dims(),
        }
    }

    /// Features of images, as they come: `[images, 3, side, side]` to `[images, dims]`.
    pub(super) fn features(&self, pixels: Vec<u8>) -> Result<Array2<f32>, Error> {
        match self {
            Self::Patches { patches, .. } => Ok(patches.features(&pixels)),
            Self::Frozen { network, .. } | Self::Learned { network } => network.features(pixels),
        }
    }

    /// The features of a project's images. What is done goes into `partial` and is there after a kill. An image whose file is gone or is
    /// another than it was has no features; it is given with what is wrong.
    pub(super) fn all(
        &self,
        project: &Project,
        rows: &[&ImageRow],
        partial: &Path,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Array2<f32>, Lost), Error> {
        let dims = self.dims();
        let mut lost = Vec::new();
        let mut partial = PartialRows::open(partial, dims).map_err(Error::io(partial))?;
        let mut values: Vec<f32> = Vec::with_capacity(rows.len() * dims);
        for rows in rows.chunks((PIXELS / self.shape().len()).max(1)) {
            if let Some(kept) = partial.next(rows.len()).filter(|_| lost.is_empty()) {
                values.extend(kept);
                progress(rows.len());
                continue;
            }
            let (pixels, gone) = pixels(project, rows, self.shape().height)?;
            lost.extend(gone);
            let features = self.features(pixels)?;
            values.extend(&features);
            // Rows stand for images by their order: what comes after a lost one is not kept.
            if lost.is_empty() {
                partial.append(features.iter().copied());
            }
            progress(rows.len());
        }
        let features = Array2::from_shape_vec((values.len() / dims, dims), values).expect("whole rows");
        Ok((features, lost))
    }
}
