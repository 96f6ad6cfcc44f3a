//! Between Burn's tensors and slices.

use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{AllocationProperty, Bytes, DType, Shape, Tensor};
use tailward_kernels::Buffer;

/// The backend of training.
pub(super) type Tracked = Autodiff<Flex, NoCheckpointing>;

/// A tensor of the backend without automatic differentiation.
///
/// # Panics
///
/// The tensor is of another backend: callers ask [`available`](super::available) first.
pub(super) fn plain<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => tensor,
        Err(error) => panic!("a tensor of flex without automatic differentiation: {error:?}"),
    }
}

/// A tensor of the backend with automatic differentiation; one without becomes a constant.
///
/// # Panics
///
/// The tensor is of another backend: callers ask [`available`](super::available) first.
pub(super) fn tracked<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Tracked> {
    let tensor = if tensor.device().is_autodiff() { tensor } else { Tensor::from_inner(tensor) };
    match tensor.try_into_primitive::<Tracked>() {
        Ok(tensor) => tensor,
        Err(error) => panic!("a tensor of flex with automatic differentiation: {error:?}"),
    }
}

/// The other way.
pub(super) fn from_tracked<const D: usize>(tensor: FloatTensor<Tracked>) -> Tensor<D> {
    Tensor::from_primitive::<Tracked>(tensor)
}

/// The other way.
pub(super) fn from_plain<const D: usize>(tensor: FlexTensor) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(tensor)
}

/// A tensor of what a kernel computed; its memory goes back to the kernels' pool with the tensor.
pub(super) fn tensor<const D: usize>(values: Buffer, shape: [usize; D]) -> FlexTensor {
    let shared = bytes::Bytes::from_owner(values);
    let bytes = Bytes::from_shared(shared, AllocationProperty::Native);
    FlexTensor::new(bytes, Layout::contiguous(Shape::from(shape)), DType::F32)
}

/// A tensor of values in order.
pub(super) fn small<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape)), DType::F32)
}

/// Values in order: a tensor that was only turned round is copied, others are not.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    let tensor = tensor.to_contiguous();
    let whole = tensor.shape().num_elements();
    // A part of a larger tensor is contiguous too, but does not begin where its storage does.
    if tensor.storage::<f32>().len() == whole { tensor } else { FlexTensor::from_data(tensor.into_data()) }
}

/// The values of a tensor that [`contiguous`] gave.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.storage::<f32>()
}

/// The shape of a tensor of four axes.
pub(super) fn dims(tensor: &FlexTensor) -> [usize; 4] {
    tensor.shape().dims()
}
