//! The network that learns: a residual network or a vision transformer.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};
use super::vit::{VitDefinition, VitHeadDefinition};

/// The network that learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum ModelDefinition {
    /// A residual network.
    ResNet(ResNetDefinition),
    /// CLIP's image tower with a head.
    Vit(VitDefinition),
}

/// A residual network.
#[derive(Clone, Debug, PartialEq)]
pub struct ResNetDefinition {
    /// The first layers.
    pub stem: Stem,
    /// What a stage is made of; absent: basic blocks.
    pub block: Option<Block>,
    /// Blocks in each stage; `[2, 2, 2, 2]` is ResNet-18, `[3, 4, 23, 3]` of bottlenecks ResNet-101.
    pub blocks: Vec<usize>,
    /// Channels of each stage; `[64, 128, 256, 512]` is ResNet-18 and every deeper one.
    pub widths: Vec<usize>,
    /// The share of the embedding's entries that training, and each Monte-Carlo pass, sets to 0 before the head, in
    /// (0, 1); absent: no dropout.
    pub dropout: Option<f64>,
    /// Weights that training starts from in each round: `weights/<name>.toml`; absent: random ones.
    pub pretrained: Option<String>,
}

/// How [`ModelDefinition`] is written: the keys of either kind, in an order that the hashes of definitions rest on.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stem: Option<Stem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<Block>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blocks: Option<Vec<usize>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    widths: Option<Vec<usize>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patch: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layers: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heads: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    features: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head: Option<VitHeadDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropout: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pretrained: Option<String>,
}

/// A network that is not the residual one, which is written without a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// A vision transformer.
    Vit,
}

impl TryFrom<Written> for ModelDefinition {
    type Error = String;

    /// Each kind has its own keys, all of them, and none of the other's.
    fn try_from(written: Written) -> Result<Self, String> {
        fn given<T>(value: Option<T>, key: &str) -> Result<T, String> {
            value.ok_or_else(|| format!("model.{key}: is absent"))
        }
        fn alien(is_given: bool, key: &str, kind: &str) -> Result<(), String> {
            if is_given { Err(format!("model.{key}: is given, and {kind} has none")) } else { Ok(()) }
        }
        let Written { kind, stem, block, blocks, widths, .. } = written;
        let Written { image, patch, width, layers, heads, features, head, dropout, pretrained, .. } = written;
        match kind {
            None => {
                for (is_given, key) in [
                    (image.is_some(), "image"),
                    (patch.is_some(), "patch"),
                    (width.is_some(), "width"),
                    (layers.is_some(), "layers"),
                    (heads.is_some(), "heads"),
                    (features.is_some(), "features"),
                    (head.is_some(), "head"),
                ] {
                    alien(is_given, key, "a residual network (for a transformer give `kind = \"vit\"`)")?;
                }
                Ok(Self::ResNet(ResNetDefinition {
                    stem: given(stem, "stem")?,
                    block,
                    blocks: given(blocks, "blocks")?,
                    widths: given(widths, "widths")?,
                    dropout,
                    pretrained,
                }))
            }
            Some(Kind::Vit) => {
                for (is_given, key) in [
                    (stem.is_some(), "stem"),
                    (block.is_some(), "block"),
                    (blocks.is_some(), "blocks"),
                    (widths.is_some(), "widths"),
                    (dropout.is_some(), "dropout"),
                ] {
                    alien(is_given, key, "a vision transformer")?;
                }
                Ok(Self::Vit(VitDefinition {
                    image: given(image, "image")?,
                    patch: given(patch, "patch")?,
                    width: given(width, "width")?,
                    layers: given(layers, "layers")?,
                    heads: given(heads, "heads")?,
                    features: given(features, "features")?,
                    head: given(head, "head")?,
                    pretrained,
                }))
            }
        }
    }
}

impl From<ModelDefinition> for Written {
    fn from(model: ModelDefinition) -> Self {
        let nothing = Self {
            kind: None,
            stem: None,
            block: None,
            blocks: None,
            widths: None,
            image: None,
            patch: None,
            width: None,
            layers: None,
            heads: None,
            features: None,
            head: None,
            dropout: None,
            pretrained: None,
        };
        match model {
            ModelDefinition::ResNet(model) => {
                let ResNetDefinition { stem, block, blocks, widths, dropout, pretrained } = model;
                let (stem, blocks, widths) = (Some(stem), Some(blocks), Some(widths));
                Self { stem, block, blocks, widths, dropout, pretrained, ..nothing }
            }
            ModelDefinition::Vit(model) => {
                let VitDefinition { image, patch, width, layers, heads, features, head, pretrained } = model;
                Self {
                    kind: Some(Kind::Vit),
                    image: Some(image),
                    patch: Some(patch),
                    width: Some(width),
                    layers: Some(layers),
                    heads: Some(heads),
                    features: Some(features),
                    head: Some(head),
                    pretrained,
                    ..nothing
                }
            }
        }
    }
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
    fn embedding(&self) -> usize {
        let width = self.widths.last().copied().unwrap_or(0);
        match self.block {
            Some(Block::Bottleneck) => 4 * width,
            None | Some(Block::Basic) => width,
        }
    }

    fn validate(&self) -> Result<(), Fault> {
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

impl ModelDefinition {
    /// Entries of an embedding: channels of a residual network's last stage, or projected features.
    pub fn embedding(&self) -> usize {
        match self {
            Self::ResNet(model) => model.embedding(),
            Self::Vit(model) => model.features,
        }
    }

    /// The share of the embedding's entries that dropout sets to 0, where there is dropout.
    pub fn dropout(&self) -> Option<f64> {
        match self {
            Self::ResNet(model) => model.dropout,
            Self::Vit(_) => None,
        }
    }

    /// Weights that training starts from, where they are not random.
    pub fn pretrained(&self) -> Option<&str> {
        match self {
            Self::ResNet(model) => model.pretrained.as_deref(),
            Self::Vit(model) => model.pretrained.as_deref(),
        }
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        match self {
            Self::ResNet(model) => model.validate(),
            Self::Vit(model) => model.validate(),
        }
    }
}
