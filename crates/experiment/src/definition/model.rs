//! What is trained by steps: a network on images, or layers on the features of a network that is not trained.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::{Table, Value};

use super::check::{Fault, ensure};
use super::frozen::FrozenFeatures;
use super::resnet::ResNetDefinition;
use super::training::TrainingDefinition;
use super::vit::{VitDefinition, VitTower};

/// What is trained by steps. A residual network is written without a kind, the others with one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelDefinition {
    /// CLIP's image tower with a head.
    Vit(VitDefinition),
    /// A linear layer on features.
    Linear(FrozenFeatures),
    /// A linear layer, ReLU and a linear layer on features; the hidden layer is as wide as they are.
    Shallow(FrozenFeatures),
    /// A residual network.
    #[serde(untagged)]
    ResNet(ResNetDefinition),
}

impl<'de> Deserialize<'de> for ModelDefinition {
    /// By hand, so that a wrong key is an error of its own kind of model, and not that no kind fits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Table::deserialize(deserializer)?;
        let read = match table.remove("kind") {
            None => ResNetDefinition::deserialize(table).map(Self::ResNet),
            Some(Value::String(kind)) => match kind.as_str() {
                "vit" => vit(table).map(Self::Vit),
                "linear" => FrozenFeatures::deserialize(table).map(Self::Linear),
                "shallow" => FrozenFeatures::deserialize(table).map(Self::Shallow),
                other => Err(toml::de::Error::custom(format!(
                    "there is no kind `{other}`: a model is a residual network, without a kind, or one of vit, linear, shallow"
                ))),
            },
            Some(other) => {
                Err(toml::de::Error::custom(format!("`kind` is a {}, not a name", other.type_str())))
            }
        };
        read.map_err(|error| D::Error::custom(format!("model: {}", error.message())))
    }
}

/// The keys of the tower and that of its head stand beside each other.
fn vit(mut table: Table) -> Result<VitDefinition, toml::de::Error> {
    let head = table.remove("head").ok_or_else(|| toml::de::Error::missing_field("head"))?.try_into()?;
    Ok(VitDefinition { tower: VitTower::deserialize(table)?, head })
}

impl ModelDefinition {
    /// Entries of an embedding: channels of a residual network's last stage, or features.
    pub fn embedding(&self) -> usize {
        match self {
            Self::ResNet(model) => model.embedding(),
            Self::Vit(model) => model.tower.features,
            Self::Linear(on) | Self::Shallow(on) => on.network.features,
        }
    }

    /// The features that it is fed with in the place of images, where it is.
    pub fn frozen(&self) -> Option<&FrozenFeatures> {
        match self {
            Self::ResNet(_) | Self::Vit(_) => None,
            Self::Linear(on) | Self::Shallow(on) => Some(on),
        }
    }

    /// The share of the embedding's entries that dropout sets to 0, where there is dropout.
    pub fn dropout(&self) -> Option<f64> {
        match self {
            Self::ResNet(model) => model.dropout,
            Self::Vit(_) | Self::Linear(_) | Self::Shallow(_) => None,
        }
    }

    /// Weights that training starts from, or that features are computed with, where they are not random.
    pub fn pretrained(&self) -> Option<&str> {
        match self {
            Self::ResNet(model) => model.pretrained.as_deref(),
            Self::Vit(VitDefinition { tower, .. }) => tower.pretrained.as_deref(),
            Self::Linear(on) | Self::Shallow(on) => on.network.pretrained.as_deref(),
        }
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        match self {
            Self::ResNet(model) => model.validate(),
            Self::Vit(model) => model.validate(),
            Self::Linear(on) | Self::Shallow(on) => on.validate(),
        }
    }

    /// Checks that a training is one for it.
    pub(super) fn check_training(&self, training: &TrainingDefinition) -> Result<(), Fault> {
        let Some(features) = self.frozen() else { return Ok(()) };
        ensure(training.crop_padding == 0, "training.crop_padding", || {
            format!("is {} beside features, which have no views", training.crop_padding)
        })?;
        ensure(!training.horizontal_flip, "training.horizontal_flip", || {
            "is true beside features, which have no views".into()
        })?;
        ensure(training.flexmatch.is_none() || features.strong_views.is_some(), "model.strong_views", || {
            "is absent, and FlexMatch needs features of strong views".into()
        })
    }
}
