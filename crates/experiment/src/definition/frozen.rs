//! Features of a network that is not trained.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};
use super::vit::VitTower;

/// Features of images by a network that is not trained. They are computed once, before the first round of the first run that wants
/// them, are shared by all that want the same, and are brought to mean 0 and deviation 1 over the training images that take part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenFeatures {
    /// Strong views of each image that FlexMatch can choose from: an epoch sees one of them, in turn. Absent: none, and there is no
    /// FlexMatch. LabelBench has 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strong_views: Option<usize>,
    /// The network. Images are normalised for it as the training says.
    pub network: VitTower,
}

impl FrozenFeatures {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        ensure(self.strong_views != Some(0), "model.strong_views", || "is 0; leave it out for none".into())?;
        self.network.validate("model.network")
    }
}
