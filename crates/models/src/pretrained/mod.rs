//! Weights that somebody else has trained: torchvision's residual networks and the image tower of CLIP.
//!
//! A file is used whole or not at all. Every parameter and running statistic of the network comes from the file and
//! every tensor of the file goes into the network. There are two exceptions, a head and what is passed over by its name: the
//! text tower of a CLIP.

mod clip;
mod clip_keys;
mod error;
mod torchvision_keys;

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{DType, Device, TensorData};
use burn_store::{
    FloatCastAdapter, ModuleAdapter, ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, PytorchStore,
    SafetensorsStore, bridge, burn_pack,
};
use rand_chacha::ChaCha8Rng;

pub use self::clip::load_clip;
pub use self::error::PretrainedError;
use self::torchvision_keys::{Slot, fit, slots};
use crate::resnet::{ResNet, ResNetConfig};

/// How a file holds its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsFormat {
    /// `torch.save` of a `state_dict`, usually `.pth`: a zip since PyTorch 1.6, or what it wrote before.
    Pytorch,
    /// `.safetensors`, with the same keys.
    Safetensors,
}

/// Builds a network and fills it from a file with torchvision's keys, converted to f32.
///
/// The network is first drawn from `rng` as by [`ResNetConfig::init`]. If the file's head is for another number of
/// classes than the configuration's, the drawn head stays; everything else is replaced. Counters of batches
/// (`num_batches_tracked`) are not used by anything and are passed over.
///
/// A zip carries checksums of its tensors, which are compared. The other formats carry none: a value that was changed
/// in them is not seen here.
///
/// # Errors
///
/// - the file is missing, damaged or of another format
/// - its first convolution does not fit the stem
/// - a key is missing, left over, of another shape, or no floating-point tensor; the error names it
///
/// # Panics
///
/// As [`ResNetConfig::init`].
pub fn load(
    config: &ResNetConfig,
    path: &Path,
    format: WeightsFormat,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Result<ResNet, PretrainedError> {
    let mut tensors = read(path, format)?;
    tensors.retain(|key, _| !key.ends_with(".num_batches_tracked"));
    let mut model = config.init(rng, device);
    let shapes = tensors.iter().map(|(key, tensor)| (key.clone(), tensor.shape.to_vec())).collect();
    let slots = fit(config, slots(&model), &shapes, path)?;
    let tensors = slots.iter().map(|slot| take(slot, &mut tensors, path)).collect::<Result<Vec<_>, _>>()?;
    // It turns the head around, because Burn keeps [features_in, features_out].
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let result = model.apply(tensors, None, Some(Box::new(adapter)), false);
    assert!(
        result.errors.is_empty() && result.unused.is_empty() && result.applied.len() == slots.len(),
        "what fits must be applied: {result}"
    );
    Ok(model)
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, the last axis contiguous.
    pub values: Vec<f32>,
}

/// The floating-point tensors of a file by their names, as `f32`: for networks that are not built here.
///
/// # Errors
///
/// The file is missing, damaged or of another format.
pub fn tensors(path: &Path, format: WeightsFormat) -> Result<BTreeMap<String, RawTensor>, PretrainedError> {
    let floats = read(path, format)?.into_iter().filter(|(_, tensor)| tensor.dtype.is_float());
    floats
        .map(|(key, tensor)| {
            let shape = tensor.shape.to_vec();
            let wrong = |source| PretrainedError::Tensor { path: path.to_owned(), key: key.clone(), source };
            let data = bridge::into_data(tensor).map_err(wrong)?;
            let values = data.convert::<f32>().try_to_vec::<f32>().expect("it was converted to f32");
            Ok((key, RawTensor { shape, values }))
        })
        .collect()
}

/// The weights and running statistics of a network by torchvision's keys, in its shapes: what a file of it has, but for the counters.
pub fn to_tensors(model: &ResNet) -> BTreeMap<String, RawTensor> {
    let tensors = model.collect(None, None, false).into_iter();
    let tensor = |tensor: burn_pack::Tensor| {
        let (key, is_head) =
            (torchvision_keys::torchvision_key(&tensor.name), tensor.name == torchvision_keys::HEAD_WEIGHT);
        let shape = tensor.shape.to_vec();
        let data = bridge::into_data(tensor).expect("a network's own tensors are at hand");
        let values = data.convert::<f32>().try_to_vec::<f32>().expect("it was converted to f32");
        // Burn keeps the head as [features_in, features_out].
        (key, if is_head { transposed(shape, values) } else { RawTensor { shape, values } })
    };
    tensors.map(tensor).collect()
}

fn transposed(shape: Vec<usize>, values: Vec<f32>) -> RawTensor {
    let [rows, columns] = [shape[0], shape[1]];
    let value = |place: usize| values[place % rows * columns + place / rows];
    RawTensor { shape: vec![columns, rows], values: (0..rows * columns).map(value).collect() }
}

fn read(path: &Path, format: WeightsFormat) -> Result<BTreeMap<String, burn_pack::Tensor>, PretrainedError> {
    // Both stores can close gaps in numbered keys; that would hide a block that is missing.
    match format {
        WeightsFormat::Pytorch => {
            PytorchStore::from_file(path).map_indices_contiguous(false).get_all_tensors().cloned().map_err(
                |source| {
                    let path = path.to_owned();
                    // The reader names the class of the archive's module, and all of TorchScript's are below this name.
                    if source.to_string().contains("__torch__") {
                        PretrainedError::TorchScript { path, source }
                    } else {
                        PretrainedError::Pytorch { path, source }
                    }
                },
            )
        }
        WeightsFormat::Safetensors => SafetensorsStore::from_file(path)
            .map_indices_contiguous(false)
            .get_all_tensors()
            .cloned()
            .map_err(|source| PretrainedError::Safetensors { path: path.to_owned(), source }),
    }
}

/// The values of a slot, read from the file now, under the slot's path in the network.
fn take(
    slot: &Slot,
    tensors: &mut BTreeMap<String, burn_pack::Tensor>,
    file: &Path,
) -> Result<burn_pack::Tensor, PretrainedError> {
    let data = take_data(&slot.key, tensors, file)?;
    Ok(bridge::from_data(data, slot.path.clone(), None))
}

/// The values of a tensor as f32, read from the file now.
fn floats(
    key: &str,
    tensors: &mut BTreeMap<String, burn_pack::Tensor>,
    file: &Path,
) -> Result<Vec<f32>, PretrainedError> {
    let data = take_data(key, tensors, file)?.convert::<f32>();
    Ok(data.try_into_vec().expect("it was converted to f32"))
}

fn take_data(
    key: &str,
    tensors: &mut BTreeMap<String, burn_pack::Tensor>,
    file: &Path,
) -> Result<TensorData, PretrainedError> {
    let (path, named) = (file.to_owned(), key.to_owned());
    let Some(tensor) = tensors.remove(key) else {
        return Err(PretrainedError::Missing { path, key: named });
    };
    if !tensor.dtype.is_float() {
        return Err(PretrainedError::Kind { path, key: named, found: tensor.dtype });
    }
    bridge::into_data(tensor).map_err(|source| PretrainedError::Tensor { path, key: named, source })
}
