//! The image tower of CLIP from a file.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, TensorData};
use burn_store::{ModuleSnapshot, bridge, burn_pack};
use rand_chacha::ChaCha8Rng;

use super::clip_keys::{Layout, Slot, fit, slots};
use super::{PretrainedError, WeightsFormat, floats, read};
use crate::vit::{Vit, VitConfig};

/// Builds CLIP's image tower and fills it from a file, converted to f32: from one with the keys of Hugging Face
/// (`vision_model…`, as `openai/clip-vit-base-patch32`) or with OpenAI's (`visual…`, the `state_dict` of its released models).
///
/// The network is first drawn from `rng` as by [`VitConfig::init`]; its head stays so, for no file has one. The rest of the tower
/// comes from the file. Of a whole CLIP's file the text tower and what goes with it are passed over, by their names; any
/// other tensor must have its place.
///
/// # Errors
///
/// - the file is missing, damaged or of another format
/// - it is a TorchScript archive, as OpenAI's `ViT-B-32.pt` is; the error says how it is converted
/// - a key is missing, left over, of another shape, or no floating-point tensor; the error names it
///
/// # Panics
///
/// As [`VitConfig::init`].
pub fn load_clip(
    config: &VitConfig,
    path: &Path,
    format: WeightsFormat,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Result<Vit, PretrainedError> {
    let mut tensors = read(path, format)?;
    let layout = Layout::of(tensors.keys());
    tensors.retain(|key, _| !layout.is_passed_over(key));
    let mut model = config.init(rng, device);
    let slots = slots(config, &model, layout);
    let shapes = tensors.iter().map(|(key, tensor)| (key.clone(), tensor.shape.to_vec())).collect();
    fit(&slots, &shapes, path)?;
    let filled = slots.iter().map(|slot| fill(slot, &mut tensors, path)).collect::<Result<Vec<_>, _>>()?;
    let result = model.apply(filled, None, None, false);
    assert!(
        result.errors.is_empty() && result.unused.is_empty() && result.applied.len() == slots.len(),
        "what fits must be applied: {result}"
    );
    Ok(model)
}

/// The values of a slot, read from the file now, under the slot's path in the network.
fn fill(
    slot: &Slot,
    tensors: &mut BTreeMap<String, burn_pack::Tensor>,
    file: &Path,
) -> Result<burn_pack::Tensor, PretrainedError> {
    let mut values = Vec::new();
    for part in &slot.parts {
        values.extend(floats(&part.key, tensors, file)?);
    }
    if slot.turned {
        values = turned(&values, slot.shape[slot.shape.len() - 1]);
    }
    Ok(bridge::from_data(TensorData::new(values, slot.shape.clone()), slot.path.clone(), None))
}

/// A matrix of so many rows with its axes swapped.
fn turned(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows;
    (0..values.len()).map(|place| values[place % rows * columns + place / rows]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_matrix_has_its_columns_as_rows() {
        assert_eq!(turned(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
