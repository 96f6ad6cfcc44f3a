//! A head on features, in the place of a network.

use serde::{Deserialize, Serialize};
use tailward_features::PatchesConfig;
use tailward_labelling::project::PatchFeatures;

use super::check::{Fault, ensure};

/// A linear head on features that need no training, as a person's project has it: ridge regression, whose strength and
/// temperature follow from leaving out one label at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadDefinition {
    /// What images are described by.
    pub features: HeadFeatures,
}

/// What images are described by, of what a person's project can choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum HeadFeatures {
    /// How near their patches are to centres that are learned from them.
    Patches(PatchFeatures),
}

impl HeadDefinition {
    /// Rows and columns of the images that are described.
    pub fn side(&self) -> usize {
        let HeadFeatures::Patches(PatchFeatures { side, .. }) = self.features;
        side
    }

    /// How patches are drawn and compared.
    pub fn patches(&self) -> PatchesConfig {
        let HeadFeatures::Patches(PatchFeatures { side, centres }) = self.features;
        PatchesConfig::with_centres(side, centres)
    }

    /// Entries of an embedding: the features.
    pub fn embedding(&self) -> usize {
        self.patches().dims()
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        let HeadFeatures::Patches(PatchFeatures { side, centres }) = self.features;
        ensure((8..=256).contains(&side), "head.features.side", || format!("{side} is not from 8 to 256"))?;
        ensure((1..=10_000).contains(&centres), "head.features.centres", || {
            format!("{centres} is not from 1 to 10,000")
        })
    }
}
