//! A vision transformer: CLIP's image tower with a head.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// CLIP's image tower (Radford et al., ICML 2021). ViT-B/32 has images of 224 pixels, patches of 32, a width of 768, 12 layers of 12
/// heads, and 512 features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitTower {
    /// Side of an image, in pixels.
    pub image: usize,
    /// Side of a patch, in pixels.
    pub patch: usize,
    /// The size of a token.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Heads of each block's attention.
    pub heads: usize,
    /// The size of what a token is projected to: of an embedding.
    pub features: usize,
    /// Its weights, from which training starts in each round if it is trained: `weights/<name>.toml`; absent: random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<String>,
}

/// CLIP's image tower with a head, which are trained together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VitDefinition {
    /// The tower.
    #[serde(flatten)]
    pub tower: VitTower,
    /// What classifies the features.
    pub head: VitHeadDefinition,
}

/// What classifies the features; its weights and biases train in either form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum VitHeadDefinition {
    /// A linear layer on the features as they are, from random weights.
    Linear {},
    /// A linear layer on features of norm 1 that begins with a direction for each class, what a text tower says of the classes'
    /// names.
    ZeroShot {
        /// The directions, a NumPy file of f32, `[classes, features]`; relative to the data folder.
        file: PathBuf,
        /// SHA-256 of the file, in hexadecimal.
        sha256: String,
        /// What the directions are multiplied by: the exponential of CLIP's logit scale, about 100.
        scale: f64,
    },
}

impl VitTower {
    /// Checks the keys that stand at `place` of a definition.
    pub(super) fn validate(&self, place: &str) -> Result<(), Fault> {
        let &Self { image, patch, width, layers, heads, features, .. } = self;
        for (size, key) in [
            (image, "image"),
            (patch, "patch"),
            (width, "width"),
            (layers, "layers"),
            (heads, "heads"),
            (features, "features"),
        ] {
            ensure(size > 0, &format!("{place}.{key}"), || "is 0".into())?;
        }
        ensure(image.is_multiple_of(patch), &format!("{place}.image"), || {
            format!("{image} pixels are no whole number of patches of {patch}")
        })?;
        ensure(width.is_multiple_of(heads), &format!("{place}.width"), || {
            format!("{width} is no multiple of {heads} heads")
        })?;
        Ok(())
    }
}

impl VitDefinition {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        self.tower.validate("model")?;
        if let VitHeadDefinition::ZeroShot { sha256, scale, .. } = &self.head {
            let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            ensure(is_hash, "model.head.sha256", || format!("`{sha256}` is no SHA-256"))?;
            ensure(scale.is_finite() && *scale > 0.0, "model.head.scale", || {
                format!("{scale} is not positive")
            })?;
        }
        Ok(())
    }
}
