//! Which tensors of a file belong to which parameter of CLIP's image tower, in the two layouts that files have.

use std::collections::BTreeMap;
use std::path::Path;

use burn_store::ModuleSnapshot;

use super::PretrainedError;
use crate::vit::{Vit, VitConfig};

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) key: String,
    pub(super) shape: Vec<usize>,
}

/// A parameter of the tower, and what of a file it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The path in the network, `blocks.0.attn.in_proj.weight`.
    pub(super) path: String,
    /// The shape in the network.
    pub(super) shape: Vec<usize>,
    /// One tensor, or queries, keys and values, which follow one another along the first axis.
    pub(super) parts: Vec<Part>,
    /// Whether the file has the last axis of the network first, as PyTorch keeps the weights of a layer. What comes after the
    /// first axis in the file, such as channels and pixels of a patch, is one axis here.
    pub(super) turned: bool,
}

/// How a file names its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// As transformers' `CLIPModel` and `CLIPVisionModelWithProjection`.
    HuggingFace,
    /// As the released code of Radford et al.
    OpenAi,
}

impl Layout {
    /// The layout of a file: OpenAI's if any key begins as only OpenAI's do.
    pub(super) fn of<'a>(mut keys: impl Iterator<Item = &'a String>) -> Self {
        if keys.any(|key| key.starts_with("visual.")) { Self::OpenAi } else { Self::HuggingFace }
    }

    /// Whether a tensor is of the text tower, or a number that no tower is made of. A name that does not end in a full stop is a
    /// whole key.
    pub(super) fn is_passed_over(self, key: &str) -> bool {
        let names: &[&str] = match self {
            Self::HuggingFace => &[
                "text_model.",
                "text_projection.",
                "logit_scale",
                // Older files hold the numbers 0, 1, … of the positions.
                "vision_model.embeddings.position_ids",
            ],
            Self::OpenAi => &[
                "transformer.",
                "token_embedding.",
                "ln_final.",
                "positional_embedding",
                "text_projection",
                "logit_scale",
                "input_resolution",
                "context_length",
                "vocab_size",
            ],
        };
        names.iter().any(|name| if name.ends_with('.') { key.starts_with(name) } else { key == *name })
    }
}

/// Every slot of a tower in the order of declaration; the head is in no file.
pub(super) fn slots(config: &VitConfig, model: &Vit, layout: Layout) -> Vec<Slot> {
    model
        .collect(None, None, false)
        .into_iter()
        .filter(|tensor| !tensor.name.starts_with("head."))
        .map(|tensor| slot(config, tensor.name.clone(), tensor.shape.to_vec(), layout))
        .collect()
}

fn slot(config: &VitConfig, path: String, shape: Vec<usize>, layout: Layout) -> Slot {
    let keys = match layout {
        Layout::HuggingFace => hugging_face_keys(&path),
        Layout::OpenAi => vec![openai_key(&path)],
    };
    // OpenAI's projection is a parameter that features are multiplied by, everything else of two axes is a layer's.
    let turned = path.ends_with(".weight") || (path == PROJECTION && layout == Layout::HuggingFace);
    let mut whole = shape.clone();
    if turned {
        whole.reverse();
    }
    if path == PATCHES {
        whole = vec![config.width, 3, config.patch, config.patch];
    }
    whole[0] /= keys.len();
    let parts = keys.into_iter().map(|key| Part { key, shape: whole.clone() }).collect();
    Slot { path, shape, parts, turned }
}

const PROJECTION: &str = "proj";
const PATCHES: &str = "conv1.weight";

/// `blocks.` is `visual.transformer.resblocks.`; γ and β are weight and bias.
fn openai_key(path: &str) -> String {
    let (place, name) = placed(path);
    let name = name
        .replace("c_fc", "mlp.c_fc")
        .replace("c_proj", "mlp.c_proj")
        // The three projections of attention are no layer there.
        .replace("in_proj.", "in_proj_");
    match place {
        Some(block) => format!("visual.transformer.resblocks.{block}.{name}"),
        None => format!("visual.{name}"),
    }
}

/// As [`openai_key`] with other names, and the three projections of attention apart.
fn hugging_face_keys(path: &str) -> Vec<String> {
    let (place, name) = placed(path);
    let Some(block) = place else {
        let name = match name.as_str() {
            "class_embedding" => "vision_model.embeddings.class_embedding".to_owned(),
            "positional_embedding" => "vision_model.embeddings.position_embedding.weight".to_owned(),
            PATCHES => "vision_model.embeddings.patch_embedding.weight".to_owned(),
            PROJECTION => "visual_projection.weight".to_owned(),
            // The spelling is theirs.
            _ => name
                .replace("ln_pre", "vision_model.pre_layrnorm")
                .replace("ln_post", "vision_model.post_layernorm"),
        };
        return vec![name];
    };
    let key = |name: &str| format!("vision_model.encoder.layers.{block}.{name}");
    match name.strip_prefix("attn.in_proj.") {
        Some(kind) => {
            ["q", "k", "v"].iter().map(|part| key(&format!("self_attn.{part}_proj.{kind}"))).collect()
        }
        None => vec![key(&name
            .replace("attn.", "self_attn.")
            .replace("ln_1", "layer_norm1")
            .replace("ln_2", "layer_norm2")
            .replace("c_fc", "mlp.fc1")
            .replace("c_proj", "mlp.fc2"))],
    }
}

/// The number of a path's block, and the rest of it with PyTorch's names of what a layer has.
fn placed(path: &str) -> (Option<&str>, String) {
    let (block, name) = match path.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')) {
        Some((block, name)) => (Some(block), name),
        None => (None, path),
    };
    (block, name.replace(".gamma", ".weight").replace(".beta", ".bias"))
}

/// Checks that the parts of the slots and the file's tensors fit one to one.
pub(super) fn fit(
    slots: &[Slot],
    found: &BTreeMap<String, Vec<usize>>,
    file: &Path,
) -> Result<(), PretrainedError> {
    let parts = || slots.iter().flat_map(|slot| &slot.parts);
    for Part { key, shape } in parts() {
        let (path, key) = (file.to_owned(), key.clone());
        match found.get(&key) {
            None => return Err(PretrainedError::Missing { path, key }),
            Some(found) if found != shape => {
                let (expected, found) = (shape.clone(), found.clone());
                return Err(PretrainedError::Shape { path, key, expected, found });
            }
            Some(_) => {}
        }
    }
    match found.keys().find(|key| parts().all(|part| part.key != **key)) {
        Some(key) => Err(PretrainedError::Unexpected { path: file.to_owned(), key: key.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::vit::VitHead;

    /// The published tower's file has 152 tensors in OpenAI's layout and 200 in Hugging Face's; their number depends on the layers alone.
    #[test]
    fn twelve_layers_are_as_many_tensors_as_the_published_files_have() {
        #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
        let device = burn::tensor::Device::ndarray();
        let head = VitHead::Linear;
        let config =
            VitConfig { image: 8, patch: 4, width: 4, layers: 12, heads: 2, features: 2, classes: 3, head };
        let model = config.init(&mut ChaCha8Rng::seed_from_u64(0), &device);
        for (layout, tensors) in [(Layout::OpenAi, 152), (Layout::HuggingFace, 200)] {
            let slots = slots(&config, &model, layout);
            assert_eq!(slots.iter().map(|slot| slot.parts.len()).sum::<usize>(), tensors, "{layout:?}");
        }
    }
}
