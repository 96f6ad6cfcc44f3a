//! Why a file of weights is refused.

use std::path::PathBuf;

use burn::tensor::DType;
use burn_store::{PytorchStoreError, SafetensorsStoreError, burn_pack};

use crate::resnet::Stem;

/// A file of weights that cannot be read or is not of the network. Messages read after "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// There is no such file, or it is damaged or not one of PyTorch's.
    #[error("read {path} as a PyTorch checkpoint: {source}")]
    Pytorch {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: PytorchStoreError,
    },
    /// A TorchScript archive: a program with its weights, as OpenAI's `ViT-B-32.pt`.
    #[error(
        "read {path}: it is a TorchScript archive, which holds a program. With PyTorch, \
         `torch.save(torch.jit.load(FILE, map_location=\"cpu\").state_dict(), OTHER)` writes its weights alone to \
         another file, which can be read: {source}"
    )]
    TorchScript {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: PytorchStoreError,
    },
    /// There is no such file, or it is damaged or not a safetensors file.
    #[error("read {path} as safetensors: {source}")]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: SafetensorsStoreError,
    },
    /// The values of one tensor cannot be read.
    #[error("read {key} from {path}: {source}")]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        key: String,
        /// The cause.
        source: burn_pack::Error,
    },
    /// The first convolution of the file has another kernel than the network's stem.
    #[error(
        "load {path} into a network with the stem {stem:?}: its conv1.weight is of the shape {found:?}, and the stem \
         takes a kernel of {kernel}×{kernel} (torchvision's weights are for the stem ImageNet)"
    )]
    Stem {
        /// The file.
        path: PathBuf,
        /// The network's stem.
        stem: Stem,
        /// The side of the stem's kernel.
        kernel: usize,
        /// The shape of `conv1.weight` in the file.
        found: Vec<usize>,
    },
    /// The network has a tensor that the file does not have.
    #[error("find {key} in {path}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The name under which such files keep the tensor.
        key: String,
    },
    /// The file has a tensor that the network does not have.
    #[error("find a place for {key} of {path} in the network")]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        key: String,
    },
    /// A tensor of the file is of another shape than the network's.
    #[error("load {key} of {path}: its shape is {found:?}, and the network's is {expected:?}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        key: String,
        /// The network's shape, as such files write it.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor of the file does not hold floating-point numbers.
    #[error("load {key} of {path}: it holds {found:?}, not floating-point numbers")]
    Kind {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        key: String,
        /// What it holds.
        found: DType,
    },
}
