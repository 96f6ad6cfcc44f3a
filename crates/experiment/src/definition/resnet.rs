//! A residual network.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// A residual network. The order of its keys is one that the hashes of definitions rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResNetDefinition {
    /// The first layers.
    pub stem: Stem,
    /// What a stage is made of; absent: basic blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
    /// Blocks in each stage; `[2, 2, 2, 2]` is ResNet-18, `[3, 4, 23, 3]` of bottlenecks ResNet-101.
    pub blocks: Vec<usize>,
    /// Channels of each stage; `[64, 128, 256, 512]` is ResNet-18 and every deeper one.
    pub widths: Vec<usize>,
    /// The share of the embedding's entries that training, and each Monte-Carlo pass, sets to 0 before the head, in
    /// (0, 1); absent: no dropout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Weights that training starts from in each round: `weights/<name>.toml`; absent: random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<String>,
}

/// What a stage of a residual network is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Two 3×3 convolutions (ResNet-18 and -34).
    Basic,
    /// 1×1, 3×3 and 1×1 convolutions; the last has four times the stage's channels (ResNet-50, -101 and -152).
    Bottleneck,
}

/// The first layers of a residual network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// 3×3 convolution of stride 1, no pooling.
    Cifar,
    /// 3×3 convolution of stride 2, no pooling: a quarter of the arithmetic, for quick scales.
    CifarStrided,
    /// 7×7 convolution of stride 2 and 3×3 max-pooling of stride 2.
    Imagenet,
}

impl ResNetDefinition {
    /// Entries of an embedding: channels of the last stage's blocks.
    pub(crate) fn embedding(&self) -> usize {
        let width = self.widths.last().copied().unwrap_or(0);
        match self.block {
            Some(Block::Bottleneck) => 4 * width,
            None | Some(Block::Basic) => width,
        }
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        let stages = self.blocks.len();
        ensure(stages > 0, "model.blocks", || "is empty".into())?;
        ensure(stages == self.widths.len(), "model.widths", || {
            format!("has {} entries for {stages} stages", self.widths.len())
        })?;
        ensure(self.blocks.iter().all(|&blocks| blocks > 0), "model.blocks", || "holds a 0".into())?;
        ensure(self.widths.iter().all(|&width| width > 0), "model.widths", || "holds a 0".into())?;
        let dropout = self.dropout.unwrap_or(0.5);
        ensure(dropout > 0.0 && dropout < 1.0, "model.dropout", || format!("{dropout} is not in (0, 1)"))
    }
}
